"""One reading of a text as a person would see it: one kind of digit, space and dash, no invisible characters.

Compatibility forms (NFKC), digits of every script, exotic spaces and dashes, letters in circles and squares are folded;
zero-width, bidi and control characters are dropped; marks that cross out digits are dropped; look-alike letters are
folded where they pose as Latin. What was folded away and can itself carry a message is a coverage reason.
"""

import re
import unicodedata
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from gateway.inspection.confusables import to_latin
from gateway.inspection.views import Piece, View

_SPECIAL: Final = re.compile(r"[^\t\n\r -~]+")
_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)")
_AS: Final = {
    **dict.fromkeys("\x85\u2028\u2029", "\n"),
    **dict.fromkeys("\x0b\x0c\xa0\u115f\u1160\u2800\u3164\uffa0", " "),
    **dict.fromkeys(
        "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u207b\u208b\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d\u30fb\u00b7\u05be",
        "-",
    ),
    **dict.fromkeys("\u2018\u2019\u201b\u02bc", "'"),
    **dict.fromkeys("\u201c\u201d", '"'),
}
"""Characters that NFKC leaves alone, or reads as something else than a person would."""
_OVERRIDES: Final = "\u202d\u202e"
_KEYCAP: Final = "\u20e3"
_BLACK_FLAG: Final = "\U0001f3f4"
_FLAGS: Final = frozenset({"gbeng", "gbsct", "gbwls"})
_EMOJI_STYLES: Final = "\ufe0e\ufe0f"
_KEEP_MARKS: Final = re.compile(r"[\u0370-\u0482\u048a-\u058f\u0590-\u1aff\u1c00-\u1cff\ua600-\uabff\u3040-\u30ff]")
"""After letters of these scripts a mark may be a vowel or a tone: it belongs to the word."""


class Oddities:
    """What was folded away from one text, counted while it is read. Its repr shows nothing of it."""

    __slots__ = (
        "control",
        "invisible",
        "marked_digits",
        "mixed_script",
        "nul",
        "numeral",
        "override",
        "private_use",
        "replacement",
        "tags",
    )

    def __init__(self) -> None:
        self.control = 0
        self.nul = 0
        self.invisible = 0  # invisible characters that follow another one
        self.override = 0
        self.private_use = 0
        self.replacement = 0
        self.marked_digits = 0
        self.numeral = 0
        self.mixed_script = False
        self.tags: list[str] = []  # texts spelt in tag characters or variation selectors


@dataclass(frozen=True, slots=True)
class Cell:
    """One character as read: what it became, and whether it is the same character."""

    text: str = field(repr=False)
    start: int
    end: int
    same: bool


def normalise(text: str) -> tuple[View, Oddities]:
    """The plain view of ``text`` and what was dropped on the way. Plain ASCII costs one regular expression search."""
    odd = Oddities()
    if not _SPECIAL.search(text):
        return View("plain", text, prose=True), odd
    texts: list[str] = []
    pieces: list[Piece] = []
    length = 0
    for cell in _cells(text, odd):
        previous = pieces[-1] if pieces else None
        grows = (
            previous is not None
            and cell.same
            and previous.copied
            and cell.start - previous.origin_start == length - previous.start
        )
        if previous is not None and grows:
            pieces[-1] = previous._replace(origin_end=cell.end)
        else:
            pieces.append(Piece(length, cell.start, cell.end, cell.same))
        texts.append(cell.text)
        length += len(cell.text)
    folded, odd.mixed_script = to_latin("".join(texts))
    return View("plain", folded, True, tuple(pieces)), odd


def _cells(text: str, odd: Oddities) -> Iterator[Cell]:
    """Stretches of plain ASCII as one cell each, everything else character by character; empty cells are left out."""
    done = 0
    for match in _SPECIAL.finditer(text):
        start = match.start()
        if start < done:  # inside an escape sequence that was dropped whole
            continue
        base = text[start - 1] if start > done else ""
        if start - 1 > done:
            yield Cell(text[done : start - 1], done, start - 1, same=True)
        done = yield from _run(text, start, match.end(), base, odd)
    if done < len(text):
        yield Cell(text[done:], done, len(text), same=True)


