"""What the egress tests share: backends, cleared drafts, and a small real server that says exactly what it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from gateway.egress.openai import OpenAIFormat
from gateway.egress.sender import Egress
from gateway.model import Backend, Caller, Coverage, Draft, Facts, Inbound, Report, Timeouts, WireFormat
from gateway.policy.conditions import Always
from gateway.policy.decision import Cleared, decide
from gateway.policy.rules import ClassifyRule, Policy

T = TypeVar("T")
HELLO: Mapping[str, Any] = {"model": "auto", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}
POLICY = Policy(
    name="tests", labels=("public", "restricted"), classify=(ClassifyRule("everything", Always(), "public"),)
)


def run(test: Coroutine[Any, Any, T]) -> T:
    """Run one asynchronous test, within a generous bound."""

    async def bounded() -> T:
        async with asyncio.timeout(30):
            return await test

    return asyncio.run(bounded())


def backend(base_url: str, **changes: Any) -> Backend:
    values: dict[str, Any] = {
        "name": "somewhere",
        "format": WireFormat.OPENAI,
        "base_url": base_url,
        "models": {"public-name": "their-name"},
        "clearance": "public",
        "timeouts": Timeouts(connect=5.0, first_byte=10.0, idle=10.0),
    }
    return Backend(**(values | changes))


def inbound(body: Mapping[str, Any] = HELLO) -> Inbound:
    stream = body.get("stream") is True
    options = body.get("stream_options")
    return Inbound(
        request_id="req_test",
        caller=Caller("tester"),
        endpoint="/v1/chat/completions",
        body=body,
        wanted_model="auto",
        stream=stream,
        wants_usage=isinstance(options, dict) and options.get("include_usage") is True,
        size=0,
    )


def facts() -> Facts:
    return Facts("tester", "auto", False, 100, False, False, False, False, False)


def cleared(draft: Draft) -> Cleared:
    """Permission for ``draft``, by the only way there is: a report that it is clean and a policy that lets it go."""
    verdict = decide(POLICY, draft, Report(draft.digest, (), Coverage()), facts())
    assert isinstance(verdict, Cleared)
    return verdict


def drafted(to: Backend, *, stream: bool = False, body: Mapping[str, Any] = HELLO) -> Draft:
    asked = {**body, "stream": True} if stream else body
    return OpenAIFormat().draft(inbound(asked), to, to.default_model)


@asynccontextmanager
async def egress(*backends: Backend, **options: Any) -> AsyncIterator[Egress]:
    sender = Egress(backends, {WireFormat.OPENAI: OpenAIFormat()}, **options)
    try:
        yield sender
    finally:
        await sender.aclose()


Talk = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One connection to a raw server: what it sent, and a pen to answer with any bytes at all."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.head = b""
        self.body = b""

    async def request(self) -> bool:
        """Read one whole request; False when the other side hung up instead."""
        try:
            self.head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        length = next((int(h[15:]) for h in self.head.lower().split(b"\r\n") if h.startswith(b"content-length:")), 0)
        self.body = await self._reader.readexactly(length)
        return True

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def answer(self, status: int, body: bytes = b"", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Status", f"content-length: {len(body)}", *headers]
        await self.say("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def begin_stream(self) -> None:
        await self.say(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")

    async def piece(self, data: bytes) -> None:
        await self.say(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def end_stream(self) -> None:
        await self.say(b"0\r\n\r\n")

    async def gone(self) -> None:
        """Return when the other side has hung up."""
        try:
            while await self._reader.read(65536):
                pass
        except ConnectionError:
            pass

    def reset(self) -> None:
        self._writer.transport.abort()


class RawServer:
    """A server on loopback whose every answer a test writes itself."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._tasks: set[asyncio.Task[None]] = set()
        self.visits = 0
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.port = 0

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        visit = Visit(reader, writer)
        try:
            while await visit.request():
                self.heads.append(visit.head)
                self.bodies.append(visit.body)
                await self._talk(visit)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self.visit(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


@asynccontextmanager
async def raw_server(talk: Talk, *, unix: str | None = None, tls: Any = None) -> AsyncIterator[RawServer]:
    server = RawServer(talk)
    if unix is None:
        listener = await asyncio.start_server(server.accept, "127.0.0.1", 0, ssl=tls)
        server.port = listener.sockets[0].getsockname()[1]
    else:
        listener = await asyncio.start_unix_server(server.accept, unix)
    try:
        yield server
    finally:
        listener.close()
        await server.stop()


async def say_ok(visit: Visit) -> None:
    await visit.answer(200, b'{"ok":true}', "content-type: application/json")
