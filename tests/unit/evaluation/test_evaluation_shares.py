"""Shares, their intervals and percentiles."""

import pytest
from evaluation_values import outcome, row

from gateway.evaluation.shares import Share, percentiles, rounded, tally, tally_of


@pytest.mark.parametrize(
    ("hits", "rows", "low", "high"),
    [(71, 82, 0.7755, 0.9234), (0, 45, 0.0, 0.0787), (57, 57, 0.9368, 1.0), (1, 10, 0.0179, 0.4042)],
)
def test_the_interval_is_wilsons(hits: int, rows: int, low: float, high: float) -> None:
    """Against published values; it never leaves 0 to 1 and has a width even where all rows agree."""
    bounds = Share(hits, rows).bounds
    assert bounds is not None
    assert bounds == pytest.approx((low, high), abs=2e-4)


def test_nothing_has_no_share() -> None:
    """No rows: None, which is not 0."""
    assert (Share(0, 0).value, Share(0, 0).bounds, rounded(None)) == (None, None, None)


def test_rows_nobody_judged_take_no_part() -> None:
    """They are counted by themselves."""
    kept = [(True, True), (True, False), (False, True), (False, False), (False, False), (None, True)]
    counted = tally((row(str(number), sensitive=verdict), flag) for number, (verdict, flag) in enumerate(kept))
    figures = counted.as_json()
    assert (figures["recall"], figures["over_routing"], figures["precision"]) == (0.5, 0.3333, 0.5)
    assert (figures["rows"], figures["unscored"], figures["unscored_kept"]) == (6, 1, 1.0)


def test_a_policy_is_counted_by_its_name() -> None:
    """Each row was decided by several."""
    assert tally_of([(row("1", sensitive=True), outcome(kept=True))], "balanced").recall == Share(1, 1)


def test_percentiles_are_values_that_occurred() -> None:
    """Nearest rank."""
    assert percentiles([float(value) for value in range(1, 101)]) == {"p50": 50, "p90": 90, "p99": 99, "mean": 50.5}
    assert percentiles([]) == {"p50": 0, "p90": 0, "p99": 0, "mean": 0}
