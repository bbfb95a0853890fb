"""Recall against over-routing as the threshold of a private matter moves, with every floor rule in force."""

from collections.abc import Sequence

from gateway.evaluation.outcome import PRIVATE_MATTER
from gateway.evaluation.shares import Decided, tally

Point = tuple[float, float, float]
"""Threshold, recall, over-routing."""
_MOST = 400


def curve(decided: Sequence[Decided]) -> list[Point]:
    """From keeping what the floor keeps (threshold above 1) to keeping everything that has a score.

    Empty where no row has a score or one of the two kinds of rows is missing. The floor is that of the policy asked
    for; what it keeps cannot be lowered by any threshold.
    """
    scores = sorted({one.matter for _, one in decided if PRIVATE_MATTER in one.scores}, reverse=True)
    step = max(1, len(scores) // _MOST)
    points: list[Point] = []
    for threshold in [1.01, *scores[::step], *scores[-1:]] if scores else ():
        counted = tally((row, one.floor or one.matter >= threshold) for row, one in decided)
        recall, over = counted.recall.value, counted.over_routing.value
        if recall is None or over is None:
            return []
        points.append((round(threshold, 4), round(recall, 4), round(over, 4)))
    return points
