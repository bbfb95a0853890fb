"""Distinct values of a report: counted, never shown."""

from inspection_fakes import CARD, scan

from gateway.inspection.detectors.shipped import default_detectors
from gateway.inspection.findings import Placed
from gateway.inspection.values import numbered
from gateway.model import Finding, Segment


def ordinals(*texts: str) -> list[int]:
    """The ordinals of findings that are the whole of these texts."""
    segments = [Segment(f"messages.{number}.content", "user", text) for number, text in enumerate(texts)]
    placed = [
        Placed(number, Finding("X", 0.9, one.path, one.role, 0, len(one.text), "test"))
        for number, one in enumerate(segments)
    ]
    return [finding.value for finding in numbered(segments, placed)]


def test_one_value_in_two_spellings_is_one() -> None:
    """Letter case, white space, and how a long number is grouped."""
    assert ordinals("ada@example.com", "Ada@Example.com", "bob@example.com") == [0, 0, 1]
    assert ordinals("4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111") == [0, 0, 0]
    assert ordinals("Jane  Roe", "jane\nroe") == [0, 0]


def test_values_that_only_look_alike_are_two() -> None:
    """Counting too many can only raise a label; too few would lower one."""
    assert ordinals("1-11-2000", "11-1-2000", "a-b@x.org", "ab@x.org", "10.1.1.1", "101.1.1") == [0, 1, 2, 3, 4, 5]


def test_a_value_without_a_single_place_has_no_number() -> None:
    """Nor has one that is as long as a text."""
    spread = Placed(-1, Finding("X", 0.9, "messages.0.content", "user", -1, -1, "test"))
    assert numbered([], [spread])[0].value == -1
    assert ordinals("x" * 300) == [-1]


def test_a_report_counts_the_cards_in_a_request() -> None:
    """Through the real scanner: three mentions, two cards."""
    said = f"Refund the card {CARD}, not the card 5555 5555 5555 4444; again, the card {CARD.replace(' ', '-')}."
    report = scan({"messages": [{"role": "user", "content": said}]}, *default_detectors(ner=False))
    found = [one.value for one in report.findings if one.entity_type == "CREDIT_CARD"]
    assert len(found) == 3
    assert len(set(found)) == 2
