"""Folding: one spelling for all, the same by arrays and by text, and settled after one go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.terms.fold import PLANE, codes_of, fold, folding


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müller-Straße", "muller strasse"),
        ("ＤＥ８９ ３７", "de89 37"),
        ("O’Brien", "o'brien"),
        ("ÆØÅ ŁÓDŹ", "aeoa lodz"),
        ("A_b\u00a0C\tD", "a b c d"),
        ("Mu\u0308ller", "muller"),
        ("so\u00adft", "soft"),
        ("٤٢", "42"),
        ("ﬁn", "fin"),
        ("김 王", "김 王"),
        ("\U0001f600!", " !"),
    ],
)
def test_case_marks_widths_and_kinds_of_space_do_not_matter(text: str, folded: str) -> None:
    """What people see as the same name or number becomes the same characters."""
    assert fold(text) == folded


@given(st.text())
def test_arrays_and_text_fold_alike_and_places_lead_back(text: str) -> None:
    """Lists are folded as text, prompts as arrays: a difference would be a value that is never found."""
    codes, places = codes_of(text)
    said = "".join(map(chr, folding().first.take(codes)))
    assert said.replace("\uffff", " ") == fold(text)
    assert places is None or (len(places) == len(codes) and all(0 <= place < len(text) for place in places))


def test_folding_twice_changes_nothing() -> None:
    """Every character of the plane, but surrogates."""
    for code in range(PLANE):
        once = fold(chr(code))
        assert fold(once) == once
