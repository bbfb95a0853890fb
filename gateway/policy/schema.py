"""The shape of policy.yaml. Names are checked here as well, against the vocabulary: one load reports everything.

``Vocabulary`` and the policy's own labels travel in the validation context (``Known``). Messages name what the author
wrote; they are about configuration and never about a prompt.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gateway.policy.vocabulary import (
    ANYTHING,
    FAULTS,
    GROUPS_OF_BACKENDS,
    PRIVATE_MATTER,
    UNREAD,
    Vocabulary,
    known_reason,
    remedy,
)

RESERVED: Final = "builtin-"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PATTERN: Final = re.compile(r"[A-Za-z0-9._:/@+*-]{1,256}")
_BACKEND: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Known:
    """What names are checked against."""

    vocabulary: Vocabulary
    labels: tuple[str, ...]


def wrong(message: str, instead: str) -> PydanticCustomError:
    """An error with a remedy, which the loader turns into a Problem."""
    return PydanticCustomError("policy", "{message}", {"message": message, "remedy": instead})


def _known(info: ValidationInfo) -> Known:
    if not isinstance(info.context, Known):
        raise TypeError("a policy is validated with Known as its context")
    return info.context


def _formed(pattern: re.Pattern[str], what: str, instead: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise wrong(f"{value!r} is not {what}", instead)
        return value

    return check


def _own_id(value: str) -> str:
    if value.startswith(RESERVED):
        raise wrong(f"ids that begin with `{RESERVED}` are the gateway's own", "Choose another id.")
    return value


def _entity(value: str, info: ValidationInfo) -> str:
    vocabulary = _known(info).vocabulary
    if value != ANYTHING and value not in vocabulary.groups and value not in vocabulary.entity_types:
        names = {ANYTHING, *vocabulary.groups, *vocabulary.entity_types}
        raise wrong(f"unknown entity type or group {value!r}", remedy(value, names))
    return value


def _label(value: str, info: ValidationInfo) -> str:
    labels = _known(info).labels
    if value not in labels:
        raise wrong(f"unknown label {value!r}", remedy(value, labels))
    return value


def _reason(value: str) -> str:
    if not known_reason(value):
        names = {*FAULTS, *UNREAD, *(f"{kind}:{detail}" for kind, details in UNREAD.items() for detail in details)}
        raise wrong(f"unknown coverage reason {value!r}", remedy(value, names))
    return value


def _acceptable(value: str) -> str:
    if value.partition(":")[0] in FAULTS:
        raise wrong(f"{value!r} cannot be accepted: an error never means that nothing was there", "Remove it.")
    return value


def _target(value: str, info: ValidationInfo) -> str:
    backends = _known(info).vocabulary.backends
    if backends is not None and value not in backends and value not in GROUPS_OF_BACKENDS:
        raise wrong(f"unknown backend {value!r}", remedy(value, {*GROUPS_OF_BACKENDS, *backends}))
    return value


def _listed(value: Any) -> Any:
    """One name may stand without brackets."""
    return [value] if isinstance(value, str) else value


def _distinct(values: list[str]) -> list[str]:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise wrong(f"{value!r} stands twice in the list", "Keep one of them.")
    return values


def _some(values: list[Any]) -> list[Any]:
    if not values:
        raise wrong("the list is empty", "Name at least one, or remove the key.")
    return values


def _empty_if_missing(value: Any) -> Any:
    return [] if value is None else value


def _kinds(value: Any) -> Any:
    if value is False:
        raise wrong("`attachments: false` is not a condition", "Write `not: {attachments: true}`.")
    return ["image", "document", "audio"] if value is True else _listed(value)


Name: TypeAlias = Annotated[
    str, AfterValidator(_formed(_NAME, "a name", "Use small letters, digits, `-` and `_`, beginning with a letter."))
]
RuleId: TypeAlias = Annotated[Name, AfterValidator(_own_id)]
Label: TypeAlias = Annotated[str, AfterValidator(_label)]
Entity: TypeAlias = Annotated[str, AfterValidator(_entity)]
Reason: TypeAlias = Annotated[str, AfterValidator(_reason)]
Pattern: TypeAlias = Annotated[
    str, AfterValidator(_formed(_PATTERN, "a name or a pattern", "Use a name, with `*` for any part of it."))
]
Target: TypeAlias = Annotated[
    str,
    AfterValidator(_formed(_BACKEND, "a backend's name", "Use a name of gateway.yaml, `local` or `external`.")),
    AfterValidator(_target),
]
Patterns: TypeAlias = Annotated[list[Pattern], BeforeValidator(_listed), AfterValidator(_some)]
Entities: TypeAlias = Annotated[
    list[Entity], BeforeValidator(_listed), AfterValidator(_some), AfterValidator(_distinct)
]
Reasons: TypeAlias = Annotated[list[Reason], BeforeValidator(_listed), AfterValidator(_some), AfterValidator(_distinct)]
Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]


class Block(BaseModel):
    """A mapping of the file: no unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class EntitiesBlock(Block):
    """``entities:`` of a condition."""

    any_of: Entities | None = None
    all_of: Entities | None = None
    min_score: float = Field(default=0.4, ge=0, le=1)
    min_count: int = Field(default=1, ge=1, le=1_000_000)
    roles: Annotated[list[Role], BeforeValidator(_listed), AfterValidator(_some)] | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.any_of is None and self.all_of is None:
            raise wrong("the condition names no entities", "Write `any_of: [...]` or `all_of: [...]`.")
        return self


