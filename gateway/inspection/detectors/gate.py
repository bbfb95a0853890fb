"""Which parts of a text may hold a name, an address or a number, so that the rest need not be read by a model.

The model reads small letters, so capitals decide nothing here. A sentence is left out only when all of its words are
*ordinary*: words that the model labels neither alone nor where names stand in sentences of seven languages
(``training/ner/ordinary_words.py`` makes the list), and when it holds no word that makes names out of ordinary words
("my name is ..."), no ``@`` and no long number. Anything else, known or not, in any script, is read.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ORDINARY_FILE: Final = Path(__file__).parent / "ordinary.txt"
WORD: Final = re.compile(r"[^\W\d_]+")
_NUMBER: Final = re.compile(r"@|\d(?:[\s().\-/]{0,2}\d){4}")
"""An address of mail, or five digits in one number, however they are grouped."""
_SENTENCE: Final = re.compile(r"(?:[^\n.!?]|[.!?](?!\s))*(?:[.!?]+\s|\n|$)\s*")
"""A line, or a sentence of one. Short: what is left out is left out by sentences."""
CONTEXT: Final = 160
"""Characters of the neighbouring sentences that are read with a candidate, on each side: names need their sentence,
and a label may stand a line before its value."""

CUES_FILE: Final = Path(__file__).parent / "name_cues.txt"
CUES: Final = frozenset(CUES_FILE.read_text("utf-8").split())
"""Words beside which an ordinary word may be a name or a street."""


@cache
def ordinary() -> frozenset[str]:
    """The list, read once. Raises OSError when it is missing: a gate without it must not be taken for an open one."""
    return frozenset(ORDINARY_FILE.read_text("utf-8").split())


def revision() -> str:
    """Changes with the lists: another gate is another detector."""
    return hashlib.sha256(ORDINARY_FILE.read_bytes() + CUES_FILE.read_bytes()).hexdigest()[:8]


def wants(text: str) -> bool:
    """Is any part of ``text`` to be read? Asks no further than the first."""
    known = ordinary()
    return any(_suspect(text[start:end], known) for start, end in _sentences(text))


def candidates(text: str) -> list[tuple[int, int]]:
    """``[start, end)`` of the parts of ``text`` that are to be read, in order and apart; neighbours are one part."""
    known = ordinary()
    parts: list[tuple[int, int]] = []
    for start, end in _sentences(text):
        if not _suspect(text[start:end], known):
            continue
        first, last = _widened(text, start, end)
        if parts and first <= parts[-1][1]:
            parts[-1] = (parts[-1][0], last)
        else:
            parts.append((first, last))
    return parts


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    """With its neighbourhood, which begins and ends between two words."""
    first, last = max(start - CONTEXT, 0), min(end + CONTEXT, len(text))
    while first > 0 and not text[first - 1].isspace() and start - first < 2 * CONTEXT:
        first -= 1
    while last < len(text) and not text[last].isspace() and last - end < 2 * CONTEXT:
        last += 1
    return first, last


def _suspect(sentence: str, known: frozenset[str]) -> bool:
    if _NUMBER.search(sentence):
        return True
    return any(word not in known and len(word) > 1 for word in WORD.findall(sentence.lower()))


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    for match in _SENTENCE.finditer(text):
        if match.end() > match.start():
            yield match.span()
