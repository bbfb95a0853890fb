"""Base85: what decodes to text is found, and looking at the first two groups alone loses none of it."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.base85 import base85_runs
from gateway.inspection.byte_text import as_text, may_begin_text

SAID = "the card is 4111 1111 1111 1111, and Jürgen's"


def test_both_alphabets_are_read_where_they_stand() -> None:
    """With what ends a sentence or a string around them."""
    for encode in (base64.b85encode, base64.a85encode):
        run = encode(SAID.encode()).decode()
        for text in (run, f"data: {run}", f"({run})."):
            runs = list(base85_runs(text))
            assert [said.strip("\0") for said, _, _ in runs] == [SAID]
            assert runs[0][1] <= text.index(run)


def test_wide_characters_are_text_too() -> None:
    """UTF-16 has a zero in every other byte, and groups of zeros are one letter in Adobe's alphabet."""
    for encode in (base64.b85encode, base64.a85encode):
        run = encode("Patient Jane Roe 536-22-1234".encode("utf-16-le")).decode()
        assert any("Jane Roe" in said for said, _, _ in base85_runs(run))


@given(st.one_of(st.binary(max_size=80), st.text(max_size=40).map(str.encode)), st.integers(0, 12), st.integers(0, 9))
def test_a_begin_that_cannot_be_text_has_no_text_behind_it(data: bytes, head: int, more: int) -> None:
    """Whatever follows, and however long the whole was thought to be."""
    if as_text(data):
        assert may_begin_text(data[:head], len(data) + more)
