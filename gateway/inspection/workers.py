"""Threads that read texts, with a bound on how much may wait: beyond it nobody waits, the request goes the safe way."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Overloaded(Exception):
    """More jobs wait than may."""


class Workers:
    """A fixed number of threads and a bounded queue before them.

    A job that hangs keeps its thread: Python cannot end it. When all threads hang, every later request times out, which
    is INCOMPLETE coverage and never "clean", and ``Scanner.warm`` fails, so that the instance is taken out of service.
    """

    def __init__(self, threads: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="inspection")
        self._most = threads + queue
        self._pending = 0
        self._lock = Lock()

    @property
    def pending(self) -> int:
        """Jobs that run or wait."""
        return self._pending

    def start(self, jobs: Sequence[Callable[[], T]]) -> list[Future[T]]:
        """Queue all jobs, or raise Overloaded and queue none. Raises RuntimeError after ``close``.

        When nothing else waits one request may bring more jobs than the queue holds: a long prompt is no overload.
        """
        with self._lock:
            if self._pending and self._pending + len(jobs) > self._most:
                raise Overloaded
            self._pending += len(jobs)
        futures: list[Future[T]] = []
        try:
            for job in jobs:
                futures.append(self._pool.submit(job))
                futures[-1].add_done_callback(self._done)
        except RuntimeError:
            with self._lock:
                self._pending -= len(jobs) - len(futures)
            raise
        return futures

    def _done(self, _future: Future[T]) -> None:
        with self._lock:
            self._pending -= 1

    def close(self) -> None:
        """Take no more jobs and drop those that wait. Those that run end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Batch(Generic[T]):
    """The jobs of one request: awaited together, abandoned together."""

    def __init__(self) -> None:
        self._abandoned = Event()

    def abandoned(self) -> bool:
        """For jobs to ask between two steps: does anybody still wait?"""
        return self._abandoned.is_set()

    async def run(self, workers: Workers, jobs: Sequence[Callable[[], T]], timeout_s: float) -> tuple[list[T], bool]:
        """Results of the jobs that ended in time, and whether all of them did.

        Raises Overloaded, and the exception of a job that failed. On a time-out or cancellation jobs that wait are
        dropped and running ones are told to stop.
        """
        futures = workers.start(jobs)
        waiting = [asyncio.wrap_future(future) for future in futures]
        try:
            done, late = await asyncio.wait(waiting, timeout=timeout_s)
            return [future.result() for future in waiting if future in done], not late
        finally:
            self._abandoned.set()
            for future in waiting:
                # Asking for the exception marks it as seen: asyncio would otherwise log it, with whatever it quotes.
                if not future.cancel() and not future.cancelled():
                    future.exception()
