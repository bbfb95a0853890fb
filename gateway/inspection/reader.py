"""Reads what the cache does not know: patterns first, then names where they can still matter, then the assessors."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Final

from gateway.inspection.detectors.base import Assessor, Detector
from gateway.inspection.framing import Late
from gateway.inspection.names import Names
from gateway.inspection.readings import Abandoned, Reading, Started, add, assess, begin
from gateway.inspection.units import Unit
from gateway.inspection.workers import Batch, Overloaded, Workers

_BATCH: Final = 8192
"""Characters that one job reads: small enough that the threads share a long prompt."""

Units = Mapping[bytes, Unit]
Settled = Callable[[Mapping[bytes, Reading]], bool]


class Round:
    """The reading of some units, under way and at its end."""

    __slots__ = ("deadline", "reasons", "skipped", "started", "whole")

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.started: dict[bytes, Started] = {}
        self.whole: dict[bytes, Reading] = {}
        """Those that everybody who was to be asked has read. Jobs put them here themselves: what was found counts."""
        self.reasons: set[str] = set()
        self.skipped = False
        """What patterns found settled it: names were not looked for and nothing was assessed."""

    @property
    def left_s(self) -> float:
        return max(self.deadline - monotonic(), 0.0)

    def readings(self) -> dict[bytes, Reading]:
        """All that is known, whole or not."""
        return {key: one.reading() for key, one in list(self.started.items())} | self.whole


class Reader:
    """Reads units with detectors, names and assessors. Safe to use from many requests at once."""

    def __init__(
        self,
        detectors: Sequence[Detector],
        names: Names | None,
        assessors: Sequence[Assessor],
        workers: Workers,
        inline: int,
    ) -> None:
        """``inline``: up to so many characters are read on the spot, which costs less than to ask a thread."""
        self._detectors, self._names, self._assessors = tuple(detectors), names, tuple(assessors)
        self._workers = workers
        self._inline = inline

    async def read(
        self,
        units: Units,
        timeout_s: float,
        *,
        remember: Callable[[bytes, Reading], None] = lambda key, reading: None,
        halves: Mapping[bytes, Reading] | None = None,
        settled: Settled | None = None,
    ) -> Round:
        """Read ``units`` within ``timeout_s`` seconds. ``remember`` gets each reading that is whole, from any thread.

        ``settled`` is asked once patterns are read, with what they found: true ends the reading there. ``halves`` are
        what patterns found in some of ``units`` before. Raises what the threads raise beside Overloaded.
        """
        round_ = Round(monotonic() + timeout_s)
        halves = halves or {}
        try:
            if settled is not None and (self._names is not None or self._assessors):
                await self._patterns({key: unit for key, unit in units.items() if key not in halves}, round_, None)
                if settled({**halves, **round_.readings()}):
                    round_.skipped = True
                    return round_
                units_left: Units = {key: unit for key, unit in units.items() if key in halves}
            else:
                units_left = units
            if units_left:
                alone = self._names is None and settled is None
                await self._patterns(units_left, round_, remember if alone else None)
            if self._names is not None:
                await self._read_names(self._names, round_)
            await self._finish(round_, remember)
        except Overloaded:
            round_.reasons.add("overload")
        return round_

    async def _patterns(self, units: Units, round_: Round, remember: Callable[[bytes, Reading], None] | None) -> None:
        """Every detector over every unit. With ``remember``, nobody else is to be asked but the assessors: at once."""
        if sum(len(unit.text) for unit in units.values()) <= self._inline:
            self._begin(list(units.items()), round_, remember, lambda: False)
            return
        batch: Batch[None] = Batch()
        jobs = [partial(self._begin, part, round_, remember, batch.abandoned) for part in _shared(units)]
        _, in_time = await batch.run(self._workers, jobs, round_.left_s)
        if not in_time:
            round_.reasons.add("timeout")

    def _begin(
        self,
        part: Sequence[tuple[bytes, Unit]],
        round_: Round,
        remember: Callable[[bytes, Reading], None] | None,
        abandoned: Callable[[], bool],
    ) -> None:
        for key, unit in part:
            try:
                started = begin(unit.text, self._detectors, joined=unit.bare, abandoned=abandoned, written=unit.written)
                if remember is not None:
                    assess(started, self._assessors, abandoned=abandoned)
            except Abandoned:
                return
            if remember is None:
                round_.started[key] = started
            else:
                round_.whole[key] = started.reading()
                remember(key, round_.whole[key])

    async def _read_names(self, names: Names, round_: Round) -> None:
        """Names in every view that is prose. Where they could not be looked for, ``started`` stays as it is."""
        if round_.reasons:
            return
        asked = [
            (started, view) for started in round_.started.values() for view in started.prose if names.wants(view.text)
        ]
        if not asked:
            return
        futures = names.start([view.text for _, view in asked], round_.deadline)
        waiting = [asyncio.wrap_future(future) for future in futures]
        try:
            done, _ = await asyncio.wait(waiting, timeout=round_.left_s)
            for (started, view), future in zip(asked, waiting, strict=True):
                if future not in done or future.cancelled() or isinstance(future.exception(), Late):
                    round_.reasons.add("timeout")  # cancelled by the pool: it closes, and will not read any more
                else:
                    add(started, view, names, future.result)
        finally:
            for future in waiting:
                # Asking for the exception marks it as seen: asyncio would otherwise log it, with whatever it quotes.
                if not future.cancel() and not future.cancelled():
                    future.exception()

    async def _finish(self, round_: Round, remember: Callable[[bytes, Reading], None]) -> None:
        """What the assessors say; then the readings are whole."""
        if round_.reasons or not round_.started:
            return
        if not self._assessors or sum(len(one.views[0].text) for one in round_.started.values()) <= self._inline:
            self._assess(round_, remember, lambda: False)
            return
        batch: Batch[None] = Batch()
        _, in_time = await batch.run(
            self._workers, [partial(self._assess, round_, remember, batch.abandoned)], round_.left_s
        )
        if not in_time:
            round_.reasons.add("timeout")

    def _assess(self, round_: Round, remember: Callable[[bytes, Reading], None], abandoned: Callable[[], bool]) -> None:
        for key, started in round_.started.items():
            try:
                assess(started, self._assessors, abandoned=abandoned)
            except Abandoned:
                return
            round_.whole[key] = started.reading()
            remember(key, round_.whole[key])


def _shared(units: Units) -> list[list[tuple[bytes, Unit]]]:
    """Units in parts of about _BATCH characters, in order."""
    parts: list[list[tuple[bytes, Unit]]] = []
    size = _BATCH
    for item in units.items():
        if size >= _BATCH:
            parts.append([])
            size = 0
        parts[-1].append(item)
        size += len(item[1].text)
    return parts
