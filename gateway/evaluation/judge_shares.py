"""What a judge changes: each policy's shares without it and with it, by source, and what its verdicts took."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.evaluation.outcome import Kept
from gateway.evaluation.rows import Row
from gateway.evaluation.shares import Decided, percentiles, tally
from gateway.evaluation.workers import Revision
from gateway.judge.verdicts import Ruling

OFF = "off"
"""What results without the judge stand under; those with it stand under the policy's mode."""


def judge_shares(decided: Sequence[Decided], revisions: Mapping[str, Revision]) -> dict[str, Any] | None:
    """The ``judge`` of the document; None where no judge was given. Policies that send nothing out are left out."""
    judge = next((one.judge for one in revisions.values() if one.judge is not None), None)
    if judge is None:
        return None
    questions = [question for _, outcome in decided for question in outcome.questions]
    verdicts = Counter(verdict for verdict, _ in questions)
    took = [ms for verdict, ms in questions if verdict in set(Ruling)]
    return {
        "model": judge.model,
        "prompt": judge.prompt,
        "questions": dict(sorted(verdicts.items())),
        "question_ms": percentiles(took) if took else None,
        "profiles": {
            name: {
                "mode": one.judge.mode,
                "band": list(one.judge.band),
                **_asked(decided, name),
                OFF: _shares((row, outcome.by_policy[name]) for row, outcome in decided),
                one.judge.mode: _shares((row, outcome.judged[name].kept) for row, outcome in decided),
            }
            for name, one in revisions.items()
            if one.judge is not None
        },
    }


def _asked(decided: Iterable[Decided], policy: str) -> dict[str, int]:
    """Rows about which the judge was asked, or had been before, and those of them that lack a verdict."""
    told = [outcome.judged[policy].told for _, outcome in decided]
    return {
        "rows_asked": sum(bool(one) for one in told),
        "rows_without_verdict": sum(any(verdict not in set(Ruling) for verdict in one) for one in told),
    }


def _shares(kept: Iterable[tuple[Row, Kept]]) -> dict[str, Any]:
    """All rows together, and each source."""
    groups: dict[str, list[tuple[Row, bool]]] = defaultdict(list)
    for row, one in kept:
        groups[row.source].append((row, one.kept))
    whole = [one for group in groups.values() for one in group]
    by_source = {source: tally(groups[source]).as_json() for source in sorted(groups) if source}
    return {**tally(whole).as_json(), "by_source": by_source}
