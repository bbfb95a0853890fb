"""What a rule may ask: a closed vocabulary of predicates over findings, coverage and facts. Pure, and blind to text.

Law 5, monotony: ``Entities`` and ``Incomplete`` hold on more findings and more reasons whenever they hold on fewer,
``AllOf`` and ``AnyOf`` keep that, and ``Not`` is compiled around facts alone. So a rule that matches still matches when
a detector, a finding or a reason is added. Anything that cannot be judged for certain (a score that is no number, a
finding whose place spans messages) counts as a match.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Protocol

from gateway.model import Facts, Finding, Report
from gateway.policy.places import PLACE_OF_ROLE, Nearness, divided, places


class Attachment(StrEnum):
    """Parts of a request that are not text."""

    IMAGE = "image"
    DOCUMENT = "document"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class Observed:
    """What the conditions of one decision look at."""

    findings: Mapping[str, tuple[Finding, ...]] = field(repr=False)
    """By entity type."""
    reasons: tuple[str, ...]
    """Why coverage is incomplete."""
    unaccepted: tuple[str, ...]
    """Those of them that the policy does not accept."""
    facts: Facts


def observed(report: Report, facts: Facts, accepted: frozenset[str]) -> Observed:
    """Index a report for the conditions. ``accepted`` are reasons (or their first words) that do not count unless a
    rule asks for them by name."""
    reasons = report.coverage.reasons
    unaccepted = tuple(reason for reason in reasons if not names_reason(accepted, reason))
    return Observed(by_kind(report.findings), reasons, unaccepted, facts)


def by_kind(findings: Iterable[Finding]) -> dict[str, tuple[Finding, ...]]:
    """Findings by entity type, in their order."""
    by_type: dict[str, list[Finding]] = {}
    for finding in findings:
        by_type.setdefault(finding.entity_type, []).append(finding)
    return {kind: tuple(found) for kind, found in by_type.items()}


def nothing_observed(facts: Facts) -> Observed:
    """For route rules, which are asked before there is a draft to inspect and so may look at facts alone."""
    return Observed({}, (), (), facts)


def names_reason(named: frozenset[str], reason: str) -> bool:
    """``opaque`` and ``opaque:base64`` both name the reason ``opaque:base64``."""
    return reason in named or reason.partition(":")[0] in named


class Condition(Protocol):
    """One predicate. May raise; whoever asks counts that as a match."""

    def holds(self, seen: Observed) -> bool: ...


@dataclass(frozen=True, slots=True)
class Entities:
    """Findings of named kinds, groups written out as their types.

    ``any_of``: ``min_count`` findings of all these types together, with ``min_distinct`` values; ``all_of``: that many
    for each name of the policy. Given both, both have to hold; with ``near`` in one and the same segment or message.
    """

    any_of: frozenset[str] = frozenset()
    all_of: tuple[frozenset[str], ...] = ()
    anything: bool = False
    """Any finding of any type counts towards ``any_of``."""
    min_score: float = 0.4
    min_count: int = 1
    roles: frozenset[str] = frozenset()
    """Only findings in messages of these roles; empty: everywhere."""
    where: frozenset[str] = frozenset()
    """Only findings in one of these places; empty: everywhere."""
    min_distinct: int = 1
    near: Nearness = "request"

    def reads(self, kinds: frozenset[str]) -> bool:
        """Could a finding of one of these types change the answer?"""
        return self.anything or not kinds.isdisjoint(self.any_of.union(*self.all_of))

    def holds(self, seen: Observed) -> bool:
        return self.holds_on(seen.findings)

    def holds_on(self, found: Mapping[str, tuple[Finding, ...]]) -> bool:
        """The same, of findings by type alone."""
        if self.near == "request":
            return self._together(found)
        return any(self._together(part) for part in divided(found, self.near))

    def _together(self, found: Mapping[str, tuple[Finding, ...]]) -> bool:
        if (self.any_of or self.anything) and not self._enough(found, None if self.anything else self.any_of):
            return False
        return all(self._enough(found, kinds) for kinds in self.all_of)

    def _enough(self, by_type: Mapping[str, tuple[Finding, ...]], kinds: frozenset[str] | None) -> bool:
        """Are there ``min_count`` findings, and ``min_distinct`` values, of these types (None: of any type)?"""
        count, values = 0, set[int]()
        for kind, found in by_type.items():
            if kinds is not None and kind not in kinds:
                continue
            for finding in found:
                if not self._counts(finding):
                    continue
                count += 1
                if self.min_distinct > 1:  # a value that nobody could compare may be one of its own
                    values.add(finding.value if finding.value >= 0 else -count)
                if count >= self.min_count and (self.min_distinct == 1 or len(values) >= self.min_distinct):
                    return True
        return False

    def _counts(self, finding: Finding) -> bool:
        if finding.score < self.min_score:  # NaN is not below anything, so it counts
            return False
        # A value that spans segments (start -1) stands in several messages: no role and no place rules it out.
        if finding.start < 0:
            return True
        if self.roles and finding.role not in self.roles and not self._spoken(finding):
            return False
        return not self.where or not self.where.isdisjoint(places(finding))

    def _spoken(self, finding: Finding) -> bool:
        """Is it said by one of ``roles``, in a wire format that has no message of that role?"""
        stands = places(finding)
        return any(PLACE_OF_ROLE.get(role, role) in stands for role in self.roles)


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Inspection could not read everything: for one of ``reasons``, or for any that the policy does not accept."""

    reasons: frozenset[str] = frozenset()

    def holds(self, seen: Observed) -> bool:
        if self.reasons:
            return any(names_reason(self.reasons, reason) for reason in seen.reasons)
        return bool(seen.unaccepted)


