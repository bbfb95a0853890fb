"""A policy as the decision reads it: compiled, frozen, with every name resolved. Made by ``compiler.py`` from YAML."""

import hashlib
import json
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Any, Final

from gateway.policy.conditions import Condition, Observed
from gateway.policy.judging import JudgeUse
from gateway.policy.modes import ENFORCE, Mode
from gateway.policy.reads import READS_NOTHING, Reads
from gateway.policy.suppression import Suppression

REVISION_LENGTH: Final = 12


class Otherwise(StrEnum):
    """What happens when a backend of the route cannot answer: ask the next one, or end the request."""

    NEXT = "next"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class ClassifyRule:
    """Raises a request to ``label`` when its condition matches."""

    id: str
    when: Condition
    label: str
    mode: Mode = ENFORCE

    def matches(self, seen: Observed) -> bool:
        return matches(self.when, seen)


@dataclass(frozen=True, slots=True)
class RefuseRule:
    """Ends a request, whatever backend it was meant for."""

    id: str
    when: Condition
    message: str
    code: str
    mode: Mode = ENFORCE

    def matches(self, seen: Observed) -> bool:
        return matches(self.when, seen)


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Backends in order of preference. ``to`` holds backend names and the groups ``local`` and ``external``."""

    when: Condition
    to: tuple[str, ...]
    on_unavailable: Otherwise = Otherwise.NEXT
    on_incapable: Otherwise = Otherwise.NEXT

    def matches(self, seen: Observed) -> bool:
        return matches(self.when, seen)


@dataclass(frozen=True, slots=True)
class Policy:
    """One compiled policy. Raises ValueError when a rule names a label that the policy does not have."""

    name: str
    labels: tuple[str, ...]
    """From least to most sensitive. What no rule matches has the first; what cannot be judged has the last."""
    classify: tuple[ClassifyRule, ...] = ()
    refuse: tuple[RefuseRule, ...] = ()
    route: tuple[RouteRule, ...] = ()
    accepted: frozenset[str] = frozenset()
    """Coverage reasons that do not raise the label by themselves."""
    reads: Reads = READS_NOTHING
    """What is taken of the client's headers and metadata."""
    judge: JudgeUse | None = None
    """None: nobody is asked where the classifier is not sure."""
    suppress: tuple[Suppression, ...] = ()
    """Values that are taken out of a report before any rule sees it."""
    watched: tuple[ClassifyRule | RefuseRule, ...] = field(init=False, repr=False)
    """Rules that are not enforced for every request, classify rules first."""
    vouched: bool = field(init=False, repr=False)
    """Is there a classify rule that is enforced for every request? Without one nothing vouches for anything."""
    revision: str = field(init=False)
    """The first 12 hex digits of the SHA-256 of everything that this policy says, with groups written out."""

    def __post_init__(self) -> None:
        if not self.labels or len(set(self.labels)) != len(self.labels):
            raise ValueError("a policy needs labels, each of them once")
        object.__setattr__(self, "watched", tuple(rule for rule in self._rules if not rule.mode.always))
        object.__setattr__(self, "vouched", any(rule.mode.always for rule in self.classify))
        object.__setattr__(self, "revision", _revision(self))
        unknown = {rule.label for rule in self.classify} - set(self.labels)
        if unknown:
            raise ValueError(f"classify rules name labels that the policy does not have: {sorted(unknown)}")

    @property
    def top(self) -> str:
        """The most sensitive label."""
        return self.labels[-1]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What its rules that are always enforced ask of a report: those that raise, then those that refuse."""
        return tuple(rule.when for rule in self._rules if rule.mode.always)

    @property
    def _rules(self) -> tuple[ClassifyRule | RefuseRule, ...]:
        return (*self.classify, *self.refuse)

    def admits(self, clearance: str, label: str) -> bool:
        """May a backend of this clearance receive this label? An unknown clearance admits nothing."""
        if clearance not in self.labels:
            return False
        return self.labels.index(clearance) >= self.labels.index(label)


def matches(condition: Condition, seen: Observed) -> bool:
    """Ask a condition. One that cannot be evaluated counts as matched: a defect may only make a decision stricter."""
    try:
        return condition.holds(seen)
    except Exception:  # noqa: BLE001 - any failure means "matched", the stricter answer, and carries no text onwards
        return True


def _revision(policy: Policy) -> str:
    said = {one.name: _canonical(getattr(policy, one.name)) for one in fields(policy) if one.init}
    text = json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:REVISION_LENGTH]


def _canonical(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {"": type(value).__name__, **{one.name: _canonical(getattr(value, one.name)) for one in fields(value)}}
    if isinstance(value, frozenset):
        return sorted(_canonical(item) for item in value)
    if isinstance(value, tuple):
        return [_canonical(item) for item in value]
    return value
