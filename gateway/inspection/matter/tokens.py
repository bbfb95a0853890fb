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

FULL_NAME, NAME, PLACE, ADDRESS, EMAIL, PHONE, MACHINE, NUMBER = (
    "<full-name>", "<name>", "<place>", "<address>", "<email>", "<phone>", "<machine>", "<number>",
)  # fmt: skip
LINE, PARAGRAPH = "<line>", "<paragraph>"

_MARKS: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "EMAIL_ADDRESS": (1, EMAIL),
        "PHONE_NUMBER": (1, PHONE),
        "STREET_ADDRESS": (2, ADDRESS),
        "FULL_NAME": (3, FULL_NAME),
        "PERSON": (4, NAME),
        "LOCATION": (5, PLACE),
        "IP_ADDRESS": (6, MACHINE),
        "MAC_ADDRESS": (6, MACHINE),
        "URL": (6, MACHINE),
    }
)
"""Entity type to rank and mark. Of two matches that overlap the lower rank leaves its mark."""
_ANY_NUMBER: Final = (0, NUMBER)

VOCABULARY: Final = (
    "BUSINESS_TERM", "CASE_HISTORY", "CONFIDENTIAL_MARKER", "CORRESPONDENCE", "EDIT_REQUEST", "FAMILY_TERM",
    "FINANCIAL_TERM", "FIRST_PERSON", "HEALTH_TERM", "HR_TERM", "LEGAL_TERM", "PERSONAL_CUE",
)  # fmt: skip
"""Types that are words themselves: they leave no mark, the words stay. ``signals.py`` counts them."""

_TOKEN: Final = re.compile(
    r"[^\W\d_]+(?:['’][^\W\d_]{1,3})?|\d+|[?!:@#{}<>=;/\\$€£\[\]()\"“”…]|\n+",
)


def tokenize(text: str, matches: Iterable[Match]) -> list[str]:
    """Words, marks and telling punctuation of ``text``, in order. Numbers become their number of digits."""
    tokens: list[str] = []
    at = 0
    for start, end, mark in _places(matches):
        _plain(text, at, start, tokens)
        tokens.append(mark)
        at = end
    _plain(text, at, len(text), tokens)
    return tokens


def _plain(text: str, start: int, end: int, tokens: list[str]) -> None:
    for token in _TOKEN.findall(text, start, end):
        if token[0] == "\n":
            tokens.append(LINE if len(token) == 1 else PARAGRAPH)
        elif token.isdigit():
            tokens.append(f"<{min(len(token), 4)} digits>")
        else:
            tokens.append(token.lower().replace("’", "'"))


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
