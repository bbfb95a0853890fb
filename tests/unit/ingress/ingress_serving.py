"""A chat endpoint on a real uvicorn server, and the smallest client that shows what goes over the wire."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from gateway.ingress.auth import KeyRing, hash_key
from gateway.ingress.endpoint import ChatEndpoint
from gateway.ingress.limits import IngressLimits
from gateway.model import Answer, Chunk, Completion, Inbound, Provenance

SECRET = b"a secret of the gateway, long enough"
KEY = "gw-" + "k" * 43
KEYS = KeyRing(SECRET, {"ada": hash_key(SECRET, KEY)})
CHAT = {"model": "auto", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}
COMPLETION = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "tiny",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Rayleigh."}}],
    }
).encode()


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run one test's coroutine. The bound is generous: it only turns a hang into a failure."""
    asyncio.run(asyncio.wait_for(test, 30))


def provenance(inbound: Inbound, rules: tuple[str, ...] = ("card", "name")) -> Provenance:
    """Why the fake backend answered."""
    return Provenance(inbound.request_id, "restricted", rules, "qwen-local", "tiny")


async def whole_answer(inbound: Inbound) -> Answer:
    """An answer function: a completion."""
    return Answer(provenance(inbound), completion=Completion(COMPLETION, "tiny", None, "stop"))


def delta(text: str, **choice: Any) -> bytes:
    """One chunk of a streamed answer."""
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "tiny",
            "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None, **choice}],
        }
    ).encode()


def streamed(chunks: Callable[[], AsyncGenerator[Chunk, None]]) -> Callable[[Inbound], Awaitable[Answer]]:
    """An answer function: a stream."""

    async def answer(inbound: Inbound) -> Answer:
        return Answer(provenance(inbound), chunks=chunks())

    return answer


@dataclass
class Served:
    """A running server and what its endpoint observed."""

    port: int
    observed: asyncio.Queue[tuple[int, float]]

    async def connect(self) -> "Wire":
        """A fresh connection."""
        return Wire(*await asyncio.open_connection("127.0.0.1", self.port))

    async def statuses(self, number: int) -> list[int]:
        """The next ``number`` observed statuses, once they are there."""
        return [(await self.observed.get())[0] for _ in range(number)]


@asynccontextmanager
async def serving(
    answer: Callable[[Inbound], Awaitable[Answer]] = whole_answer,
    *,
    keep_alive_s: float = 0,
    **limits: Any,
) -> AsyncIterator[Served]:
    """The endpoint around ``answer`` on a loopback port."""
    observed: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
    endpoint = ChatEndpoint(
        answer, KEYS, IngressLimits(**limits), keep_alive_s, lambda *seen: observed.put_nowait(seen)
    )
    config = uvicorn.Config(
        endpoint, port=0, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn sets a flag, there is nothing to wait on
        await asyncio.sleep(0.005)
    try:
        yield Served(server.servers[0].sockets[0].getsockname()[1], observed)
    finally:
        server.should_exit = True
        await task


@dataclass
class Wire:
    """One client connection, byte by byte."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *parts: bytes, pause_s: float = 0) -> None:
        """Send ``parts``, each in its own segment."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            await asyncio.sleep(pause_s)

    async def post(self, body: Any = CHAT, *headers: str, key: str = KEY) -> None:
        """Send one well-formed request."""
        await self.send(request(body, *headers, key=key))

    async def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the next reply."""
        status, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        return int(status.split()[1]), dict(line.split(": ", 1) for line in lines)

    async def reply(self) -> tuple[int, dict[str, str], bytes]:
        """The next reply, whole."""
        status, headers = await self.head()
        if "content-length" in headers:
            return status, headers, await self.reader.readexactly(int(headers["content-length"]))
        body = b""
        while part := await self.chunk():
            body += part
        return status, headers, body

    async def chunk(self) -> bytes:
        """The next chunk of a chunked body; empty at its end."""
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        return (await self.reader.readexactly(size + 2))[:-2]

    async def hang_up(self) -> None:
        """Close the connection."""
        self.writer.close()
        await self.writer.wait_closed()


def request(body: Any = CHAT, *headers: str, key: str = KEY, length: int | None = None) -> bytes:
    """The bytes of a request. ``length`` overrides the content-length."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [
        "POST /v1/chat/completions HTTP/1.1",
        "host: gateway",
        f"authorization: Bearer {key}",
        "content-type: application/json",
        f"content-length: {len(content) if length is None else length}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


async def exchange(
    answer: Callable[[Inbound], Awaitable[Answer]] = whole_answer, body: Any = CHAT, *headers: str, **limits: Any
) -> tuple[int, dict[str, str], bytes]:
    """One request to a server of its own, and its reply."""
    async with serving(answer, **limits) as served:
        wire = await served.connect()
        await wire.post(body, *headers)
        reply = await wire.reply()
        await wire.hang_up()
        return reply
