"""Who reads names, as the scanner sees it: something that takes texts and promises matches for each."""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Protocol

from gateway.inspection.detectors.base import Detector, Match
from gateway.inspection.framing import Late
from gateway.inspection.workers import Overloaded

Answer = tuple[Match, ...]


class Names(Protocol):
    """A reader of names beside this thread. Its matches are those of a detector of ``plain`` views."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def entity_types(self) -> frozenset[str]: ...

    def ready(self, timeout_s: float) -> bool:
        """Load what is to be loaded; whether texts can be read now."""
        ...

    def wants(self, text: str) -> bool:
        """May there be a name in ``text`` at all? Asked for each text, so it takes microseconds."""
        ...

    def start(self, texts: Sequence[str], deadline: float) -> list["Future[Answer]"]:
        """Queue all texts to be read until ``deadline`` (monotonic clock), or raise Overloaded and queue none.

        A future that raises, whatever it is, means that its text was not read.
        """
        ...

    def close(self) -> None: ...


class HereNames:
    """The same in a thread of this process: for commands, and for tests that compare the two."""

    def __init__(self, detector: Detector, *, queue: int = 1024) -> None:
        self.name, self.version, self.entity_types = detector.name, detector.version, detector.entity_types
        self._detector = detector
        self._most = queue
        self._pending = 0
        self._lock = Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="names")

    def ready(self, timeout_s: float) -> bool:
        return True

    def wants(self, text: str) -> bool:
        return bool(text) and not text.isspace()

    def start(self, texts: Sequence[str], deadline: float) -> list["Future[Answer]"]:
        with self._lock:
            if self._pending and self._pending + len(texts) > self._most:
                raise Overloaded
            self._pending += len(texts)
        futures = [self._thread.submit(self._read, text, deadline) for text in texts]
        for future in futures:
            future.add_done_callback(self._done)
        return futures

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _read(self, text: str, deadline: float) -> Answer:
        if time.monotonic() > deadline:
            raise Late
        return tuple(self._detector.find(text))

    def _done(self, _: "Future[Answer]") -> None:
        with self._lock:
            self._pending -= 1
