"""The document of figures, the curve, and what travels between processes."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from evaluation_values import REVISIONS, outcome, row

from gateway.evaluation.curve import curve
from gateway.evaluation.figures import figures
from gateway.evaluation.outcome import PRIVATE_MATTER, Compared, Outcome

DECIDED = [
    (
        row("a", sensitive=True, language="de"),
        outcome(kept=True, rules=("card",), scores={"CARD": 1.0}, spans=(("CARD", True),)),
    ),
    (
        row("b", sensitive=True),
        outcome(kept=False, scores={PRIVATE_MATTER: 0.4}, floor=False, spans=(("NAME", False),)),
    ),
    (
        row("c", sensitive=False, source="code"),
        outcome(kept=True, rules=("builtin-unread",), reasons=("script",), scores={PRIVATE_MATTER: 0.2}),
    ),
    (row("d", sensitive=False, source="code"), outcome(kept=False, scores={PRIVATE_MATTER: 0.3}, floor=False)),
    (row("e", sensitive=None), outcome(kept=True, rules=("card", "name"))),
]


def test_everything_is_counted_where_it_belongs() -> None:
    """By source, language, type, rule, coverage."""
    document = figures(DECIDED, "balanced", REVISIONS)
    assert (document["recall"], document["over_routing"], document["rows"]) == (0.5, 0.5, 5)
    assert document["by_source"]["code"]["over_routing"] == 0.5
    assert document["by_source"]["mail"]["over_routing"] is None
    assert document["by_language"]["de"]["recall"] == 1.0
    assert document["by_entity_type"]["CARD"]["sensitive_kept"] == 1
    assert document["by_annotated_type"]["NAME"] == {"rows": 1, "recall": 0.0, "places": 1, "places_found": 0.0}
    assert document["by_rule"]["card"]["sensitive"] == 1
    assert document["by_rule"]["card"]["alone"] == {"sensitive": 1, "general": 0, "unscored": 0}
    assert document["coverage"] == {"incomplete": 1, "only": 1, "reasons": {"script": 1}}
    assert document["latency"]["cpu_ms"]["p99"] == 1.0
    assert (document["policy"], document["revision"]) == ("default", "abc")


def test_mistakes_are_named_by_their_ids() -> None:
    """Never by a text."""
    confusion = figures(DECIDED, "balanced", REVISIONS)["confusion"]
    assert [one["id"] for one in confusion["missed"]] == ["b"]
    assert [one["id"] for one in confusion["needlessly_kept"]] == ["c"]
    assert confusion["missed"][0]["score"] == 0.4


def test_the_curve_starts_at_the_floor_and_only_rises() -> None:
    """What the other rules keep is kept at every threshold."""
    points = curve(DECIDED)
    assert points[0] == (1.01, 0.5, 0.5)
    assert points[-1][1:] == (1.0, 1.0)
    for one, other in pairwise(points):
        assert other[0] <= one[0]
        assert other[1] >= one[1]
        assert other[2] >= one[2]


def test_without_scores_or_without_one_kind_of_rows_there_is_no_curve() -> None:
    """Nothing to sweep, nothing to draw."""
    assert curve([(row("a", sensitive=True), outcome(kept=True))]) == []
    assert curve([(row("a", sensitive=True), outcome(kept=True, scores={PRIVATE_MATTER: 0.5}))]) == []


def tallies(part: Any) -> Iterator[dict[str, Any]]:
    """Every place of the document that counts rows of both kinds."""
    if isinstance(part, dict):
        if "over_routing" in part and "sensitive" in part:
            yield part
        for inner in part.values():
            yield from tallies(inner)


def test_a_share_of_no_rows_is_null_everywhere_and_nothing_else_is() -> None:
    """By source, language, profile and engine, with its interval: never 0, which would be a figure."""
    bare = (
        (row("f", sensitive=False, source="quiet"), outcome(kept=False, compared=Compared({"any": False}, 1.0))),
        (row("g", sensitive=None, source="unjudged"), outcome(kept=True, compared=Compared({"any": True}, 1.0))),
        (row("h", sensitive=True, source="missed"), outcome(kept=False, compared=Compared({"any": False}, 1.0))),
    )
    document = figures([*DECIDED, *bare], "balanced", REVISIONS)
    found = list(tallies(document))
    assert len(found) > 10
    for one in found:
        assert (one["recall"] is None) == (one["sensitive"] == 0)
        assert (one["over_routing"] is None) == (one["general"] == 0)
        assert (one["unscored_kept"] is None) == (one["unscored"] == 0)
        kept = (one["recall"] or 0) * one["sensitive"] + (one["over_routing"] or 0) * one["general"]
        assert (one["precision"] is None) == (kept == 0)
        assert all((bounds is None) == (one[name] is None) for name, bounds in one["confidence"].items())
    by_source = document["by_source"]
    assert (by_source["quiet"]["over_routing"], by_source["quiet"]["precision"]) == (0.0, None)
    assert (by_source["missed"]["recall"], by_source["missed"]["precision"]) == (0.0, None)
    assert (by_source["unjudged"]["recall"], by_source["unjudged"]["unscored_kept"]) == (None, 1.0)


def test_another_engine_stands_beside() -> None:
    """Same rows, same run."""
    decided = [
        (row("a", sensitive=True), outcome(kept=True, cpu_ms=2.0, compared=Compared({"any": True}, 20.0))),
        (row("b", sensitive=False), outcome(kept=False, cpu_ms=2.0, compared=Compared({"any": True}, 20.0))),
    ]
    compared = figures(decided, "balanced", REVISIONS)["compare"]
    assert (compared["settings"]["any"]["recall"], compared["settings"]["any"]["over_routing"]) == (1.0, 1.0)
    assert compared["cpu_ratio"] == 10.0
    assert compared["by_source"]["mail"]["gateway"]["over_routing"] == 0.0


def test_an_outcome_travels() -> None:
    """Through JSON and back."""
    one = outcome(kept=True, rules=("a",), scores={"X": 1.0}, spans=(("X", True),), compared=Compared({"any": True}, 2))
    assert Outcome.from_json(json.loads(json.dumps(one.as_json()))) == one
    plain = outcome(kept=False)
    assert Outcome.from_json(plain.as_json()) == plain