def _run(text: str, start: int, end: int, base: str, odd: Oddities) -> Generator[Cell, None, int]:
    """Cells of one run of special characters, the plain character before it (which marks may change) included.

    Returns where the run ended, which may be behind ``end`` when an escape sequence started in it.
    """
    held = Cell(base, start - 1, start, same=True) if base else None
    at = start
    while at < end:
        char = text[at]
        folded, kind = _read(char)
        if kind == "mark":
            held = _marked(held, char, at, odd)
        elif kind == "hidden":
            at = _smuggled(text, at, end, odd)
            continue
        elif kind == "control" and (escape := _ANSI.match(text, at)):
            at = escape.end()
            continue
        elif kind:
            _count(kind, text, at, odd)
        if folded:
            if held is not None:
                yield held
            if folded == char and (stretch := _ordinary(text, at, end)) > at:
                yield Cell(text[at:stretch], at, stretch, same=True)
                at, char, folded = stretch, text[stretch], text[stretch]
            held = Cell(folded, at, at + 1, folded == char)
        at += 1
    if held is not None:
        yield held
    return at


def _ordinary(text: str, start: int, end: int) -> int:
    """The last of the characters from ``start`` on that are read as themselves; marks may still follow that one."""
    at = start + 1
    while at < end and _read(text[at]) == (text[at], ""):
        at += 1
    return at - 1


def _marked(held: Cell | None, mark: str, at: int, odd: Oddities) -> Cell | None:
    """The cell before a combining mark, with the mark: composed, dropped, or kept where it is part of the word."""
    if held is None or not held.text:
        return held
    last = held.text[-1]
    read = held.text
    if last.isdigit():
        odd.marked_digits += mark != _KEYCAP
    elif len(composed := unicodedata.normalize("NFC", last + mark)) == 1:
        read = held.text[:-1] + composed
    elif _KEEP_MARKS.match(last):
        read = held.text + mark
    return Cell(read, held.start, at + 1, same=False)


@lru_cache(maxsize=8192)
def _read(char: str) -> tuple[str, str]:
    """What one character is read as (empty: invisible), and its kind where that matters. Characters are no text."""
    category = unicodedata.category(char)
    if char >= "\U000e0000" or "\ufe00" <= char <= "\ufe0f":
        return "", "hidden"
    if category in {"Mn", "Me"}:
        return "", "mark"
    if char in _AS:
        return _AS[char], ""
    if category in {"Cc", "Cf"}:
        kind = "override" if char in _OVERRIDES else "control" if category == "Cc" else "invisible"
        return "", "nul" if char == "\0" else kind
    return _folded(char, category)


def _folded(char: str, category: str) -> tuple[str, str]:
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit), ""
    if "\U0001f150" <= char <= "\U0001f169" or "\U0001f170" <= char <= "\U0001f189":
        return chr(ord("A") + (ord(char) - 0x1F150) % 32), ""
    folded = unicodedata.normalize("NFKC", char)
    if category == "Nl" or (category == "No" and not folded.isascii()):
        return folded, "numeral"
    return folded, {"Co": "private_use", "So": "replacement" if char == "\ufffd" else ""}.get(category, "")


def _count(kind: str, text: str, at: int, odd: Oddities) -> None:
    if kind == "invisible":
        # One of them is typography (Persian, emoji, hyphenation); one after another is an alphabet.
        odd.invisible += at > 0 and _read(text[at - 1])[1] == "invisible"
    else:
        setattr(odd, kind, getattr(odd, kind) + 1)


def _smuggled(text: str, start: int, end: int, odd: Oddities) -> int:
    """Tag characters and variation selectors: invisible alphabets. Returns the end of their run."""
    at = start
    spelt: list[str] = []
    while at < end and (hidden := _hidden(text[at])):
        spelt.append(hidden)
        at += 1
    if at == start:  # a private plane, or an unassigned one
        odd.private_use += 1
        return start + 1
    said = "".join(spelt)
    is_flag = start > 0 and text[start - 1] == _BLACK_FLAG and said.rstrip("\x7f") in _FLAGS
    if len(spelt) > 1 and not is_flag:
        odd.tags.append(said)
    elif text[start] not in _EMOJI_STYLES and not is_flag:
        odd.invisible += 1
    return at


def _hidden(char: str) -> str:
    code = ord(char)
    if 0xE0000 <= code <= 0xE007F:
        return chr(code - 0xE0000)
    if 0xFE00 <= code <= 0xFE0F:
        return chr(code - 0xFE00)
    return chr(code - 0xE0100 + 16) if 0xE0100 <= code <= 0xE01EF else ""
