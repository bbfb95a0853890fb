"""Errors of the Messages API as the errors that OpenAI's clients know."""

from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from gateway.egress.anthropic import AnthropicFormat
from gateway.egress.formats import MAX_MESSAGE_CHARACTERS, REJECTED_MESSAGE
from gateway.errors import UpstreamRejected
from gateway.model import Backend, Draft, WireFormat

BACKEND = Backend(
    name="claude",
    format=WireFormat.ANTHROPIC,
    base_url="https://api.anthropic.com",
    models={"claude": "claude-opus-4-8"},
    clearance="internal",
    api_key=SecretStr("sk-ant-secret"),
)
DRAFT = Draft(BACKEND, "https://api.anthropic.com/v1/messages", (), b"{}", "claude-opus-4-8", False)


def rejected(status: int, body: Any) -> UpstreamRejected:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return AnthropicFormat().read_error(DRAFT, status, raw)


def error(kind: str, message: Any = "Bad.") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_011"}


@pytest.mark.parametrize(
    ("status", "kind", "type_", "code"),
    [
        (400, "invalid_request_error", "invalid_request_error", "invalid_request_error"),
        (401, "authentication_error", "authentication_error", "authentication_error"),
        (402, "billing_error", "insufficient_quota", "billing_error"),
        (403, "permission_error", "permission_error", "permission_error"),
        (413, "request_too_large", "invalid_request_error", "request_too_large"),
        (429, "rate_limit_error", "rate_limit_error", "rate_limit_error"),
        (422, "a_new_error", "invalid_request_error", "upstream_rejected"),
    ],
)
def test_each_type_has_a_counterpart(status: int, kind: str, type_: str, code: str | None) -> None:
    """Status and message are passed on; the vendor's own word is the code, if it is one of the documented."""
    made = rejected(status, error(kind))
    assert (made.status, made.type, made.code, made.message) == (status, type_, code, "Bad.")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("prompt is too long: 210000 tokens > 200000 maximum", "context_length_exceeded"),
        ("input length and `max_tokens` exceed context limit: 1 + 2 > 3", "context_length_exceeded"),
        ("Output blocked by content filtering policy", "content_filter"),
        ("messages.0.content.1: unexpected block", "invalid_request_error"),
    ],
)
def test_what_the_vendor_says_in_words_is_a_code(message: str, code: str) -> None:
    """Agents shorten their history on ``context_length_exceeded``; they never read English."""
    made = rejected(400, error("invalid_request_error", message))
    assert (made.code, made.message) == (code, message)


def test_an_unknown_model_has_openais_code() -> None:
    """``not_found_error`` with a model's name in it."""
    assert rejected(404, error("not_found_error", "model: claude-9")).code == "model_not_found"
    assert rejected(404, error("not_found_error", "Not found")).code == "not_found_error"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b'{"error":3}', {"error": {"message": 3}}, {"error": {}}]
)
def test_an_error_that_is_none_has_a_fixed_message(body: Any) -> None:
    """A proxy's page is not passed on."""
    made = rejected(400, body)
    assert (made.message, made.code, made.type) == (REJECTED_MESSAGE, "upstream_rejected", "invalid_request_error")


def test_messages_are_bounded_and_never_hold_our_key() -> None:
    """The vendor's words are untrusted."""
    assert len(rejected(400, error("invalid_request_error", "x" * 9_999)).message) == MAX_MESSAGE_CHARACTERS
    assert rejected(400, error("invalid_request_error", "bad key sk-ant-secret")).message == REJECTED_MESSAGE
