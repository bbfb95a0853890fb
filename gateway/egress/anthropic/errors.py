"""Errors of the Messages API as the OpenAI errors that clients know.

Which statuses end an attempt and which are the client's own mistake is the sender's decision (``sender.py``); 529
(``overloaded_error``) is one of the former there, and reaches clients, if at all, as the gateway's own 503.
"""

from collections.abc import Mapping

from gateway.egress.formats import REJECTED_MESSAGE, error_object, passable_message
from gateway.errors import UpstreamBroke, UpstreamRejected
from gateway.model import Draft, Json, JsonObject

_STATUSES: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The API's error types and the status each comes with; in a stream the status is already gone."""

_CLIENT_MISTAKES = frozenset({"invalid_request_error", "request_too_large"})

_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
}
"""OpenAI's ``type`` by status; every other 4xx is ``invalid_request_error``."""

_CODES: tuple[tuple[str, str], ...] = (
    ("prompt is too long", "context_length_exceeded"),
    ("exceed context limit", "context_length_exceeded"),
    ("blocked by content filtering", "content_filter"),
)
"""What the vendor says only in words, and the code that applications act on. Compared in lower case."""


def read_error(draft: Draft, status: int, body: bytes) -> UpstreamRejected:
    """The client's error for a 4xx answer. ``body`` is untrusted, may be cut, and need not be JSON."""
    return _rejected(draft, status, error_object(body))


def rejected_in_stream(draft: Draft, event: JsonObject) -> UpstreamRejected | None:
    """The client's error where a stream begins with an ``error`` event that blames the request; None for any other."""
    kind = _kind(event)
    return _rejected(draft, _STATUSES[kind], event.get("error")) if kind in _CLIENT_MISTAKES else None


def broke(event: JsonObject) -> UpstreamBroke:
    """The error event of a stream. The reason is the API's own word for it, and a fixed one if it has none."""
    kind = _kind(event)
    return UpstreamBroke(kind if kind in _STATUSES else "error_event")


def _kind(event: JsonObject) -> str:
    error = event.get("error")
    kind = error.get("type") if isinstance(error, Mapping) else None
    return kind if isinstance(kind, str) else ""


def _rejected(draft: Draft, status: int, error: Json) -> UpstreamRejected:
    given = error.get("message") if isinstance(error, Mapping) else None
    message = passable_message(given, draft)
    kind = error.get("type") if isinstance(error, Mapping) else None
    known = kind if isinstance(kind, str) and kind in _STATUSES else None
    return UpstreamRejected(
        status, message, type_=_TYPES.get(status, "invalid_request_error"), code=_code(message, known)
    )


def _code(message: str, kind: str | None) -> str | None:
    lowered = message.lower()
    if message != REJECTED_MESSAGE:
        for words, code in _CODES:
            if words in lowered:
                return code
    return "model_not_found" if kind == "not_found_error" and "model" in lowered else kind
