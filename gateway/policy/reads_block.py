"""``reads:`` at the top of a policy, and the conditions that may ask for what it declares."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from gateway.policy.block import Block, distinct, known, listed, wrong
from gateway.policy.names import Patterns
from gateway.policy.reads import NEVER_READ, Reads
from gateway.policy.vocabulary import nearest
from gateway.policy.yaml_lines import shown

_HEADER: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def _header(value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise wrong(f"{shown(value)} is not the name of a header", "Use small letters, digits and `-`.")
    if value in NEVER_READ:
        raise wrong(f"the header `{value}` holds a credential, which no policy reads", "Ask for `key` or `team`.")
    return value


def _metadata_key(value: str) -> str:
    if not _KEY.fullmatch(value):
        raise wrong(f"{shown(value)} is not a key of metadata", "Use letters, digits, `_`, `.` and `-`.")
    return value


class ReadsBlock(Block):
    """``reads: {headers: [x-department], metadata: [case]}``."""

    headers: Annotated[
        list[Annotated[str, AfterValidator(_header)]], BeforeValidator(listed), AfterValidator(distinct)
    ] = Field(default_factory=list, description="Headers that conditions may ask for, in small letters.")
    metadata: Annotated[
        list[Annotated[str, AfterValidator(_metadata_key)]], BeforeValidator(listed), AfterValidator(distinct)
    ] = Field(default_factory=list, description="Keys of the request's `metadata` that conditions may ask for.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.headers and not self.metadata:
            raise wrong("the policy reads nothing by this", "Name `headers` or `metadata`, or remove the key.")
        return self


def declared(value: Any) -> Reads:
    """What the raw ``reads:`` of a file declares, as far as it can be read: its own problems are told elsewhere."""
    block = value if isinstance(value, dict) else {}
    headers, metadata = (_texts(block.get(part)) for part in ("headers", "metadata"))
    return Reads(headers, metadata)


def _texts(value: Any) -> frozenset[str]:
    entries = value if isinstance(value, list) else [value]
    return frozenset(one for one in entries if isinstance(one, str))


def _asked(part: str) -> Callable[[dict[str, list[str]], ValidationInfo], dict[str, list[str]]]:
    def check(value: dict[str, list[str]], info: ValidationInfo) -> dict[str, list[str]]:
        if not value:
            raise wrong("the condition names nothing", "Write a name and a pattern: `{x-department: legal-*}`.")
        names = getattr(known(info).reads, part)
        for name in value:
            if name not in names:
                close = nearest(name, sorted(names))
                instead = f"Did you mean `{close}`?" if close else f"Add it at the top: `reads: {{{part}: [...]}}`."
                raise wrong(f"{shown(name)} is not declared under `reads`", instead)
        return value

    return check


HeaderPatterns: TypeAlias = Annotated[dict[str, Patterns], AfterValidator(_asked("headers"))]
MetadataPatterns: TypeAlias = Annotated[dict[str, Patterns], AfterValidator(_asked("metadata"))]
