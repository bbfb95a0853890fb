"""What a stand-in answers: a status, headers and pieces, and how the answer ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

import orjson

from gateway.model import Json, WireFormat

_ANTHROPIC_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_OPENAI_TYPES: Mapping[int, str] = {
    401: "invalid_request_error",
    403: "permission_error",
    429: "requests",
}


class Ending(Enum):
    """How a connection is left after the last piece."""

    CLEAN = auto()
    HANG_UP = auto()
    SILENCE = auto()


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. ``pieces`` are written one by one: the events of a stream, or the single body of a whole answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    pieces: tuple[bytes, ...] = field(repr=False)
    vendor: WireFormat = WireFormat.OPENAI
    streamed: bool = False
    ending: Ending = Ending.CLEAN
    wait: float = 0.0
    """Seconds before the status line."""
    pace: float = 0.0
    """Seconds between pieces."""
    silent_from_start: bool = False
    length: int | None = None
    """The content-length announced for a whole answer; None: the real one."""

    def first(self, pieces: int) -> "Response":
        """The same answer with only its first pieces; if not streamed, half the body under its full length."""
        if self.streamed:
            return replace(self, pieces=self.pieces[:pieces])
        whole = b"".join(self.pieces)
        return replace(self, pieces=(whole[: len(whole) // 2],), length=len(whole), ending=Ending.HANG_UP)

    def error_body(self, status: int, message: str) -> Json:
        """An error in the vendor's shape, as JSON values."""
        if self.vendor is WireFormat.ANTHROPIC:
            kind = _ANTHROPIC_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
            return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_standin"}
        kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
        return {"error": {"message": message, "type": kind, "param": None, "code": None}}

    def error_event(self, message: str) -> bytes:
        """The vendor's error event in the middle of a stream."""
        body = orjson.dumps(self.error_body(529 if self.vendor is WireFormat.ANTHROPIC else 500, message))
        prefix = b"event: error\n" if self.vendor is WireFormat.ANTHROPIC else b""
        return prefix + b"data: " + body + b"\n\n"


def json_response(value: Json, status: int = 200, vendor: WireFormat = WireFormat.OPENAI) -> Response:
    """A whole JSON answer."""
    return Response(status, (("content-type", "application/json"),), (orjson.dumps(value),), vendor)


def error_response(status: int, message: str, vendor: WireFormat, *, param: str | None = None) -> Response:
    """An error in the vendor's shape. ``param`` is carried where the vendor has a place for it."""
    empty = Response(status, (), (), vendor)
    body = empty.error_body(status, message)
    if param is not None and vendor is WireFormat.OPENAI:
        body["error"]["param"] = param
    return json_response(body, status, vendor)
