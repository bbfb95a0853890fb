"""Encoded text that was cut into groups of one length: ``bXkg Y2Fy ZCBp``, ``6d79 2063``, ``"bXkgY2Fy" + "ZCBpcyA0"``.

Tools that dump bytes write such groups, and so does who wants to hide that something is encoded. A group by itself is
too short to say anything, so the groups between equal gaps are put together and read as one.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

_FEWEST: Final = 3
_SHORTEST: Final = 16
"""Characters of all groups together."""
_WIDEST_GAP: Final = 8
_GROUP: Final = re.compile(r"(?![+/](?![A-Za-z0-9+/]))[A-Za-z0-9+/]{1,39}+={0,2}")
GATE: Final = re.compile(r"[a-z][A-Z]|[0-9][A-Z]|[0-9][a-f][0-9]|[01]{4}[^0-9][01]{4}")
"""What groups of base64, base32, hexadecimal or binary hold somewhere, and prose hardly ever."""


class Groups(NamedTuple):
    """Groups without their gaps, and where they stand."""

    text: str
    start: int
    end: int


def regrouped(text: str) -> Iterator[Groups]:
    """Stretches of three and more groups of one length with one gap between them; the last group may be shorter."""
    if not GATE.search(text):
        return
    spans = [match.span() for match in _GROUP.finditer(text)]
    sizes = [end - start for start, end in spans]
    index = 0
    # Most groups are of another length than the next one: looking at lengths alone passes over them quickly.
    for at, (size, next_size) in enumerate(pairwise(sizes[:-1])):
        if size != next_size or at < index or not 0 < spans[at + 1][0] - spans[at][1] <= _WIDEST_GAP:
            continue
        index = at
        last = _row(text, spans, index)
        row = spans[index : last + 1]
        if len(row) > 1 and last + 1 < len(spans) and _ends(text, spans, last):
            row.append(spans[last + 1])
        if len(row) >= _FEWEST and sum(ends - start for start, ends in row) >= _SHORTEST:
            yield Groups("".join(text[start:end] for start, end in row), row[0][0], row[-1][1])
        index = last  # the last group may begin the next row, with another gap


def _row(text: str, spans: list[tuple[int, int]], first: int) -> int:
    """The last group of the row that begins with ``first``: all of one length, all gaps the same."""
    start, end = spans[first]
    size, gap = end - start, text[end : spans[first + 1][0]]
    last = first + 1
    while last + 1 < len(spans):
        after, ends = spans[last + 1]
        if ends - after != size or text[spans[last][1] : after] != gap:
            break
        last += 1
    return last


def _ends(text: str, spans: list[tuple[int, int]], last: int) -> bool:
    """Is the group behind the ``last`` one of a row a shorter one behind the same gap?"""
    (before, start), (end, after) = (spans[last - 1][1], spans[last][0]), (spans[last][1], spans[last + 1][0])
    shorter = spans[last + 1][1] - after < end - start
    return shorter and text[before:start] == text[end:after]
