"""From hits in units to findings in segments: where they stand, each once, and the same value wherever it recurs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gateway.inspection.readings import Hit, Reading
from gateway.inspection.units import Unit
from gateway.model import Finding, Segment

_MOST_VALUES: Final = 64
_MOST_REPEATS: Final = 1024
"""Bounds on looking for found values again. What lies beyond is only not repeated: the value itself was found."""
_SHORTEST_VALUE: Final = 4


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
            if len(parts) > 1:
                across.append((hit, parts))
            elif parts and not unit.joined:  # within one string of a joined unit it was found already
                inside.append(Placed(parts[0].segment, _finding(hit, segments[parts[0].segment], parts[0])))
    merged = _merged(inside)
    return merged + _spanning(segments, merged, across)


def repeated(segments: Sequence[Segment], placed: Sequence[Placed]) -> list[Placed]:
    """Further places of the values found: a name met once is meant where it stands without its sentence, too."""
    values = _values(segments, placed)
    if not values:
        return []
    taken: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for found in placed:
        key = (found.segment, found.finding.entity_type)
        taken.setdefault(key, []).append((found.finding.start, found.finding.end))
    repeats: list[Placed] = []
    for number, segment in enumerate(segments):
        lower = segment.text.lower()
        if len(lower) != len(segment.text):
            continue
        for value, original in values.items():
            spans = taken.get((number, original.entity_type), [])
            for start in _occurrences(lower, value):
                end = start + len(value)
                if any(start < taken_end and taken_start < end for taken_start, taken_end in spans):
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


def _finding(hit: Hit, segment: Segment, part: _Part) -> Finding:
    return Finding(hit.entity_type, hit.score, segment.path, segment.role, part.start, part.end, hit.detector)


def _overlaps(found: Placed, part: _Part) -> bool:
    return found.segment == part.segment and found.finding.start < part.end and part.start < found.finding.end


def _merged(placed: list[Placed]) -> list[Placed]:
    strongest = sorted(placed, key=lambda found: (-found.finding.score, found.finding.start - found.finding.end))
    kept: dict[tuple[int, str], list[Placed]] = {}
    for found in strongest:
        same = kept.setdefault((found.segment, found.finding.entity_type), [])
        part = _Part(found.segment, found.finding.start, found.finding.end)
        if not any(_overlaps(other, part) for other in same):
            same.append(found)
    merged = [found for same in kept.values() for found in same]
    return sorted(merged, key=lambda found: (found.segment, found.finding.start, found.finding.entity_type))


def _spanning(
    segments: Sequence[Segment], inside: Sequence[Placed], across: Iterable[tuple[Hit, list[_Part]]]
) -> list[Placed]:
    """Findings that stand in no single segment. One that only prolongs a value of a segment is that value."""
    known: dict[tuple[int, str], list[Placed]] = {}
    for found in inside:
        known.setdefault((found.segment, found.finding.entity_type), []).append(found)
    strongest: dict[tuple[str, int], Placed] = {}
    for hit, parts in across:
        if any(_overlaps(found, part) for part in parts for found in known.get((part.segment, hit.entity_type), ())):
            continue
        key = (hit.entity_type, parts[0].segment)
        if key not in strongest or strongest[key].finding.score < hit.score:
            nowhere = _Part(-1, -1, -1)
            strongest[key] = Placed(-1, _finding(hit, segments[parts[0].segment], nowhere))
    return list(strongest.values())


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
