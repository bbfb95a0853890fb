"""Between which scores of the classifier a judge is asked: where its word can matter, as far as its word can carry.

From below: the lowest score that any rule asks of a private matter. What scores less matches nothing, so that there is
no doubt to settle. From above: a verdict ``general`` is evidence, and weighs no more than evidence does. It divides the
odds of a private matter by ``WEIGHT``; where they would still be as high as those at which the policy acts on the score
alone, the text is private whatever a judge says. So a profile that keeps more also lets a judge release less.
"""

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from gateway.policy.conditions import AllOf, AnyOf, Condition, Entities
from gateway.policy.vocabulary import CERTAIN, PRIVATE_MATTER

Band: TypeAlias = tuple[float, float]
WEIGHT: Final = 12.0
"""Of those that the judge calls general: how many times more often it does so of general texts than of private ones."""
_KIND: Final = frozenset({PRIVATE_MATTER})


def band_of(conditions: Iterable[Condition]) -> Band:
    """The scores between which the classifier is not sure for these conditions of a policy, both ends included.

    Conditions that ask for nothing of the classifier get a band, too; nobody is asked then, as nothing could change.
    """
    asked = [one for condition in conditions for one in _asked(condition)]
    lowest = min((score for score, _ in asked), default=CERTAIN)
    acts = min((score for score, alone in asked if alone), default=lowest)
    return round(lowest, 3), round(_moved(acts), 3)


def _asked(condition: Condition) -> Iterator[tuple[float, bool]]:
    """Each score that the condition asks of a private matter, and whether reaching it is enough by itself."""
    match condition:
        case Entities():
            if condition.reads(_KIND):
                alone = max(condition.min_count, condition.min_distinct) == 1 and all(
                    PRIVATE_MATTER in kinds for kinds in condition.all_of
                )
                yield condition.min_score, alone
        case AllOf(parts):
            yield from ((score, False) for part in parts for score, _ in _asked(part))
        case AnyOf(parts):
            for part in parts:
                yield from _asked(part)


def _moved(score: float) -> float:
    """The probability at which odds are ``WEIGHT`` times those at ``score``."""
    if score >= 1:
        return 1.0
    odds = WEIGHT * score / (1 - score)
    return odds / (1 + odds)
