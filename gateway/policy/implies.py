"""What can be told of conditions without a request: that one follows from another, that one can never hold.

Both answers are proofs: True is certain, False means that nothing is known. So a lint that rests on them may miss
something, and is never wrong about what it says.
"""

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from gateway.policy.conditions import (
    AllOf,
    Always,
    AnyOf,
    Attachments,
    Condition,
    Entities,
    Incomplete,
    Key,
    Not,
    Stream,
    Tokens,
    Tools,
    WantedModel,
    names_reason,
)
from gateway.policy.request_conditions import App, Team, ToolNames


def implies(one: Condition, other: Condition) -> bool:
    """Does ``other`` hold of every request of which ``one`` holds?"""
    if one == other or isinstance(other, Always) or never(one):
        return True
    if isinstance(other, AllOf):
        return all(implies(one, part) for part in other.parts)
    if isinstance(one, AnyOf):
        return all(implies(part, other) for part in one.parts)
    if isinstance(other, AnyOf) and any(implies(one, part) for part in other.parts):
        return True
    if isinstance(one, AllOf):
        return any(implies(part, other) for part in one.parts)
    return _simply(_plain(one), _plain(other))


def never(condition: Condition) -> bool:
    """Can it hold of no request at all? Names that nothing finds today do not count: a list may come."""
    match condition:
        case AllOf():
            parts = tuple(_parts(condition))
            return any(never(part) for part in parts) or any(
                _exclude(one, other) for index, one in enumerate(parts) for other in parts[index + 1 :]
            )
        case AnyOf(parts):
            return all(never(part) for part in parts)
        case Not(part):
            return _always(part)
        case _:
            return False


def _always(condition: Condition) -> bool:
    match condition:
        case Always():
            return True
        case AllOf(parts):
            return all(_always(part) for part in parts)
        case AnyOf(parts):
            return any(_always(part) for part in parts)
        case _:
            return False


def _parts(condition: Condition) -> Iterable[Condition]:
    """What has to hold together, mappings within mappings opened."""
    if isinstance(condition, AllOf):
        for part in condition.parts:
            yield from _parts(part)
    else:
        yield condition


def _plain(condition: Condition) -> Condition:
    """``not: {stream: true}`` is ``stream: false``."""
    match condition:
        case Not(Stream(wanted)):
            return Stream(not wanted)
        case Not(Tools(wanted)):
            return Tools(not wanted)
        case _:
            return condition


def _simply(one: Condition, other: Condition) -> bool:
    """The same for conditions that hold no others, but for ``not``."""
    if one == other:
        return True
    match one, other:
        case Not(part), Not(of):
            return implies(of, part)
        case _, Not(part) if not isinstance(one, Not):
            return _exclude(one, part)
        case Entities(), Entities():
            return _as_many(one, other)
        case _:
            return _narrower(one, other)


def _narrower(one: Condition, other: Condition) -> bool:
    """Conditions of one kind: does the one allow no more than the other?"""
    match one, other:
        case Incomplete(reasons), Incomplete(named):
            return bool(reasons) and all(names_reason(named, reason) for reason in reasons)
        case (
            (Key(names), Key(others))
            | (WantedModel(names), WantedModel(others))
            | (Team(names), Team(others))
            | (App(names), App(others))
            | (ToolNames(names), ToolNames(others))
        ):
            return all(any(fnmatchcase(name, pattern) for pattern in others) for name in names)
        case Tokens(), Tokens():
            return _from(one) >= _from(other) and _to(one) <= _to(other)
        case Attachments(kinds), Attachments(of):
            return kinds <= of
        case _:
            return False


def _exclude(one: Condition, other: Condition) -> bool:
    """Can they never hold of the same request?"""
    match _plain(one), _plain(other):
        case (Stream(a), Stream(b)) | (Tools(a), Tools(b)):
            return a is not b
        case Tokens() as a, Tokens() as b:
            return max(_from(a), _from(b)) > min(_to(a), _to(b))
        case (Key(names), Key(others)) | (WantedModel(names), WantedModel(others)):
            return _apart(names, others) or _apart(others, names)
        case Not(a), Not(b):
            return False
        case (Not(part), held) | (held, Not(part)):
            return implies(held, part)
        case _:
            return False


def _apart(names: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    """None of these plain names is meant by a pattern."""
    return not any("*" in name or fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _from(tokens: Tokens) -> float:
    return 0 if tokens.over is None else tokens.over + 1


def _to(tokens: Tokens) -> float:
    return float("inf") if tokens.under is None else tokens.under - 1


def _as_many(one: Entities, other: Entities) -> bool:
    """Is whatever satisfies ``one`` enough for ``other``? Each thing that is asked for, and every bound."""
    if one != replace(
        other,
        any_of=one.any_of,
        all_of=one.all_of,
        anything=one.anything,
        min_score=one.min_score,
        min_count=one.min_count,
        min_distinct=one.min_distinct,
        roles=one.roles,
        where=one.where,
        near=one.near,
    ):  # they differ in something that is not known here
        return False
    bounds = (
        other.min_score <= one.min_score,
        other.min_count <= one.min_count,
        other.min_distinct <= one.min_distinct,
        not other.roles or other.roles == one.roles or (bool(one.roles) and one.roles <= other.roles),
        not other.where or (bool(one.where) and one.where <= other.where),
        other.near in (one.near, "request"),
    )
    return all(bounds) and all(any(_within(part, asked) for part in _asked(one)) for asked in _asked(other))


def _asked(condition: Entities) -> Iterable[frozenset[str] | None]:
    """The kinds of which enough have to be found, for each thing asked for. None: of any kind."""
    if condition.anything or condition.any_of:
        yield None if condition.anything else condition.any_of
    yield from condition.all_of


def _within(kinds: frozenset[str] | None, wider: frozenset[str] | None) -> bool:
    return wider is None or bool(kinds is not None and kinds and kinds <= wider)
