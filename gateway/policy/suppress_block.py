"""``suppress:`` of policy.yaml: who says that which values may be overlooked, why, and until when."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from gateway.policy.block import Block, distinct, known, listed, some, wrong
from gateway.policy.names import Entities, Role, RuleId
from gateway.policy.suppression import Suppression, grouped, plain
from gateway.policy.vocabulary import ANYTHING, PRIVATE_MATTER, Vocabulary

SHORTEST: Final = 3
"""Characters of a value, spaces and signs aside: what is shorter stands in too many texts."""
SECRETS: Final = "secrets"
"""The group of entity types that open something."""
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_PATH: Final = re.compile(r"[A-Za-z0-9_.*#{}$\[\]-]{1,400}")


def _day(value: Any) -> Any:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise wrong("not a day", "Write the last day on which it holds, in UTC, as `2026-12-31`.")


def _value(value: str) -> str:
    if len(grouped(value)) < SHORTEST:
        raise wrong(f"a value has less than {SHORTEST} letters or digits", "Write the whole value.")
    return value


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(plain(value)):
        raise wrong(f"{value!r} is not a domain", "Write a domain such as `example.com`, without `@` and `*`.")
    return value


def _path(value: str) -> str:
    if not _PATH.fullmatch(value) or not value.strip("*."):
        raise wrong(f"{value!r} is not a path", "Write a path as records show it, such as `messages.*.content`.")
    return value


Values: TypeAlias = Annotated[
    list[Annotated[str, AfterValidator(_value)]],
    BeforeValidator(listed),
    AfterValidator(some),
    AfterValidator(distinct),
]
Domains: TypeAlias = Annotated[
    list[Annotated[str, AfterValidator(_domain)]],
    BeforeValidator(listed),
    AfterValidator(some),
    AfterValidator(distinct),
]
Paths: TypeAlias = Annotated[
    list[Annotated[str, AfterValidator(_path)]],
    BeforeValidator(listed),
    AfterValidator(some),
    AfterValidator(distinct),
]


class SuppressBlock(Block):
    """One exception: findings whose whole value is listed here are left out of every decision, and counted."""

    id: RuleId = Field(description="The exception's own name; stands in records and probes.")
    about: str | None = Field(default=None, description="More about it, for people. Decides nothing.")
    reason: str = Field(min_length=3, max_length=500, description="Why these values may be overlooked.")
    by: str = Field(min_length=2, max_length=200, description="Who answers for it.")
    until: Annotated[str, BeforeValidator(_day)] = Field(description="The last day on which it holds, in UTC.")
    entities: Entities = Field(description="The entity types that are left out, and no others.")
    values: Values | None = Field(default=None, description="The values, each whole.")
    terms: str | None = Field(
        default=None, min_length=1, max_length=200, description="A file beside policy.yaml with one value in a line."
    )
    domains: Domains | None = Field(default=None, description="All mail addresses at these domains.")
    roles: Annotated[list[Role], BeforeValidator(listed), AfterValidator(some)] | None = Field(
        default=None, description="Only in messages of these roles. Default: everywhere."
    )
    paths: Paths | None = Field(default=None, description="Only at these places, `*` for any part of a path.")
    allow_secrets: bool = Field(default=False, description="Credentials may be named under `entities`, one by one.")

    @model_validator(mode="after")
    def _narrow(self, info: ValidationInfo) -> Self:
        if self.values is None and self.terms is None and self.domains is None:
            raise wrong("the suppression names no values", "Write `values: [...]`, `terms: FILE` or `domains: [...]`.")
        vocabulary = known(info).vocabulary
        if ANYTHING in self.entities:
            raise wrong("`anything` cannot be suppressed", "Name the entity types of these values.")
        types = entity_types(self.entities, vocabulary)
        if PRIVATE_MATTER in types:
            raise wrong(
                "`PRIVATE_MATTER` cannot be suppressed: it is about a whole text, not about a value", "Remove it."
            )
        secret = (vocabulary.groups.get(SECRETS, frozenset()) | {"PRIVATE_KEY"}) & types
        named = self.allow_secrets and secret <= set(self.entities) and self.domains is None
        if secret and not named:
            raise wrong(
                f"`{min(secret)}` opens something, and is not suppressed with others",
                "Remove it. For a value that opens nothing, name its type alone and add `allow_secrets: true`.",
            )
        if self.domains is not None and "EMAIL_ADDRESS" not in types:
            raise wrong("`domains` is about mail addresses", "Add `EMAIL_ADDRESS` to `entities`, or list `values`.")
        return self


def entity_types(names: Iterable[str], vocabulary: Vocabulary) -> frozenset[str]:
    """Types and groups, written out."""
    return frozenset[str]().union(*(vocabulary.types(name) for name in names))


def suppression_of(block: SuppressBlock, vocabulary: Vocabulary, terms: Iterable[str] = ()) -> Suppression:
    """What decisions need of it. ``terms``: the values of its file."""
    values = (*(block.values or ()), *terms)
    return Suppression(
        id=block.id,
        entity_types=entity_types(block.entities, vocabulary),
        until=block.until,
        values=frozenset(map(plain, values)),
        numbers=frozenset(map(grouped, values)),
        domains=frozenset(map(plain, block.domains or ())),
        roles=frozenset(block.roles or ()),
        paths=tuple(block.paths or ()),
    )
