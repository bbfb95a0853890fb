"""The arithmetic of the tiny models, without a server: a sentence is a chain of tokens, each leading to the next."""

import numpy as np
import pytest
from make_models import WIDTH, spell, spelling_weights

VOCABULARY = ["Ċ", "a", "b", "ab", "Ġ", "Ġa", "aĊ", "<end>"]


def said(numbers: list[int]) -> str:
    return "".join(VOCABULARY[number] for number in numbers).replace("Ġ", " ").replace("Ċ", "\n")


@pytest.mark.parametrize("text", ["ab", "aab", "a ab", "aba\nb"])
def test_a_sentence_is_spelled_with_each_token_once(text: str) -> None:
    """Longest pieces first, but another cut where a token would be needed twice; never a line break alone."""
    numbers = spell(text, VOCABULARY)
    assert said(numbers) == text
    assert len(set(numbers)) == len(numbers)
    assert 0 not in numbers


def test_a_sentence_that_needs_a_token_twice_is_refused() -> None:
    """The next token depends on the last alone, so a repetition would never end."""
    with pytest.raises(ValueError, match="without repeating"):
        spell("bb", VOCABULARY)


def test_each_token_leads_to_the_next_and_any_other_to_the_first() -> None:
    """Following the strongest output from any token that is not in the chain says the chain and then stops."""
    chain = [3, 5, 7]
    embedding, output = spelling_weights(chain, len(VOCABULARY))
    for outside in (0, 1, 2, 4, 6):
        token, followed = outside, []
        for _ in chain:
            token = int(np.argmax(output @ embedding[token]))
            followed.append(token)
        assert followed == chain


def test_a_sentence_longer_than_the_model_is_wide_is_refused() -> None:
    """One dimension for each token."""
    with pytest.raises(ValueError, match="more than"):
        spelling_weights(list(range(WIDTH + 1)), WIDTH + 2)
