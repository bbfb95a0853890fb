"""Streamed answers over real connections: relayed as they come, ended exactly once, cancelled when nobody listens."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncGenerator, Callable

import pytest
from ingress_serving import CHAT, KEY, Wire, delta, provenance, run, serving, streamed, whole_answer
from openai import APIError, AsyncOpenAI

from gateway.errors import Unavailable, UpstreamBroke
from gateway.model import Answer, Chunk, Inbound, Usage

STREAM = {**CHAT, "stream": True}
CANARY = "canary4012888888881881"
DONE = b"data: [DONE]\n\n"


def frame(data: bytes) -> bytes:
    """How a chunk looks on the wire."""
    return b"data: " + data + b"\n\n"


async def sky() -> AsyncGenerator[Chunk, None]:
    """A short, complete answer with its usage."""
    yield Chunk(delta("Ray"))
    yield Chunk(delta("leigh."))
    yield Chunk(delta("", finish_reason="stop"), finish_reason="stop")
    yield Chunk(b'{"choices":[],"usage":{}}', usage=Usage(3, 2), usage_only=True)


async def exchange(chunks: Callable[[], AsyncGenerator[Chunk, None]], body: object = STREAM) -> tuple[int, bytes]:
    """One streamed reply, whole, and the observed status."""
    async with serving(streamed(chunks)) as served:
        wire = await served.connect()
        await wire.post(body)
        _, _, stream = await wire.reply()
        await wire.hang_up()
        return (await served.statuses(1))[0], stream


def test_chunks_are_relayed_byte_for_byte_and_done_comes_once() -> None:
    """One event per chunk, nothing between, [DONE] last."""

    async def test() -> None:
        status, stream = await exchange(sky)
        assert status == 200
        assert stream == b"".join(map(frame, [delta("Ray"), delta("leigh."), delta("", finish_reason="stop")])) + DONE

    run(test())


def test_the_headers_of_a_stream_keep_proxies_from_holding_it_back() -> None:
    """An event stream, not cached, not buffered, and who answers it."""

    async def test() -> None:
        async with serving(streamed(sky)) as served:
            wire = await served.connect()
            await wire.post(STREAM)
            status, headers, _ = await wire.reply()
            await wire.hang_up()
            assert status == 200
            assert headers["content-type"] == "text/event-stream; charset=utf-8"
            assert headers["cache-control"] == "no-cache"
            assert headers["x-accel-buffering"] == "no"
            assert headers["x-gateway-backend"] == "qwen-local"
            assert headers["x-gateway-rule"] == "card,name"
            assert headers["x-request-id"].startswith("req_")

    run(test())


@pytest.mark.parametrize(("asked", "sent"), [(True, 1), (False, 0), (None, 0)])
def test_the_usage_chunk_is_for_those_who_asked(asked: bool | None, sent: int) -> None:
    """The gateway always asks the backend for it; a client that did not would trip over empty choices."""

    async def test() -> None:
        _, stream = await exchange(sky, {**STREAM, "stream_options": {"include_usage": asked}})
        assert stream.count(b'"usage":{}') == sent
        assert stream.endswith(DONE)

    run(test())


def test_an_answer_without_chunks_is_still_a_stream() -> None:
    """Nothing but the end."""

    async def empty() -> AsyncGenerator[Chunk, None]:
        return
        yield

    async def test() -> None:
        assert await exchange(empty) == (200, DONE)

    run(test())


def test_each_chunk_is_sent_before_the_next_is_there() -> None:
    """Nothing is held back: the source goes on only after the client has read what it said."""

    async def test() -> None:
        read = asyncio.Event()

        async def conversation() -> AsyncGenerator[Chunk, None]:
            yield Chunk(delta("one"))
            await read.wait()
            yield Chunk(delta("two"))

        async with serving(streamed(conversation)) as served:
            wire = await served.connect()
            await wire.post(STREAM)
            assert (await wire.head())[0] == 200
            assert await wire.chunk() == frame(delta("one"))
            read.set()
            assert await wire.chunk() == frame(delta("two"))
            assert await wire.chunk() == DONE
            assert await wire.chunk() == b""
            await wire.hang_up()

    run(test())


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (UpstreamBroke(CANARY), "upstream_broke"),
        (Unavailable("No backend is left.", code="gone"), "gone"),
        (ValueError(CANARY), "internal_error"),
        (OSError(CANARY), "internal_error"),
    ],
)
def test_a_stream_that_breaks_ends_in_an_error_and_never_in_done(
    failure: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Reported problem 64: a dead backend is visible; neither reply nor log repeats what the failure said."""

    async def dying() -> AsyncGenerator[Chunk, None]:
        yield Chunk(delta("Ray"))
        raise failure

    async def test() -> None:
        _, stream = await exchange(dying)
        first, last, end = stream.split(b"\n\n")
        assert (first, end) == (frame(delta("Ray")).strip(), b"")
        assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == code
        assert b"[DONE]" not in stream
        assert CANARY.encode() not in stream

    with caplog.at_level(logging.DEBUG):
        run(test())
    assert CANARY not in caplog.text


