"""Encoded text that was cut into groups of one length: ``bXkg Y2Fy ZCBp``, ``6d79 2063``, ``"bXkgY2Fy" + "ZCBpcyA0"``.

Tools that dump bytes write such groups, and so does who wants to hide that something is encoded. A group by itself is
too short to say anything, so the groups between equal gaps are put together and read as one.
"""

import re
from collections.abc import Iterator
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
    row: list[re.Match[str]] = []
    gap = ""
    for group in _GROUP.finditer(text):
        between = text[row[-1].end() : group.start()] if row else ""
        alike = bool(row) and len(group[0]) == len(row[-1][0]) and 0 < len(between) <= _WIDEST_GAP
        if alike and (len(row) == 1 or between == gap):
            row.append(group)
        else:
            ends = len(row) > 1 and between == gap and len(group[0]) < len(row[-1][0])
            yield from _put_together([*row, group] if ends else row)
            row = [row[-1], group] if alike else [group]
        gap = between
    yield from _put_together(row)


def _put_together(row: list[re.Match[str]]) -> Iterator[Groups]:
    joined = "".join(group[0] for group in row)
    if len(row) >= _FEWEST and len(joined) >= _SHORTEST:
        yield Groups(joined, row[0].start(), row[-1].end())
