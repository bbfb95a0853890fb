"""What encoded stretches of a text say: base64, base32, base85, hex, character codes, binary.

Each run stands on a line of its own between the words around it. A run counts as decoded only when it yields text; what
yields none is for ``opaque`` to judge.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gateway.inspection.base85 import base85_runs
from gateway.inspection.byte_text import PRINTABLE, SHORTEST, as_text
from gateway.inspection.gates import ALL, Gate, Gates
from gateway.inspection.regrouped import Groups, regrouped
from gateway.inspection.views import View, ViewBuilder

MAX_RUNS: Final = 48
"""Decoded runs of one text, all levels together; more make coverage incomplete."""
MAX_DECODED: Final = 262_144
"""Characters that decoding may yield for one text, all levels together."""
_AROUND: Final = 32
_GATES: Final = frozenset({Gate.BASE64, Gate.DENSE, Gate.NUMBERED, Gate.GROUPS})
_LONG_WORD: Final = re.compile(r"\S{11,}")
"""A neighbour that may itself be encoded: it has its own line, and must not be decoded again with this one's."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{11,}+={0,2}")
_LINES: Final = re.compile(r"(?:[A-Za-z0-9+/]{40,}+\r?\n[ \t]*+){1,4096}[A-Za-z0-9+/]*={0,2}")
"""base64 as mail and keys have it, line after line."""
_PART: Final = re.compile(r"(?<=[/_-])[A-Za-z0-9+]{11,}+={0,2}")
"""What may stand in base64 behind a prefix that its alphabet holds, too: ``sha256-``, ``data_``, ``dir/``."""
_LONGEST_PREFIX: Final = 24
_STRETCH: Final = re.compile(rb"[\t\n\r -~]{12,}")
_BASE32: Final = re.compile(r"(?<![A-Za-z0-9])(?:[A-Z2-7]{16,}+|[a-z2-7]{16,}+)={0,6}")
_HEX: Final = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}){8,}(?![0-9A-Fa-f])")
_SPACED_HEX: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:0x)?[0-9A-Fa-f]{2}(?:(?:[ :;,\n-]|, |\\x|%|\s0x|,0x|, 0x)[0-9A-Fa-f]{2}){7,}(?![0-9A-Za-z])"
)
_CODES: Final = re.compile(r"(?<![0-9.])[01]?[0-9]{2}(?:(?:, ?|[ ;:]|\\)[01]?[0-9]{2}){7,}(?![0-9.])")
_LISTED_CODES: Final = re.compile(
    r"(?<![0-9.])[01]?[0-9]{2}([^0-9.]{1,12}|[^0-9.]{1,10}0o)[01]?[0-9]{2}(?:\1[01]?[0-9]{2}){6,}(?![0-9.])"
)
"""One character code after another with the same between them: one a line, ``chr(52) + chr(49)``, ``0o64 0o61``."""
_LISTED_BINARY: Final = re.compile(r"(?<![0-9])[01]{6,8}([^0-9]{1,8}0b|\r?\n)[01]{6,8}(?:\1[01]{6,8}){6,}(?![0-9])")
_BINARY: Final = re.compile(r"(?<![0-9])[01]{7,8}(?:[ ,]?[01]{7,8}){7,}(?![0-9])")
_FIRST_NIBBLES: Final = frozenset("234567")
_NUMBER: Final = re.compile(r"[0-9]+")
_UNPRINTABLE: Final = bytes(byte for byte in range(256) if byte not in PRINTABLE)
_FIRST_SEXTETS: Final = frozenset("IJKLMNOPQRSTUVWXYZabcdef")
"""What the first sextet of three bytes of ASCII text can be in base64."""


class Decoded(NamedTuple):
    """The runs of one view that decode: their reading, and the stretches that were read whole."""

    view: View | None
    spans: tuple[tuple[int, int], ...]
    found: int
    """Runs that decode, wholly or in part."""


class Run(NamedTuple):
    """One encoded run and what it says. Not ``whole``: text stands in it, and other bytes, too."""

    said: str
    start: int
    end: int
    whole: bool = True


def decoded(view: View, gates: Gates = ALL) -> Decoded:
    """The view of all runs of ``view`` that decode to text, at most MAX_RUNS + 1 of them.

    ``gates``: those that are open for its text.
    """
    if _GATES.isdisjoint(gates):
        return Decoded(None, (), 0)
    builder = ViewBuilder()
    spans: list[tuple[int, int]] = []
    count = 0
    for run in _runs(view.text, gates):
        start, end = run.start, run.end
        count += 1
        if run.whole:
            spans.append((start, end))
        before = max(0, start - _AROUND)
        around = list(_LONG_WORD.finditer(view.text, before, start))
        before = around[-1].end() if around else before
        builder.copy(view.text[before:start], before)
        builder.put(f" {run.said} ", start, end)
        following = _LONG_WORD.search(view.text, end, end + _AROUND)
        builder.copy(view.text[end : following.start() if following else end + _AROUND], end)
        builder.put("\n", end, end)
        if count > MAX_RUNS:
            break
    made = builder.build(f"{view.name}.decoded", view, prose=True) if count else None
    return Decoded(made, tuple(spans), count)


