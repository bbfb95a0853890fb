"""What the classifier counts beside words."""

import pytest

from gateway.inspection.detectors.base import Match
from gateway.inspection.matter.signals import NAMES, signals
from gateway.inspection.matter.tokens import tokenize


def named(text: str, *matches: Match) -> dict[str, float]:
    return dict(zip(NAMES, signals(text, tokenize(text, matches), matches), strict=True))


def test_every_signal_has_one_name() -> None:
    assert len(set(NAMES)) == len(NAMES) == len(signals("", [], []))


@pytest.mark.parametrize(
    "text", ["I lost my job", "ich habe meinen Job verloren", "perdí mi trabajo", "ho perso il mio lavoro"]
)
def test_the_first_person_is_seen_in_several_languages(text: str) -> None:
    assert named(text)["first person present"] == 1


def test_a_question_is_seen_by_its_end() -> None:
    assert named("who is it?")["ends with a question mark"] == 1
    assert named("is it? yes")["ends with a question mark"] == 0


def test_a_name_in_a_short_text_is_a_signal_of_its_own() -> None:
    text = "Call Jane"
    assert named(text, Match(5, 9, "PERSON", 0.9))["short with a name"] == 1
    assert named(text)["short with a name"] == 0


def test_a_text_handed_in_that_speaks_of_its_writer_is_crossed() -> None:
    matches = (Match(0, 4, "EDIT_REQUEST", 0.6), Match(6, 7, "FIRST_PERSON", 0.6))
    assert named("edit: i was ill", *matches)["to edit, first person"] == 1
    assert named("edit: i was ill", matches[0])["to edit, first person"] == 0
