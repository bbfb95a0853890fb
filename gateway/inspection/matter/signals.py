"""What the classifier counts beside words: marks, vocabularies, and the outer form of a text. All named, all linear."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.inspection.detectors.base import Match
from gateway.inspection.matter import tokens as t

_MARKS: Final = (t.NUMBER, t.EMAIL, t.PHONE, t.ADDRESS, t.FULL_NAME, t.NAME, t.PUBLIC, t.PLACE, t.MACHINE)
_OWN: Final = frozenset(
    {"i", "i'm", "i've", "i'd", "im", "ive", "my", "me", "mine", "myself", "we", "our", "us"}
    | {"ich", "mein", "meine", "meiner", "meinem", "meinen", "wir", "unser", "ik", "mijn", "wij", "ons", "onze"}
    | {"je", "j'ai", "mon", "ma", "mes", "nous", "notre", "yo", "mi", "mis", "nosotros", "nuestro"}
    | {"io", "mio", "mia", "miei", "noi", "nostro", "eu", "meu", "minha", "nós", "nosso"}
)
"""The first person in the seven languages."""
_SYMBOLS: Final = tuple("{}<>=;[]()#/\\")
_TOPICS: Final = ("FAMILY_TERM", "FINANCIAL_TERM", "HEALTH_TERM", "HR_TERM", "LEGAL_TERM")
_BEGINNING: Final = 2000

NAMES: Final = (
    *(f"{mark} {what}" for mark in _MARKS for what in ("present", "count", "share")),
    "first person present", "first person count", "first person share",
    "length", "lines", "a question mark", "ends with a question mark", "symbols of code", "capitals",
    "below 12 tokens", "below 25 tokens", "above 150 tokens", "short with a name", "long in the first person",
    *(f"{kind} {what}" for kind in t.VOCABULARY for what in ("present", "share")),
    *(f"to edit, with {kind}" for kind in t.VOCABULARY),
    "to edit, first person", "to edit, named", "first person, named", "to edit, a private topic",
    "named, a private topic",
    "first person, a private topic", "to edit, first person, a private topic", "to edit, not in the first person",
    "short request to edit",
)  # fmt: skip
"""The name of each signal, in the order of ``signals``."""


def signals(text: str, tokens: Sequence[str], matches: Iterable[Match]) -> list[float]:
    """One number for each of NAMES, most of them from 0 to 3."""
    counted = Counter(tokens)
    size = len(tokens) + 1
    values: list[float] = []
    for mark in _MARKS:
        count = counted[mark]
        values += (float(count > 0), min(3.0, math.log1p(count)), count / size * 5)
    own = sum(counted[word] for word in _OWN if word in counted)
    values += (float(own > 0), math.log1p(own), own / size * 5)
    named = counted[t.NAME] + counted[t.FULL_NAME] > 0
    start = text[:_BEGINNING]
    values += (
        math.log(size) / 3,
        math.log1p(counted[t.LINE] + counted[t.PARAGRAPH]),
        float(counted["?"] > 0),
        float(bool(tokens) and tokens[-1] == "?"),
        sum(counted[symbol] for symbol in _SYMBOLS) / size * 3,
        sum(map(str.isupper, start)) / max(1, len(start)),
        float(size < 12),
        float(size < 25),
        float(size > 150),
        float(named and size < 40),
        float(own > 0 and size > 60),
    )
    return values + _of_vocabularies(matches, size, named)


def _of_vocabularies(matches: Iterable[Match], size: int, named: bool) -> list[float]:
    kinds = Counter(match.entity_type for match in matches if match.score >= t.LEAST)
    values: list[float] = []
    for kind in t.VOCABULARY:
        count = kinds[kind]
        values += (float(count > 0), min(2.0, math.log1p(count) / math.log1p(size) * 4))
    edit, own = kinds["EDIT_REQUEST"] > 0, kinds["FIRST_PERSON"] > 0
    topic = any(kinds[kind] for kind in _TOPICS)
    values += (float(edit and kinds[kind] > 0) for kind in t.VOCABULARY)
    crossed = (
        edit and own, edit and named, own and named, edit and topic, named and topic, own and topic,
        edit and own and topic, edit and not own, edit and size < 40,
    )  # fmt: skip
    return values + [float(one) for one in crossed]
