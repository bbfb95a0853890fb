"""What the outcomes of all rows say, as one JSON document. Ids, names and numbers; never a text."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.evaluation.curve import curve
from gateway.evaluation.judge_shares import judge_shares
from gateway.evaluation.outcome import PRIVATE_MATTER
from gateway.evaluation.shares import Decided, Share, percentiles, rounded, tally, tally_of
from gateway.evaluation.workers import Revision

EXAMPLES: Final = 10
"""Ids of each kind of mistake."""
_TYPES: Final = 6


def figures(decided: Sequence[Decided], policy: str, revisions: Mapping[str, Revision]) -> dict[str, Any]:
    """Everything about ``decided`` under the name ``policy``, and the other policies beside it."""
    overall = tally_of(decided, policy)
    counts = overall.as_json()
    return {
        "recall": counts["recall"],
        "over_routing": counts["over_routing"],
        "precision": counts["precision"],
        "rows": counts["rows"],
        "scored": {kind: counts[kind] for kind in ("sensitive", "general", "unscored")},
        "unscored_kept": counts["unscored_kept"],
        "confidence": {"level": 0.95, "method": "wilson", **counts["confidence"]},
        "profile": policy,
        "policy": revisions[policy].name,
        "revision": revisions[policy].revision,
        "by_source": _tallies(_grouped(decided, lambda row: row.source), policy),
        "by_language": _tallies(_grouped(decided, lambda row: row.language), policy),
        "by_entity_type": _by_entity_type(decided, policy),
        "by_annotated_type": _by_annotated_type(decided, policy),
        "by_rule": _by_rule(decided, policy),
        "coverage": _coverage(decided, policy),
        "latency": {
            "cpu_ms": percentiles([one.cpu_ms for _, one in decided]),
            "wall_ms": percentiles([one.wall_ms for _, one in decided]),
        },
        "profiles": {
            name: {
                "policy": one.name,
                "revision": one.revision,
                **tally_of(decided, name).as_json(),
                "by_source": _tallies(_grouped(decided, lambda row: row.source), name),
            }
            for name, one in revisions.items()
        },
        "curve": [{"threshold": at, "recall": recall, "over_routing": over} for at, recall, over in curve(decided)],
        "confusion": {
            "missed": _mistakes(decided, policy, sensitive=True),
            "needlessly_kept": _mistakes(decided, policy, sensitive=False),
        },
        "judge": judge_shares(decided, revisions),
        **_compared(decided, policy),
    }


def _grouped(decided: Iterable[Decided], key: Callable[[Any], str]) -> dict[str, list[Decided]]:
    groups: dict[str, list[Decided]] = defaultdict(list)
    for row, outcome in decided:
        if name := key(row):
            groups[name].append((row, outcome))
    return dict(sorted(groups.items()))


def _tallies(groups: Mapping[str, Sequence[Decided]], policy: str) -> dict[str, Any]:
    return {name: tally_of(decided, policy).as_json() for name, decided in groups.items()}


def _by_entity_type(decided: Sequence[Decided], policy: str) -> dict[str, Any]:
    """For each type found: in how many rows it stood, and how many of those were kept, by verdict."""
    groups: dict[str, list[Decided]] = defaultdict(list)
    for row, outcome in decided:
        for kind in outcome.scores:
            groups[kind].append((row, outcome))
    return {
        kind: {"rows": len(groups[kind]), **_kept(groups[kind], policy)}
        for kind in sorted(groups, key=lambda kind: (-len(groups[kind]), kind))
    }


def _kept(decided: Sequence[Decided], policy: str) -> dict[str, Any]:
    counted = tally_of(decided, policy)
    return {
        "kept": counted.recall.hits + counted.over_routing.hits + counted.unscored.hits,
        "sensitive": counted.recall.rows,
        "sensitive_kept": counted.recall.hits,
        "general": counted.over_routing.rows,
        "general_kept": counted.over_routing.hits,
    }


def _by_annotated_type(decided: Sequence[Decided], policy: str) -> dict[str, Any]:
    """For each type that the rows' authors annotated: rows kept, and annotated places that some finding touches."""
    rows: dict[str, list[bool]] = defaultdict(list)
    places: dict[str, list[bool]] = defaultdict(list)
    for row, outcome in decided:
        if row.sensitive:
            for kind in {kind for kind, _ in outcome.spans}:
                rows[kind].append(outcome.by_policy[policy].kept)
        for kind, found in outcome.spans:
            places[kind].append(found)
    return {
        kind: {
            "rows": len(rows[kind]),
            "recall": rounded(Share(sum(rows[kind]), len(rows[kind])).value),
            "places": len(found),
            "places_found": rounded(Share(sum(found), len(found)).value),
        }
        for kind, found in sorted(places.items())
    }


