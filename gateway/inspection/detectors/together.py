"""Detectors made of patterns share one prefilter, so that each text is scanned once for all of them.

``seated`` gives each such detector its seat: the shared prefilter, and where its own patterns stand in it. A detector
without a seat tries every pattern on every text and finds the same; examples are proven and tests compare that way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

from gateway.inspection.detectors.base import Detector, Match
from gateway.inspection.detectors.prefilter import Hints, Prefilter, Wanted


@dataclass(frozen=True, slots=True)
class Seat:
    """Where the patterns of one detector stand in a prefilter: ``count`` of them from number ``first`` on."""

    prefilter: Prefilter
    first: int
    count: int

    def own(self, hints: Hints) -> dict[int, int]:
        """What ``hints`` say of this detector's patterns, by the detector's own numbers."""
        first, end = self.first, self.first + self.count
        return {number - first: at for number, at in hints.items() if first <= number < end}


@runtime_checkable
class Seatable(Detector, Protocol):
    """A detector whose patterns can be looked for together with those of others."""

    @property
    def wanted(self) -> Sequence[Wanted]:
        """Its patterns, in the order of their numbers."""
        ...

    @property
    def seat(self) -> Seat | None: ...

    def with_seat(self, seat: Seat) -> Self:
        """The same detector, for texts that were scanned before."""
        ...

    def find_hinted(self, text: str, hints: Mapping[int, int]) -> Sequence[Match]:
        """As ``find``: of the patterns that ``hints`` name, from those places on; the others match nowhere."""
        ...


def seated(detectors: Sequence[Detector], *, with_hyperscan: bool | None = None) -> tuple[Detector, ...]:
    """The same detectors in the same order, with one prefilter for all that can use it."""
    wanted: list[Wanted] = []
    places: list[tuple[int, int]] = []
    for detector in detectors:
        own = detector.wanted if isinstance(detector, Seatable) else ()
        places.append((len(wanted), len(own)))
        wanted += own
    prefilter = Prefilter(wanted) if with_hyperscan is None else Prefilter(wanted, with_hyperscan=with_hyperscan)
    return tuple(
        detector.with_seat(Seat(prefilter, *place)) if isinstance(detector, Seatable) else detector
        for detector, place in zip(detectors, places, strict=True)
    )


def find_alone(detector: Seatable, text: str) -> Sequence[Match]:
    """``find`` of a detector that is asked by itself."""
    if detector.seat is None:
        return detector.find_hinted(text, dict.fromkeys(range(len(detector.wanted)), 0))
    return detector.find_hinted(text, detector.seat.own(detector.seat.prefilter.scan(text)))


class Finder:
    """Asks detectors about one text, which is scanned at most once per prefilter."""

    __slots__ = ("_hints", "_prefilter", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._prefilter: Prefilter | None = None
        self._hints: Hints = {}

    def is_known_to_miss(self, detector: Detector) -> bool:
        """Did the scan for an earlier detector say that this one finds nothing? Then it need not be asked."""
        seat: Seat | None = getattr(detector, "seat", None)
        if seat is None or seat.prefilter is not self._prefilter:
            return False
        return not any(seat.first <= number < seat.first + seat.count for number in self._hints)

    def find(self, detector: Detector) -> Sequence[Match]:
        """As ``detector.find``, and raising what that or the scan raises."""
        seat: Seat | None = getattr(detector, "seat", None)
        if seat is None:
            return detector.find(self._text)
        if seat.prefilter is not self._prefilter:
            self._hints = seat.prefilter.scan(self._text)
            self._prefilter = seat.prefilter
        own = seat.own(self._hints) if self._hints else {}
        return detector.find_hinted(self._text, own) if own else ()  # type: ignore[attr-defined]
