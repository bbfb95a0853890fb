"""The watch for a client that hangs up: it cancels its own task, and only for that reason."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from starlette.types import Message, Receive

from gateway.ingress.body import ClientGone
from gateway.ingress.watch import ClientWatch


def messages(*kinds: str, hang_up: asyncio.Event | None = None) -> Receive:
    """A ``receive`` that gives messages of these kinds, then waits (for ``hang_up``, to say disconnect)."""
    waiting = list(kinds)

    async def receive() -> Message:
        if waiting:
            return {"type": waiting.pop(0)}
        await (hang_up or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    return receive


async def watched(receive: Receive, cleaned: asyncio.Event, started: asyncio.Event | None = None) -> None:
    """Wait for ever under a watch; closing takes a turn of the loop, as closing a connection does."""
    async with ClientWatch(receive):
        try:
            if started is not None:
                started.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.set()


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test that must not leave anything behind in its task."""

    async def bounded() -> None:
        await asyncio.wait_for(test(), 10)

    asyncio.run(bounded())


def test_a_block_that_ends_is_left_alone() -> None:
    """No disconnect, no effect."""

    async def test() -> None:
        async with ClientWatch(messages("http.request")):
            await asyncio.sleep(0)
        await asyncio.sleep(0)

    run(test)


def test_a_disconnect_cancels_what_is_awaited() -> None:
    """The awaited coroutine gets its CancelledError, the block ends in ClientGone, and the task lives on."""

    async def test() -> None:
        cleaned = asyncio.Event()
        with pytest.raises(ClientGone):
            await watched(messages("http.request", "http.disconnect"), cleaned)
        assert cleaned.is_set()
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    run(test)


def test_an_error_raised_on_the_way_out_is_still_a_client_that_is_gone() -> None:
    """Nobody is there to be told of it."""

    async def broken() -> None:
        async with ClientWatch(messages("http.disconnect")):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise ValueError from None

    async def test() -> None:
        with pytest.raises(ClientGone):
            await broken()

    run(test)


def test_an_error_of_the_block_passes() -> None:
    """While the client is there, the watch hides nothing."""

    async def broken() -> None:
        async with ClientWatch(messages()):
            await asyncio.sleep(0)
            raise ValueError("mine")

    async def test() -> None:
        with pytest.raises(ValueError, match="mine"):
            await broken()

    run(test)


def test_a_cancellation_from_outside_is_not_taken_for_the_clients() -> None:
    """A server that shuts down cancels requests; that must reach their task."""

    async def test() -> None:
        started, cleaned = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(watched(messages(), cleaned, started))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert cleaned.is_set()

    run(test)


def test_both_at_once_is_a_cancellation() -> None:
    """Client and server give up in the same turn: the outer reason wins."""

    async def test() -> None:
        started, hang_up = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(watched(messages(hang_up=hang_up), asyncio.Event(), started))
        await started.wait()
        hang_up.set()
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(test)


def test_after_disarming_a_disconnect_is_the_end_of_the_reply() -> None:
    """Servers report it when the last bytes are out; what follows in the block still runs."""

    async def test() -> None:
        hang_up = asyncio.Event()
        async with ClientWatch(messages(hang_up=hang_up)) as watch:
            await asyncio.sleep(0)
            watch.disarm()
            hang_up.set()
            for _ in range(5):
                await asyncio.sleep(0)

    run(test)


def test_a_watch_that_fails_counts_as_a_client_that_is_gone() -> None:
    """Who cannot see the client any more does not go on working for it."""

    async def receive() -> Message:
        raise ConnectionResetError

    async def test() -> None:
        with pytest.raises(ClientGone):
            async with ClientWatch(receive):
                await asyncio.Event().wait()

    run(test)
