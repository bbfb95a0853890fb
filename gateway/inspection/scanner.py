"""Inspection of one draft: segments, units, readings, findings. Never raises: what goes wrong is a coverage reason.

A reading is made once per text. A further turn of a conversation therefore costs a walk, a hash per unit and the
reading of what is new; when all is known, no thread is asked.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Final

from gateway.inspection import coverage
from gateway.inspection.cache import ReadingCache
from gateway.inspection.detectors.base import Assessor, Detector
from gateway.inspection.findings import place, repeated
from gateway.inspection.joins import joins
from gateway.inspection.names import Names
from gateway.inspection.reader import Reader
from gateway.inspection.readings import Reading
from gateway.inspection.segments import segments
from gateway.inspection.units import Unit, units
from gateway.inspection.values import numbered
from gateway.inspection.workers import Batch, Overloaded, Workers
from gateway.model import Coverage, Draft, Finding, Report, Segment

_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_HALF: Final = b"patterns"
"""Behind the key of a text: what patterns alone found in it, where that settled the matter."""
_WARM_S: Final = 2.0
"""Readiness waits so long for its detection at least: it is no request, and a busy machine is no broken one."""
_LOAD_S: Final = 60.0
SKIPPED: Final = "skipped"
"""Stands in a report for the version of what was not asked, because patterns alone had settled the matter."""
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
        names: Names | None = None,
        assessors: Sequence[Assessor] = (),
        settled: Callable[[Sequence[Finding]], bool] | None = None,
        timeout_s: float = 2.0,
        workers: int = 2,
        queue: int = 64,
        cache_entries: int = 8192,
        inline: int = 0,
    ) -> None:
        """``names`` reads names beside this process's threads; ``assessors`` judge each whole string after both.

        ``settled`` says whether findings leave nothing more to be learned: then names and assessors are not asked, and
        the report shows it in their versions. Findings only raise a label (law 5), so it must be true of more of them,
        too. ``timeout_s``: seconds for one draft. ``queue``: jobs that may wait for a thread. ``inline``: up to so many
        new characters are read by patterns on the event loop: only where every detector is known to be quick.

        Raises ValueError when names are not unique or not fit for records, and when there is no detector: inspection
        that looks for nothing must not look like success.
        """
        later = (*(() if names is None else (names,)), *assessors)
        parts: tuple[Detector | Names | Assessor, ...] = (*detectors, *later)
        called = [part.name for part in parts]
        if not detectors or len(set(called)) != len(called) or not all(map(_NAME.fullmatch, called)):
            raise ValueError("a scanner needs detectors with distinct lower-case names")
        self._detectors = tuple(detectors)
        self.names = names
        self._settled = settled
        self._timeout_s = timeout_s
        self.versions = tuple((part.name, part.version) for part in parts)
        self._shortened = tuple((part.name, part.version) for part in detectors)
        self._shortened += tuple((part.name, SKIPPED) for part in later)
        self.cache = ReadingCache(cache_entries, repr(self.versions))
        self._workers = Workers(workers, queue)
        self._reader = Reader(detectors, names, assessors, self._workers, inline)
        self._warming = Reader(detectors, names, assessors, self._workers, 0)

    async def scan(self, draft: Draft) -> Report:
        """What stands in ``draft``, bound to it by its digest. Raises nothing but CancelledError."""
        try:
            findings, reasons, skipped = await self._inspect(draft)
        except Exception:  # noqa: BLE001 - law 4: a failure of inspection is INCOMPLETE, never an exception to forget
            findings, reasons, skipped = (), ("error",), False
        return Report(draft.digest, findings, Coverage(reasons), self._shortened if skipped else self.versions)

    async def warm(self, text: str = _SAMPLE) -> frozenset[str]:
        """Run one real detection, past the cache, and return the entity types found; empty: not ready.

        Raises nothing but CancelledError. Detectors that load on first use have loaded when this returns.
        """
        try:
            if self.names is not None and not await asyncio.to_thread(self.names.ready, _LOAD_S):
                return frozenset()
            unit = Unit(text, ())
            done = await self._warming.read({b"": unit}, max(self._timeout_s, _WARM_S))
        except Exception:  # noqa: BLE001 - readiness is a yes or a no; what failed is the same as not ready
            return frozenset()
        if done.reasons or any(reading.failed for reading in done.readings().values()):
            return frozenset()
        return frozenset(hit.entity_type for reading in done.readings().values() for hit in reading.hits)

    def close(self) -> None:
        """End the threads, and the processes that read names."""
        self._workers.close()
        if self.names is not None:
            self.names.close()

    async def _inspect(self, draft: Draft) -> tuple[tuple[Finding, ...], tuple[str, ...], bool]:
        deadline = monotonic() + self._timeout_s
        constants = frozenset({draft.model})
        if len(draft.body) < _LARGE:
            cut = _cut(draft.body, constants)
        else:
            walk: Batch[Cut] = Batch()
            try:
                walked, _ = await walk.run(self._workers, [partial(_cut, draft.body, constants)], self._timeout_s)
            except Overloaded:
                return (), ("overload",), False
            if not walked:
                return (), ("timeout",), False
            cut = walked[0]
        found, reasons, pieces = cut
        readings, failures, skipped = await self._readings(found, pieces, deadline - monotonic())
        placed = place(found, readings)
        placed += repeated(found, placed)
        said = (reason for _, reading in readings for reason in reading.reasons)
        return numbered(found, placed), coverage.ordered((*reasons, *failures, *said)), skipped

    async def _readings(
        self, found: Sequence[Segment], pieces: list[Unit], timeout_s: float
    ) -> tuple[Readings, set[str], bool]:
        """The reading of each unit, from the cache or new; why some are missing; whether names were skipped."""
        known: dict[bytes, Reading] = {}
        missing: dict[bytes, Unit] = {}
        # What is judged as a whole belongs to the key: the same text may be packed from other strings.
        keys = [self.cache.key(f"{unit.text}\0{unit.written}", joined=unit.bare) for unit in pieces]
        for key, unit in zip(keys, pieces, strict=True):
            if key not in known and key not in missing:
                reading = self.cache.get(key)
                if reading is None:
                    missing[key] = unit
                else:
                    known[key] = reading
        if not missing:
            return [(unit, known[key]) for key, unit in zip(keys, pieces, strict=True)], set(), False

        def of(new: Mapping[bytes, Reading]) -> Readings:
            both = {**known, **new}
            return [(unit, both[key]) for key, unit in zip(keys, pieces, strict=True) if key in both]

        halves: dict[bytes, Reading] = {}
        settled = None
        if self._settled is not None:
            ends = self._settled
            halves = {key: half for key in missing if (half := self.cache.get(key + _HALF)) is not None}

            def settled(new: Mapping[bytes, Reading]) -> bool:
                return ends(numbered(found, place(found, of(new))))

        done = await self._reader.read(missing, timeout_s, remember=self.cache.put, halves=halves, settled=settled)
        read = done.readings()
        if done.skipped:
            for key, half in read.items():
                self.cache.put(key + _HALF, half)
            read = {**halves, **read}
        return of(read), done.reasons, done.skipped


def _cut(body: bytes, constants: frozenset[str]) -> Cut:
    found, reasons = segments(body, constants)
    return found, reasons, [*units(found), *joins(found)]
