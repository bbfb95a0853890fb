"""The names that stand in policy.yaml, each checked where it stands: by its form, and against what is known."""

import re
from collections.abc import Callable
from itertools import chain
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema

from gateway.policy.block import distinct, known, listed, some, wrong
from gateway.policy.places import PLACES
from gateway.policy.vocabulary import ANYTHING, FAULTS, GROUPS_OF_BACKENDS, UNREAD, known_reason, remedy
from gateway.policy.yaml_lines import shown

RESERVED: Final = "builtin-"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PATTERN: Final = re.compile(r"[A-Za-z0-9._:/@+*-]{1,256}")
_BACKEND: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def _formed(pattern: re.Pattern[str], what: str, instead: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise wrong(f"{shown(value)} is not {what}", instead)
        return value

    return check


def _own_id(value: str) -> str:
    if value.startswith(RESERVED):
        raise wrong(f"ids that begin with `{RESERVED}` are the gateway's own", "Choose another id.")
    return value


def _entity(value: str, info: ValidationInfo) -> str:
    vocabulary = known(info).vocabulary
    if value != ANYTHING and value not in vocabulary.groups and value not in vocabulary.entity_types:
        names = chain((ANYTHING,), vocabulary.groups, vocabulary.entity_types)
        raise wrong(f"unknown entity type or group {shown(value)}", lambda: remedy(value, names))
    return value


def _label(value: str, info: ValidationInfo) -> str:
    labels = known(info).labels
    if value not in labels:
        raise wrong(f"unknown label {shown(value)}", lambda: remedy(value, labels))
    return value


def _reason(value: str) -> str:
    if not known_reason(value):
        details = (f"{kind}:{detail}" for kind, details in UNREAD.items() for detail in details)
        raise wrong(f"unknown coverage reason {shown(value)}", lambda: remedy(value, {*FAULTS, *UNREAD, *details}))
    return value


def _place(value: str) -> str:
    if value not in PLACES:
        raise wrong(f"unknown place {shown(value)}", lambda: remedy(value, PLACES))
    return value


def _acceptable(value: str) -> str:
    if value.partition(":")[0] in FAULTS:
        raise wrong(f"{shown(value)} cannot be accepted: an error never means that nothing was there", "Remove it.")
    return value


def _target(value: str, info: ValidationInfo) -> str:
    backends = known(info).vocabulary.backends
    if backends is not None and value not in backends and value not in GROUPS_OF_BACKENDS:
        raise wrong(f"unknown backend {shown(value)}", lambda: remedy(value, {*GROUPS_OF_BACKENDS, *backends}))
    return value


def _judge_backend(value: str, info: ValidationInfo) -> str:
    """The judge may read everything, so it has to be inside and cleared for everything."""
    backends, labels = known(info).vocabulary.backends, known(info).labels
    if backends is None:
        return value
    able = {name for name, right in backends.items() if right == (labels[-1] if labels else "", True)}
    if value not in backends:
        raise wrong(f"unknown backend {shown(value)}", remedy(value, able))
    if value not in able:
        message = f"the backend {shown(value)} is not local with the top clearance"
        raise wrong(message, f"A judge may be: {', '.join(f'`{one}`' for one in sorted(able)) or 'no backend yet'}.")
    return value


Name: TypeAlias = Annotated[
    str, AfterValidator(_formed(_NAME, "a name", "Use small letters, digits, `-` and `_`, beginning with a letter."))
]
RuleId: TypeAlias = Annotated[Name, AfterValidator(_own_id)]
Label: TypeAlias = Annotated[str, AfterValidator(_label)]
Entity: TypeAlias = Annotated[str, AfterValidator(_entity)]
Reason: TypeAlias = Annotated[str, AfterValidator(_reason)]
Acceptable: TypeAlias = Annotated[Reason, AfterValidator(_acceptable)]
Pattern: TypeAlias = Annotated[
    str, AfterValidator(_formed(_PATTERN, "a name or a pattern", "Use a name, with `*` for any part of it."))
]
Target: TypeAlias = Annotated[
    str,
    AfterValidator(_formed(_BACKEND, "a backend's name", "Use a name of gateway.yaml, `local` or `external`.")),
    AfterValidator(_target),
]
JudgeBackend: TypeAlias = Annotated[str, AfterValidator(_judge_backend)]
Code: TypeAlias = Annotated[str, AfterValidator(_formed(_CODE, "an error code", "Use small letters, digits and `_`."))]
Patterns: TypeAlias = Annotated[list[Pattern], BeforeValidator(listed), AfterValidator(some)]
Entities: TypeAlias = Annotated[list[Entity], BeforeValidator(listed), AfterValidator(some), AfterValidator(distinct)]
Places: TypeAlias = Annotated[
    list[Annotated[str, AfterValidator(_place), WithJsonSchema({"enum": sorted(PLACES)})]],
    BeforeValidator(listed),
    AfterValidator(some),
    AfterValidator(distinct),
]
Reasons: TypeAlias = Annotated[list[Reason], BeforeValidator(listed), AfterValidator(some), AfterValidator(distinct)]
Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]
