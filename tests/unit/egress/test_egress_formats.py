"""What all formats share: the gateway's headers, and reading a vendor's error without repeating what it should not."""

import pytest
from egress_support import backend, drafted
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway.egress.formats import (
    MAX_MESSAGE_CHARACTERS,
    REJECTED_MESSAGE,
    BackendFormat,
    blames_content,
    common_headers,
    error_object,
    passable_message,
)
from gateway.egress.openai import OpenAIFormat


def test_the_openai_format_is_a_backend_format() -> None:
    """The protocol and its first implementation agree; the type checker holds this line."""
    fmt: BackendFormat = OpenAIFormat()
    assert fmt


def test_the_common_headers_say_who_asks_and_ask_for_plain_bytes() -> None:
    """Compression is declined, because answers are relayed as they come."""
    headers = dict(common_headers(stream=False))
    assert headers["accept-encoding"] == "identity"
    assert headers["user-agent"].startswith("hybrid-llm-gateway/")
    assert dict(common_headers(stream=True))["accept"] == "text/event-stream"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"error":{"a":1}}', {"a": 1}),
        (b'[{"error":{"a":1}}]', {"a": 1}),
        (b'{"error":"text"}', {"message": "text"}),
        (b'{"a":1}', {"a": 1}),
        (b'{"error":null}', {}),
        (b"[]", {}),
        (b"[1]", {}),
        (b"7", {}),
        (b"", {}),
        (b"<html>", {}),
    ],
)
def test_the_error_object_is_found_in_every_known_shape(body: bytes, error: dict[str, object]) -> None:
    """An empty object where there is none."""
    assert error_object(body) == error


@pytest.mark.parametrize(
    ("body", "blamed"),
    [
        (b'{"error":{"code":"content_filter"}}', True),
        (b'{"error":{"code":"content_policy_violation"}}', True),
        (b'{"error":{"type":"Moderation_Error"}}', True),
        (b'{"error":{"metadata":{"flagged_input":"x"}}}', True),
        (b'{"error":{"code":"insufficient_permissions"}}', False),
        (b'{"error":{"message":"content_filter in the text only"}}', False),
        (b'{"error":{"metadata":{"provider":"x"}}}', False),
        (b"<html>Forbidden</html>", False),
    ],
)
def test_a_content_refusal_is_told_from_a_missing_right(body: bytes, blamed: bool) -> None:
    """By codes and types, never by the message, which may quote the prompt."""
    assert blames_content(body) is blamed


def test_messages_are_bounded_and_keys_are_not_quoted() -> None:
    """What is no text, or holds the gateway's key, becomes the fixed message."""
    draft = drafted(backend("https://api.example/v1", api_key=SecretStr("gateway-key")))
    assert passable_message("wrong field", draft) == "wrong field"
    assert len(passable_message("x" * 9000, draft)) == MAX_MESSAGE_CHARACTERS
    for odd in (None, "", 7, {"a": "b"}, "your key gateway-key is wrong"):
        assert passable_message(odd, draft) == REJECTED_MESSAGE


@given(st.binary(max_size=200))
def test_reading_an_error_never_fails(body: bytes) -> None:
    """Whatever bytes a server sends."""
    assert isinstance(error_object(body), dict)
    assert blames_content(body) in {True, False}
