"""Replies as ASGI messages, and header values that cannot break a header."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from gateway.ingress.reply import JSON_TYPE, Reply, header_value, send_reply


def test_a_reply_is_a_start_and_one_body() -> None:
    """With the content-length of what is sent."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(send_reply(send, Reply(201, (JSON_TYPE,), b"12345")))
    assert sent == [
        {"type": "http.response.start", "status": 201, "headers": [JSON_TYPE, (b"content-length", b"5")]},
        {"type": "http.response.body", "body": b"12345", "more_body": False},
    ]


@given(st.text())
def test_no_text_can_break_a_header(text: str) -> None:
    """One printable ASCII character for each, so that a name from a file can neither end a header nor stop a reply."""
    value = header_value(text)
    assert len(value) == len(text)
    assert all(32 <= byte < 127 for byte in value)
