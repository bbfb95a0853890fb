"""What a decision rested on, without text: findings in groups of equals, and facts. Enough to decide again.

A record holds it, so that another policy can be asked what it would have done (``replay.py``). Nothing of it can be led
back to a text: scores are cut to thousandths, because all digits of a probability would be as good as a fingerprint.

    Report, Facts ── basis_of ──▶ Basis ── findings_of, facts_of ──▶ what conditions look at
"""

import math
from dataclasses import dataclass
from typing import Final, get_args

from gateway.model import Facts, Finding, Report
from gateway.policy.names import Role

STEPS: Final = 1000
"""Scores are kept in such parts, rounded down: a threshold of whole parts holds of the kept score as of the real."""
MAX_GROUPS: Final = 256
"""Groups in one record. Where there are more, places are left out first, then findings, which are counted."""
ELSEWHERE: Final = "*"
"""The place of findings whose own was left out."""
_ROLES: Final = frozenset({"", *get_args(Role)})


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings that no condition can tell apart."""

    entity_type: str
    score: float | None
    """Between 0 and 1 in thousandths; None: it was no number, which conditions count as a match."""
    role: str
    spans: bool
    """The value spans several strings, so that no role rules it out."""
    place: str
    """Record-safe path."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The findings and facts of one decision. Key, wanted model, stream and coverage stand in the record itself."""

    tokens: int
    tools: bool
    vision: bool
    documents: bool
    audio: bool
    json_schema: bool
    groups: tuple[FindingGroup, ...] = ()
    beyond: int = 0
    """Findings that are in no group because there were too many."""


def basis_of(report: Report, facts: Facts) -> Basis:
    """Findings counted by what conditions can see of them, with at most ``MAX_GROUPS`` groups."""
    groups = _grouped(report.findings, placed=True)
    if len(groups) > MAX_GROUPS:
        groups = _grouped(report.findings, placed=False)
    return Basis(
        tokens=facts.tokens,
        tools=facts.tools,
        vision=facts.vision,
        documents=facts.documents,
        audio=facts.audio,
        json_schema=facts.json_schema,
        groups=groups[:MAX_GROUPS],
        beyond=sum(group.count for group in groups[MAX_GROUPS:]),
    )


def facts_of(basis: Basis, key_id: str, wanted_model: str, *, stream: bool, request_id: str = "") -> Facts:
    """The facts as they were, but for a wanted model that the record does not name. With the record's ``request_id``
    a canary draws as it drew; without it, it is enforced."""
    return Facts(
        key_id=key_id,
        wanted_model=wanted_model,
        stream=stream,
        tokens=basis.tokens,
        tools=basis.tools,
        vision=basis.vision,
        documents=basis.documents,
        audio=basis.audio,
        json_schema=basis.json_schema,
        request_id=request_id,
    )


def findings_of(basis: Basis, most: int) -> tuple[Finding, ...]:
    """One finding for each that is counted, at most ``most`` of a group: the highest number that any rule asks for."""
    found: list[Finding] = []
    for group in basis.groups:
        score = math.nan if group.score is None else group.score
        start = -1 if group.spans else 0
        one = Finding(group.entity_type, score, group.place, group.role, start, start, "")
        found += [one] * min(group.count, most)
    return tuple(found)


def floored(score: float) -> float | None:
    """The highest step that is not above the score; None for what is no number."""
    if not math.isfinite(score):
        return None
    steps = min(max(round(score * STEPS), 0), STEPS)
    return steps / STEPS if steps / STEPS <= score or steps == 0 else (steps - 1) / STEPS


def _grouped(findings: tuple[Finding, ...], *, placed: bool) -> tuple[FindingGroup, ...]:
    counts: dict[tuple[str, float | None, str, bool, str], int] = {}
    for one in findings:
        role = one.role if one.role in _ROLES else ""
        key = (one.entity_type, floored(one.score), role, one.start < 0, one.path if placed else ELSEWHERE)
        counts[key] = counts.get(key, 0) + 1
    return tuple(FindingGroup(*key, count) for key, count in counts.items())
