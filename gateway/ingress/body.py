"""Take in a request's body: its declared form first, then its bytes, within a size and a time."""

import asyncio
from collections.abc import Sequence
from typing import Final

from starlette.types import Receive

from gateway.errors import Malformed, RequestTimeout, TooLarge, Unsupported
from gateway.ingress.limits import IngressLimits

Headers = Sequence[tuple[bytes, bytes]]

_UTF8: Final = frozenset({b"charset=utf-8", b'charset="utf-8"'})


class ClientGone(Exception):
    """The client hung up. There is nobody to answer, so this never becomes a reply."""


async def read_body(headers: Headers, receive: Receive, limits: IngressLimits) -> bytes:
    """The whole body of a JSON request.

    Raises Unsupported for another content type or encoding, TooLarge past ``limits.body_bytes``, RequestTimeout past
    ``limits.body_seconds``, ClientGone when the client hangs up first.
    """
    _check_type(headers)
    _check_encoding(headers)
    _check_declared_length(headers, limits.body_bytes)
    try:
        async with asyncio.timeout(limits.body_seconds):
            return await _receive_all(receive, limits.body_bytes)
    except TimeoutError:
        pass
    raise RequestTimeout(f"The body did not arrive within {limits.body_seconds:g} seconds.")


async def _receive_all(receive: Receive, most: int) -> bytes:
    whole = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        if len(whole) + len(part) > most:
            raise _too_large(most)
        if not message.get("more_body", False):
            return bytes(whole) + part if whole else part
        whole += part


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for header, value in headers if header == name]


def _check_type(headers: Headers) -> None:
    values = _values(headers, b"content-type")
    if len(values) != 1:
        raise Unsupported("Send exactly one content-type header: application/json.")
    media_type, *parameters = (part.strip().lower() for part in values[0].split(b";"))
    if media_type != b"application/json":
        raise Unsupported("The content type must be application/json.")
    if any(parameter not in _UTF8 for parameter in parameters if parameter):
        raise Unsupported("The body must be UTF-8: content-type application/json, with charset=utf-8 or no parameter.")


def _check_encoding(headers: Headers) -> None:
    # Never decoded here: what inspection reads must be what was sent, and a decompressor is one more way to disagree.
    if any(value.strip().lower() not in {b"", b"identity"} for value in _values(headers, b"content-encoding")):
        raise Unsupported("Compressed bodies are not taken; send the body without content-encoding.")


def _check_declared_length(headers: Headers, most: int) -> None:
    for value in _values(headers, b"content-length"):
        if not (value.isascii() and value.isdigit()):
            raise Malformed("The content-length header is not a number.")
        # The number of digits first: a length of thousands of digits is not worth converting.
        if len(value) > 20 or int(value) > most:
            raise _too_large(most)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"The body is larger than {most} bytes.")
