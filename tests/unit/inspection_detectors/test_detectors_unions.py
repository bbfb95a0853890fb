"""Patterns asked together give the answers of each by itself, and no text makes their automaton outgrow its memory."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.detectors.catalogue import detector_files
from gateway.inspection.detectors.pattern_tree import Unreadable
from gateway.inspection.detectors.phones import PhoneDetector
from gateway.inspection.detectors.presidio import load_presidio
from gateway.inspection.detectors.rules import load_rules
from gateway.inspection.detectors.scan import compiled
from gateway.inspection.detectors.unions import Unions
from gateway.inspection.detectors.weaken import Weak, weaken

FOLDER = detector_files()
LENGTH = 20_000
MOST_PER_CHARACTER = 1e-7
"""Seconds of processor time of one union. It takes some 3 ns; without its automaton some 500."""


def catalogue() -> dict[int, Weak]:
    """The weak patterns of everything shipped that are short enough to be put together."""
    names = ("secrets", "identifiers", "national", "addresses", "letters", "clinical")
    detectors = [*(load_rules(FOLDER / f"{name}.yaml", name) for name in names), PhoneDetector()]
    wanted = [one for detector in (*detectors, load_presidio(FOLDER / "presidio.yaml")) for one in detector.wanted]
    found: dict[int, Weak] = {}
    for number, one in enumerate(wanted):
        try:
            weak = weaken(one.source, one.flags)
        except Unreadable:
            continue
        if weak.width is not None and weak.width <= 80:
            found[number] = weak
    return found


PATTERNS = catalogue()
UNIONS = Unions(PATTERNS)


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789 -./:,ABCXYZabc?\n", max_size=60))
def test_together_and_one_by_one_give_the_same(text: str) -> None:
    """Whichever of them are asked."""
    data = text.encode()
    alone = {number: compiled(weak.source.encode()).search(data) for number, weak in PATTERNS.items()}
    for asked in (list(PATTERNS), list(PATTERNS)[::3], []):
        expected = {number: hit.start() for number in asked if (hit := alone[number]) is not None}
        assert UNIONS.first(asked, data) == expected


@pytest.mark.parametrize(
    "alphabet",
    [
        "0123456789",
        "0123456789-. /",
        "0123456789abcdef:-.",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "".join(map(chr, range(32, 127))),
        "abcdefghijklmnopqrstuvwxyz    \n",
    ],
)
def test_text_drawn_by_lot_costs_what_its_length_does(alphabet: str) -> None:
    """Of every union; only that part counts that was read before a match."""
    data = "".join(random.Random(1).choices(alphabet, k=LENGTH)).encode()
    for union in UNIONS.searches:
        took = []
        for _ in range(3):
            before = time.thread_time()
            hit = union(data)
            took.append(time.thread_time() - before)
        read = LENGTH if hit is None else max(hit.end(), 2000)
        assert min(took) < MOST_PER_CHARACTER * read
