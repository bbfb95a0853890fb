"""Bytes that something was decoded to, as text where they are text."""

from codecs import utf_8_decode
from typing import Final

SHORTEST: Final = 8
"""Bytes that a run must yield: shorter values are found by nobody without their surroundings."""
PRINTABLE: Final = bytes([9, 10, 13, *range(32, 127)])


def as_text(data: bytes) -> str:
    """Bytes as text when they are text (UTF-8 or UTF-16), else the empty string.

    A long text may hold a few strange bytes, as a cut at either end leaves them; a short one none, because among the
    long words of any prompt some decode to nearly printable nonsense.
    """
    for _ in range(2):  # UTF-16 of ASCII has a zero in every other byte, UTF-32 in three of four
        if len(data) > 2 * SHORTEST and not (any(data[1::2]) and any(data[::2])):
            data = data[1::2] if any(data[1::2]) else data[::2]
    if len(data) < SHORTEST:
        return ""
    strange = len(data.translate(None, PRINTABLE))
    if strange == 0 or strange * 16 <= len(data) - 16:
        return data.decode("utf-8", "replace")
    for end in range(len(data), len(data) - 4, -1):
        try:
            text = data[:end].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return text if all(char.isprintable() or char in "\t\n\r" for char in text) else ""
    return ""


def may_begin_text(head: bytes, size: int) -> bool:
    """False where ``as_text`` finds no text in any bytes that begin with ``head``, at most ``size`` of them."""
    if 0 in head or len(head.translate(None, PRINTABLE)) * 16 <= max(size - 16, 0):
        return True
    try:
        utf_8_decode(head, "strict", False)
    except UnicodeDecodeError:
        return False
    return True