def test_the_real_sdk_streams_and_sees_a_broken_stream() -> None:
    """openai-python reads the text of a whole stream, and raises for one that broke where a polite end would pass."""

    async def dying() -> AsyncGenerator[Chunk, None]:
        yield Chunk(delta("Ray"))
        raise UpstreamBroke("early_end")

    async def text(chunks: Callable[[], AsyncGenerator[Chunk, None]], seen: list[str]) -> None:
        async with (
            serving(streamed(chunks), keep_alive_s=0.01) as served,
            AsyncOpenAI(base_url=f"http://127.0.0.1:{served.port}/v1", api_key=KEY, max_retries=0) as client,
        ):
            stream = await client.chat.completions.create(
                model="auto", messages=[{"role": "user", "content": "Why?"}], stream=True
            )
            seen.extend([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def test() -> None:
        seen: list[str] = []
        await text(sky, seen)
        assert "".join(seen) == "Rayleigh."
        with pytest.raises(APIError, match="broke off"):
            await text(dying, seen)

    run(test())


def test_a_silence_is_broken_by_comments() -> None:
    """A model that thinks does not look like a dead connection; the comments are no events."""

    async def test() -> None:
        heard = asyncio.Event()

        async def thinking() -> AsyncGenerator[Chunk, None]:
            yield Chunk(delta("Hm"))
            await heard.wait()
            yield Chunk(delta("!"))

        async with serving(streamed(thinking), keep_alive_s=0.02) as served:
            wire = await served.connect()
            await wire.post(STREAM)
            await wire.head()
            assert await wire.chunk() == frame(delta("Hm"))
            for _ in range(3):
                assert await wire.chunk() == b": keep-alive\n\n"
            heard.set()
            rest = b""
            while part := await wire.chunk():
                rest += part
            assert rest.replace(b": keep-alive\n\n", b"") == frame(delta("!")) + DONE
            await wire.hang_up()

    run(test())


@pytest.mark.parametrize("chunks_before", [0, 1, 5])
def test_a_client_that_hangs_up_closes_the_source(chunks_before: int) -> None:
    """Within a second of the disconnect the generator is closed, wherever it waits, and so is its upstream."""

    async def test() -> None:
        closed = asyncio.Event()

        async def endless() -> AsyncGenerator[Chunk, None]:
            try:
                for _ in range(chunks_before):
                    yield Chunk(delta("on and on"))
                await asyncio.Event().wait()
            finally:
                closed.set()

        async with serving(streamed(endless), keep_alive_s=0.01) as served:
            wire = await served.connect()
            await wire.post(STREAM)
            await wire.head()
            for _ in range(chunks_before):
                await wire.chunk()
            await wire.hang_up()
            await asyncio.wait_for(closed.wait(), 1)
            assert await served.statuses(1) == [200]

    run(test())


def test_a_client_that_hangs_up_while_it_reads_nothing_closes_the_source() -> None:
    """The source is stuck behind a full connection, and is closed all the same."""

    async def test() -> None:
        closed = asyncio.Event()
        produced = 0

        async def flood() -> AsyncGenerator[Chunk, None]:
            nonlocal produced
            try:
                while True:
                    produced += 1
                    yield Chunk(b"x" * 65536)
            finally:
                closed.set()

        async with serving(streamed(flood)) as served:
            wire = await deaf_client(served.port)
            await wire.post(STREAM)
            await standstill(lambda: produced)
            await wire.hang_up()
            await asyncio.wait_for(closed.wait(), 1)

    run(test())


def test_a_slow_reader_slows_the_source_down() -> None:
    """Back-pressure: the source stands still while nobody reads, and nothing is lost when reading goes on."""

    async def test() -> None:
        produced = 0

        async def flood() -> AsyncGenerator[Chunk, None]:
            nonlocal produced
            for _ in range(200):
                produced += 1
                yield Chunk(b"x" * 65536)

        async with serving(streamed(flood)) as served:
            wire = await deaf_client(served.port)
            await wire.post(STREAM)
            assert await standstill(lambda: produced) < 150
            status, _, stream = await wire.reply()
            assert (status, produced) == (200, 200)
            assert stream == frame(b"x" * 65536) * 200 + DONE
            await wire.hang_up()

    run(test())


async def deaf_client(port: int) -> Wire:
    """A client with a small window that reads nothing until it is asked to."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    return Wire(*await asyncio.open_connection(sock=client, limit=2**17))


async def standstill(count: Callable[[], int]) -> int:
    """Wait until ``count`` is above zero and no longer grows; return it."""
    before = 0
    while (now := count()) == 0 or now > before:
        before = now
        await asyncio.sleep(0.2)
    return now


def test_the_connection_serves_the_next_request_after_a_stream() -> None:
    """A stream, complete or broken, ends on a clean boundary."""

    async def dying() -> AsyncGenerator[Chunk, None]:
        yield Chunk(delta("Ray"))
        raise UpstreamBroke("early_end")

    async def answer(inbound: Inbound) -> Answer:
        if not inbound.stream:
            return await whole_answer(inbound)
        return Answer(provenance(inbound), chunks=dying() if inbound.wanted_model == "dying" else sky())

    async def test() -> None:
        async with serving(answer, keep_alive_s=0.01) as served:
            wire = await served.connect()
            for body in (STREAM, CHAT, {**STREAM, "model": "dying"}, CHAT, STREAM):
                await wire.post(body)
                assert (await wire.reply())[0] == 200
            await wire.hang_up()

    run(test())


def test_a_source_that_fails_to_close_spoils_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The client has its complete answer; the defect is logged without its text."""

    async def stubborn() -> AsyncGenerator[Chunk, None]:
        yield Chunk(delta("Ray"))
        yield Chunk(delta("leigh."))

    class Source:
        """A generator whose closing fails."""

        def __init__(self) -> None:
            self._chunks = stubborn()

        def __aiter__(self) -> "Source":
            return self

        async def __anext__(self) -> Chunk:
            return await anext(self._chunks)

        async def aclose(self) -> None:
            raise ValueError(CANARY)

    async def test() -> None:
        status, stream = await exchange(Source)  # type: ignore[arg-type]
        assert (status, stream.endswith(DONE), stream.count(DONE)) == (200, True, 1)

    run(test())
    assert "ValueError" in caplog.text
    assert CANARY not in caplog.text
