"""The gate before the names model: what may hold a name is read, in any casing; what cannot is not."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.detectors.gate import CUES, candidates, ordinary, wants
from gateway.inspection.detectors.rampart import load_rampart

ORDINARY = "Write a function that takes two lists and returns the longest one. "


@pytest.mark.parametrize(
    "text",
    [
        "ask tobias about it",
        "ASK TOBIAS ABOUT IT",
        "my name is table",
        "i live at 12 main street",
        "call 555 12 34",
        "write to a@b",
        "Herr Müller kommt morgen",
        "是张伟",
        "x rosé",
        "Will",
        "may I ask mark",
        "grace and rose",
    ],
)
def test_what_may_hold_a_name_or_a_number_is_read(text: str) -> None:
    """Capitals decide nothing: the model reads small letters, and so do people who write in haste."""
    assert wants(text)
    assert candidates(text) == [(0, len(text))]


@pytest.mark.parametrize("text", [ORDINARY, ORDINARY.upper(), "", " \n", "What is this? It is good.", "x = 12 + 3"])
def test_ordinary_sentences_cost_nothing(text: str) -> None:
    """Half of what people ask a chatbot names nobody."""
    assert not wants(text)
    assert candidates(text) == []


def test_a_candidate_is_read_with_its_neighbourhood() -> None:
    """A label may stand a line before its value, and a name needs its sentence."""
    text = ORDINARY * 20 + "Please ask Tobias about it. " + ORDINARY * 20
    ((start, end),) = candidates(text)
    place = text.index("Tobias")
    assert place - 400 < start < place - 100
    assert place + 100 < end < place + 400
    assert text[start - 1].isspace()
    assert text[end].isspace()


@given(st.lists(st.sampled_from([ORDINARY, "Anna Schmidt\n", "12345 ", "\n\n", "ä!", "x" * 500]), max_size=30))
def test_parts_are_in_order_and_apart_and_hold_every_suspect(pieces: list[str]) -> None:
    """No word that is not ordinary lies outside; no character is read twice."""
    text = "".join(pieces)
    parts = candidates(text)
    assert all(one[1] < other[0] for one, other in pairwise(parts))
    assert bool(parts) == wants(text)
    inside = "".join(text[start:end] for start, end in parts)
    assert inside.count("Anna") == text.count("Anna")
    assert inside.count("12345") == text.count("12345")


def test_names_are_not_ordinary() -> None:
    """First names and surnames of several languages, also those that are words."""
    names = (
        "anna tobias margaret thornbury schmidt müller jane roe smith jones garcía rossi dupont silva jansen maria "
        "john will may mark rose grace bishop baker frank bill king young hunter mason jack price ford"
    )
    assert not ordinary() & set(names.split())
    assert not ordinary() & CUES


def test_a_name_in_a_long_ordinary_text_is_found_where_it_stands() -> None:
    """Offsets are those of the whole text."""
    text = ORDINARY * 30 + "Please ask Tobias Meyer about it. " + ORDINARY * 30
    found = {text[match.start : match.end] for match in load_rampart().find(text)}
    assert found == {"Tobias", "Meyer", "Tobias Meyer"}
