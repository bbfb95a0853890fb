"""Verdicts given before, and questions under way. Keys are keyed hashes, values hold no text."""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

from gateway.judge.verdicts import Failure, Result, Verdict


class Memory:
    """The latest verdicts, bounded in number. For use on one event loop.

    The key of a text is a blake2b hash under a random key of this process, over the text, the prompt's version and who
    was asked: another prompt or another model never meets old verdicts. What failed is not remembered.
    """

    def __init__(self, entries: int, version: str) -> None:
        self._entries = entries
        self._secret = secrets.token_bytes(32)
        self._person = hashlib.blake2b(version.encode(), digest_size=16).digest()
        self._verdicts: OrderedDict[bytes, Verdict] = OrderedDict()

    def key(self, text: str, asked: str) -> bytes:
        """The key of what ``asked`` (backend and model) says of ``text``."""
        who = hashlib.blake2b(asked.encode(), digest_size=16).digest()
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=24, key=self._secret, salt=who, person=self._person).digest()

    def get(self, key: bytes) -> Verdict | None:
        """The verdict under ``key``, which counts as used."""
        verdict = self._verdicts.get(key)
        if verdict is not None:
            self._verdicts.move_to_end(key)
        return verdict

    def put(self, key: bytes, verdict: Verdict) -> None:
        """Remember ``verdict``, and forget the least used ones beyond the bound."""
        self._verdicts[key] = verdict
        self._verdicts.move_to_end(key)
        while len(self._verdicts) > self._entries:
            self._verdicts.popitem(last=False)

    def __len__(self) -> int:
        return len(self._verdicts)


class _Flight:
    """One question under way, and how many wait for it."""

    __slots__ = ("task", "waiting")

    def __init__(self, task: asyncio.Task[Result]) -> None:
        self.task = task
        self.waiting = 0


class Flights:
    """Questions under way: who asks the same waits for the same answer. For use on one event loop."""

    def __init__(self) -> None:
        self._flights: dict[bytes, _Flight] = {}

    def waiting(self) -> int:
        """Who waits for an answer, all questions together."""
        return sum(flight.waiting for flight in self._flights.values())

    async def join(self, key: bytes, ask: Callable[[], Coroutine[Any, Any, Result]], timeout_s: float) -> Result:
        """The result of the question ``key``, which ``ask`` begins, within its own time limit, if nobody has.

        ``Failure.TIMEOUT`` after ``timeout_s`` where another began it. When the last who waits is gone, by time or
        cancellation, the question is cancelled, which closes its connection.
        """
        flight = self._flights.get(key)
        began = flight is None
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.create_task(ask()))
            flight.task.add_done_callback(lambda _: self._landed(key, flight))
        flight.waiting += 1
        try:
            async with asyncio.timeout(None if began else timeout_s):
                return await asyncio.shield(flight.task)
        except TimeoutError:
            return Failure.TIMEOUT
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._landed(key, flight)
                flight.task.cancel()

    def _landed(self, key: bytes, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