@dataclass(frozen=True, slots=True)
class WantedModel:
    """The model name that the client asked for, by exact name or ``*`` pattern."""

    names: tuple[str, ...]

    def holds(self, seen: Observed) -> bool:
        return any(fnmatchcase(seen.facts.wanted_model, name) for name in self.names)


@dataclass(frozen=True, slots=True)
class Key:
    """The public id of the client key, by exact name or ``*`` pattern."""

    names: tuple[str, ...]

    def holds(self, seen: Observed) -> bool:
        return any(fnmatchcase(seen.facts.key_id, name) for name in self.names)


@dataclass(frozen=True, slots=True)
class Stream:
    """The client asked for a stream (or, with ``wanted`` False, for a whole answer)."""

    wanted: bool

    def holds(self, seen: Observed) -> bool:
        return seen.facts.stream is self.wanted


@dataclass(frozen=True, slots=True)
class Tools:
    """The request offers or used tools (or, with ``wanted`` False, none)."""

    wanted: bool

    def holds(self, seen: Observed) -> bool:
        return seen.facts.tools is self.wanted


@dataclass(frozen=True, slots=True)
class Tokens:
    """The estimated size of prompt and answer, in tokens."""

    over: int | None = None
    under: int | None = None

    def holds(self, seen: Observed) -> bool:
        tokens = seen.facts.tokens
        return (self.over is None or tokens > self.over) and (self.under is None or tokens < self.under)


@dataclass(frozen=True, slots=True)
class Attachments:
    """The request carries parts of one of these kinds."""

    kinds: frozenset[Attachment]

    def holds(self, seen: Observed) -> bool:
        facts = seen.facts
        carried = {Attachment.IMAGE: facts.vision, Attachment.DOCUMENT: facts.documents, Attachment.AUDIO: facts.audio}
        return any(carried[kind] for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Always:
    """Matches every request."""

    def holds(self, seen: Observed) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]

    def holds(self, seen: Observed) -> bool:
        return all(part.holds(seen) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]

    def holds(self, seen: Observed) -> bool:
        return any(part.holds(seen) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold. Compiled around facts alone: a finding must never be able to undo a match."""

    part: Condition

    def holds(self, seen: Observed) -> bool:
        return not self.part.holds(seen)
