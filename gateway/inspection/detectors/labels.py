"""Words beside a value that say what it is: ``phone``, ``passport no``.

They are asked about for each value that a pattern finds, so most answers have to be quick: an automaton looks for the
words as they are written, and only where it finds one the pattern judges whether it is a word of its own.
"""

import re
from collections.abc import Sequence
from typing import Final

from ahocorasick_rs import AhoCorasick

BEFORE: Final = 64
AFTER: Final = 32
"""Characters around a hit in which a label counts: labels mostly stand before a value, in tables and prose alike."""
_FOLDING: Final = frozenset("\u0131\u017f")
"""Small letters beyond ASCII that equal an ASCII letter when case is ignored."""


class Labels:
    """Some words, case ignored. Immutable once made and safe to share between threads."""

    __slots__ = ("_plain", "pattern")

    def __init__(self, words: Sequence[str]) -> None:
        """``words``: those of up to four letters as whole words, longer ones as beginnings (passport, passports)."""
        small = sorted({word.lower().strip() for word in words})
        parts = sorted({re.escape(word.lower().strip()) + (r"(?!\w)" if len(word) < 5 else "") for word in words})
        self.pattern: Final = re.compile(r"(?<!\w)(?:" + "|".join(parts) + ")", re.IGNORECASE)
        self._plain: Final = (
            None if any(map(_FOLDING.intersection, small)) else AhoCorasick([one for one in small if one.isascii()])
        )

    def near(self, text: str, start: int, end: int) -> bool:
        """Does one of the words stand shortly before or after ``text[start:end]``?"""
        return self._inside(text, max(0, start - BEFORE), start) or self._inside(text, end, end + AFTER)

    def _inside(self, text: str, start: int, end: int) -> bool:
        window = text[start:end]
        if self._plain is not None and window.isascii() and not self._plain.find_matches_as_indexes(window.lower()):
            return False  # words with other letters cannot stand there either
        return self.pattern.search(text, start, end) is not None
