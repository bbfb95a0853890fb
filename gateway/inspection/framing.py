"""How a gateway and a process that reads for it talk: frames over two pipes, each a length and so many bytes.

Text goes out as a deadline (seconds of the machine's monotonic clock, a double) and UTF-8; matches come back as JSON.
No pickle: bytes of another process never become objects of ours by themselves. Nothing is written to any file.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Final

import orjson

from gateway.inspection.detectors.base import Match

LATE: Final = b'"late"'
FAILED: Final = b'"failed"'
"""The two answers that are no matches: the deadline passed while reading; the detector raised."""
_LENGTH: Final = struct.Struct("<I")
_DEADLINE: Final = struct.Struct("<d")


class Lost(Exception):
    """The other side is gone, or answered what cannot be read."""


class Late(Exception):
    """The text could not be read before its deadline."""


class Failed(Exception):
    """The detector raised in its process. What it said stays there: it may quote the text."""


def frame(payload: bytes) -> bytes:
    """``payload`` as it goes over the wire."""
    return _LENGTH.pack(len(payload)) + payload


def receive(read: Callable[[int], bytes]) -> bytes:
    """The next payload. ``read`` gives some bytes, at most so many, and none at the end. Raises Lost there."""
    (length,) = _LENGTH.unpack(_exactly(read, _LENGTH.size))
    return _exactly(read, length)


def question(text: str, deadline: float) -> bytes:
    """A text to be read until ``deadline``."""
    return _DEADLINE.pack(deadline) + text.encode("utf-8", "surrogatepass")


def asked(payload: bytes) -> tuple[str, float]:
    """The text and the deadline of a question."""
    (deadline,) = _DEADLINE.unpack_from(payload)
    return payload[_DEADLINE.size :].decode("utf-8", "surrogatepass"), deadline


def answer(matches: Sequence[Match]) -> bytes:
    """Matches as an answer."""
    return orjson.dumps([[m.start, m.end, m.entity_type, float(m.score)] for m in matches])


def told(payload: bytes) -> tuple[Match, ...]:
    """The matches of an answer. Raises Late, Failed, and Lost when it is none."""
    if payload == LATE:
        raise Late
    if payload == FAILED:
        raise Failed
    try:
        return tuple(Match(start, end, kind, score) for start, end, kind, score in orjson.loads(payload))
    except (TypeError, ValueError):
        raise Lost from None


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = read(size - len(parts))
        if not part:
            raise Lost
        parts += part
    return bytes(parts)
