"""Is a model fit to judge? Each backend answers a few controls before its first verdict counts.

A server that is held to a schema answers one of the two words whatever its model knows, so that a broken, tiny or wrong
model would release texts at random. The controls are texts of the prompt's file with a known verdict; all of them have
to be right. They hold nothing of a client's, and are asked, decided and recorded as every other question.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from gateway.judge.asking import Asking, Unreached
from gateway.judge.hearing import Hearing
from gateway.judge.prompt import Prompt
from gateway.judge.verdicts import Verdict
from gateway.model import Backend, Facts

AGAIN_S: Final = 600.0
"""After a failed exam the backend is not asked for so long: somebody may have changed its model."""
LONGEST_S: Final = 60.0

_logger = logging.getLogger(__name__)


class Exam:
    """Who has passed. For use on one event loop."""

    def __init__(self, asking: Asking, prompt: Prompt, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._asking = asking
        self._controls = prompt.controls
        self._clock = clock
        self._passed: set[str] = set()
        self._failed: dict[str, float] = {}
        self._sitting: dict[str, asyncio.Task[bool]] = {}

    async def passed(self, backend: Backend, facts: Facts, hearing: Hearing) -> bool:
        """Has ``backend`` answered every control rightly? The first request to ask holds the exam, others wait for it.

        An exam that has begun goes on when nobody waits any more, so that it is held once. Raises Unreached when the
        backend cannot be asked, and what ``hearing.record`` raises.
        """
        if not self._controls or backend.name in self._passed:
            return True
        if self._clock() < self._failed.get(backend.name, 0.0):
            return False
        task = self._sitting.get(backend.name)
        if task is None:
            task = self._sitting[backend.name] = asyncio.create_task(self._sit(backend, facts, hearing))
            task.add_done_callback(lambda done: self._over(backend.name, done))
        return await asyncio.shield(task)

    async def _sit(self, backend: Backend, facts: Facts, hearing: Hearing) -> bool:
        async with asyncio.timeout(LONGEST_S):
            for control in self._controls:
                result = await self._asking.ask(backend, control.text, facts, hearing)
                if not isinstance(result, Verdict) or result.ruling is not control.verdict.ruling:
                    return False
        return True

    def _over(self, name: str, task: asyncio.Task[bool]) -> None:
        del self._sitting[name]
        if task.cancelled():
            return
        error = task.exception()  # asking for it marks it as seen: asyncio would otherwise log it, with what it quotes
        if error is None and task.result():
            self._passed.add(name)
        elif not isinstance(error, Unreached):
            self._failed[name] = self._clock() + AGAIN_S
            _logger.warning("the backend %s answered the judge's controls wrongly and gives no verdicts for now", name)
