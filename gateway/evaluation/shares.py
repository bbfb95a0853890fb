"""Shares of rows with their uncertainty. Recall and over-routing always travel together, with the rows they rest on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any, Final

from gateway.evaluation.outcome import Outcome
from gateway.evaluation.rows import Row

Z95: Final = 1.959964
"""Standard deviations of a normal distribution that hold 95 % of it."""
Decided = tuple[Row, Outcome]


@dataclass(frozen=True, slots=True)
class Share:
    """``hits`` of ``rows``."""

    hits: int
    rows: int

    @property
    def value(self) -> float | None:
        """None where there is no row to speak about."""
        return self.hits / self.rows if self.rows else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Wilson's score interval at 95 %: what the share may be on other rows of the same kind."""
        if not self.rows:
            return None
        share, n = self.hits / self.rows, self.rows
        middle = share + Z95**2 / (2 * n)
        spread = Z95 * sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n))
        scale = 1 + Z95**2 / n
        return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows of each verdict were kept."""

    recall: Share
    over_routing: Share
    unscored: Share

    @property
    def precision(self) -> Share:
        """Of the judged rows that were kept, those that had to be. Depends on the mix of rows: read it last."""
        return Share(self.recall.hits, self.recall.hits + self.over_routing.hits)

    def as_json(self) -> dict[str, Any]:
        """Numbers rounded to what the rows can carry. A share of no rows is None, and so is its interval."""
        return {
            "rows": self.recall.rows + self.over_routing.rows + self.unscored.rows,
            "sensitive": self.recall.rows,
            "general": self.over_routing.rows,
            "unscored": self.unscored.rows,
            "recall": rounded(self.recall.value),
            "over_routing": rounded(self.over_routing.value),
            "precision": rounded(self.precision.value),
            "unscored_kept": rounded(self.unscored.value),
            "confidence": {
                "recall": _pair(self.recall),
                "over_routing": _pair(self.over_routing),
                "precision": _pair(self.precision),
            },
        }


def tally(kept: Iterable[tuple[Row, bool]]) -> Tally:
    """Count rows with whether each was kept."""
    hits, rows = dict.fromkeys((True, False, None), 0), dict.fromkeys((True, False, None), 0)
    for row, flag in kept:
        rows[row.sensitive] += 1
        hits[row.sensitive] += flag
    return Tally(*(Share(hits[verdict], rows[verdict]) for verdict in (True, False, None)))


def tally_of(decided: Iterable[Decided], policy: str) -> Tally:
    """Count what one policy kept."""
    return tally((row, outcome.by_policy[policy].kept) for row, outcome in decided)


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p90, p99 (nearest rank) and mean; all 0 of nothing."""
    ordered = sorted(values) or [0.0]
    ranks = {f"p{share}": ordered[ceil(len(ordered) * share / 100) - 1] for share in (50, 90, 99)}
    return {name: round(value, 3) for name, value in (ranks | {"mean": sum(ordered) / len(ordered)}).items()}


def rounded(value: float | None) -> float | None:
    """Four digits, or None."""
    return None if value is None else round(value, 4)


def _pair(share: Share) -> list[float] | None:
    bounds = share.bounds
    return [round(bound, 4) for bound in bounds] if bounds else None
