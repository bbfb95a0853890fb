"""One whole HTTP reply as a value, and how it is put on the wire."""

from typing import Final, NamedTuple

from starlette.types import Send

JSON_TYPE: Final = (b"content-type", b"application/json")


class Reply(NamedTuple):
    """Status, headers (names in lower case, content-length not among them) and the whole body."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def __repr__(self) -> str:
        return f"Reply(status={self.status}, bytes={len(self.body)})"


async def send_reply(send: Send, reply: Reply) -> None:
    """Send ``reply`` as ASGI messages, with its content-length."""
    length = (b"content-length", str(len(reply.body)).encode())
    await send({"type": "http.response.start", "status": reply.status, "headers": [*reply.headers, length]})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})


def header_value(text: str) -> bytes:
    """``text`` as a header value: whatever is not printable ASCII becomes ``?``, so that no name can break a header."""
    return "".join(character if " " <= character <= "~" else "?" for character in text).encode("ascii")
