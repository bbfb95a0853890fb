"""Who sits in judgement: backends inside, asked in turn, each text once, and what they said before."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.egress.formats import BackendFormat
from gateway.egress.health import Health
from gateway.egress.sender import Egress
from gateway.judge.asking import Asking, Unreached
from gateway.judge.exam import Exam
from gateway.judge.hearing import Hearing
from gateway.judge.memory import Flights, Memory
from gateway.judge.prompt import Prompt
from gateway.judge.verdicts import Failure, Result, Verdict
from gateway.model import Backend, Facts, WireFormat
from gateway.policy.rules import Policy

CONCURRENT: Final = 8
"""Questions under way at once; a model server serves clients as well."""
WAITING: Final = 64
"""Questions that may wait for their turn; beyond, a text counts as private at once."""
REMEMBERED: Final = 20_000


class Bench:
    """Results for texts, however they come about. For use on one event loop."""

    def __init__(
        self,
        backends: Sequence[Backend],
        formats: Mapping[WireFormat, BackendFormat],
        egress: Egress,
        prompt: Prompt,
        *,
        concurrent: int = CONCURRENT,
        waiting: int = WAITING,
    ) -> None:
        self.version = prompt.version
        self._backends = tuple(backends)
        self._asking = Asking(formats, egress, prompt, {})
        self._exam = Exam(self._asking, prompt)
        self._memory = Memory(REMEMBERED, prompt.version)
        self._flights = Flights()
        self._turns = asyncio.Semaphore(concurrent)
        self._most = concurrent + waiting
        self._pending = 0
        self._health = Health()

    def key(self, text: str) -> bytes:
        """What stands for ``text`` while a request lives."""
        return self._memory.key(text, "")

    def waiting(self) -> int:
        """Requests that wait for an answer now."""
        return self._flights.waiting()

    def members(self, policy: Policy) -> tuple[Backend, ...]:
        """Who may be asked: proven to be inside, with the top clearance; the one that the policy names if it does."""
        named = policy.judge.backend if policy.judge else None
        inside = (one for one in self._backends if one.local and one.clearance == policy.top)
        return tuple(one for one in inside if named in (None, one.name))

    def recall(self, text: str, policy: Policy) -> Verdict | None:
        """What one of those who may be asked has said of ``text`` before."""
        verdicts = (self._memory.get(self._memory.key(text, _who(one))) for one in self.members(policy))
        return next((one for one in verdicts if one is not None), None)

    async def result(self, key: bytes, text: str, hearing: Hearing, facts: Facts, left_s: float) -> Result:
        """Ask about ``text``, or wait with whoever asks already. ``left_s``: how long, in seconds."""
        ends = asyncio.get_running_loop().time() + left_s
        return await self._flights.join(key, lambda: self._in_turn(text, hearing, facts, ends), left_s)

    async def _in_turn(self, text: str, hearing: Hearing, facts: Facts, ends: float) -> Result:
        if self._pending >= self._most:
            return Failure.UNAVAILABLE
        self._pending += 1
        try:
            async with asyncio.timeout_at(ends), self._turns:
                return await self._first(text, hearing, facts, ends)
        except TimeoutError:
            return Failure.TIMEOUT
        finally:
            self._pending -= 1

    async def _first(self, text: str, hearing: Hearing, facts: Facts, ends: float) -> Result:
        """The result of the first backend that can be reached. Those that failed lately are left alone for a while."""
        failure = Failure.UNAVAILABLE
        for backend in self.members(hearing.policy):
            if not self._health.available(backend.name):
                continue
            try:
                if not await self._exam.passed(backend, facts, hearing):
                    continue
                result = await self._asking.ask(backend, text, facts, hearing)
            except Unreached as why:
                self._health.failed(backend.name)
                failure = why.failure
                continue
            except asyncio.CancelledError:
                if asyncio.get_running_loop().time() >= ends:  # it is late; otherwise nobody waits any more
                    self._health.failed(backend.name)
                raise
            except Exception:  # noqa: BLE001 - no record, no sending; whatever else it is, there is no verdict
                return Failure.ERROR
            self._health.succeeded(backend.name)
            if isinstance(result, Verdict):
                self._memory.put(self._memory.key(text, _who(backend)), result)
            return result
        return failure


def _who(backend: Backend) -> str:
    return f"{backend.name} {backend.default_model}"
