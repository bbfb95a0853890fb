"""One text, read in every way: its views, what detectors find in them, and what no view can vouch for."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from gateway.inspection import opaque
from gateway.inspection.columns import columns
from gateway.inspection.decode import MAX_DECODED, MAX_RUNS, decoded
from gateway.inspection.detectors.base import Assessor, Detector, Match
from gateway.inspection.detectors.together import Finder
from gateway.inspection.escapes import unescaped
from gateway.inspection.normalise import normalise
from gateway.inspection.spoken import spoken
from gateway.inspection.squeeze import squeezed
from gateway.inspection.views import View, ViewBuilder

MAX_LEVELS: Final = 3
"""How often a decoded text is decoded again."""


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


class Abandoned(Exception):
    """Nobody waits for this reading any more."""


def read(
    text: str,
    detectors: Sequence[Detector],
    assessors: Sequence[Assessor] = (),
    *,
    joined: bool,
    abandoned: Callable[[], bool],
) -> Reading:
    """Run ``detectors`` over every view of ``text``, then ``assessors`` over the plain one.

    ``joined``: the text was put together from pieces of several strings. Then no name detector and no assessor is asked
    (they would read sentences that nobody wrote) and opaqueness is not judged (each string is judged on its own).
    Raises Abandoned between two detectors when ``abandoned()`` is true. A detector that raises, or answers nonsense,
    becomes a reason; the others are still asked.
    """
    views, reasons = all_views(text)
    hits: dict[tuple[int, int, str, str], Hit] = {}
    errors: set[str] = set()
    plain: list[Match] = []
    for view in views:
        finder = Finder(view.text)
        for detector in detectors:
            if detector.views == "plain" and (joined or not view.prose):
                continue
            if abandoned():
                raise Abandoned
            matches = _asked(detector, partial(finder.find, detector), view, errors)
            if view is views[0]:
                plain += matches
            _add(hits, matches, view, detector.name)
    for assessor in () if joined else assessors:
        if abandoned():
            raise Abandoned
        judged = _asked(assessor, partial(assessor.assess, views[0].text, tuple(plain)), views[0], errors)
        _add(hits, judged, views[0], assessor.name)
    kept = set() if joined else set(reasons)
    return Reading(tuple(hits.values()), tuple(sorted(kept | errors)), failed=bool(errors))


def all_views(text: str) -> tuple[list[View], list[str]]:
    """Every view of ``text``, the plain one first, none twice; and the reasons why they are not all there is."""
    plain, odd = normalise(text)
    reasons = opaque.oddity_reasons(odd)
    views = [plain]
    if odd.tags:
        views.append(_spelt(odd.tags, len(text)))
    frontier = list(views)
    runs = characters = 0
    for level in range(MAX_LEVELS + 1):
        deeper: list[View] = []
        for view in frontier:
            found = decoded(view)
            reasons += opaque.text_reasons(view.text, found.spans)
            inner = [*([found.view] if found.view is not None else []), *unescaped(view)]
            deeper += [_folded(one, reasons) for one in inner]
            runs += found.found
        characters += sum(len(view.text) for view in deeper)
        if deeper and (runs > MAX_RUNS or characters > MAX_DECODED or level == MAX_LEVELS):
            reasons.append("opaque:depth" if level == MAX_LEVELS else "opaque:views")
            break
        views += deeper
        frontier = deeper
    made = (make(view) for make in (squeezed, spoken, columns) for view in list(views))
    return _distinct([*views, *(view for view in made if view is not None)]), reasons


def _folded(view: View, reasons: list[str]) -> View:
    """What was decoded as a person would see it: full-width digits hide in base64 as well as outside it."""
    if view.text.isascii():
        return view
    plain, odd = normalise(view.text)
    reasons += opaque.oddity_reasons(odd)
    return replace(plain, name=view.name, prose=view.prose, parent=view)


def _spelt(tags: Iterable[str], length: int) -> View:
    """What was spelt in invisible characters. It has no place of its own: it maps to the whole text."""
    builder = ViewBuilder()
    for said in tags:
        builder.put(f"{said}\n", 0, length)
    return builder.build("tags", None, prose=True)


def _distinct(views: list[View]) -> list[View]:
    """The first view of each text."""
    first: dict[str, View] = {}
    for view in views:
        first.setdefault(view.text, view)
    return list(first.values())


def _asked(
    source: Detector | Assessor, question: Callable[[], Sequence[Match]], view: View, errors: set[str]
) -> list[Match]:
    """The sound matches that ``question`` gives, in characters of ``view``; failure and nonsense as a reason."""
    matches: list[Match] = []
    try:
        for match in question():
            if _sound(match, source.entity_types, len(view.text)):
                matches.append(match)
            else:
                errors.add(f"detector_error:{source.name}")
    except Exception:  # noqa: BLE001 - whatever a detector raises, it did not look: that is a coverage reason (law 4)
        errors.add(f"detector_error:{source.name}")
    return matches


def _add(hits: dict[tuple[int, int, str, str], Hit], matches: Iterable[Match], view: View, name: str) -> None:
    """Put matches of ``view`` where they stand in the text; of equal ones the surest stays."""
    for match in matches:
        start, end = view.origin(match.start, match.end)
        place = (start, end, match.entity_type, name)
        if place not in hits or hits[place].score < match.score:
            hits[place] = Hit(start, end, match.entity_type, float(match.score), name)


def _sound(match: Match, entity_types: frozenset[str], length: int) -> bool:
    if not (type(match.start) is int and type(match.end) is int and 0 <= match.start < match.end <= length):
        return False
    if not isinstance(match.score, int | float) or not math.isfinite(match.score) or not 0 <= match.score <= 1:
        return False
    return match.entity_type in entity_types