class CoverageBlock(Block):
    """``coverage: incomplete`` or ``coverage: {reasons: [...]}``."""

    reasons: Reasons | None = None

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        if value == "incomplete":
            return {}
        if not isinstance(value, dict) or value.keys() != {"reasons"}:
            raise wrong("not a coverage condition", "Write `coverage: incomplete` or `coverage: {reasons: [script]}`.")
        return value


class TokensBlock(Block):
    """``tokens: {over: n}``, ``{under: n}`` or both."""

    over: int | None = Field(default=None, ge=0)
    under: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.over is None and self.under is None:
            raise wrong("the condition has no bound", "Write `tokens: {over: 8000}`.")
        if self.over is not None and self.under is not None and self.under - self.over < 2:
            raise wrong("no number lies between these bounds", "Give `under` more than `over`.")
        return self


class MatterBlock(Block):
    """``matter: private``: the classifier's score reaches the profile's; ``{over: 0.6}``: it reaches this one."""

    over: float | None = Field(default=None, gt=0, le=1, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any, info: ValidationInfo) -> Any:
        if PRIVATE_MATTER not in _known(info).vocabulary.entity_types:
            raise wrong("no classifier of private matters is at work", "Name `entities` instead.")
        if value == "private":
            return {}
        if not isinstance(value, dict) or value.keys() != {"over"}:
            raise wrong("not a condition on the matter", "Write `matter: private` or `matter: {over: 0.6}`.")
        return value


class When(Block):
    """A condition. Several keys in one mapping all have to hold. ``when: always`` matches every request."""

    always: Literal[True] | None = None
    entities: EntitiesBlock | None = None
    matter: MatterBlock | None = None
    coverage: CoverageBlock | None = None
    model: Patterns | None = None
    key: Patterns | None = None
    stream: bool | None = None
    tools: bool | None = None
    tokens: TokensBlock | None = None
    attachments: Annotated[list[Literal["image", "document", "audio"]], BeforeValidator(_kinds)] | None = None
    all: Annotated[list["When"], AfterValidator(_some)] | None = None
    any: Annotated[list["When"], AfterValidator(_some)] | None = None
    not_: "FactsOnlyInNot | None" = Field(default=None, alias="not")

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        if value == "always":
            return {"always": True}
        if not isinstance(value, dict) or not value or None in value.values():
            raise wrong("not a condition", "Write a mapping such as `{entities: {any_of: [secrets]}}`, or `always`.")
        return value

    def reads_text(self) -> bool:
        """Does the answer depend on what inspection finds?"""
        inner = (*(self.all or ()), *(self.any or ()), *((self.not_,) if self.not_ else ()))
        own = (self.entities, self.matter, self.coverage)
        return any(condition is not None for condition in own) or any_reads_text(inner)


