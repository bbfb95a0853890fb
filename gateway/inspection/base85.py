"""Text in base85, Python's alphabet or Adobe's: dense runs of letters, digits and signs."""

import base64
import re
from collections.abc import Callable, Iterator
from typing import Final

from gateway.inspection.byte_text import as_text, may_begin_text

_DENSE: Final = re.compile(r"[!-~]{16,1024}")
_UPPER: Final = re.compile(r"[A-Z]")
_PYTHONS: Final = re.compile(r"[0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]+")
_ADOBES: Final = re.compile(r"[!-uz]+")
_DIGITS: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_VALUES: Final = bytes(max(_DIGITS.find(bytes([code])), 0) for code in range(256))
_LARGEST: Final = 1 << 32


def base85_runs(text: str) -> Iterator[tuple[str, int, int]]:
    """What each run that decodes to text says, where it begins and where it ends."""
    for match in _DENSE.finditer(text):
        run = match[0]
        letters = sum(map(str.isalnum, run))
        if 2 * letters >= len(run) and 20 * letters <= 19 * len(run) and _UPPER.search(run):
            # Its alphabet holds punctuation, so what ends a sentence or a string may or may not belong to it.
            for candidate in {run: None, run.strip("\"'`,;.()"): None}:
                if said := _from_base85(candidate):
                    yield said, match.start(), match.end()
                    break


def _from_base85(run: str) -> str:
    data = run.encode()
    if _PYTHONS.fullmatch(run) and _may_be_text(data.translate(_VALUES), len(run)):
        said = _said(base64.b85decode, data)
        if said:
            return said
    # A ``z`` stands for five characters: what it decodes to may be longer, and groups cannot be told behind it.
    head, size = data[:10], len(run) if b"z" not in data else 4 * len(run)
    if _ADOBES.fullmatch(run) and (b"z" in head or _may_be_text(bytes(code - 33 for code in head), size)):
        return _said(base64.a85decode, data)
    return ""


def _may_be_text(values: bytes, size: int) -> bool:
    """Could the first two groups be the begin of a text? Decoding the whole run costs ten times as much."""
    if len(values) < 10:
        return True
    head = b""
    for first, second, third, fourth, fifth in (values[:5], values[5:10]):
        number = (((first * 85 + second) * 85 + third) * 85 + fourth) * 85 + fifth
        if number >= _LARGEST:
            return False
        head += number.to_bytes(4, "big")
    return may_begin_text(head, size)


def _said(decode: Callable[[bytes], bytes], data: bytes) -> str:
    try:
        return as_text(decode(data))
    except ValueError:
        return ""
