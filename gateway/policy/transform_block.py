"""``transform:`` of policy.yaml: what would be changed in a draft before it leaves. Read and checked; not built yet."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from gateway.errors import Problem
from gateway.policy.block import Block, distinct, listed, some, wrong
from gateway.policy.names import Entities, RuleId, Target
from gateway.policy.vocabulary import nearest
from gateway.policy.yaml_lines import Lines, line_of

_WORDS: Final = ("pseudonymise", "redact")
_HOW: Final = "Write `pseudonymise`, `redact`, or `{keep_last: 4}`."


class KeepLastBlock(Block):
    """``{keep_last: 4}``: all but the last characters are replaced."""

    keep_last: int = Field(ge=1, le=8, description="Characters that stay at the end of a value.")


def _way(value: Any) -> Any:
    if isinstance(value, str) and value not in _WORDS:
        close = nearest(value, (*_WORDS, "keep_last"))
        raise wrong(f"unknown way {value!r}", f"Did you mean `{close}`? {_HOW}" if close else _HOW)
    if not isinstance(value, str) and (not isinstance(value, dict) or value.keys() != {"keep_last"}):
        raise wrong("not a way to change a value", _HOW)
    if isinstance(value, dict) and not (type(value["keep_last"]) is int and 1 <= value["keep_last"] <= 8):
        raise wrong("`keep_last` is not a number from 1 to 8", _HOW)
    return value


Way: TypeAlias = Annotated[Literal["pseudonymise", "redact"] | KeepLastBlock, BeforeValidator(_way)]


class TransformBlock(Block):
    """One transform: what becomes of values of these types in what goes to these backends. Not built yet."""

    id: RuleId = Field(description="The transform's own name.")
    about: str | None = Field(default=None, description="Why it is there, for people. Decides nothing.")
    entities: Entities = Field(description="The entity types whose values are changed.")
    to: Annotated[list[Target], BeforeValidator(listed), AfterValidator(some), AfterValidator(distinct)] = Field(
        description="In what goes to these backends, `local` or `external`."
    )
    way: Way = Field(description="`pseudonymise`, `redact` or `{keep_last: 4}`.")


def not_built(value: Mapping[str, Any], file: Path, lines: Lines) -> Iterator[Problem]:
    """A policy with transforms ends the load: what nobody changes must not be taken for changed."""
    if "transform" in value:
        message = "transform: pseudonymising and redacting is not built yet, so values would leave as they are"
        remedy = "Remove `transform`; until it is built, classify rules keep what holds such values inside."
        yield Problem(message, remedy, file, line_of(lines, ("transform",)))
