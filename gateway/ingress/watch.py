"""Notice at once that a client hung up, and stop what was being done for it."""

import asyncio
from contextlib import AbstractAsyncContextManager
from types import TracebackType

from starlette.types import Receive

from gateway.ingress.body import ClientGone

_ENDED_BY_US = (Exception, asyncio.CancelledError)
"""What a block may end in after its cancellation: not an interrupt or an exit of the process, which go on."""


class ClientWatch(AbstractAsyncContextManager["ClientWatch"]):
    """Within the ``async with`` block, a client that hangs up cancels the current task; the block ends in ClientGone.

    The body must have been read: from then on ``receive`` speaks only to say that the client is gone. What was awaited
    gets its CancelledError where it waits, so it can close its own connections; nothing runs on in another task.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone = False
        self._armed = True

    async def __aenter__(self) -> "ClientWatch":
        task = asyncio.current_task()
        if task is None:  # pragma: no cover  a coroutine always runs in a task under asyncio
            raise RuntimeError("no running task to watch for")
        self._task = task
        self._cancelling_before = task.cancelling()
        self._watcher = asyncio.create_task(self._until_gone())
        self._watcher.add_done_callback(self._stop)
        return self

    def disarm(self) -> None:
        """The last bytes are about to go out: servers report the end of a reply as a disconnect, too."""
        self._armed = False

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _stop(self, watcher: "asyncio.Task[None]") -> None:
        if watcher.cancelled():
            return
        watcher.exception()  # taken notice of: a watch that fails sees nothing any more, so its end is the client's
        if self._armed:
            self._gone = True
            self._task.cancel()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._armed = False
        self._watcher.cancel()
        # As asyncio.timeout does: only our own cancellation is turned, never one from outside (a server shutting down).
        if self._gone and self._task.uncancel() <= self._cancelling_before and isinstance(error, _ENDED_BY_US):
            raise ClientGone from None
