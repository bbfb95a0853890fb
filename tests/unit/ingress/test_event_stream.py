"""A streamed reply where the server, not the backend, is the one that fails."""

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest
from ingress_serving import CHAT, KEY, KEYS, delta, run, streamed
from starlette.types import Message

from gateway.ingress.body import ClientGone
from gateway.ingress.endpoint import ChatEndpoint
from gateway.ingress.limits import IngressLimits
from gateway.ingress.stream import EventStream
from gateway.model import Chunk


def scope() -> dict[str, object]:
    """An ASGI scope of a chat request."""
    headers = [(b"authorization", b"Bearer " + KEY.encode()), (b"content-type", b"application/json")]
    return {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": headers}


class Client:
    """The server's side of one request: hands out the body, then never a disconnect; keeps what is sent."""

    def __init__(self, fail_from: int = 10**9) -> None:
        self.sent: list[Message] = []
        self._fail_from = fail_from
        self._asked = 0

    async def receive(self) -> Message:
        self._asked += 1
        if self._asked > 1:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": json.dumps({**CHAT, "stream": True}).encode()}

    async def send(self, message: Message) -> None:
        if len(self.sent) >= self._fail_from:
            raise ConnectionResetError
        self.sent.append(message)


@pytest.mark.parametrize("sent", [0, 1, 3])
def test_a_connection_that_fails_on_sending_closes_the_source(sent: int) -> None:
    """Some servers say that the client is gone by failing: no error event, no log, the source is closed."""
    observed: list[int] = []
    closed: list[bool] = []

    async def endless() -> AsyncGenerator[Chunk, None]:
        try:
            while True:
                yield Chunk(delta("on and on"))
        finally:
            closed.append(True)

    async def test() -> None:
        client = Client(fail_from=sent)
        seen: list[tuple[int, float]] = []
        endpoint = ChatEndpoint(streamed(endless), KEYS, IngressLimits(), 0.01, lambda *outcome: seen.append(outcome))
        await endpoint(scope(), client.receive, client.send)
        observed.extend(status for status, _ in seen)
        assert len(client.sent) == sent

    run(test())
    assert observed == [200]
    assert closed == ([True] if sent else [])  # a generator that never started has nothing to close


def test_a_server_that_shuts_down_closes_the_source() -> None:
    """A cancellation from outside goes through, and takes the upstream with it."""

    async def test() -> None:
        started, closed = asyncio.Event(), asyncio.Event()

        async def endless() -> AsyncGenerator[Chunk, None]:
            try:
                yield Chunk(delta("on"))
                started.set()
                await asyncio.Event().wait()
            finally:
                closed.set()

        client = Client()
        endpoint = ChatEndpoint(streamed(endless), KEYS, IngressLimits(), 0, lambda *_: None)
        task = asyncio.create_task(endpoint(scope(), client.receive, client.send))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert closed.is_set()

    run(test())


def test_comments_stop_with_the_last_frame() -> None:
    """After the end nothing is sent, however long the block goes on."""

    async def test() -> None:
        client = Client()
        async with EventStream(client.send, [], 0.001) as events:
            await asyncio.sleep(0.02)
            await events.end(b"last")
            sent = len(client.sent)
            await asyncio.sleep(0.02)
        assert len(client.sent) == sent > 2
        assert client.sent[-1] == {"type": "http.response.body", "body": b"last", "more_body": False}

    run(test())


def test_no_comment_is_sent_into_a_connection_that_takes_nothing() -> None:
    """While a frame waits for a slow reader there is no silence to break."""

    async def test() -> None:
        sent: list[bytes] = []
        reads = asyncio.Event()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                await reads.wait()
                sent.append(message["body"])

        async with EventStream(send, [], 0.001) as events:
            writing = asyncio.create_task(events.write(b"frame"))
            await asyncio.sleep(0.02)
            assert sent == []
            reads.set()
            await writing
            assert sent == [b"frame"]

    run(test())


def test_a_comment_that_cannot_be_sent_ends_the_comments_alone() -> None:
    """The next frame finds out for itself; no task is left with an error that nobody reads."""

    async def test() -> None:
        fails = False

        async def send(message: Message) -> None:
            if fails:
                raise ClientGone

        async with EventStream(send, [], 0.001) as events:
            fails = True
            await asyncio.sleep(0.02)
            with pytest.raises(ClientGone):
                await events.write(b"frame")

    run(test())
