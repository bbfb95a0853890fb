"""What every mapping of a policy's files has in common: no unknown keys, no silent conversions, errors with a remedy.

``Vocabulary`` and the policy's own labels travel in the validation context (``Known``). Messages name what the author
wrote; they are about configuration and never about a prompt.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, ValidationInfo
from pydantic_core import PydanticCustomError

from gateway.policy.reads import READS_NOTHING, Reads
from gateway.policy.vocabulary import Vocabulary
from gateway.policy.yaml_lines import shown

MOST_ENTRIES: Final = 1000
MOST_VALUES: Final = 40_000
"""In one policy or file of probes: some three thousand rules."""


class Block(BaseModel):
    """A mapping of the file. Every key has a ``description``: editors and the reference show it."""

    words: ClassVar[tuple[str, ...]] = ()
    """Words that may stand in place of the mapping."""
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Known:
    """What names are checked against."""

    vocabulary: Vocabulary
    labels: tuple[str, ...]
    reads: Reads = READS_NOTHING


def wrong(message: str, instead: str | Callable[[], str]) -> PydanticCustomError:
    """An error with a remedy, which the loader turns into a Problem. A remedy that takes a search is searched for late:
    of a hundred thousand mistakes few are put into words."""
    return PydanticCustomError("policy", "{message}", {"message": message, "remedy": instead})


def known(info: ValidationInfo) -> Known:
    """What this validation checks names against."""
    if not isinstance(info.context, Known):
        raise TypeError("a policy is validated with Known as its context")
    return info.context


def listed(value: Any) -> Any:
    """One name may stand without brackets."""
    return [value] if isinstance(value, str) else few(value)


def few(value: Any) -> Any:
    """A list that a person can read."""
    if isinstance(value, list) and len(value) > MOST_ENTRIES:
        raise wrong(f"the list has more than {MOST_ENTRIES} entries", "Name a group, or split it into several rules.")
    return value


def distinct(values: list[str]) -> list[str]:
    """A list whose entries differ."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise wrong(f"{shown(value)} stands twice in the list", "Keep one of them.")
        seen.add(value)
    return values


def some(values: list[Any]) -> list[Any]:
    """A list that is not empty."""
    if not values:
        raise wrong("the list is empty", "Name at least one, or remove the key.")
    return values
