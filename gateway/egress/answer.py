"""The body of an answer on its way: read with patience limits, relayed as it comes, closed whatever happens."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from types import TracebackType
from typing import Any

import httpx2

from gateway.errors import UpstreamBroke
from gateway.model import Chunk

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""A whole answer is held in memory; a larger one is a broken server. Streams are not held and not bounded."""
_DRAIN_S = 0.1
_DRAIN_BYTES = 64 * 1024


class PacedBody(AsyncIterator[bytes]):
    """Pieces of the body. UpstreamBroke("idle") after ``idle_s`` seconds without one, "connection_lost" on loss.

    Only waiting for the server counts: while nobody asks for the next piece, no clock runs and the server is held back.
    """

    def __init__(self, response: httpx2.Response, idle_s: float | None = None) -> None:
        self.idle_s = idle_s
        self._response = response
        self._pieces = _pieces(response)

    async def __anext__(self) -> bytes:
        try:
            if self.idle_s is None:
                return await anext(self._pieces)
            async with asyncio.timeout(self.idle_s):
                return await anext(self._pieces)
        except TimeoutError:
            failure = UpstreamBroke("timeout" if self.idle_s is None else "idle")
        except httpx2.TransportError:
            failure = UpstreamBroke("connection_lost")
        raise failure  # outside the handler, so that nothing of the lower error is chained

    async def aclose(self) -> None:
        """Close the connection, or give it back if the body was read to its end."""
        await self._response.aclose()

    async def drain(self) -> None:
        """Read the little that follows a finished stream, so that its connection can be used again; then close."""
        size = 0
        try:
            async with asyncio.timeout(_DRAIN_S):
                async for piece in self:
                    size += len(piece)
                    if size > _DRAIN_BYTES:
                        break
        except (TimeoutError, UpstreamBroke):
            pass  # the answer is complete; only the connection is lost
        finally:
            await self.aclose()


class LiveStream(AsyncGenerator[Chunk, None]):
    """A stream whose first chunk is already there.

    A class, not a generator function: closing it must cancel the upstream request even if nobody ever asked for a
    chunk, and the ``finally`` of a generator that was never started does not run.
    """

    def __init__(self, first: Chunk, chunks: AsyncGenerator[Chunk, None], body: PacedBody) -> None:
        self._first: Chunk | None = first
        self._chunks = chunks
        self._body = body

    async def __anext__(self) -> Chunk:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            await self._body.drain()
            raise
        except BaseException:
            await self._body.aclose()
            raise

    async def asend(self, value: None) -> Chunk:
        """The next chunk; there is nothing to send into a stream."""
        return await self.__anext__()

    async def athrow(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
    ) -> Any:
        """Close the upstream and raise the given error here."""
        await self.aclose()
        raise typ

    async def aclose(self) -> None:
        """Cancel the upstream request. Safe at any time, also twice and while another task waits for a chunk."""
        self._first = None
        await self._body.aclose()  # first: this alone makes the server stop
        if not getattr(self._chunks, "ag_running", False):
            await self._chunks.aclose()


async def read_whole(body: PacedBody, *, limit: int = MAX_ANSWER_BYTES, tolerant: bool = False) -> bytes:
    """The whole body. Over ``limit`` bytes or on loss: UpstreamBroke, or just what arrived where ``tolerant``."""
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in body:
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                break
    except UpstreamBroke:
        if not tolerant:
            raise
    if size > limit and not tolerant:
        raise UpstreamBroke("answer_too_large")
    return b"".join(pieces)[:limit]


def _pieces(response: httpx2.Response) -> AsyncIterator[bytes]:
    """The stream itself: the response's own readers decode and count, which relaying does not need."""
    if not isinstance(response.stream, httpx2.AsyncByteStream):
        raise TypeError("an asynchronous response is needed")
    return aiter(response.stream)
