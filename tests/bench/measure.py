"""How the benchmarks count: processor time of this process over a number of calls, and percentiles of waiting."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Table:
    """One table of results. Numbers stay numbers for ``--json``."""

    title: str
    columns: tuple[str, ...]
    note: str = ""
    rows: list[tuple[Cell, ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Spent:
    """What some calls took."""

    calls: int
    cpu_us: float
    """Processor time of the whole process, all threads, per call."""
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Budget:
    """How long one measurement may go on: so many calls, or so many seconds, whichever comes first."""

    calls: int
    seconds: float


def percentile(waits: Sequence[float], share: float) -> float:
    """The value below which that share of the waits lies."""
    ordered = sorted(waits)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def spent(call: Callable[[int], Awaitable[object]], budget: Budget, *, at_once: int = 1) -> Spent:
    """Await ``call(number)`` one after the other, or ``at_once`` of them beside each other. Each has its own number."""
    waits: list[float] = []
    numbers = iter(range(budget.calls))
    began = time.perf_counter()

    async def caller() -> None:
        for number in numbers:
            before = time.perf_counter()
            await call(number)
            waits.append(time.perf_counter() - before)
            if time.perf_counter() - began > budget.seconds:
                return

    cpu = time.process_time()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    cpu = time.process_time() - cpu
    return Spent(len(waits), cpu / len(waits) * 1e6, statistics.median(waits) * 1e3, percentile(waits, 0.99) * 1e3)


def median_us(call: Callable[[], object], budget: Budget) -> tuple[float, int]:
    """Median of the wall time of a synchronous call, in microseconds, and the number of calls."""
    waits: list[float] = []
    began = time.perf_counter()
    while len(waits) < budget.calls and (not waits or time.perf_counter() - began < budget.seconds):
        before = time.perf_counter()
        call()
        waits.append(time.perf_counter() - before)
    return statistics.median(waits) * 1e6, len(waits)
