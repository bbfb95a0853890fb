"""One streamed reply on the wire: frames as they come, a comment when nothing comes, an end exactly once."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Final

from starlette.types import Send

from gateway.ingress import sse
from gateway.ingress.body import ClientGone

FRAMES_PER_TURN: Final = 16
"""A source that always has a chunk ready never waits; after this many, everyone else gets a turn of the event loop.

Without it such a source would also never see that its client is gone: a server drops what is sent after that, at once.
"""


class EventStream:
    """Writes the events of one reply. ``async with`` sends the headers and starts the keep-alive; ``end`` ends it.

    Each write waits until the server takes it, so a slow reader slows the source down. ``keep_alive_s`` is the longest
    silence in seconds; 0 sends no comments.
    """

    def __init__(self, send: Send, headers: Sequence[tuple[bytes, bytes]], keep_alive_s: float) -> None:
        self._send = send
        self._headers = [*sse.HEADERS, *headers]
        self._keep_alive_s = keep_alive_s
        self._turn = asyncio.Lock()  # the keep-alive and the frames share one wire
        self._last_write = 0.0
        self._frames = 0
        self._ended = False
        self._ticker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "EventStream":
        await self._send({"type": "http.response.start", "status": 200, "headers": self._headers})
        self._last_write = asyncio.get_running_loop().time()
        if self._keep_alive_s > 0:
            self._ticker = asyncio.create_task(self._break_silences())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._ticker is not None:
            self._ticker.cancel()

    async def write(self, frame: bytes) -> None:
        """Send one frame."""
        async with self._turn:
            await self._put(frame, more=True)
        self._frames += 1
        if self._frames % FRAMES_PER_TURN == 0:
            await asyncio.sleep(0)

    async def end(self, frame: bytes) -> None:
        """Send the last frame and close the reply."""
        async with self._turn:
            self._ended = True
            await self._put(frame, more=False)

    async def _put(self, frame: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": frame, "more_body": more})
        self._last_write = asyncio.get_running_loop().time()

    async def _break_silences(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._ended:
            silence = loop.time() - self._last_write
            if silence < self._keep_alive_s:
                await asyncio.sleep(self._keep_alive_s - silence)
            elif self._turn.locked():
                await asyncio.sleep(self._keep_alive_s)  # a frame is waiting for a slow reader: it breaks the silence
            else:
                await self._comment()

    async def _comment(self) -> None:
        try:
            await self.write(sse.KEEP_ALIVE)
        except ClientGone:
            self._ended = True  # whoever writes next finds out for itself
