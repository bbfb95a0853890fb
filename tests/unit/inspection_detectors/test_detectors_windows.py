"""Windows over tokens: nothing is left out, nothing is cut in two places, little is read twice."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.detectors.windows import OVERLAP, WINDOW, windows

TOKEN = re.compile(r"\w{1,5}|[^\w\s]")


def cut(text: str) -> tuple[list[tuple[int, int]], list[int], list[tuple[int, int]]]:
    """Windows, words and places of a text whose tokens are five letters long at most."""
    places = [match.span() for match in TOKEN.finditer(text)]
    words: list[int] = []
    for number, (start, _) in enumerate(places):
        glued = number > 0 and places[number - 1][1] == start and text[start].isalnum() and text[start - 1].isalnum()
        words.append(words[-1] if glued else (words[-1] + 1 if words else 0))
    return list(windows(text, words, places)), words, places


PIECES = st.lists(st.sampled_from(["word ", "longerword ", "end. ", "Dr. ", "line\n", "para\n\n", "x" * 900 + " "]))


@given(PIECES.map("".join))
def test_every_token_is_read_and_no_window_is_too_long(text: str) -> None:
    """Evasion L1: there is no place between two windows."""
    found, words, _ = cut(text)
    if not words:
        return
    assert found[0][0] == 0
    assert found[-1][1] == len(words)
    for (_, end), (following, _) in pairwise(found):
        assert following <= end
    assert all(0 < end - start <= WINDOW for start, end in found)


def test_without_sentences_two_windows_share_more_than_a_name() -> None:
    """What the end of one cuts, the next holds whole."""
    found, words, _ = cut("word " * 400)
    for (_, end), (following, _) in pairwise(found):
        assert end - following >= OVERLAP
    assert found[-1][1] == len(words)


@pytest.mark.parametrize("stop", [". ", "!\n", "\n", "\n\n", "? "])
def test_where_a_sentence_ends_nothing_is_read_twice(stop: str) -> None:
    """A third of the time of long texts went into overlaps."""
    found, _, places = cut(("several words of a sentence that goes on" + stop) * 60)
    assert len(found) > 3
    for (_, end), (following, _) in pairwise(found):
        assert end == following
    assert len(places) == found[-1][1]


def test_a_title_ends_no_sentence() -> None:
    """ "Dr." and "St." stand before names: a window that ended there would cut them off."""
    text = "words and Dr. Roe of St. Elm with J. Doe " * 60
    found, _, places = cut(text)
    for (_, end), (following, _) in pairwise(found):
        assert following < end
    assert places