def _by_rule(decided: Sequence[Decided], policy: str) -> dict[str, Any]:
    """Rows that each rule kept, and rows that it alone kept: without it these would have left."""
    groups: dict[str, list[Decided]] = defaultdict(list)
    alone: Counter[tuple[str, str]] = Counter()
    for row, outcome in decided:
        rules = outcome.by_policy[policy].rules
        for rule in rules:
            groups[rule].append((row, outcome))
        if len(rules) == 1:
            alone[rules[0], row.verdict] += 1
    return {
        rule: {
            **{kind: sum(row.verdict == kind for row, _ in groups[rule]) for kind in _VERDICTS},
            "alone": {kind: alone[rule, kind] for kind in _VERDICTS},
        }
        for rule in sorted(groups, key=lambda rule: (-len(groups[rule]), rule))
    }


_VERDICTS: Final = ("sensitive", "general", "unscored")


def _coverage(decided: Sequence[Decided], policy: str) -> dict[str, Any]:
    """Rows that were not read completely, by reason; ``only``: kept for no other cause."""
    reasons = Counter(reason for _, outcome in decided for reason in set(outcome.reasons))
    only = sum(
        bool(rules) and all(rule.startswith("builtin-") for rule in rules)
        for rules in (outcome.by_policy[policy].rules for _, outcome in decided)
    )
    incomplete = sum(bool(outcome.reasons) for _, outcome in decided)
    return {"incomplete": incomplete, "only": only, "reasons": dict(reasons.most_common())}


def _mistakes(decided: Sequence[Decided], policy: str, *, sensitive: bool) -> list[dict[str, Any]]:
    """The clearest mistakes first: missed rows with the least score, needlessly kept ones with the most."""
    wrong = [
        (row, outcome)
        for row, outcome in decided
        if row.sensitive is sensitive and outcome.by_policy[policy].kept is not sensitive
    ]
    wrong.sort(key=lambda one: (one[1].matter if sensitive else -one[1].matter, one[0].source, one[0].id))
    return [
        {
            "id": row.id,
            "source": row.source,
            "label": outcome.by_policy[policy].label,
            "rules": list(outcome.by_policy[policy].rules),
            "score": rounded(outcome.matter) if PRIVATE_MATTER in outcome.scores else None,
            "found": {kind: round(score, 2) for kind, score in _strongest(outcome.scores)},
        }
        for row, outcome in wrong[:EXAMPLES]
    ]


def _strongest(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    found = [(kind, score) for kind, score in scores.items() if kind != PRIVATE_MATTER]
    return sorted(found, key=lambda one: (-one[1], one[0]))[:_TYPES]


def _compared(decided: Sequence[Decided], policy: str) -> dict[str, Any]:
    """Our figures and those of another engine on the same rows in the same run."""
    both = [(row, outcome, outcome.compared) for row, outcome in decided if outcome.compared is not None]
    if not both:
        return {}
    theirs = {
        name: tally((row, other.flagged[name]) for row, _, other in both).as_json() for name in both[0][2].flagged
    }
    ours_cpu, cpu = [one.cpu_ms for _, one, _ in both], [other.cpu_ms for _, _, other in both]
    ratio = sum(cpu) / sum(ours_cpu) if sum(ours_cpu) else None
    return {
        "compare": {
            "engine": "presidio",
            "settings": theirs,
            "by_source": {
                source: {
                    "gateway": tally_of(group, policy).as_json(),
                    **{
                        name: tally((row, one.compared.flagged[name]) for row, one in group if one.compared).as_json()
                        for name in theirs
                    },
                }
                for source, group in _grouped(decided, lambda row: row.source).items()
            },
            "cpu_ms": {"gateway": percentiles(ours_cpu), "presidio": percentiles(cpu)},
            "cpu_ratio": None if ratio is None else round(ratio, 2),
        }
    }