def any_reads_text(conditions: Collection[When]) -> bool:
    return any(condition.reads_text() for condition in conditions)


def _facts_in_not(condition: When) -> When:
    if condition.always:
        raise wrong("`not: always` never matches", "Remove the rule, or name a fact.")
    if condition.reads_text():
        raise wrong(
            "`not` may not hold `entities`, `matter` or `coverage`: a finding could then lower a label",
            "Give the other requests a lower label, or ask for facts only: model, key, stream, tools, tokens.",
        )
    return condition


def _facts_in_route(condition: When) -> When:
    if condition.reads_text():
        raise wrong(
            "a route may not ask for `entities`, `matter` or `coverage`: it is chosen before anything is inspected",
            "Raise the label with a classify rule; the backends' clearances do the rest.",
        )
    return condition


FactsOnlyInNot: TypeAlias = Annotated[When, AfterValidator(_facts_in_not)]
ALWAYS: Final = When(always=True)


class ClassifyBlock(Block):
    id: RuleId
    about: str | None = None
    when: When
    label: Label


class RefuseBlock(Block):
    id: RuleId
    about: str | None = None
    when: When
    message: str = Field(min_length=1, max_length=1000)
    code: Annotated[str, AfterValidator(_formed(_CODE, "an error code", "Use small letters, digits and `_`."))] = (
        "policy_refused"
    )


class RouteBlock(Block):
    about: str | None = None
    when: Annotated[When, AfterValidator(_facts_in_route)] = ALWAYS
    to: Annotated[list[Target], BeforeValidator(_listed), AfterValidator(_some), AfterValidator(_distinct)]
    on_unavailable: Literal["next", "refuse"] = "next"
    on_incapable: Literal["next", "refuse"] = "next"


def _judge_backend(value: str, info: ValidationInfo) -> str:
    """The judge may read everything, so it has to be inside and cleared for everything."""
    known = _known(info)
    backends = known.vocabulary.backends
    if backends is None:
        return value
    able = {name for name, right in backends.items() if right == (known.labels[-1] if known.labels else "", True)}
    if value not in backends:
        raise wrong(f"unknown backend {value!r}", remedy(value, able))
    if value not in able:
        raise wrong(f"the backend {value!r} is not local with the top clearance", f"A judge may be: {sorted(able)}.")
    return value


class JudgeBlock(Block):
    """``judge: off | uncertain | always``, or the mapping with this word as ``mode``."""

    mode: Literal["off", "uncertain", "always"]
    band: list[Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] | None = None
    timeout_ms: int = Field(default=1500, ge=10, le=60_000)
    backend: Annotated[str, AfterValidator(_judge_backend)] | None = None
    questions: int = Field(default=8, ge=1, le=256)

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"mode": value}
        if not isinstance(value, dict):
            raise wrong("not a setting of the judge", "Write `judge: off`, `uncertain`, `always`, or a mapping.")
        return value

    @field_validator("band")
    @classmethod
    def _from_to(cls, band: list[float] | None) -> list[float] | None:
        if band is not None and not (len(band) == 2 and band[0] < band[1]):
            raise wrong("the band is not two rising numbers", "Write the lower and the upper score: `[0.2, 0.8]`.")
        return band


class AcceptBlock(Block):
    """Top-level ``coverage:``."""

    accept: Annotated[
        list[Annotated[Reason, AfterValidator(_acceptable)]], BeforeValidator(_listed), AfterValidator(_distinct)
    ]


class PolicyFile(Block):
    """One policy.yaml."""

    version: Literal[1]
    name: Name
    about: str | None = None
    labels: Annotated[list[Name], AfterValidator(_some), AfterValidator(_distinct)]
    coverage: AcceptBlock | None = None
    profile: Literal["balanced", "strict", "healthcare"] = "balanced"
    judge: JudgeBlock | None = None
    classify: Annotated[list[ClassifyBlock], BeforeValidator(_empty_if_missing)] = []
    refuse: Annotated[list[RefuseBlock], BeforeValidator(_empty_if_missing)] = []
    route: Annotated[list[RouteBlock], BeforeValidator(_empty_if_missing)] = []


When.model_rebuild()