def _runs(text: str, gates: Gates) -> Iterator[Run]:
    for match in _base64_runs(text) if Gate.BASE64 in gates else ():
        run = match[0]
        if len(run) < 64 and (run.isalpha() and run[1:].islower()):
            continue  # an ordinary word: every encoding of text mixes cases or digits in
        said = _from_base64(run)
        if said:
            yield Run(said, match.start(), match.end())
            # The last line may be a word that only stands below: then what it decodes to spoils the end of the value.
            lines, _, last = run.rpartition("\n")
            if lines and last.strip().isalnum() and (without := _from_base64(lines)):
                yield Run(without, match.start(), match.start() + len(lines))
        else:
            yield from _inside(run, match.start())
    for dense in base85_runs(text) if Gate.DENSE in gates else ():
        yield Run(*dense)
    if Gate.NUMBERED in gates and sum(map(text.count, "0123456789")) >= SHORTEST:
        for pattern, read in _NUMBERED:
            for match in pattern.finditer(text):
                said = read(match[0])
                if said:
                    yield Run(said, match.start(), match.end())
    for groups in regrouped(text) if Gate.GROUPS in gates else ():
        yield from _from_groups(groups)


def _base64_runs(text: str) -> Iterator[re.Match[str]]:
    match = _BASE64.search(text)
    while match is not None:
        match = _LINES.match(text, match.start()) or match
        yield match
        match = _BASE64.search(text, match.end())


def _inside(run: str, start: int) -> Iterator[Run]:
    """Encodings whose alphabet is a part of base64's, base64 behind a prefix, and text among other bytes."""
    found = False
    for pattern, read in ((_BASE32, _from_base32), (_HEX, _from_hex), (_PART, _from_base64)):
        for match in pattern.finditer(run):
            said = read(match[0])
            if said:
                found = True
                yield Run(said, start + match.start(), start + match.end())
    if not found and len(run) >= _LONGEST_PREFIX:
        said = _among_bytes(run)
        if said:
            yield Run(said, start, start + len(run), whole=False)


def _among_bytes(run: str) -> str:
    """Printable stretches in what base64 decodes to at any alignment, longer than chance makes them."""
    letters = run.translate(_URL_SAFE).rstrip("=")
    stretches = (_STRETCH.findall(_bytes64(letters[offset:])) for offset in range(4))
    return " ".join(stretch.decode("ascii") for found in stretches for stretch in found)


def _from_base64(run: str) -> str:
    letters = run.translate(_URL_SAFE).rstrip("=")
    for offset in range(4):
        first = letters[offset::4]
        if offset == 0 or sum(map(_FIRST_SEXTETS.__contains__, first)) * 4 >= len(first) * 3:
            said = as_text(_bytes64(letters[offset:]))
            if said:
                return said
    return ""


_URL_SAFE: Final = str.maketrans({"-": "+", "_": "/", "\n": None, "\r": None, " ": None, "\t": None})


def _bytes64(letters: str) -> bytes:
    whole = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    try:
        return binascii.a2b_base64(whole + "=" * (-len(whole) % 4))
    except binascii.Error:
        return b""


def _from_base32(run: str) -> str:
    letters = run.rstrip("=")
    whole = letters[: len(letters) // 8 * 8 + {2: 2, 3: 2, 4: 4, 5: 5, 6: 5, 7: 7}.get(len(letters) % 8, 0)]
    try:
        return as_text(base64.b32decode(whole + "=" * (-len(whole) % 8), casefold=True))
    except binascii.Error:
        return ""


_NO_HEX: Final = re.compile(r"0x|\\x|[^0-9A-Fa-f]")


def _from_hex(run: str) -> str:
    if run.isdecimal() and not set(run[::2]) <= _FIRST_NIBBLES:
        return ""  # a number; printable ASCII in hexadecimal is pairs that start with 2 to 7
    return _trimmed(bytes.fromhex(_NO_HEX.sub("", run)))


def _trimmed(data: bytes) -> str:
    """Bytes as text, without what stands at either end and is none: numbers beside a run look like a part of it."""
    return as_text(data) or as_text(data.strip(_UNPRINTABLE))


def _from_codes(run: str) -> str:
    numbers = _NUMBER.findall(run.replace("0o", ""))
    said = _trimmed(bytes(int(number) for number in numbers))
    if said:
        return said
    if any(digit in run for digit in "89"):
        return ""
    return _trimmed(bytes(int(number, 8) for number in numbers))


def _from_binary(run: str) -> str:
    groups = re.findall(r"[01]+", run.replace("0b", ""))
    if len(groups) == 1:
        groups = re.findall(r"[01]{8}", run)
    return as_text(bytes(int(group, 2) for group in groups if len(group) <= 8))


def _from_groups(groups: Groups) -> Iterator[Run]:
    """What groups say that were put together: most of all the same as without gaps."""
    run = groups.text
    said = _from_binary(run) if set(run) <= {"0", "1"} else ""
    if not said and not _NO_HEX.search(run) and len(run) % 2 == 0:
        said = _from_hex(run)
    said = said or _from_base64(run) or _from_base32(run)
    if said:
        yield Run(said, groups.start, groups.end)
    elif len(run) >= _LONGEST_PREFIX and (said := _among_bytes(run)):
        yield Run(said, groups.start, groups.end, whole=False)  # words of the same length may stand before or behind


_NUMBERED: Final = (
    (_SPACED_HEX, _from_hex),
    (_CODES, _from_codes),
    (_LISTED_CODES, _from_codes),
    (_BINARY, _from_binary),
    (_LISTED_BINARY, _from_binary),
)
NUMBERED_PATTERNS: Final = tuple(pattern for pattern, _ in _NUMBERED)
