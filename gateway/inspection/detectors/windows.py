"""How a long text is cut for a model that reads some tokens at a time.

A window ends where a paragraph, a line or a sentence does, if one does in its latter part: then the next one begins
there, and no token is read twice. Otherwise two windows overlap by more than a name or an address is long, so that
nothing is cut in both of them.
"""

from collections.abc import Iterator, Sequence
from typing import Final

WINDOW: Final = 126
"""Tokens read at once, beside [CLS] and [SEP]. Attention costs the square of it; names need a sentence, not a page."""
SHORTEST: Final = 48
"""A window is not cut shorter than this for the sake of a sentence's end."""
OVERLAP: Final = 24
_TITLES: Final = frozenset(
    (
        "dr",
        "mr",
        "mrs",
        "ms",
        "st",
        "no",
        "nr",
        "prof",
        "jr",
        "sr",
        "str",
        "av",
        "ave",
        "rd",
        "apt",
        "tel",
        "sig",
        "mme",
    )
)
"""Words whose full stop ends no sentence, and so do initials and short words with a capital: "Dr. Roe", "J. Roe"."""


def windows(text: str, words: Sequence[int], offsets: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """``[start, end)`` in tokens of each window; together they hold every token, and each begins with a word.

    ``words``: the number of each token's word; ``offsets``: its place in ``text``.
    """
    start, count = 0, len(words)
    while count - start > WINDOW:
        end = _end(text, words, offsets, start)
        if end is not None:
            yield start, end
            start = end
            continue
        end = start + WINDOW
        yield start, end
        following = end - OVERLAP
        while following > start + 1 and words[following] == words[following - 1]:
            following -= 1
        start = following
    yield start, count


def _end(text: str, words: Sequence[int], offsets: Sequence[tuple[int, int]], start: int) -> int | None:
    """The last good place to end the window that begins at ``start``: of a paragraph, else of a line or sentence."""
    found: int | None = None
    for token in range(start + WINDOW, start + SHORTEST, -1):
        if words[token] == words[token - 1]:
            continue
        before, after = offsets[token - 1], offsets[token][0]
        gap = text[before[1] : after]
        if gap.count("\n") > 1:
            return token
        if found is None and ("\n" in gap or (gap and _ends(text, before, offsets[token - 2]))):
            found = token
    return found


def _ends(text: str, last: tuple[int, int], before: tuple[int, int]) -> bool:
    """Is the token at ``last``, behind the one at ``before``, the end of a sentence?"""
    mark = text[last[0] : last[1]]
    if mark != ".":
        return mark in {"!", "?"}
    word = text[before[0] : before[1]]
    short = len(word) == 1 or (len(word) <= 3 and word[0].isupper())
    return not short and word.lower() not in _TITLES
