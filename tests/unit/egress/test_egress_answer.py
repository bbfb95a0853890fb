"""The body of an answer on its way: patience, bounds, and closing whatever happens."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import httpx2
import pytest
from egress_support import run

from gateway.egress.answer import LiveStream, PacedBody, read_whole
from gateway.errors import UpstreamBroke
from gateway.model import Chunk


class Pieces(httpx2.AsyncByteStream):
    """A body that follows a script: bytes come, a number sleeps, an error is raised."""

    def __init__(self, *script: bytes | float | Exception) -> None:
        self.script = list(script)
        self.closed = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self.script:
            if isinstance(step, bytes):
                yield step
            elif isinstance(step, Exception):
                raise step
            else:
                await asyncio.sleep(step)

    async def aclose(self) -> None:
        self.closed += 1


def paced(stream: Pieces, idle_s: float | None = None) -> PacedBody:
    return PacedBody(httpx2.Response(200, stream=stream), idle_s)


async def live(stream: Pieces, chunks: AsyncGenerator[Chunk, None]) -> LiveStream:
    return LiveStream(await anext(chunks), chunks, paced(stream))


async def three() -> AsyncGenerator[Chunk, None]:
    for number in range(3):
        yield Chunk(str(number).encode())


async def broken() -> AsyncGenerator[Chunk, None]:
    yield Chunk(b"0")
    raise UpstreamBroke("error_event")


def test_a_silence_longer_than_the_limit_breaks_the_body() -> None:
    """Only between pieces; the error carries nothing of the lower one."""

    async def go() -> list[bytes]:
        body = paced(Pieces(b"a", 0.01, b"b", 10.0, b"c"), idle_s=0.2)
        got = [await anext(body), await anext(body)]
        with pytest.raises(UpstreamBroke) as broke:
            await anext(body)
        assert (broke.value.reason, broke.value.__context__) == ("idle", None)
        return got

    assert run(go()) == [b"a", b"b"]


def test_time_that_the_reader_takes_does_not_count() -> None:
    """A slow client is back-pressure, not a silent server."""

    async def go() -> list[bytes]:
        body = paced(Pieces(b"a", b"b"), idle_s=0.05)
        first = await anext(body)
        await asyncio.sleep(0.2)
        return [first, await anext(body)]

    assert run(go()) == [b"a", b"b"]


@pytest.mark.parametrize(("error", "reason"), [(httpx2.ReadError("x"), "connection_lost"), (TimeoutError(), "timeout")])
def test_a_lost_connection_breaks_the_body(error: Exception, reason: str) -> None:
    """Transport errors have one name here."""

    async def go() -> str:
        with pytest.raises(UpstreamBroke) as broke:
            await read_whole(paced(Pieces(b"a", error)))
        return broke.value.reason

    assert run(go()) == reason


def test_a_whole_body_is_bounded() -> None:
    """At the limit it is returned, one byte over it is refused, and tolerant readers get what fits."""

    async def read(size: int, *, tolerant: bool = False) -> bytes:
        return await read_whole(paced(Pieces(b"x" * size)), limit=100, tolerant=tolerant)

    assert len(run(read(100))) == 100
    with pytest.raises(UpstreamBroke, match="answer_too_large"):
        run(read(101))
    assert len(run(read(5000, tolerant=True))) == 100


def test_a_tolerant_reader_keeps_what_arrived() -> None:
    """For error bodies: half of one may still say what was wrong."""
    assert run(read_whole(paced(Pieces(b"half", httpx2.ReadError("x"))), tolerant=True)) == b"half"


def test_a_synchronous_response_is_refused() -> None:
    """A response that cannot be relayed as it comes is a defect, not an answer."""
    with pytest.raises(TypeError):
        PacedBody(httpx2.Response(200, stream=httpx2.SyncByteStream()))


def test_draining_ends_at_the_end_at_a_bound_or_at_a_loss_and_always_closes() -> None:
    """What follows a finished stream is read so that the connection can be used again, but not for long."""

    async def go(*script: bytes | float | Exception) -> int:
        stream = Pieces(*script)
        await paced(stream).drain()
        return stream.closed

    assert run(go()) == 1
    assert run(go(b"\n")) == 1
    assert run(go(*([b"x" * 65536] * 5), 10.0)) == 1
    assert run(go(10.0)) == 1
    assert run(go(httpx2.ReadError("x"))) == 1


def test_a_stream_read_to_its_end_closes_its_body() -> None:
    """Once, after the last chunk."""

    async def go() -> tuple[list[bytes], int]:
        stream = Pieces()
        return [chunk.data async for chunk in await live(stream, three())], stream.closed

    assert run(go()) == ([b"0", b"1", b"2"], 1)


def test_a_broken_stream_closes_its_body() -> None:
    """The error is raised after the chunks that came."""

    async def go() -> int:
        stream = Pieces()
        chunks = await live(stream, broken())
        assert (await anext(chunks)).data == b"0"
        with pytest.raises(UpstreamBroke):
            await anext(chunks)
        return stream.closed

    assert run(go()) == 1


def test_closing_or_throwing_into_a_stream_closes_its_body_even_unread() -> None:
    """Nobody has to ask for a chunk before the upstream can be cancelled."""

    async def close() -> int:
        stream = Pieces()
        chunks = await live(stream, three())
        await chunks.aclose()
        with pytest.raises(StopAsyncIteration):
            await chunks.asend(None)
        return stream.closed

    async def throw() -> int:
        stream = Pieces()
        chunks = await live(stream, three())
        with pytest.raises(KeyError):
            await chunks.athrow(KeyError("x"))
        return stream.closed

    assert run(close()) == 1
    assert run(throw()) == 1


def test_closing_while_another_task_waits_for_a_chunk_closes_the_body_at_once() -> None:
    """A running generator cannot be closed; the connection can."""

    async def endless() -> AsyncGenerator[Chunk, None]:
        yield Chunk(b"0")
        await asyncio.Event().wait()

    async def go() -> int:
        stream = Pieces()
        chunks = await live(stream, endless())
        await anext(chunks)
        waiting = asyncio.ensure_future(anext(chunks))
        await asyncio.sleep(0.01)
        await chunks.aclose()
        closed = stream.closed
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return closed

    assert run(go()) == 1
