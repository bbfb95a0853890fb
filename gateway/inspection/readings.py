"""One text, read in every way: its views, what detectors find in them, and what no view can vouch for."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from gateway.inspection.all_views import all_views
from gateway.inspection.detectors.base import Assessor, Detector, Match
from gateway.inspection.detectors.together import Finder
from gateway.inspection.scripts import UNREAD_NAMES, UNREAD_WORDS, is_foreign
from gateway.inspection.views import View


@dataclass(frozen=True, slots=True)
class Hit:
    """What one detector found, in characters of the text that was read."""

    start: int
    end: int
    entity_type: str
    score: float
    detector: str


@dataclass(frozen=True, slots=True)
class Reading:
    """All that inspection says about one text. Holds no text, so it may be cached."""

    hits: tuple[Hit, ...]
    reasons: tuple[str, ...]
    failed: bool = False
    """A detector failed: the reading counts, but is not to be remembered."""


class Source(Protocol):
    """Who says what was found: a detector, an assessor, or an engine in another process."""

    @property
    def name(self) -> str: ...

    @property
    def entity_types(self) -> frozenset[str]: ...


class Abandoned(Exception):
    """Nobody waits for this reading any more."""


Written = tuple[tuple[int, int], ...]
"""``[start, end)`` of each whole string of a text that assessors judge."""


class Started:
    """A reading under way: what the detectors found, and what names are still to be looked for in."""

    __slots__ = ("errors", "hits", "joined", "plain", "reasons", "text", "views", "written")

    def __init__(
        self, text: str, views: list[View], reasons: Iterable[str], *, joined: bool, written: Written | None
    ) -> None:
        self.text = text
        self.written = ((0, len(text)),) if written is None else written
        self.views = views
        self.joined = joined
        self.reasons = set(reasons)
        self.hits: dict[tuple[int, int, str, str], Hit] = {}
        self.plain: list[Match] = []
        """Matches in the plain view, in its characters."""
        self.errors: set[str] = set()

    @property
    def prose(self) -> list[View]:
        """The views in which somebody wrote sentences; none where the text was joined."""
        return [] if self.joined else [view for view in self.views if view.prose]

    def reading(self) -> Reading:
        """All that is known so far."""
        return Reading(tuple(self.hits.values()), tuple(sorted(self.reasons | self.errors)), failed=bool(self.errors))


def read(
    text: str,
    detectors: Sequence[Detector],
    assessors: Sequence[Assessor] = (),
    *,
    joined: bool,
    abandoned: Callable[[], bool],
) -> Reading:
    """Run ``detectors`` over every view of ``text``, then ``assessors`` over the plain one. See ``begin``."""
    started = begin(text, detectors, joined=joined, abandoned=abandoned)
    assess(started, assessors, abandoned=abandoned)
    return started.reading()


def begin(
    text: str,
    detectors: Sequence[Detector],
    *,
    joined: bool,
    abandoned: Callable[[], bool],
    written: Written | None = None,
) -> Started:
    """Run ``detectors`` over every view of ``text``.

    ``joined``: the text was put together from pieces of several strings. Then no name detector and no assessor is asked
    (they would read sentences that nobody wrote) and opaqueness is not judged (each string is judged on its own).
    Raises Abandoned between two detectors when ``abandoned()`` is true. A detector that raises, or answers nonsense,
    becomes a reason; the others are still asked.
    """
    views, reasons = all_views(text)
    started = Started(text, views, () if joined else reasons, joined=joined, written=written)
    for view in views:
        finder = Finder(view.text)
        for detector in detectors:
            if detector.views == "plain" and (joined or not view.prose):
                continue
            if abandoned():
                raise Abandoned
            if not finder.is_known_to_miss(detector):
                add(started, view, detector, partial(finder.find, detector))
    return started


def add(started: Started, view: View, source: Source, question: Callable[[], Sequence[Match]]) -> None:
    """Put the matches that ``question`` gives for ``view`` where they stand; of equal ones the surest stays."""
    matches = _asked(source, question, len(view.text), started.errors)
    if view is started.views[0]:
        started.plain += matches
    for match in matches:
        start, end = view.origin(match.start, match.end)
        place = (start, end, match.entity_type, source.name)
        if place not in started.hits or started.hits[place].score < match.score:
            started.hits[place] = Hit(start, end, match.entity_type, float(match.score), source.name)


def assess(started: Started, assessors: Sequence[Assessor], *, abandoned: Callable[[], bool]) -> None:
    """Have ``assessors`` judge each written string with what was found in it. Raises Abandoned as ``begin`` does.

    What they are not asked about, in a script whose names nobody reads, nothing but patterns has read.
    """
    if UNREAD_NAMES in started.reasons and not (assessors and _is_judged(started)):
        started.reasons.add(UNREAD_WORDS)
    found = tuple(started.hits.values())
    # Folded characters stand where the original ones do, unless some were dropped; then the words as they came will do.
    folded = started.views[0].text
    source = folded if len(folded) == len(started.text) else started.text
    for assessor in () if started.joined else assessors:
        for start, end in started.written:
            if abandoned():
                raise Abandoned
            text = source[start:end]
            inside = [
                Match(hit.start - start, hit.end - start, hit.entity_type, hit.score)
                for hit in found
                if start <= hit.start and hit.end <= end
            ]
            for match in _asked(assessor, partial(assessor.assess, text, inside), len(text), started.errors):
                place = (start + match.start, start + match.end, match.entity_type, assessor.name)
                started.hits[place] = Hit(*place[:3], float(match.score), assessor.name)


def _asked(source: Source, question: Callable[[], Sequence[Match]], length: int, errors: set[str]) -> list[Match]:
    """The sound matches that ``question`` gives in a text of ``length``; failure and nonsense as a reason."""
    matches: list[Match] = []
    try:
        for match in question():
            if _sound(match, source.entity_types, length):
                matches.append(match)
            else:
                errors.add(f"detector_error:{source.name}")
    except Exception:  # noqa: BLE001 - whatever a detector raises, it did not look: that is a coverage reason (law 4)
        errors.add(f"detector_error:{source.name}")
    return matches


def _sound(match: Match, entity_types: frozenset[str], length: int) -> bool:
    if not (type(match.start) is int and type(match.end) is int and 0 <= match.start < match.end <= length):
        return False
    if not isinstance(match.score, int | float) or not math.isfinite(match.score) or not 0 <= match.score <= 1:
        return False
    return match.entity_type in entity_types


def _is_judged(started: Started) -> bool:
    """Is all that is written in other scripts in the strings that assessors judge?"""
    at, between = 0, list[str]()
    for start, end in started.written:
        between.append(started.text[at:start])
        at = end
    return not is_foreign(" ".join((*between, started.text[at:])))
