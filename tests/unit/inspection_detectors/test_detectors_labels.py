"""Labels beside a value: the quick look never says no where the pattern finds one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.detectors.labels import AFTER, BEFORE, Labels

WORDS = ("tel", "phone", "contact no", "móvil", "N°", "ks", "straße")


def slowly(labels: Labels, text: str, start: int, end: int) -> bool:
    """By the pattern alone."""
    pattern: re.Pattern[str] = labels.pattern
    return bool(pattern.search(text, max(0, start - BEFORE), start) or pattern.search(text, end, end + AFTER))


PIECES = st.one_of(
    st.sampled_from([*WORDS, "\u212aS", "\u017f", "TEL", "Phones", "tels", "İ", " 12345 "]), st.text(max_size=4)
)


@given(st.lists(PIECES, max_size=30).map("".join), st.integers(0, 80), st.integers(0, 20))
def test_the_quick_look_changes_no_answer(text: str, start: int, length: int) -> None:
    """In any letters, where words are cut by the edge of what is looked at, and for words with letters that fold."""
    for labels in (Labels(WORDS), Labels([*WORDS, "\u017fsn"]), Labels(["é"])):
        assert labels.near(text, start, start + length) is slowly(labels, text, start, start + length)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("tel 12345", True),
        ("12345 phones", True),
        ("hotel 12345", False),
        ("tell 12345", False),
        ("tel" + " " * BEFORE + "12345", False),
        ("12345" + " " * AFTER + "phone", False),
    ],
)
def test_short_words_are_whole_and_long_ones_beginnings(text: str, near: bool) -> None:
    """Within so many characters before and after the value."""
    start = text.index("12345")
    assert Labels(["tel", "phone"]).near(text, start, start + 5) is near
