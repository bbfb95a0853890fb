"""What a listed value looks like in a text: its folded spellings, or why it must not be listed.

A value with digits is known by its symbols alone, so that any grouping of them is the same value. A value of words is
known by its words in order; a name of several words is listed as ``Last, First`` too, without its title, and without
its middle names. Values that would be found in every other text are refused, never listed silently.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from gateway.inspection.terms.fold import fold
from gateway.inspection.terms.rolling import MOST_WORDS

LONGEST_VALUE: Final = 128
"""Symbols of one value."""
SHORTEST: Final = 5
"""Letters of a value of words, by default."""
SHORTEST_NUMBER: Final = 6
"""Letters and digits of a value that holds a digit, by default."""
LEAST: Final = 3
_LEADING: Final = 24
_NAME_PARTS: Final = 4

_Part: TypeAlias = tuple[str, ...]

_WORD: Final = re.compile(r"[^\W_]+")
_PARTED: Final = re.compile(r"[\s,;]+")
_DATE: Final = re.compile(
    r"\s*(?:(?:19|20)\d\d([-/.])\d{1,2}\1\d{1,2}(?:[T ]\d\d:\d\d.*)?|\d{1,2}([-/.])\d{1,2}\2(?:\d\d){1,2}"
    r"|(?:19|20)\d\d(?:0\d|1[0-2])[0-3]\d)\s*"
)
_RUNS: Final = ("01234567890123456789", "09876543210987654321", "98765432109876543210", "12345678901234567890")
_UMLAUTS: Final = {
    ord(char): said
    for char, said in zip("äöüÄÖÜøØåÅ", ("ae", "oe", "ue", "Ae", "Oe", "Ue", "oe", "Oe", "aa", "Aa"), strict=True)
}
_TITLES: Final = {
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "dame", "herr", "herrn", "frau", "mme", "mlle", "monsieur",
    "madame", "sr", "sra", "srta", "don", "dona", "sig", "signor", "signora", "dott", "dottssa", "avv", "ing", "mevr",
    "mevrouw", "dhr", "meneer", "drs",
}  # fmt: skip
_PLACEHOLDERS: Final = {
    "none", "null", "unknown", "test", "tests", "tester", "testing", "anonymous", "customer", "client", "patient",
    "unbekannt", "kunde", "inconnu", "desconocido", "sconosciuto", "desconhecido", "onbekend", "notavailable",
    "notapplicable", "unnamed", "missing", "deleted", "redacted", "removed", "firstnamelastname", "johndoe", "janedoe",
    "maxmustermann", "erikamustermann",
}  # fmt: skip


class Refusal(StrEnum):
    """Why a value is not listed."""

    EMPTY = "empty"
    SHORT = "too short"
    LONG = "too long"
    SINGLE_WORD = "a single word"
    REPETITIVE = "repeated or counted-up characters"
    DATE = "a date"
    PLACEHOLDER = "a placeholder"


@dataclass(frozen=True, slots=True)
class Rules:
    """What is listed, and in which further spellings."""

    shortest: int | None = None
    """Letters and digits that a value needs at least; None: SHORTEST and SHORTEST_NUMBER."""
    single_words: bool = False
    initials: bool = False
    name_order: bool = True


class Spelling(NamedTuple):
    """One way in which a value is written. ``words`` is empty for values with digits."""

    squeezed: str
    words: tuple[str, ...]

    @property
    def canonical(self) -> str:
        """What is hashed: the symbols of a value with digits; the words of any other, with spaces between them."""
        return " ".join(self.words) or self.squeezed

    def beginnings(self) -> Iterator[str]:
        """What may stand as the first word of this spelling in a text, where it has more than one and no digit."""
        if self.words:
            if len(self.words) > 1:
                yield self.words[0]
            return
        letters = 0
        while letters < min(len(self.squeezed), _LEADING) and self.squeezed[letters].isalpha():
            letters += 1
            yield self.squeezed[:letters]


def words_of(folded: str) -> list[str]:
    """The runs of letters and digits of a folded text."""
    return _WORD.findall(folded)


def spellings(value: str, rules: Rules) -> list[Spelling] | Refusal:
    """Every spelling of ``value`` to be listed, the first its own; or why it is refused."""
    words = words_of(fold(value))
    squeezed = "".join(words)
    if not squeezed:
        return Refusal.EMPTY
    if any(map(str.isdigit, squeezed)):
        refusal = _refused_number(value, squeezed, rules)
        return refusal or [Spelling(squeezed, ())]
    refusal = _refused_words(words, rules)
    if refusal:
        return refusal
    written = dict.fromkeys((value, value.replace("'", "").replace("\u2019", ""), value.translate(_UMLAUTS)))
    found = dict.fromkeys(one for each in written for one in _orders(each, rules))
    least = rules.shortest or SHORTEST
    return [Spelling("".join(one), one) for one in found if least <= len("".join(one)) and len(one) <= MOST_WORDS]


def _refused_number(value: str, squeezed: str, rules: Rules) -> Refusal | None:
    if len(squeezed) < (rules.shortest or SHORTEST_NUMBER):
        return Refusal.SHORT
    if len(squeezed) > LONGEST_VALUE:
        return Refusal.LONG
    if _DATE.fullmatch(value):
        return Refusal.DATE
    if len(set(squeezed)) < LEAST or any(squeezed in run for run in _RUNS):
        return Refusal.REPETITIVE
    return None


def _refused_words(words: list[str], rules: Rules) -> Refusal | None:
    squeezed = "".join(words)
    if squeezed in _PLACEHOLDERS:
        return Refusal.PLACEHOLDER
    if len(squeezed) < (rules.shortest or SHORTEST):
        return Refusal.SHORT
    if len(squeezed) > LONGEST_VALUE or len(words) > MOST_WORDS:
        return Refusal.LONG
    if len(set(squeezed)) < LEAST:
        return Refusal.REPETITIVE
    if len(words) == 1 and not rules.single_words:
        return Refusal.SINGLE_WORD
    return None


def _without_title(words: list[_Part]) -> list[_Part]:
    kept = list(words)
    while len(kept) > 2 and "".join(kept[0]) in _TITLES:
        kept.pop(0)
    return kept


def _parts(text: str) -> list[_Part]:
    """What white space and commas part: ``O'Brien`` and ``Anne-Marie`` are one part of two words."""
    return [part for piece in _PARTED.split(text) if (part := tuple(words_of(fold(piece))))]


def _orders(value: str, rules: Rules) -> Iterator[tuple[str, ...]]:
    """The words as they stand, and as the parts of a name may stand."""
    parts = _without_title(_parts(value))
    yield _joined(parts)
    if not (rules.name_order and 2 <= len(parts) <= _NAME_PARTS):
        return
    yield from (_joined(parts[at:] + parts[:at]) for at in range(1, len(parts)))
    before, _, behind = value.partition(",")
    given = _without_title(_parts(behind)) or parts[:-1]
    family = _parts(before) if _parts(behind) else parts[-1:]
    if not family or not given:
        return
    yield _joined([given[0], *family])
    yield _joined([*family, given[0]])
    if rules.initials:
        initials = [(part[0][0],) for part in given]
        for short in (initials, initials[:1]):
            yield _joined([*short, *family])
            yield _joined([*family, *short])


def _joined(parts: Iterable[_Part]) -> tuple[str, ...]:
    return tuple(word for part in parts for word in part)


def countable(value: str) -> bool:
    """Are these symbols all digits, so that one can say which share of all such numbers is listed?"""
    return value.isascii() and value.isdecimal()
