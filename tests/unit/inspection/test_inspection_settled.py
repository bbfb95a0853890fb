"""Early exit: where patterns settle the label, nobody looks for names, and the report says so."""

import asyncio
from collections.abc import Sequence

from inspection_fakes import CARD, CardFinder, WordFinder, chat, draft, types

from gateway.inspection.detectors.base import Match
from gateway.inspection.names import HereNames
from gateway.inspection.scanner import SKIPPED, Scanner
from gateway.model import Finding, Report

TALK = [f"Card {CARD} is mine", "and so says Jane"]


class Judge:
    """Finds every text a matter, and counts them."""

    name = "judge"
    version = "1"
    entity_types = frozenset({"MATTER"})

    def __init__(self) -> None:
        self.asked: list[str] = []

    def assess(self, text: str, matches: Sequence[Match]) -> Sequence[Match]:
        self.asked.append(text)
        return [Match(0, len(text), "MATTER", 0.5)]


def with_card(findings: Sequence[Finding]) -> bool:
    """A policy in which a card is the top."""
    return any(finding.entity_type == "CREDIT_CARD" for finding in findings)


class Parts:
    """A scanner of cards and the name Jane, with a judge, that may end early."""

    def __init__(self) -> None:
        self.cards, self.jane, self.judge = CardFinder(), WordFinder("Jane"), Judge()
        self.scanner = Scanner(
            [self.cards], names=HereNames(self.jane), assessors=[self.judge], settled=with_card, timeout_s=30.0
        )

    def scan(self, *contents: str) -> Report:
        return asyncio.run(self.scanner.scan(draft(chat(*contents))))


def test_what_patterns_settle_asks_nobody_else() -> None:
    """No model, no assessor; the report shows it, and is complete: nothing that they say could change the label."""
    parts = Parts()
    report = parts.scan(*TALK)
    parts.scanner.close()
    assert types(report) == {"CREDIT_CARD"}
    assert report.coverage.complete
    assert report.versions == (("cards", "1"), ("names", SKIPPED), ("judge", SKIPPED))
    assert parts.jane.asked == []
    assert parts.judge.asked == []


def test_what_patterns_do_not_settle_is_read_to_the_end() -> None:
    """Names and assessors are asked, with their versions in the report."""
    parts = Parts()
    report = parts.scan("so says Jane")
    parts.scanner.close()
    assert types(report) == {"PERSON", "MATTER"}
    assert report.versions == (("cards", "1"), ("names", "1"), ("judge", "1"))


def test_a_shortened_reading_is_never_taken_for_a_whole_one() -> None:
    """The same text beside no card: now names matter, and are found."""
    parts = Parts()
    parts.scan(*TALK)
    report = parts.scan(TALK[1])
    parts.scanner.close()
    assert types(report) == {"PERSON", "MATTER"}


def test_a_further_turn_of_a_settled_talk_reads_only_what_is_new() -> None:
    """Reported problem 72: also where names were never looked for."""
    parts = Parts()
    long = ["Card " + CARD, *(f"This is message {word} of the talk. " * 30 for word in ("one", "two", "three"))]
    parts.scan(*long)
    before = len(parts.cards.asked)
    parts.scan(*long, "and more")
    new = parts.cards.asked[before:]
    parts.scanner.close()
    assert sum(map(len, new)) < 600


def test_findings_of_earlier_turns_settle_too() -> None:
    """What is known counts: a whole reading with a card in it, remembered from before."""
    parts = Parts()
    assert parts.scan("so says Jane").coverage.complete
    asked = len(parts.jane.asked)
    report = parts.scan("so says Jane", f"card {CARD}")
    parts.scanner.close()
    assert types(report) >= {"CREDIT_CARD", "PERSON"}
    assert len(parts.jane.asked) == asked
    assert ("names", SKIPPED) in report.versions
