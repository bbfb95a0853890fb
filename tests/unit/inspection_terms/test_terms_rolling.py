"""Rolling hashes: the same for a value and for its words in a text, and nobody's without the key."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from terms_support import KEY, OTHER

from gateway.inspection.terms.fold import codes_of
from gateway.inspection.terms.rolling import LONGEST, MOST_WORDS, rolling, slots
from gateway.inspection.terms.spelling import words_of


@given(st.lists(st.text("abcxyz019", min_size=1, max_size=9), min_size=1, max_size=12))
def test_a_run_of_words_hashes_as_the_value_without_spaces(words: list[str]) -> None:
    """From any word on, over any number of words."""
    secret = rolling(KEY)
    said = secret.words(codes_of(" ".join(words))[0])
    assert said is not None
    singles, before, factor = secret.singles(said)
    squeezed = "".join(words)
    for first in range(said.size):
        for last in range(first + 1, min(said.size, first + MOST_WORDS) + 1):
            value = squeezed[said.bounds[first] : said.bounds[last]]
            difference = before[last : last + 1] - before[first : first + 1]
            assert difference * factor[first : first + 1] == secret.hash_all([value])
        assert singles[first] == secret.hash_all([squeezed[said.bounds[first] : said.bounds[first + 1]]])[0]


def test_words_are_what_text_would_be_split_into_and_a_leading_label_is_a_word_of_its_own() -> None:
    """``MRN0012`` is a label and a number; ``A1B2`` is not torn further."""
    said = rolling(KEY).words(codes_of("see MRN0012, a1b2c3 and x")[0])
    assert said is not None
    squeezed = "".join(words_of("see mrn0012, a1b2c3 and x"))
    parts = [squeezed[said.bounds[at] : said.bounds[at + 1]] for at in range(said.size)]
    assert parts == ["see", "mrn", "0012", "a", "1b2c3", "and", "x"]
    assert said.digits is not None
    assert said.digits.tolist() == [False, False, True, False, True, False, False]


def test_a_text_without_words_has_none() -> None:
    """Nothing to hash."""
    assert rolling(KEY).words(codes_of(" .,!")[0]) is None


def test_another_key_gives_other_hashes() -> None:
    """Bits of a table cannot be compared between keys."""
    assert rolling(KEY).hash_all(["maria"])[0] != rolling(OTHER).hash_all(["maria"])[0]


def test_hashes_spread_over_tables() -> None:
    """Counted-up numbers, the worst input that is common, fill a table as random ones would."""
    hashes = rolling(KEY).hash_all([f"{number:08d}" for number in range(20_000)])
    assert len(set(slots(hashes, 20).tolist())) > 19_500
    assert (slots(hashes, 20) < 1 << 20).all()
    masks = rolling(KEY).masks_of(hashes)
    assert int(np.bitwise_count(masks).min()) >= 2
    assert rolling(KEY).powers.size == LONGEST
