"""From hits in units to findings in segments: where they stand, each once, and the same value wherever it recurs."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gateway.inspection.readings import Hit, Reading
from gateway.inspection.units import Unit
from gateway.model import Finding, Segment

_MOST_VALUES: Final = 64
_MOST_REPEATS: Final = 1024
"""Bounds on looking for found values again. What lies beyond is only not repeated: the value itself was found."""
_SHORTEST_VALUE: Final = 4
_LETTER: Final = re.compile(r"[^\W\d_]")
_QUANTITY: Final = re.compile(
    r"\s*(?:(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[T ][0-9:.]{4,15}(?:Z|[+-][0-9:]{4,5})?)?"
    r"|(?:0?[1-9]|[12]\d|3[01])[./-](?:0?[1-9]|[12]\d|3[01])[./-](?:19|20)\d\d"
    r"|[-+]?\d{1,12}\.\d{1,3}|[-+]?\d{1,3}\.\d{4,17}|\d{1,2}:\d\d(?::\d\d)?)\s*"
)
_LEANING: Final = 32
"""Characters between a value and the string beside its own whose words may say what it is."""


class Placed(NamedTuple):
    """A finding with the number of its segment, -1 where it spans several."""

    segment: int
    finding: Finding


class _Part(NamedTuple):
    segment: int
    start: int
    end: int


def place(segments: Sequence[Segment], readings: Iterable[tuple[Unit, Reading]]) -> list[Placed]:
    """Findings of all ``readings``, each value once: of overlapping ones of one type the strongest."""
    inside: list[Placed] = []
    across: list[tuple[Hit, list[_Part]]] = []
    for unit, reading in readings:
        for hit in reading.hits:
            parts = _parts(unit, hit)
            if unit.answer and parts and parts[-1].segment != unit.spans[-1].segment:
                continue  # the question was read by itself, whole
            if len(parts) > 1:
                if not _met_by_chance(segments, parts):
                    across.append((hit, parts))
            elif parts and (not unit.joined or _leans(unit, hit, segments)):
                inside.append(Placed(parts[0].segment, _finding(hit, segments[parts[0].segment], parts[0])))
    rows = _merged(inside)
    merged = sorted(
        (found for row in rows.values() for found in row),
        key=lambda found: (found.segment, found.finding.start, found.finding.entity_type),
    )
    return merged + _spanning(segments, rows, across)


def repeated(segments: Sequence[Segment], placed: Sequence[Placed]) -> list[Placed]:
    """Further places of the values found: a name met once is meant where it stands without its sentence, too."""
    values = _values(segments, placed)
    if not values:
        return []
    taken: _Rows = {}
    for found in placed:
        taken.setdefault((found.segment, found.finding.entity_type), _Row()).add(found)
    repeats: list[Placed] = []
    for number, segment in enumerate(segments):
        lower = segment.text.lower()
        if len(lower) != len(segment.text):
            continue
        for value, original in values.items():
            row = taken.get((number, original.entity_type))
            for start in _occurrences(lower, value):
                end = start + len(value)
                if row is not None and any(row.overlapping(start, end)):
                    continue
                if len(repeats) == _MOST_REPEATS:
                    return repeats
                repeats.append(Placed(number, _at(original, segment, start, end)))
    return repeats


def _parts(unit: Unit, hit: Hit) -> list[_Part]:
    """Where a hit stands: one part per segment that it touches."""
    parts: list[_Part] = []
    for span in unit.spans:
        if hit.start < span.start + span.length and span.start < hit.end:
            start = span.offset + max(hit.start - span.start, 0)
            end = span.offset + min(hit.end - span.start, span.length)
            if parts and parts[-1].segment == span.segment:
                parts[-1] = parts[-1]._replace(end=end)
            else:
                parts.append(_Part(span.segment, start, end))
    return parts


def _leans(unit: Unit, hit: Hit, segments: Sequence[Segment]) -> bool:
    """Within one string of a joined unit a hit was found already, unless what says what it is stands in another.

    What touches the edge at which a string was cut may be a part of something longer, and is no hit.
    """
    for at, span in enumerate(unit.spans):
        end = span.start + span.length
        if span.start <= hit.start and hit.end <= end:
            whole = len(segments[span.segment].text)
            if (hit.start == span.start and span.offset) or (hit.end == end and span.offset + span.length < whole):
                return False
            after = at > 0 and hit.start - span.start <= _LEANING
            return after or (at + 1 < len(unit.spans) and end - hit.end <= _LEANING)
    return False


def _met_by_chance(segments: Sequence[Segment], parts: list[_Part]) -> bool:
    """Is this a date, a price or a time of a program's, with a number that happens to stand beside it?

    Rows of a table as JSON are full of them, and in every second table two make a number with a valid check digit. What
    a user wrote is never taken for chance.
    """
    whole = [segments[part.segment] for part in parts]
    if any(segment.role == "user" for segment in whole):
        return False
    pieces = (segment.text[part.start : part.end] for segment, part in zip(whole, parts, strict=True))
    numbers = all(
        _QUANTITY.fullmatch(segment.text) or segment.text.strip().isdecimal() or _LETTER.search(segment.text)
        for segment in whole
    )
    quantities = any(_QUANTITY.fullmatch(segment.text) for segment in whole)
    return numbers and quantities and not any(map(_LETTER.search, pieces))


def _finding(hit: Hit, segment: Segment, part: _Part) -> Finding:
    return Finding(hit.entity_type, hit.score, segment.path, segment.role, part.start, part.end, hit.detector)


class _Row:
    """Findings of one type in one segment, none overlapping another: found by halving, however many there are."""

    __slots__ = ("_found", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._found: list[Placed] = []

    def overlapping(self, start: int, end: int) -> Iterator[Finding]:
        """Those that share a character with ``[start, end)``."""
        at = bisect_left(self._starts, end) - 1
        while at >= 0 and start < self._found[at].finding.end:
            yield self._found[at].finding
            at -= 1

    def add(self, found: Placed) -> None:
        at = bisect_left(self._starts, found.finding.start)
        self._starts.insert(at, found.finding.start)
        self._found.insert(at, found)

    def __iter__(self) -> Iterator[Placed]:
        return iter(self._found)


_Rows = dict[tuple[int, str], _Row]


def _merged(placed: list[Placed]) -> _Rows:
    strongest = sorted(placed, key=lambda found: (-found.finding.score, found.finding.start - found.finding.end))
    kept: _Rows = {}
    for found in strongest:
        row = kept.setdefault((found.segment, found.finding.entity_type), _Row())
        if not any(row.overlapping(found.finding.start, found.finding.end)):
            row.add(found)
    return kept


def _spanning(segments: Sequence[Segment], known: _Rows, across: Iterable[tuple[Hit, list[_Part]]]) -> list[Placed]:
    """Findings that stand in no single segment. One that only prolongs a value of a segment is that value, unless it
    is the surer one of the two: a doubtful finding must not hide it (law 5)."""
    strongest: dict[tuple[str, int], Placed] = {}
    for hit, parts in across:
        if any(_is_known(known, hit, part) for part in parts):
            continue
        key = (hit.entity_type, parts[0].segment)
        if key not in strongest or strongest[key].finding.score < hit.score:
            nowhere = _Part(-1, -1, -1)
            strongest[key] = Placed(-1, _finding(hit, segments[parts[0].segment], nowhere))
    return list(strongest.values())


def _is_known(known: _Rows, hit: Hit, part: _Part) -> bool:
    row = known.get((part.segment, hit.entity_type))
    return row is not None and any(found.score >= hit.score for found in row.overlapping(part.start, part.end))


def _values(segments: Sequence[Segment], placed: Sequence[Placed]) -> dict[str, Finding]:
    """Distinct values worth looking for again: names and identifiers, not words of a vocabulary."""
    values: dict[str, Finding] = {}
    for number, finding in placed:
        if number < 0 or len(values) == _MOST_VALUES:
            continue
        value = segments[number].text[finding.start : finding.end].lower()
        if len(value) >= _SHORTEST_VALUE and len(value) == finding.end - finding.start and _is_own(value, finding):
            values.setdefault(value, finding)
    return values


def _is_own(value: str, finding: Finding) -> bool:
    if finding.entity_type in {"PERSON", "FULL_NAME"}:
        return True
    return "@" in value or sum(map(str.isdigit, value)) >= _SHORTEST_VALUE


def _occurrences(text: str, value: str) -> Iterator[int]:
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        before, after = text[start - 1 : start] if start else "", text[end : end + 1]
        if not (before.isalnum() and value[0].isalnum()) and not (after.isalnum() and value[-1].isalnum()):
            yield start
        start = text.find(value, end)


def _at(original: Finding, segment: Segment, start: int, end: int) -> Finding:
    return Finding(original.entity_type, original.score, segment.path, segment.role, start, end, original.detector)
