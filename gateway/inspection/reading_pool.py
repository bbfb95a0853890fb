"""Processes that read names for this one: a bounded queue, one thread and one process each, and no process that stays.

A process that dies, or does not answer some time after its deadline, is killed by its id and replaced; the texts that
it had get an exception, which is INCOMPLETE coverage. The queue is bounded: beyond it a request is refused at once.
"""

import logging
import os
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from math import ceil
from threading import Condition, Thread
from typing import Final

from gateway.inspection.detectors.base import Match
from gateway.inspection.detectors.engines import Engine
from gateway.inspection.detectors.gate import wants
from gateway.inspection.framing import Lost, frame, question, told
from gateway.inspection.reading_child import ReadingChild
from gateway.inspection.workers import Overloaded

HANG_S: Final = 2.0
"""Seconds after its deadline that a text's answer is waited for: one step of reading takes a hundredth of that."""
_BATCH: Final = 16
_BATCH_SIZE: Final = 8192
"""Texts, and characters before the last of them, that a process is given at once."""
_PAUSE_S: Final = (0.0, 0.5, 2.0, 10.0)
"""Before a process is started again, by how often one ended without an answer before."""
_log = logging.getLogger(__name__)

Answer = tuple[Match, ...]


class _Job:
    """A text that waits. No dataclass: nothing of it may ever be printed."""

    __slots__ = ("deadline", "future", "text")

    def __init__(self, text: str, deadline: float) -> None:
        self.text, self.deadline = text, deadline
        self.future: Future[Answer] = Future()


def spare_processors() -> int:
    """The processors that this process may use, less one for itself; at least 1."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(usable - 1, 1)


class ReadingPool:
    """Reads texts in other processes. Starts them at the first call of ``ready`` or ``start``; safe between threads."""

    def __init__(self, engine: Engine, *, processes: int, queue: int, hang_s: float = HANG_S) -> None:
        """``queue``: texts that may wait beside those that are being read."""
        self.name, self.version, self.entity_types = engine.name, engine.version, engine.entity_types
        self._engine = engine
        self._most = processes + queue
        self._hang_s = hang_s
        self._waiting: deque[_Job] = deque()
        self._changed = Condition()
        self._pending = 0
        self._closed = False
        self._processes: dict[int, ReadingChild] = {}
        self._up: dict[int, int] = {}
        self._threads = [
            Thread(target=self._serve, args=(number,), name=f"reading-{number}", daemon=True)
            for number in range(processes)
        ]
        self._started = False
        self.restarts = 0
        """How often a process had to be replaced."""

    @property
    def pending(self) -> int:
        """Texts that wait or are being read."""
        return self._pending

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the processes that are ready."""
        with self._changed:
            return tuple(self._up.values())

    def ready(self, timeout_s: float) -> bool:
        """Wait until every process has loaded; whether at least one has."""
        self._start()
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._up) == len(self._threads), timeout_s)
            return bool(self._up) and not self._closed

    def wants(self, text: str) -> bool:
        """Has the engine to read ``text``? What its gate would leave out whole need not cross."""
        return wants(text) if self._engine.gated else bool(text) and not text.isspace()

    def start(self, texts: Sequence[str], deadline: float) -> list["Future[Answer]"]:
        """Queue all texts, or raise Overloaded and queue none. RuntimeError after ``close``.

        When nothing else waits one request may bring more than the queue holds: a long prompt is no overload. The
        futures raise Late, Failed or Lost. Cancelling one gives its place back at once.
        """
        self._start()
        jobs = [_Job(text, deadline) for text in texts]
        with self._changed:
            if self._closed:
                raise RuntimeError("the pool is closed")
            if self._pending and self._pending + len(jobs) > self._most:
                raise Overloaded
            self._pending += len(jobs)
            self._waiting.extend(jobs)
            self._changed.notify_all()
        for job in jobs:
            job.future.add_done_callback(self._done)
        return [job.future for job in jobs]

    def close(self) -> None:
        """Take no more, drop what waits, and end the processes: those that read are killed."""
        with self._changed:
            self._closed = True
            dropped = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
            for process in self._processes.values():
                process.kill()
        for job in dropped:
            job.future.cancel()
        if self._started:
            for thread in self._threads:
                thread.join(self._hang_s + 5.0)

    def _start(self) -> None:
        with self._changed:
            if self._started or self._closed:
                return
            self._started = True
        for thread in self._threads:
            thread.start()

    def _done(self, future: "Future[Answer]") -> None:
        with self._changed:
            self._pending -= 1
            if future.cancelled():
                self._waiting = deque(job for job in self._waiting if job.future is not future)

    def _serve(self, number: int) -> None:
        """One thread: keeps one process and gives it what waits."""
        lost = 0
        while not self._closed:
            try:
                with self._spawned(number) as process:
                    process.load(self._engine)
                    with self._changed:
                        self._up[number] = process.id
                        self._changed.notify_all()
                    while jobs := self._next(process):
                        self._read(process, jobs)
                        lost = 0
            except (Lost, OSError) as error:
                if self._closed:
                    return
                self.restarts += 1
                lost += 1
                _log.warning("a process that reads names was replaced: %s", type(error).__name__)
            finally:
                with self._changed:
                    self._up.pop(number, None)
                    self._processes.pop(number, None)
                    self._changed.notify_all()
            with self._changed:
                self._changed.wait_for(lambda: self._closed, _PAUSE_S[min(lost, len(_PAUSE_S) - 1)])

    def _spawned(self, number: int) -> "ReadingChild":
        """A new process, known to ``close`` from its first moment. Raises Lost when the pool has closed."""
        with self._changed:
            if self._closed:
                raise Lost
            self._processes[number] = ReadingChild()
            return self._processes[number]

    def _next(self, process: "ReadingChild") -> list[_Job]:
        """A share of what waits; empty when the pool closes. Raises Lost when the process has ended meanwhile."""
        with self._changed:
            while True:
                if self._closed:
                    return []
                if process.ended():
                    raise Lost
                if jobs := self._share():
                    return jobs
                self._changed.wait(1.0)

    def _share(self) -> list[_Job]:
        most = min(_BATCH, ceil(len(self._waiting) / len(self._threads)))
        jobs: list[_Job] = []
        size = 0
        while self._waiting and len(jobs) < most and size < _BATCH_SIZE:
            job = self._waiting.popleft()
            if job.future.set_running_or_notify_cancel():
                jobs.append(job)
                size += len(job.text)
        return jobs

    def _read(self, process: "ReadingChild", jobs: list[_Job]) -> None:
        """Have ``jobs`` read. Raises Lost and OSError when the process failed; what has no answer has failed, too."""
        try:
            process.say(b"".join(frame(question(job.text, job.deadline)) for job in jobs), self._hang_s)
            for job in jobs:
                patience = max(job.deadline - time.monotonic(), 0.0) + self._hang_s
                payload = process.hear(patience)
                try:
                    job.future.set_result(told(payload))
                except Exception as error:  # noqa: BLE001 - whoever waits for the job decides what it means
                    job.future.set_exception(error)
        finally:
            for job in jobs:
                if not job.future.done():
                    job.future.set_exception(Lost())
