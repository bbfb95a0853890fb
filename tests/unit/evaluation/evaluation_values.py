"""Rows and outcomes that tests of the figures are made of."""

from gateway.evaluation.outcome import Compared, Kept, Outcome
from gateway.evaluation.rows import Row
from gateway.evaluation.workers import Revision

REVISIONS = {"balanced": Revision("default", "abc")}


def row(name: str, *, sensitive: bool | None, source: str = "mail", language: str = "") -> Row:
    """A row whose text is of no matter."""
    return Row(name, "text", sensitive, source, language)


def outcome(
    *,
    kept: bool,
    rules: tuple[str, ...] = (),
    scores: dict[str, float] | None = None,
    reasons: tuple[str, ...] = (),
    floor: bool | None = None,
    spans: tuple[tuple[str, bool], ...] = (),
    cpu_ms: float = 1.0,
    compared: Compared | None = None,
) -> Outcome:
    """What the policy called balanced made of a row."""
    return Outcome(
        {"balanced": Kept(kept, "restricted" if kept else "public", rules)},
        scores or {},
        reasons,
        kept if floor is None else floor,
        spans,
        cpu_ms,
        2.0,
        compared,
    )
