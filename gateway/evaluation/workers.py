"""Decides many rows in a few processes. Each row waits for a free one, so the slowest rows do not pile up."""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.errors import ConfigError, Problem
from gateway.evaluation.decider import Recipe
from gateway.evaluation.judging import JudgeUsed
from gateway.evaluation.outcome import Outcome
from gateway.evaluation.rows import Row
from gateway.evaluation.worker import problems_of, recipe_line, row_line

_LONGEST_LINE: Final = 1 << 26
"""Bytes of an answer. It holds names and numbers only, so nothing comes near."""
_FEW: Final = 20
"""Rows for which a second process takes longer to start than it saves."""


@dataclass(frozen=True, slots=True)
class Revision:
    """Which policy decided."""

    name: str
    revision: str
    judge: JudgeUsed | None = None
    """Who judged beside it; None: nobody was given, or the policy has nothing to ask."""


def default_processes(rows: int) -> int:
    """Two where the machine has them and there is enough to do."""
    return min(2, os.cpu_count() or 1, 1 + rows // _FEW)


def decide_rows(
    rows: Sequence[Row], recipe: Recipe, processes: int, advance: Callable[[], None]
) -> tuple[list[Outcome], dict[str, Revision]]:
    """The outcome of each row, in order, and the policies that decided. ``advance`` is called after every row.

    Raises ConfigError for a policy, configuration or model that cannot be loaded, and when a process ends early.
    """
    return asyncio.run(_decide_rows(rows, recipe, processes, advance))


async def _decide_rows(
    rows: Sequence[Row], recipe: Recipe, processes: int, advance: Callable[[], None]
) -> tuple[list[Outcome], dict[str, Revision]]:
    waiting = deque(enumerate(rows))
    outcomes: dict[int, Outcome] = {}
    tasks = [asyncio.create_task(_one(recipe, waiting, outcomes, advance)) for _ in range(processes)]
    try:
        revisions = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [outcomes[number] for number in range(len(rows))], revisions[0]


async def _one(
    recipe: Recipe, waiting: deque[tuple[int, Row]], outcomes: dict[int, Outcome], advance: Callable[[], None]
) -> dict[str, Revision]:
    """One process, asked for one row after the other until none waits."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.evaluation.worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
    )
    try:
        ready = (await _ask(process, recipe_line(recipe)))["ready"]
        while waiting:
            number, row = waiting.popleft()
            outcomes[number] = Outcome.from_json(await _ask(process, row_line(row)))
            advance()
        return {
            name: Revision(one["name"], one["revision"], JudgeUsed.from_json(one["judge"]) if one["judge"] else None)
            for name, one in ready.items()
        }
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ask(process: asyncio.subprocess.Process, line: bytes) -> Mapping[str, Any]:
    if process.stdin is None or process.stdout is None:
        raise TypeError("the process was started without pipes")
    process.stdin.write(line)
    try:
        await process.stdin.drain()
        answer = await process.stdout.readline()
    except ConnectionError:
        answer = b""
    if not answer:
        raise ConfigError((Problem("an evaluating process ended early", "Is there memory enough? Try --workers 1."),))
    value: Mapping[str, Any] = orjson.loads(answer)
    if problems := problems_of(value):
        raise ConfigError(problems)
    return value
