"""What an outsider who holds the bytes can recover. Written apart from the gateway's own decoders, on purpose.

It knows no positions and no findings: it folds, decodes and joins whatever it is given in every way it can, and asks
whether a secret stands in any of the results. It may be slow and generous; the gateway may not be.
"""

import base64
import binascii
import html
import json
import quopri
import re
import unicodedata
import urllib.parse
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from leak_canaries import Canary

DEPTH: Final = 4
"""How often a text is decoded again."""
NESTED: Final = 8
"""How often JSON in a string is opened."""
_LONGEST_NUMBER: Final = 400
"""Digits: ``1e999999999`` is a number of JSON, and nothing that anybody could write out."""
_CYRILLIC: Final = str.maketrans("асеорхуіјАВСЕНКМОРТХ", "aceopxyijABCEHKMOPTX")
_RUN: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){6,}")
_ESCAPE: Final = re.compile(r"\\+(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))")


def reveals(canary: Canary, wire: bytes) -> bool:
    """Can any secret part of ``canary`` be read out of these bytes?"""
    needles = [canonical(needle) for needle in canary.needles]
    numeric = all(needle.isdecimal() for needle in needles)
    for text in readings(wire):
        said = canonical(text)
        if any(needle in said for needle in needles):
            return True
        if numeric and any(needle in "".join(filter(str.isdecimal, said)) for needle in needles):
            return True
    return False


def carries(pieces: Iterable[str], wire: bytes) -> bool:
    """Do these texts all stand in the bytes as they were sent, each in some string, key or number of the JSON?"""
    found = set(_texts(wire))
    return all(any(piece in text for text in found) for piece in pieces)


def canonical(text: str) -> str:
    """Letters and digits alone, in one case, one script and one kind of digit; invisible characters and marks gone."""
    folded = unicodedata.normalize("NFKC", text).translate(_CYRILLIC)
    kept = []
    for char in folded:
        digit = unicodedata.digit(char, None)
        if digit is not None:
            kept.append(str(digit))
        elif char.isalnum():
            kept.append(char)
    return "".join(kept).casefold()


def readings(wire: bytes) -> Iterator[str]:
    """Every text that can be made of the bytes: as they are, from the JSON in them, joined, and decoded four deep."""
    seen: set[str] = set()
    frontier = set(_texts(wire))
    for _ in range(DEPTH + 1):
        frontier -= seen
        seen |= frontier
        yield from frontier
        frontier = {said for text in frontier for said in _decoded(text) if said and said != text}


def _texts(wire: bytes) -> Iterator[str]:
    raw = wire.decode("utf-8", "replace")
    yield raw
    for body in (raw, *re.split(r"\r\n\r\n", raw)[1:]):
        try:
            value = json.loads(body, object_pairs_hook=_Object, parse_float=_number, parse_int=str, strict=False)
        except ValueError:
            continue
        yield from _joined(value)


class _Object(list[Any]):
    """An object as its pairs, repeated keys and all."""


def _number(text: str) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent beyond all bounds
        return text
    if abs(value.adjusted()) > _LONGEST_NUMBER:
        return text
    return str(int(value)) if value == value.to_integral_value() else text


def _joined(value: Any) -> Iterator[str]:
    """Each string and number alone; those of one name, all values, keys and values in a row; codes as characters."""
    rows: dict[str, list[str]] = {}
    keys, values, both = [], [], []
    for text, name, is_key in _leaves(value, "", 0):
        (keys if is_key else values).append(text)
        both.append(text)
        if not is_key:
            rows.setdefault(name, []).append(text)
    yield from keys
    for row in (*rows.values(), values, both):
        yield from row
        yield "".join(row)
        codes = [text for text in row if text.isdecimal() and len(text) < 7 and 9 <= int(text) < 0x110000]
        yield "".join(chr(int(code)) for code in codes)


def _leaves(value: Any, name: str, depth: int) -> Iterator[tuple[str, str, bool]]:
    """Every key and every scalar: its text, the name it stands under, and whether it is a key."""
    if isinstance(value, _Object):
        for key, inner in value:
            yield key, "", True
            yield from _leaves(inner, key, depth)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name, depth)
    elif isinstance(value, str):
        yield value, name, False
        if value[:1] in {"{", "[", '"'} and depth < NESTED:
            try:
                inner = json.loads(value, object_pairs_hook=_Object, parse_float=_number, parse_int=str, strict=False)
            except ValueError:
                return
            yield from _leaves(inner, name, depth + 1)


def _decoded(text: str) -> Iterator[str]:
    yield urllib.parse.unquote(text, errors="replace")
    yield html.unescape(text)
    yield _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
    if "=" in text:
        yield quopri.decodestring(text.encode()).decode("utf-8", "replace")
    for form in {text, "".join(text.split())}:
        yield from _runs(_RUN.findall(form), _from_base64)
        yield from _runs(_HEX.findall(form), lambda run: [bytes.fromhex(run)])


def _runs(runs: Iterable[str], decode: Any) -> Iterator[str]:
    for run in runs:
        for said in decode(run):
            yield said.decode("utf-8", "replace")


def _from_base64(run: str) -> Iterator[bytes]:
    letters = run.replace("-", "+").replace("_", "/").rstrip("=")
    for offset in range(4):
        rest = letters[offset:]
        rest = rest[: len(rest) - (len(rest) % 4 == 1)]
        try:
            yield base64.b64decode(rest + "=" * (-len(rest) % 4))
        except binascii.Error:
            continue
