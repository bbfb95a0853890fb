"""Assessors: what judges a text as a whole, after the detectors have read it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from inspection_fakes import CARD, CardFinder, WordFinder, chat, draft, scan, types

from gateway.inspection.detectors.base import Match
from gateway.inspection.scanner import Scanner


class Judge:
    """Says that every text with a finding is a private matter, and remembers what it was asked."""

    name = "judge"
    entity_types = frozenset({"MATTER"})

    def __init__(self, version: str = "1", score: float = 0.7) -> None:
        self.version = version
        self._score = score
        self.asked: list[tuple[str, Sequence[Match]]] = []

    def assess(self, text: str, matches: Sequence[Match]) -> Sequence[Match]:
        self.asked.append((text, matches))
        return [Match(0, len(text), "MATTER", self._score)] if matches else []


class BrokenJudge(Judge):
    """Cannot judge."""

    def assess(self, text: str, matches: Sequence[Match]) -> Sequence[Match]:
        raise RuntimeError(text)


def test_an_assessor_adds_to_what_was_found() -> None:
    """Its matches stand beside the detectors', with its own name, over the whole text."""
    report = scan(chat("Jane has a card"), WordFinder("Jane"), assessors=[Judge()])
    found = {finding.entity_type: finding for finding in report.findings}
    assert set(found) == {"PERSON", "MATTER"}
    assert (found["MATTER"].detector, found["MATTER"].score) == ("judge", 0.7)
    assert (found["MATTER"].start, found["MATTER"].end) == (0, 15)


def test_an_assessor_reads_the_plain_text_with_the_matches_in_it() -> None:
    """Full-width digits are digits to it, and offsets are those of the text that it gets."""
    judge = Judge()
    wide = "".join(chr(0xFF10 + int(digit)) for digit in CARD)
    report = scan(chat(f"Jane: {wide}"), WordFinder("Jane"), CardFinder(), assessors=[judge])
    text, matches = next(one for one in judge.asked if "Jane" in one[0])
    assert {text[match.start : match.end] for match in matches} == {"Jane", CARD}
    assert types(report) == {"PERSON", "CREDIT_CARD", "MATTER"}


def test_an_assessor_never_reads_what_was_joined() -> None:
    """Pieces of several strings beside each other are sentences that nobody wrote."""
    judge = Judge()
    scan(chat("my card: 4111 1111", "1111 1111 it is"), CardFinder(), assessors=[judge])
    assert not any("my card" in text and "it is" in text for text, _ in judge.asked)


@pytest.mark.parametrize("judge", [BrokenJudge(), Judge(score=7.0)], ids=["raises", "nonsense"])
def test_an_assessor_that_fails_is_a_reason(judge: Any) -> None:
    """Law 4: what could not be judged is not judged harmless, and the detectors' findings stay."""
    report = scan(chat(f"card {CARD}"), CardFinder(), assessors=[judge])
    assert report.coverage.reasons == ("detector_error:judge",)
    assert types(report) == {"CREDIT_CARD"}


def test_an_assessor_stands_in_the_versions_and_in_the_cache_key() -> None:
    """Another version is another judgement: results of the old one are not used for it."""
    old, new = (Scanner([CardFinder()], assessors=[Judge(version)]) for version in "12")
    report = asyncio.run(old.scan(draft(chat("hello"))))
    assert report.versions == (("cards", "1"), ("judge", "1"))
    assert new.versions == (("cards", "1"), ("judge", "2"))
    old.close()
    new.close()


def test_an_assessor_needs_a_name_of_its_own() -> None:
    """Names stand in records: two parts of one name could not be told apart."""
    with pytest.raises(ValueError, match="detectors"):
        Scanner([WordFinder("x", name="judge")], assessors=[Judge()])


def test_assessors_alone_are_no_inspection() -> None:
    """They judge what detectors found."""
    with pytest.raises(ValueError, match="detectors"):
        Scanner([], assessors=[Judge()])
