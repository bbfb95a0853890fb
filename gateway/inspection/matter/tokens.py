"""A text as the classifier sees it: words in small letters, and marks where something was found.

Marks stand for names and numbers, so that the classifier learns how people write about somebody and not who was named
in its training rows.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from gateway.inspection.detectors.base import Match

LEAST: Final = 0.4
"""Matches below it are a shape alone and leave no mark."""

FULL_NAME, NAME, PUBLIC, PLACE, ADDRESS, EMAIL, PHONE, MACHINE, NUMBER = (
    "<full-name>", "<name>", "<public>", "<place>", "<address>", "<email>", "<phone>", "<machine>", "<number>",
)  # fmt: skip
INNER_MACHINE: Final = "<inner-machine>"
LINE, PARAGRAPH = "<line>", "<paragraph>"

_MARKS: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "EMAIL_ADDRESS": (1, EMAIL),
        "PHONE_NUMBER": (1, PHONE),
        "STREET_ADDRESS": (2, ADDRESS),
        "PUBLIC_FIGURE": (3, PUBLIC),
        "FULL_NAME": (4, FULL_NAME),
        "PERSON": (5, NAME),
        "LOCATION": (6, PLACE),
        "IP_ADDRESS": (7, MACHINE),
        "MAC_ADDRESS": (7, MACHINE),
        "URL": (7, MACHINE),
    }
)
"""Entity type to rank and mark. Of two matches that overlap the lower rank leaves its mark."""
_ANY_NUMBER: Final = (0, NUMBER)

_INNER: Final = re.compile(
    r"(?:10|127|0|192\.168|192\.0\.2|198\.51\.100|203\.0\.113|169\.254|172\.(?:1[6-9]|2\d|3[01]))\.\d|::1|2001:db8:"
)
"""Addresses that say nothing about a person: every house numbers its machines so (RFC 1918, 1122, 3927, 5737, 3849)."""

VOCABULARY: Final = (
    "BUSINESS_TERM", "CASE_HISTORY", "CONFIDENTIAL_MARKER", "CORRESPONDENCE", "EDIT_REQUEST", "FAMILY_TERM",
    "FINANCIAL_TERM", "FIRST_PERSON", "HEALTH_TERM", "HR_TERM", "LEGAL_TERM", "PERSONAL_CUE",
)  # fmt: skip
"""Types that are words themselves: they leave no mark, the words stay. ``signals.py`` counts them."""

_UNSPACED: Final = "\u0e00-\u0e4f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
"""Thai, kana, Han, Hangul: no spaces stand between words there, or what stands between them is no word."""
_SIGNS: Final = "\u0900-\u0903\u093a-\u094f\u0951-\u0957"
"""Vowel signs of Devanagari, which Python does not count among the letters."""
_TOKEN: Final = re.compile(
    rf"[^\W\d_{_UNSPACED}]+(?:[{_SIGNS}]+[^\W\d_{_UNSPACED}]*)*(?:['’][^\W\d_]{{1,3}})?|[{_UNSPACED}]+|\d+"
    r"|[?!:@#{}<>=;/\\$€£\[\]()\"“”…？！：；（）]|\n+",
)
_FIRST_UNSPACED: Final = "\u0e00"


def tokenize(text: str, matches: Iterable[Match]) -> list[str]:
    """Words, marks and telling punctuation of ``text``, in order. Numbers become their number of digits.

    Where no spaces divide words, each pair of neighbouring letters is a word, as Lucene's CJK analyzer has it.
    """
    tokens: list[str] = []
    at = 0
    for start, end, mark in _places(matches):
        _plain(text, at, start, tokens)
        tokens.append(INNER_MACHINE if mark == MACHINE and _INNER.match(text, start) else mark)
        at = end
    _plain(text, at, len(text), tokens)
    return tokens


def _plain(text: str, start: int, end: int, tokens: list[str]) -> None:
    for token in _TOKEN.findall(text, start, end):
        if token[0] == "\n":
            tokens.append(LINE if len(token) == 1 else PARAGRAPH)
        elif token.isdigit():
            tokens.append(f"<{min(len(token), 4)} digits>")
        elif token[0] >= _FIRST_UNSPACED and _is_unspaced(token):
            tokens += (token[at : at + 2] for at in range(max(1, len(token) - 1)))
        else:
            tokens.append(token.lower().replace("’", "'"))


_is_unspaced: Final = re.compile(f"[{_UNSPACED}]+").fullmatch


def _places(matches: Iterable[Match]) -> list[tuple[int, int, str]]:
    """Where marks go, in order: none overlap, and of two neighbours that do the lower rank stays."""
    ranked = sorted(
        (match.start, *_MARKS.get(match.entity_type, _ANY_NUMBER), match.end)
        for match in matches
        if match.score >= LEAST and match.entity_type not in VOCABULARY
    )
    kept: list[tuple[int, int, str, int]] = []
    for start, rank, mark, end in ranked:
        if not kept or start >= kept[-1][1]:
            kept.append((start, end, mark, rank))
        elif rank < kept[-1][3]:  # sorted by start, so what stood before the replaced one still ends before this one
            kept[-1] = (start, end, mark, rank)
    return [(start, end, mark) for start, end, mark, _ in kept]
