"""What the fuzz target once found stays repaired; and the target itself can find."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from fuzz.fuzz_checks import CHECKS
from fuzz.fuzz_mutations import corpus, mutated
from fuzz.fuzz_run import FOUND, Found, search, smallest
from support.inspected import Inspected

from gateway.inspection.detectors.base import Match, Views

KEPT = sorted(FOUND.glob("*.json"))


@pytest.fixture(scope="module")
def inspected() -> Iterator[Inspected]:
    with Inspected() as made:
        yield made


@pytest.mark.parametrize("path", KEPT, ids=[path.stem for path in KEPT])
def test_what_was_found_once_is_repaired(inspected: Inspected, path: Path) -> None:
    """Each file is one text, as small as it could be made."""
    kept = json.loads(path.read_text())
    assert CHECKS[kept["check"]](inspected, kept["text"]) == ""


def test_a_short_search_finds_nothing(inspected: Inspected) -> None:
    """The same texts in every run; longer searches are a command."""
    found = list(search(inspected, corpus(), Random(1), lambda tried: tried < 100))
    assert [(one.check, one.says, one.text) for one in found] == []


def test_mutations_are_repeated_by_their_seed_and_can_be_sent() -> None:
    """A finding that cannot be repeated would be none, and a text that is no UTF-8 never arrives."""
    texts = corpus()
    assert len(texts) > 500
    one, other = ([mutated(texts, random, 500) for _ in range(50)] for random in (Random(3), Random(3)))
    assert one == other
    assert all(text.encode("utf-8") is not None and len(text) <= 500 for text in one)


def test_what_fails_is_made_small(tmp_path: Path) -> None:
    """And written so that the test above reads it."""
    small = smallest("a lot of words and 7 and more words", lambda text: "7" in text)
    assert small == "7"
    path = Found("places are wrong", "said", small).write(tmp_path)
    assert json.loads(path.read_text()) == {"check": "places are wrong", "says": "said", "text": "7"}


class OfShortTexts:
    """A detector as it must not be: what stands in a longer text is lost to it."""

    name = "short"
    version = "1"
    entity_types = frozenset({"US_SSN"})
    views: Views = "all"

    def find(self, text: str) -> Sequence[Match]:
        return [Match(0, 3, "US_SSN", 1.0)] if "zebra" in text and len(text) < 40 else []


def test_a_search_sees_a_detector_that_loses_what_it_found(inspected: Inspected) -> None:
    """Or finding nothing would mean nothing."""
    with inspected.also(OfShortTexts()) as other:
        found = list(search(other, ["the zebra"], Random(1), lambda tried: tried < 5))
    assert "lost under padding" in {one.check for one in found}
