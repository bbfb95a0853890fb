"""One spelling of a text for looking up what an organisation listed: no case, no diacritics, one kind of digit.

Every character becomes one folded character, several (``ß`` as ``ss``) or none (marks, soft hyphens). Letters and
digits fold to small letters without diacritics and to plain digits; all spaces, dashes and underscores fold to a space;
every other sign stays. Tables over the code points below 0x10000 make this a few array operations; what lies above is a
sign.
"""

import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.unsignedinteger]
Places: TypeAlias = NDArray[np.int64]

NORMALISATION: Final = 1
"""Raised when the same value would fold differently: files made before must be made again."""
PLANE: Final = 0x10000
_SPECIAL: Final = {
    "ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ŧ": "t",
    "’": "'", "‘": "'", "ʼ": "'", "‛": "'", "′": "'", "`": "'", "´": "'",
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
}  # fmt: skip
_PLAIN: Final = ((0x3400, 0xA000), (0xAC00, 0xD7A4))
"""Ideographs and Hangul syllables, which fold to themselves. Listed to spare 40,000 look-ups at the start."""


class Folding(NamedTuple):
    """The tables, indexed by code point."""

    first: NDArray[np.uint32]
    """The folded character, or the first of several."""
    length: NDArray[np.uint8]
    """How many folded characters there are."""
    longer: dict[int, tuple[int, ...]]
    """All of them, where there are several."""
    wordlike: NDArray[np.bool_]
    """Is the folded character a letter or a digit?"""


@lru_cache(maxsize=1)
def folding() -> Folding:
    """The tables; about 60 ms to make, 0.5 MB to keep."""
    first = np.arange(PLANE, dtype=np.uint32)
    length = np.ones(PLANE, np.uint8)
    wordlike = np.zeros(PLANE, bool)
    longer: dict[int, tuple[int, ...]] = {}
    for low, high in _PLAIN:
        wordlike[low:high] = True
    rest = (code for code in range(PLANE) if not any(low <= code < high for low, high in _PLAIN))
    for code in rest:
        folded = _folded(chr(code))
        length[code] = len(folded)
        if folded:
            first[code] = ord(folded[0])
            wordlike[code] = folded[0].isalnum()
        if len(folded) > 1:
            longer[code] = tuple(map(ord, folded))
    return Folding(first, length, longer, wordlike)


def _folded(char: str) -> str:
    category = unicodedata.category(char)
    if char in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85_" or category in {"Zs", "Zl", "Zp", "Pd", "Cs"}:
        return " "
    if category in {"Mn", "Me", "Mc", "Cf"}:
        return ""
    digit = unicodedata.digit(char, None)
    special = _SPECIAL.get(char) if digit is None else str(digit)
    if special is not None:
        return special
    opened = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    bare = "".join(_SPECIAL.get(one, one) for one in opened if not unicodedata.category(one).startswith("M"))
    read = unicodedata.normalize("NFC", bare).replace("\u2044", "/")
    if char.isalnum():
        return read if read.isalnum() and max(map(ord, read)) < PLANE else " "
    return read if read.isalnum() else char


@lru_cache(maxsize=1)
def _translation() -> dict[int, str]:
    tables = folding()
    changed = np.flatnonzero((tables.first != np.arange(PLANE)) | (tables.length != 1))
    return {
        int(code): "".join(map(chr, tables.longer.get(int(code), (int(tables.first[code]),))))
        if tables.length[code]
        else ""
        for code in changed
    }


def fold(text: str) -> str:
    """``text`` folded, for short values: the same characters that ``codes_of`` leads to."""
    if text.isascii():
        return text.encode("ascii").translate(_ascii()).decode("ascii")
    return "".join(char if ord(char) < PLANE else " " for char in text).translate(_translation())


@lru_cache(maxsize=1)
def _ascii() -> bytes:
    """The table for ASCII, which folds to ASCII one to one."""
    return bytes(folding().first[:128].astype(np.uint8)) + bytes(range(128, 256))


def codes_of(text: str) -> tuple[Codes, Places | None]:
    """Code points that fold one to one, for look-ups in tables, and where each stands in ``text``; None: at its index.

    A code point is not folded yet: tables indexed by it have the folding built in (``folding().first`` is one).
    """
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8), None
    raw = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    raw = np.minimum(raw, np.uint32(PLANE - 1))  # U+FFFF is no character: a sign
    tables = folding()
    length = tables.length.take(raw)
    if (length == 1).all():
        return raw, None
    places = np.repeat(np.arange(raw.size), length)
    codes = np.repeat(raw, length)
    starts = np.cumsum(length, dtype=np.int64) - length
    for at in (length > 1).nonzero()[0]:
        said = tables.longer[int(raw[at])]
        codes[starts[at] : starts[at] + len(said)] = said
    return codes, places
