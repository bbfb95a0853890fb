"""Values that were broken over lines in the middle of a word: ``AKIAIOSF`` and below ``ODNN7EXAMPLE``.

Terminals, PDF readers and mail programs break lines wherever the column ends. The unwrapped view holds the word that
two lines make together, where it could be a value (letters and digits, or an address), with the words around it. Digits
alone are ``squeeze``'s, base64 in lines is ``decode``'s.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gateway.inspection.squeeze import AROUND
from gateway.inspection.views import View, ViewBuilder

LONGEST_WORD: Final = 128
"""Characters of a line's last or first word; longer ones are blobs."""
_SHORTEST: Final = 8
"""Characters of both together: shorter values are found by nobody."""
_KEY: Final = 16
"""Capitals alone: one key in thirty of those made of capitals and a few digits holds none of the latter."""
_LONGEST: Final = 1024
"""Characters of a value over more than two lines: a signed token has about 800."""
_JOINT: Final = r"[A-Za-z0-9@._+/=:~%&!*-]"
_BREAK: Final = re.compile(rf"(?<={_JOINT})[ \t]{{0,2}}\r?\n[ \t>]{{0,8}}(?={_JOINT})")
_WORD: Final = re.compile(rf"\S{{1,{LONGEST_WORD}}}")
_DIGIT: Final = re.compile(r"[0-9]")
_LETTER: Final = re.compile(r"[A-Za-z]")
_HASH: Final = re.compile(r"(?:0x)?[0-9a-f]{32,128}|[0-9A-F]{32,128}")
"""Lists of files with their checksums; a key in hexadecimal is found by nobody without the word before it."""
_ADDRESS: Final = re.compile(r"(?<![\w.+-])\w[\w.+-]{0,63}@[\w-]{1,63}\.[A-Za-z]{2}")
GATE: Final = (
    rf"[0-9@][!-~?]{{0,{LONGEST_WORD}}}[ \x09]{{0,2}}\r?\n[ \x09>]{{0,8}}{_JOINT}",
    rf"{_JOINT}[ \x09]{{0,2}}\r?\n[ \x09>]{{0,8}}[!-~?]{{0,{LONGEST_WORD}}}[0-9@]",
    r"[A-Z]{4}[ \x09]{0,2}\r?\n[ \x09>]{0,8}[A-Z]",
    r"[A-Z][ \x09]{0,2}\r?\n[ \x09>]{0,8}[A-Z]{4}",
)
"""What has to stand in a text that has such a view, as patterns of one byte per character."""


class _Broken(NamedTuple):
    """The words at both sides of one line break."""

    start: int
    left_end: int
    right_start: int
    end: int


def unwrapped(view: View) -> View | None:
    """Words of ``view`` that a line break parts, or None where no such word could be a value."""
    builder = ViewBuilder()
    text = view.text
    found = False
    for pieces in _rows(text):
        word = "".join(text[start:end] for start, end in pieces)
        if _may_be_a_value(word, [text[start:end] for start, end in pieces]):
            _put(builder, text, pieces)
            found = True
    return builder.build(f"{view.name}.unwrapped", view, prose=False) if found else None


def _put(builder: ViewBuilder, text: str, pieces: list[tuple[int, int]]) -> None:
    """Append a line: the words before, the pieces of one word without the breaks, the words after."""
    start, end = pieces[0][0], pieces[-1][1]
    before = max(0, start - AROUND)
    builder.copy(text[before:start], before)
    for at, piece_end in pieces:
        builder.copy(text[at:piece_end], at)
    builder.copy(text[end : end + AROUND], end)
    builder.put("\n", end, end)


def _rows(text: str) -> Iterator[list[tuple[int, int]]]:
    """The two words at each break; and the words of all breaks in a row, where lines hold nothing but one word."""
    row: list[tuple[int, int]] = []
    for broken in _breaks(text):
        left, right = (broken.start, broken.left_end), (broken.right_start, broken.end)
        yield [left, right]
        if row and row[-1] == left:
            row.append(right)
            continue
        yield from _whole(row)
        row = [left, right]
    yield from _whole(row)


def _whole(row: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    if len(row) > 2 and sum(end - start for start, end in row) <= _LONGEST:
        yield row


def _breaks(text: str) -> Iterator[_Broken]:
    for match in _BREAK.finditer(text):
        line = text[max(0, match.start() - LONGEST_WORD) : match.start()]
        left = line.split()[-1]
        right = _WORD.match(text, match.end())
        if right is not None:
            yield _Broken(match.start() - len(left), match.start(), match.end(), right.end())


def _may_be_a_value(word: str, pieces: list[str]) -> bool:
    if len(word) < _SHORTEST or any(map(_HASH.fullmatch, pieces)):
        return False
    if "@" in word:
        # An address that is whole by itself is no part of another, but for what only looks like one in a URL.
        return "://" in word or not any(map(_ADDRESS.search, pieces))
    if _DIGIT.search(word) is None:
        return len(word) >= _KEY and word.isalpha() and word.isupper()
    return _LETTER.search(word) is not None
