"""What is read in one go: segments cut and packed into texts of a good size, stable from turn to turn.

A unit is a text and where its parts stand in the segments. Short segments of one message (or of one field outside
messages) share a unit, a key before its value, so that ``ssn: 123-45-6789`` gives detectors the word they need and a
hundred schema names cost one call. Long ones are cut with an overlap. No unit spans two messages: a further turn of a
conversation leaves all earlier units, and so their cached readings, as they were.

The ids that tie a tool's result to its call are units of their own. Servers draw them by lot, and every later turn of
an agent repeats them: beside other text they would be misread for numbers and addresses.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple

from gateway.inspection.scripts import is_foreign
from gateway.model import Segment

CHUNK: Final = 8192
"""Characters of one unit at most."""
OVERLAP: Final = 1024
"""Characters that two chunks of a long segment share: more than any identifier, secret or name is long."""
_PACKED: Final = 2048
"""Short segments are packed up to so many characters."""
_LABELS: Final = 128
"""Characters before a pack that are read again with it, so that no value stands without its label."""
_CALL_ID_PLACE: Final = re.compile(
    r"messages\.\d+\.(?:tool_call_id|tool_calls\.\d+\.id|content\.\d+\.(?:id|tool_use_id))"
)
_CALL_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
"""``call_`` or ``toolu_`` with 24 characters, UUIDs, ``functions.name:0``; vendors take no more than 64 characters."""


_TOLD: Final = re.compile(r"(?:messages|system|input|instructions|prompt|contents)(?:\.|$)")
"""Fields that hold prose for the model, in the formats of the vendors."""


class Span(NamedTuple):
    """``text[start : start + length]`` of a unit is ``[offset, offset + length)`` of segment number ``segment``."""

    start: int
    length: int
    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Unit:
    """One text to be read. ``joined``: pieces of several strings; only what crosses from one to another counts."""

    text: str = field(repr=False)
    spans: tuple[Span, ...]
    joined: bool = False
    drawn: bool = False
    """The id of a tool call, drawn by lot."""
    written: tuple[tuple[int, int], ...] = ()
    """``[start, end)`` of each whole string that somebody wrote to a model: what assessors judge, one by one."""
    answer: bool = False
    """The beginning of a message behind the end of another, which may say what it is. What is found in it counts."""

    @property
    def bare(self) -> bool:
        """No sentence and no cipher: names are not looked for, and that it looks random says nothing. All else is."""
        return self.joined or self.drawn or self.answer


class UnitBuilder:
    """Collects the parts of one unit from left to right."""

    __slots__ = ("_spans", "_texts", "_written", "length")

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._spans: list[Span] = []
        self._written: list[tuple[int, int]] = []
        self.length = 0

    def add(self, segment: int, text: str, offset: int = 0, *, written: bool = False) -> None:
        """Append ``text``, which stands at ``offset`` of the segment. ``written``: an assessor is to judge it."""
        self._spans.append(Span(self.length, len(text), segment, offset))
        if written:
            self._written.append((self.length, self.length + len(text)))
        self.glue(text)

    def glue(self, text: str) -> None:
        """Append text that stands in no segment."""
        self._texts.append(text)
        self.length += len(text)

    def build(self, *, joined: bool = False, answer: bool = False) -> Unit:
        return Unit("".join(self._texts), tuple(self._spans), joined, written=tuple(self._written), answer=answer)


def is_key(segment: Segment) -> bool:
    """Is this segment an object's key?"""
    return segment.path.endswith("#")


def is_written(segment: Segment) -> bool:
    """Is this what a person, a system or a tool tells the model? Keys, schemas and the model's own answers are not, but
    for answers in a script whose names nobody reads: there judging them is all that can be done."""
    return not is_key(segment) and (segment.role != "assistant" or is_foreign(segment.text)) and _told(segment.path)


# Paths are names of known fields and indices, never text of a request: they may be remembered.
@lru_cache(maxsize=4096)
def _told(path: str) -> bool:
    return _TOLD.match(path) is not None


def is_call_id(segment: Segment) -> bool:
    """Is this the id of a tool call, in its place and of a form that vendors take? Anything else is read as text."""
    return (
        segment.path.endswith("id")
        and _CALL_ID_PLACE.fullmatch(segment.path) is not None
        and _CALL_ID.fullmatch(segment.text) is not None
    )


def group_of(segment: Segment) -> str:
    """The message, or the top-level field, that a segment belongs to."""
    return _group(segment.path)


@lru_cache(maxsize=4096)
def _group(path: str) -> str:
    first, _, rest = path.partition(".")
    return f"{first}.{rest.partition('.')[0]}" if first == "messages" else first.rstrip("#")


def units(segments: Sequence[Segment]) -> list[Unit]:
    """Units that together hold every character of ``segments``."""
    found: list[Unit] = []
    for _, members in groupby(enumerate(segments), key=lambda item: group_of(item[1])):
        texts: list[tuple[int, Segment]] = []
        for number, segment in members:
            if is_call_id(segment):
                found.append(Unit(segment.text, (Span(0, len(segment.text), number, 0),), drawn=True))
            else:
                texts.append((number, segment))
        found += _packed(texts)
    return found


def _packed(members: list[tuple[int, Segment]]) -> Iterator[Unit]:
    """Units of one group. A segment too long to share gets units of its own."""
    pack = UnitBuilder()
    for at, (number, segment) in enumerate(members):
        if pack.length and pack.length + len(segment.text) > _PACKED:
            yield pack.build()
            pack = UnitBuilder()
            if len(segment.text) <= _PACKED:
                _fill(pack, _before(members, at))
        if len(segment.text) > _PACKED:
            yield from _chunks(number, segment)
            continue
        _fill(pack, members[at : at + 1])
    if pack.length:
        yield pack.build()


def _before(members: list[tuple[int, Segment]], at: int) -> list[tuple[int, Segment]]:
    """The short segments right before one: keys and other words that say what it is."""
    start, length = at, 0
    while start and (length := length + len(members[start - 1][1].text)) <= _LABELS:
        start -= 1
    return members[start:at]


def _fill(pack: UnitBuilder, members: list[tuple[int, Segment]]) -> None:
    for number, segment in members:
        pack.add(number, segment.text, written=is_written(segment))
        pack.glue(": " if is_key(segment) else "\n")


def _chunks(number: int, segment: Segment) -> Iterator[Unit]:
    text, written = segment.text, is_written(segment)
    start = 0
    while True:
        piece = text[start : start + CHUNK]
        yield Unit(piece, (Span(0, len(piece), number, start),), written=((0, len(piece)),) if written else ())
        if start + CHUNK >= len(text):
            return
        start += CHUNK - OVERLAP
