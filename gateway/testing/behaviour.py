"""How a stand-in misbehaves. Each behaviour is a value; ``server.script(Fail(503), Stall())`` plays one per request.

A behaviour decides what the answer says (Say, Echo) or reshapes the answer that would have been sent (all others).
"""

from dataclasses import dataclass, field, replace

import orjson

from gateway.testing.response import Ending, Response


@dataclass(frozen=True, slots=True)
class Say:
    """Answers this text. Words become the events of a stream."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Echo:
    """Answers the last message's own text, as models that repeat a question do."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Answers an error in the vendor's shape, or ``body`` as it is. ``message`` may hold an echo of the request."""

    status: int
    message: str = field(default="The stand-in was told to fail.", repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Sends the client elsewhere with a 307, which asks for the same method and body there."""

    location: str
    status: int = 307


@dataclass(frozen=True, slots=True)
class Garbage:
    """Answers 200 with a body that is not of the format."""

    body: bytes = field(default=b"<html>It works!</html>", repr=False)
    content_type: str = "text/html"


@dataclass(frozen=True, slots=True)
class Delay:
    """Answers properly, ``seconds`` late."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """Waits ``seconds`` between the events of a stream."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Break:
    """Hangs up after that many events of a stream, or in the middle of a whole answer."""

    after: int = 1


@dataclass(frozen=True, slots=True)
class Cut:
    """Ends a stream politely, but too early: no finish reason, no terminator."""

    after: int = 1


@dataclass(frozen=True, slots=True)
class Stall:
    """Falls silent after that many events and keeps the connection open; None: before the status line."""

    after: int | None = None


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """Ends a stream with the vendor's error event after that many events; a whole answer becomes a 500."""

    after: int = 1
    message: str = field(default="Overloaded", repr=False)


Behaviour = Say | Echo | Fail | Redirect | Garbage | Delay | Pace | Break | Cut | Stall | ErrorEvent


def shape(behaviour: Behaviour, response: Response) -> Response:  # noqa: PLR0911 - one line per behaviour, as a table reads
    """The answer as this behaviour would send it. ``response`` is what a healthy server would have answered."""
    match behaviour:
        case Say() | Echo():
            return response
        case Fail(status, message, headers, body):
            shaped = orjson.dumps(response.error_body(status, message)) if body is None else body
            return Response(status, (("content-type", "application/json"), *headers), (shaped,), response.vendor)
        case Redirect(location, status):
            return Response(status, (("location", location),), (b"",), response.vendor)
        case Garbage(body, content_type):
            return Response(200, (("content-type", content_type),), (body,), response.vendor)
        case Delay(seconds):
            return replace(response, wait=seconds)
        case Pace(seconds):
            return replace(response, pace=seconds)
        case Break(after):
            return replace(response.first(after), ending=Ending.HANG_UP)
        case Cut(after):
            return response.first(after)
        case Stall(after):
            kept = response if after is None else response.first(after)
            return replace(kept, ending=Ending.SILENCE, silent_from_start=after is None)
        case ErrorEvent(_, message) if not response.streamed:
            return shape(Fail(500, message), response)
        case ErrorEvent(after, message):
            return replace(response, pieces=(*response.pieces[:after], response.error_event(message)))
