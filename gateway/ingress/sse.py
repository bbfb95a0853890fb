"""Server-sent events as OpenAI frames them: unnamed, ``[DONE]`` last, comments in between to keep proxies awake."""

from typing import Final

from gateway.errors import GatewayError
from gateway.ingress.errors import error_body

DONE: Final = b"data: [DONE]\n\n"
"""Says that the answer is complete. Never sent after an error: openai-python takes a polite end for success."""

KEEP_ALIVE: Final = b": keep-alive\n\n"

HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx would otherwise collect the stream
)


def frame(payload: bytes) -> bytes:
    """One event. A payload of several lines becomes several ``data:`` lines, which readers join again."""
    if b"\n" in payload or b"\r" in payload:
        payload = b"\ndata: ".join(payload.splitlines())
    return b"data: " + payload + b"\n\n"


def error_frame(error: GatewayError) -> bytes:
    """The event that tells a client, after the status line has gone out, that the answer is broken."""
    return frame(error_body(error))
