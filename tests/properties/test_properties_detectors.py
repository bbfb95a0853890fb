"""Adding a detector never lowers a label, whatever it finds, answers or raises (law 5)."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from properties_changes import paddings, values
from properties_profile import PROPERTIES
from support.inspected import Inspected
from support.sensitive_values import Value

from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.policy.decision import INCOMPLETE

TYPES = sorted(load_catalogue().entity_types)


class Further:
    """A detector that does as it is told."""

    name = "further"
    version = "1"

    def __init__(self, entity_type: str, views: Views, find: Callable[[str], Sequence[Any]]) -> None:
        self.entity_types = frozenset({entity_type})
        self.views = views
        self._find = find

    def find(self, text: str) -> Sequence[Any]:
        return self._find(text)


def somewhere(entity_type: str, score: float, seed: int) -> Callable[[str], Sequence[Match]]:
    """Matches at places that depend on the text alone."""

    def find(text: str) -> Sequence[Match]:
        random = Random(f"{seed} {len(text)}")
        starts = [random.randrange(len(text)) for _ in range(random.randint(0, 3))] if text else []
        return [Match(at, random.randint(at + 1, len(text)), entity_type, score) for at in starts]

    return find


def everywhere(entity_type: str, score: float, _: int) -> Callable[[str], Sequence[Match]]:
    """One match, as long as the text."""
    return lambda text: [Match(0, len(text), entity_type, score)] if text else []


def nonsense(*_: object) -> Callable[[str], Sequence[Any]]:
    """Places outside the text and things that are no match."""
    return lambda text: [Match(-3, len(text) + 9, "PERSON", 7.0), None, "x"]


def broken(*_: object) -> Callable[[str], Sequence[Match]]:
    """Raises for every other text."""

    def find(text: str) -> Sequence[Match]:
        if len(text) % 2:
            raise OSError(text)
        return []

    return find


@PROPERTIES
@given(
    of=values | st.none(),
    text=paddings,
    entity_type=st.sampled_from(TYPES),
    score=st.floats(0, 1),
    views=st.sampled_from(["all", "plain"]),
    kind=st.sampled_from([somewhere, everywhere, nonsense, broken]),
    seed=st.integers(0, 999),
)
def test_a_further_detector_never_lowers_a_label(
    inspected: Inspected,
    of: Value | None,
    text: str,
    entity_type: str,
    score: float,
    views: Views,
    kind: Callable[..., Callable[[str], Sequence[Any]]],
    seed: int,
) -> None:
    """Any type, any score, any place; nonsense and failures, too. What was found before is still found."""
    said = f"{text}\n{of.text if of else ''}"
    before = inspected.text(said)
    with inspected.also(Further(entity_type, views, kind(entity_type, score, seed))) as more:
        after = more.text(said)
    assert after.level >= before.level
    assert after.found >= before.found
    assert set(after.reasons) >= set(before.reasons)
    assert set(after.rules) >= set(before.rules) - {INCOMPLETE}, "which is named only where no rule gives the top label"
    assert before.leaves or not after.leaves
