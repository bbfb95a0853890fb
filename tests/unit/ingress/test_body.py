"""Reading a request's body: type, encoding, size and time. Rows H1 to H3 of the evasion catalogue."""

import asyncio
from collections.abc import Iterable

import pytest
from starlette.types import Message

from gateway.errors import ClientError, Malformed, RequestTimeout, TooLarge, Unsupported
from gateway.ingress.body import ClientGone, read_body
from gateway.ingress.limits import IngressLimits

JSON = (b"content-type", b"application/json")
LIMITS = IngressLimits(body_bytes=100, body_seconds=0.1)


def read(messages: Iterable[Message | bytes], *headers: tuple[bytes, bytes], limits: IngressLimits = LIMITS) -> bytes:
    """Read a body that arrives as ``messages`` (bytes: one part with more to come); silence after them."""
    waiting = iter(messages)

    async def receive() -> Message:
        for message in waiting:
            if isinstance(message, bytes):
                return {"type": "http.request", "body": message, "more_body": True}
            return message
        await asyncio.Event().wait()
        raise AssertionError("never comes here")

    return asyncio.run(read_body(headers or (JSON,), receive, limits))


LAST: Message = {"type": "http.request", "body": b"", "more_body": False}


def test_parts_are_joined_in_order() -> None:
    """A body in many fragments is the same body, empty fragments and a last one with bytes included."""
    assert read([b"{", b"", b'"a"', b":1", {"type": "http.request", "body": b"}"}]) == b'{"a":1}'
    assert read([{"type": "http.request", "body": b"{}", "more_body": False}]) == b"{}"
    assert read([{"type": "http.request"}]) == b""


@pytest.mark.parametrize("part", [1, 7, 99, 100])
def test_the_size_limit_is_cumulative_and_exact(part: int) -> None:
    """However it is cut, a body of the limit is read and one byte more is refused."""
    body = b"x" * 100
    parts = [body[start : start + part] for start in range(0, 100, part)]
    assert read([*parts, LAST]) == body
    with pytest.raises(TooLarge):
        read([*parts, b"x"])
    with pytest.raises(TooLarge):
        read([*parts, {"type": "http.request", "body": b"x", "more_body": False}])


@pytest.mark.parametrize("length", [b"101", b"9" * 19, b"9" * 10_000])
def test_a_declared_size_beyond_the_limit_is_refused_before_a_byte_is_read(length: bytes) -> None:
    """The header is enough: nothing is received."""
    with pytest.raises(TooLarge):
        read([], JSON, (b"content-length", length))


@pytest.mark.parametrize("length", [b"-1", b"+5", b"5, 5", b"", b"1_0", "٣".encode()])
def test_a_size_that_is_no_number_is_refused(length: bytes) -> None:
    """Evasion H3: what a server let through is still not guessed at."""
    with pytest.raises(Malformed):
        read([LAST], JSON, (b"content-length", length))


def test_a_body_that_does_not_arrive_in_time_is_a_timeout() -> None:
    """The time is total: parts that keep trickling do not extend it."""
    with pytest.raises(RequestTimeout) as caught:
        read([b"{"])
    assert caught.value.message == "The body did not arrive within 0.1 seconds."
    assert caught.value.status == 408


def test_a_client_that_hangs_up_is_nobody_to_answer() -> None:
    """Whatever came before, a disconnect ends the reading with ClientGone, which is no reply."""
    with pytest.raises(ClientGone):
        read([b'{"a"', {"type": "http.disconnect"}])


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"application/json; charset=utf-8",
        b'Application/JSON;charset="UTF-8"',
        b"application/json;",
    ],
)
def test_json_in_utf8_is_taken(content_type: bytes) -> None:
    """application/json, with UTF-8 said or not said."""
    assert read([LAST], (b"content-type", content_type)) == b""


@pytest.mark.parametrize(
    "content_type",
    [
        b"",
        b"text/plain",
        b"text/json",
        b"application/jsonl",
        b"application/x-ndjson",
        b"application/json, text/plain",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x",
        b"application/octet-stream",
        b"application/json; charset=utf-7",
        b"application/json; charset=ibm037",
        b"application/json; charset=utf-8; charset=utf-16",
        b"application/json; boundary=x",
        b"application/vnd.api+json",
    ],
)
def test_any_other_content_type_is_refused(content_type: bytes) -> None:
    """Evasion H2: no form, no multipart, no other charset, no guess."""
    with pytest.raises(Unsupported) as caught:
        read([LAST], (b"content-type", content_type))
    assert caught.value.status == 415


def test_a_missing_or_repeated_content_type_is_refused() -> None:
    """No default and no choice between two."""
    for headers in ([(b"accept", b"*/*")], [JSON, JSON], [JSON, (b"content-type", b"text/plain")]):
        with pytest.raises(Unsupported):
            read([LAST], *headers)


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate", b"br", b"zstd", b"gzip, gzip", b"identity, gzip", b"x"])
def test_a_compressed_body_is_refused_with_what_to_do(encoding: bytes) -> None:
    """Evasion H1, reported problem 11: nothing is decoded and nothing passes undecoded."""
    with pytest.raises(Unsupported) as caught:
        read([LAST], JSON, (b"content-encoding", encoding))
    assert "without content-encoding" in caught.value.message


def test_identity_is_no_encoding() -> None:
    """A client may say that it did not compress."""
    assert read([LAST], JSON, (b"content-encoding", b"Identity")) == b""


def test_no_error_repeats_a_header() -> None:
    """What a client puts in a header comes back in no message."""
    canary = b"canary-4012888888881881"
    for headers in (
        [(b"content-type", canary)],
        [JSON, (b"content-encoding", canary)],
        [JSON, (b"content-length", canary)],
    ):
        with pytest.raises(ClientError) as caught:
            read([LAST], *headers)
        assert "canary" not in repr(caught.value)
