"""Server-sent events, decoded as they arrive, by the WHATWG rules.

Rule 1: how the bytes were cut into pieces changes nothing; any split gives the same events.
Rule 2: work is linear in the bytes, and one event is bounded: a server cannot make the gateway hold an endless line.

Payloads stay bytes, unaltered, because they are relayed. Source: html.spec.whatwg.org, "Server-sent events".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.errors import UpstreamBroke

MAX_EVENT_BYTES = 4 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One dispatched event. ``event`` is its type, ``message`` where the server names none."""

    event: str
    data: bytes = field(repr=False)


class SseDecoder:
    """Bytes in, events out; no I/O. One instance per stream.

    LF, CRLF and CR end a line; comments, ``id`` and ``retry`` are dropped; an event without ``data`` is not dispatched.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._limit = max_event_bytes
        self._line: list[bytes] = []
        self._line_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._type = ""
        self._after_cr = False
        self._start: bytes | None = b""
        """The first bytes, while they may still be a byte order mark; None once that is settled."""

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """Events completed by ``chunk``. Raises UpstreamBroke when one event passes the size limit."""
        events: list[SseEvent] = []
        for line in self._lines(chunk):
            if line:
                self._field(line)
                continue
            if self._data:
                events.append(SseEvent(self._type or "message", b"\n".join(self._data)))
            self._reset()
        return events

    def unfinished(self) -> bytes | None:
        """Data of an event that the end of the stream cut off; None where the stream ended between two events.

        By the rules such an event is dropped; the reader has to know, because a cut event is a cut answer.
        """
        if self._start:
            self._line.append(self._start)
            self._start = None
        if self._line:
            line = b"".join(self._line)
            self._line, self._line_size = [], 0
            self._field(line)
        if not self._data and not self._type:
            return None
        return b"\n".join(self._data)

    def _lines(self, chunk: bytes) -> Iterator[bytes]:
        """Completed lines, without their ends. A CR ends its line at once; the LF that may follow is swallowed."""
        if self._start is not None:
            chunk = self._without_bom(self._start + chunk)
        if chunk:
            follows_cr, self._after_cr = self._after_cr, chunk.endswith(b"\r")
            if follows_cr and chunk.startswith(b"\n"):
                chunk = chunk[1:]
        for piece in chunk.splitlines(keepends=True):
            content = piece.rstrip(b"\r\n")
            if len(content) == len(piece):
                self._line.append(piece)
                self._line_size += len(piece)
                self._check_size()
                return
            if self._line:
                self._line.append(content)
                content = b"".join(self._line)
                self._line, self._line_size = [], 0
            yield content

    def _without_bom(self, start: bytes) -> bytes:
        """``start`` without a leading byte order mark; b"" while too few bytes are there to tell."""
        if len(start) < len(_BOM) and _BOM.startswith(start):
            self._start = start
            return b""
        self._start = None
        return start.removeprefix(_BOM)

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if name == b"data":
            self._data.append(value)
            self._data_size += len(value) + 1
            self._check_size()
        elif name == b"event":
            self._type = value.decode(errors="replace")

    def _check_size(self) -> None:
        if self._data_size + self._line_size > self._limit:
            raise UpstreamBroke("event_too_large")

    def _reset(self) -> None:
        self._data, self._data_size, self._type = [], 0, ""
