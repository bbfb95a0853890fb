"""The audit log as the pipeline sees it: ``await write(record)`` returns when the record is on the disk, or raises.

One thread owns the file. While it waits for the disk, further records gather and go into its next transaction together
(group commit), so many writers cost few disk syncs. The thread, not the request, owns a record once it is queued: a
client that hangs up cannot cancel its own line.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.audit.policy_change import PolicyChange
from gateway.audit.record import CompletionRecord, DecisionRecord
from gateway.audit.sqlite import Record, SqliteStore
from gateway.errors import AuditUnavailable

BATCH: Final = 512
"""Records in one transaction."""
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A decision on its way to the disk, and who waits for it."""

    record: DecisionRecord | PolicyChange
    done: asyncio.Future[bool]
    loop: asyncio.AbstractEventLoop


class AuditLog:
    """Writes records to one file. Usable from any number of tasks, and of event loops.

    ``path`` is opened at once: ConfigError when it cannot hold records. ``queue`` bounds the records that wait, of each
    kind; ``timeout_s`` bounds one wait. ``on_lost`` is called with the number of completion records that were lost,
    from any thread.
    """

    def __init__(
        self, path: Path, *, queue: int = 4096, timeout_s: float = 5.0, on_lost: Callable[[int], None] | None = None
    ) -> None:
        self._store = SqliteStore.open(path, busy_s=min(1.0, timeout_s / 2))
        self._queue = queue
        self._timeout_s = timeout_s
        self._on_lost = on_lost
        self._lost = 0
        self._decisions: deque[_Waiting] = deque()
        self._completions: deque[CompletionRecord] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="audit-log", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """Completion records that could not be written since the start."""
        return self._lost

    async def write(self, record: DecisionRecord | PolicyChange) -> None:
        """Write one decision; durable on return. Raises AuditUnavailable otherwise, and then nothing may be sent.

        A change of the policy is a decision, too: without its record the policy stays.

        Cancelling the caller does not cancel the record, and one whose time ran out may still reach the disk: there can
        be a record of a sending that did not happen, never a sending without its record.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(record, loop.create_future(), loop)
        with self._changed:
            if self._closing:
                raise _unavailable("closed")
            if len(self._decisions) >= self._queue:
                raise _unavailable("overload", retry_after=1.0)
            self._decisions.append(waiting)
            self._changed.notify()
        try:
            async with asyncio.timeout(self._timeout_s):
                written = await waiting.done
        except TimeoutError:
            self._withdraw(waiting)
            raise _unavailable("timeout", retry_after=1.0) from None
        if not written:
            raise _unavailable("not written")

    def complete(self, record: CompletionRecord) -> None:
        """Write how a request ended, some time soon. Never raises or waits; what cannot be written is counted."""
        with self._changed:
            room = not self._closing and len(self._completions) < self._queue
            if room:
                self._completions.append(record)
                self._changed.notify()
        if not room:
            self._lose(1)

    async def close(self) -> None:
        """Write what is queued, then close the file. Later writes raise AuditUnavailable."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)

    def _withdraw(self, waiting: _Waiting) -> None:
        """Take a record back that was not begun: it would tell of a sending that will not happen."""
        with self._changed:
            if waiting in self._decisions:
                self._decisions.remove(waiting)

    def _run(self) -> None:
        """The writing thread."""
        try:
            while True:
                with self._changed:
                    while not (self._decisions or self._completions or self._closing):
                        self._changed.wait()
                    decisions = [self._decisions.popleft() for _ in range(min(BATCH, len(self._decisions)))]
                    room = BATCH - len(decisions)
                    completions = [self._completions.popleft() for _ in range(min(room, len(self._completions)))]
                if not decisions and not completions:
                    return
                self._write(decisions, completions)
        finally:
            with self._changed:
                self._closing = True
                orphans = [self._decisions.popleft() for _ in range(len(self._decisions))]
            _tell(orphans, (False,) * len(orphans))
            self._store.close()

    def _write(self, decisions: list[_Waiting], completions: list[CompletionRecord]) -> None:
        records: list[Record] = [*(one.record for one in decisions), *completions]
        try:
            written = self._store.append(records)
        except Exception as error:  # noqa: BLE001  whatever it is: the records are not in, and their writers must hear so
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            _logger.error("audit records could not be written: %s", name)  # noqa: TRY400  a traceback can hold text
            written = (False,) * len(records)
        _tell(decisions, written)
        lost = len(completions) - sum(written[len(decisions) :])
        if lost:
            self._lose(lost)

    def _lose(self, number: int) -> None:
        with self._changed:
            self._lost += number
        if self._on_lost is not None:
            self._on_lost(number)


def _tell(decisions: list[_Waiting], written: tuple[bool, ...]) -> None:
    """Wake the writers, with one call into each of their event loops."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[bool], bool]]] = {}
    for one, success in zip(decisions, written, strict=False):
        by_loop.setdefault(one.loop, []).append((one.done, success))
    for loop, results in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, results)
        except RuntimeError:
            continue  # that loop is closed: nobody waits there any more


def _resolve(results: list[tuple[asyncio.Future[bool], bool]]) -> None:
    for done, success in results:
        if not done.done():
            done.set_result(success)


def _unavailable(reason: str, retry_after: float | None = None) -> AuditUnavailable:
    return AuditUnavailable(
        f"The decision could not be recorded ({reason}), so nothing was sent. Try again later.", retry_after=retry_after
    )
