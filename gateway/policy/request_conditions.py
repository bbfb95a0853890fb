"""What a rule may ask about a request beside its findings: who it is for, when it came, what it offers the model.

A fact that nobody knows raises ``NotKnown``, which counts as a match, also below ``not`` (``rules.matches``).
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeVar
from zoneinfo import ZoneInfo

from gateway.policy.conditions import Observed

T = TypeVar("T")


class NotKnown(LookupError):
    """The fact is not known, so the condition cannot be evaluated."""


def known_fact(value: T | None) -> T:
    """The fact. Raises NotKnown when there is none."""
    if value is None:
        raise NotKnown
    return value


@dataclass(frozen=True, slots=True)
class Team:
    """The team of the client key, by exact name or ``*`` pattern. A key without a team is in none."""

    names: tuple[str, ...]

    def holds(self, seen: Observed) -> bool:
        team = known_fact(seen.facts.team)
        return bool(team) and any(fnmatchcase(team, name) for name in self.names)


@dataclass(frozen=True, slots=True)
class App:
    """The application of the client key, by exact name or ``*`` pattern. A key without one is of none."""

    names: tuple[str, ...]

    def holds(self, seen: Observed) -> bool:
        app = known_fact(seen.facts.app)
        return bool(app) and any(fnmatchcase(app, name) for name in self.names)


@dataclass(frozen=True, slots=True)
class Headers:
    """The client sent all of these headers, each with a value that one of its patterns means.

    Not below ``not``: what a client sends may only raise a label (law 5).
    """

    wanted: tuple[tuple[str, tuple[str, ...]], ...]

    def holds(self, seen: Observed) -> bool:
        sent = known_fact(seen.facts.headers)
        return all(
            any(fnmatchcase(value, pattern) for value in sent.get(name, ()) for pattern in patterns)
            for name, patterns in self.wanted
        )


@dataclass(frozen=True, slots=True)
class Metadata:
    """The request's metadata has all of these keys, each with a value that one of its patterns means. A value that is
    no text may be any. Not below ``not``, as headers."""

    wanted: tuple[tuple[str, tuple[str, ...]], ...]

    def holds(self, seen: Observed) -> bool:
        given = known_fact(seen.facts.metadata)
        return all(
            name in given and any(fnmatchcase(known_fact(given[name]), pattern) for pattern in patterns)
            for name, patterns in self.wanted
        )


@dataclass(frozen=True, slots=True)
class ToolNames:
    """A tool of such a name is offered. One whose name cannot be read may be any of them."""

    names: tuple[str, ...]

    def holds(self, seen: Observed) -> bool:
        offered = known_fact(seen.facts.tool_names)
        return any(fnmatchcase(tool, name) for tool in offered for name in self.names)


@dataclass(frozen=True, slots=True)
class SystemPrompt:
    """There are instructions by the application: a system or developer message (or, with ``wanted`` False, none)."""

    wanted: bool

    def holds(self, seen: Observed) -> bool:
        return known_fact(seen.facts.system_prompt) is self.wanted


@dataclass(frozen=True, slots=True)
class Clock:
    """The request came within these hours of these days.

    ``start`` and ``end`` are minutes of the day in ``zone``; the end is not included. Where ``end`` is not after
    ``start`` the hours pass midnight and belong to the day on which they begin. ``days``: 0 is Monday.
    """

    start: int
    end: int
    days: frozenset[int]
    zone: str

    def holds(self, seen: Observed) -> bool:
        at = known_fact(seen.facts.at).astimezone(ZoneInfo(self.zone))
        minute, day = at.hour * 60 + at.minute, at.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        return (minute >= self.start and day in self.days) or (minute < self.end and (day - 1) % 7 in self.days)
