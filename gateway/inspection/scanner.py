"""Inspection of one draft: segments, units, readings, findings. Never raises: what goes wrong is a coverage reason.

A reading is made once per text. A further turn of a conversation therefore costs a walk, a hash per unit and the
reading of what is new; when all is known, no thread is asked.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Final

from gateway.inspection import coverage
from gateway.inspection.cache import ReadingCache
from gateway.inspection.detectors.base import Assessor, Detector
from gateway.inspection.findings import place, repeated
from gateway.inspection.joins import joins
from gateway.inspection.readings import Abandoned, Reading, read
from gateway.inspection.segments import segments
from gateway.inspection.units import Unit, units
from gateway.inspection.workers import Batch, Overloaded, Workers
from gateway.model import Coverage, Draft, Finding, Report, Segment

_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_BATCH: Final = 8192
"""Characters that one job reads: small enough that the threads share a long prompt."""
_LARGE: Final = 131_072
"""Bytes of a body from which on even walking it is left to a thread, so that other requests go on."""
_SAMPLE: Final = (
    "Please tell Jane Roe, 12 Example Street, that card 4111 1111 1111 1111 was charged; mail jane.roe@example.com."
)

Cut = tuple[tuple[Segment, ...], tuple[str, ...], list[Unit]]
Readings = list[tuple[Unit, Reading]]


class Scanner:
    """Runs detectors over drafts. One per process; safe to use from many requests at once."""

    def __init__(
        self,
        detectors: Sequence[Detector],
        *,
        assessors: Sequence[Assessor] = (),
        timeout_s: float = 2.0,
        workers: int = 2,
        queue: int = 64,
        cache_entries: int = 8192,
    ) -> None:
        """``assessors`` judge each whole string after ``detectors``. ``timeout_s``: seconds for one draft.
        ``queue``: jobs that may wait for a thread.

        Raises ValueError when names are not unique or not fit for records, and when there is no detector: inspection
        that looks for nothing must not look like success.
        """
        parts: tuple[Detector | Assessor, ...] = (*detectors, *assessors)
        names = [part.name for part in parts]
        if not detectors or len(set(names)) != len(names) or not all(map(_NAME.fullmatch, names)):
            raise ValueError("a scanner needs detectors with distinct lower-case names")
        self._detectors = tuple(detectors)
        self._assessors = tuple(assessors)
        self._timeout_s = timeout_s
        self.versions = tuple((part.name, part.version) for part in parts)
        self.cache = ReadingCache(cache_entries, repr(self.versions))
        self._workers = Workers(workers, queue)

    async def scan(self, draft: Draft) -> Report:
        """What stands in ``draft``, bound to it by its digest. Raises nothing but CancelledError."""
        try:
            findings, reasons = await self._inspect(draft)
        except Exception:  # noqa: BLE001 - law 4: a failure of inspection is INCOMPLETE, never an exception to forget
            findings, reasons = (), ("error",)
        return Report(draft.digest, findings, Coverage(reasons), self.versions)

    async def warm(self, text: str = _SAMPLE) -> frozenset[str]:
        """Run one real detection, past the cache, and return the entity types found; empty: not ready.

        Raises nothing but CancelledError. Detectors that load on first use have loaded when this returns.
        """
        batch: Batch[Reading] = Batch()
        job = partial(read, text, self._detectors, self._assessors, joined=False, abandoned=batch.abandoned)
        try:
            results, in_time = await batch.run(self._workers, [job], self._timeout_s)
        except Exception:  # noqa: BLE001 - readiness is a yes or a no; what failed is the same as not ready
            return frozenset()
        if not in_time or any(reading.failed for reading in results):
            return frozenset()
        return frozenset(hit.entity_type for reading in results for hit in reading.hits)

    def close(self) -> None:
        """End the threads."""
        self._workers.close()

    async def _inspect(self, draft: Draft) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        deadline = monotonic() + self._timeout_s
        constants = frozenset({draft.model})
        if len(draft.body) < _LARGE:
            cut = _cut(draft.body, constants)
        else:
            walk: Batch[Cut] = Batch()
            try:
                walked, _ = await walk.run(self._workers, [partial(_cut, draft.body, constants)], self._timeout_s)
            except Overloaded:
                return (), ("overload",)
            if not walked:
                return (), ("timeout",)
            cut = walked[0]
        found, reasons, pieces = cut
        readings, failures = await self._readings(pieces, deadline - monotonic())
        placed = place(found, readings)
        placed += repeated(found, placed)
        said = (reason for _, reading in readings for reason in reading.reasons)
        return tuple(one.finding for one in placed), coverage.ordered((*reasons, *failures, *said))

    async def _readings(self, pieces: list[Unit], timeout_s: float) -> tuple[Readings, list[str]]:
        """The reading of each unit, from the cache or new; with reasons where some are missing."""
        known: dict[bytes, Reading] = {}
        missing: dict[bytes, Unit] = {}
        keys = [self.cache.key(unit.text, joined=unit.bare) for unit in pieces]
        for key, unit in zip(keys, pieces, strict=True):
            if key not in known and key not in missing:
                reading = self.cache.get(key)
                if reading is None:
                    missing[key] = unit
                else:
                    known[key] = reading
        failures: list[str] = []
        if missing:
            try:
                in_time = await self._read_missing(missing, known, timeout_s)
                failures = [] if in_time else ["timeout"]
            except Overloaded:
                failures = ["overload"]
        return [(unit, known[key]) for key, unit in zip(keys, pieces, strict=True) if key in known], failures

    async def _read_missing(self, missing: dict[bytes, Unit], known: dict[bytes, Reading], timeout_s: float) -> bool:
        batch: Batch[None] = Batch()
        # Jobs put what they finish into ``known`` themselves: when time runs out, what was found so far still counts.
        jobs = [partial(self._job, part, known, batch.abandoned) for part in _shared(missing)]
        _, in_time = await batch.run(self._workers, jobs, max(timeout_s, 0.0))
        return in_time

    def _job(self, part: list[tuple[bytes, Unit]], known: dict[bytes, Reading], abandoned: Callable[[], bool]) -> None:
        for key, unit in part:
            try:
                reading = read(unit.text, self._detectors, self._assessors, joined=unit.bare, abandoned=abandoned)
            except Abandoned:
                return
            self.cache.put(key, reading)
            known[key] = reading


def _cut(body: bytes, constants: frozenset[str]) -> Cut:
    found, reasons = segments(body, constants)
    return found, reasons, [*units(found), *joins(found)]


def _shared(missing: dict[bytes, Unit]) -> list[list[tuple[bytes, Unit]]]:
    """Units in parts of about _BATCH characters, in order."""
    parts: list[list[tuple[bytes, Unit]]] = []
    size = _BATCH
    for item in missing.items():
        if size >= _BATCH:
            parts.append([])
            size = 0
        parts[-1].append(item)
        size += len(item[1].text)
    return parts
