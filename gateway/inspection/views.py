"""A view is one reading of a text, with the way back to where each character came from.

Detectors read views; findings name places in the segment. The way back is a list of pieces: stretches that were copied
(offsets move along) and stretches that stand for something else (a decoded run maps to the whole run it was decoded
from). A view of a view asks its parent, so that any depth of decoding ends in the segment's own characters.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple


class Piece(NamedTuple):
    """``text[start:...]`` of a view came from ``[origin_start, origin_end)`` of its parent."""

    start: int
    origin_start: int
    origin_end: int
    copied: bool


@dataclass(frozen=True, slots=True)
class View:
    """One reading of a text. ``pieces`` None: the same characters as the parent."""

    name: str
    text: str = field(repr=False)
    prose: bool
    """Sentences as a person would read them, so that name detectors are asked, too."""
    pieces: tuple[Piece, ...] | None = field(default=None, repr=False)
    parent: "View | None" = field(default=None, repr=False)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Characters ``[start, end)`` of this view as characters of the text that the first view was made of."""
        if self.pieces is not None and self.pieces:
            start, end = _local(self.pieces, start, end)
        return (start, end) if self.parent is None else self.parent.origin(start, end)


def _local(pieces: tuple[Piece, ...], start: int, end: int) -> tuple[int, int]:
    at, until = _piece_at(pieces, start), _piece_at(pieces, max(end - 1, start))
    first, last = pieces[at], pieces[until]
    low = min(first.origin_start + (start - first.start), first.origin_end) if first.copied else first.origin_start
    high = min(last.origin_start + (end - last.start), last.origin_end) if last.copied else last.origin_end
    if low < high:
        return low, high
    # A match over the end of a line of a view, which stands for no place, or whose next line stands for an earlier
    # one: all that the lines on both sides stand for.
    meant = (first, last, pieces[max(at - 1, 0)], pieces[min(until + 1, len(pieces) - 1)])
    return min(piece.origin_start for piece in meant), max(piece.origin_end for piece in meant)


def _piece_at(pieces: tuple[Piece, ...], offset: int) -> int:
    return max(bisect_right(pieces, offset, key=lambda piece: piece.start) - 1, 0)


class ViewBuilder:
    """Collects the pieces of one view, from left to right."""

    __slots__ = ("_length", "_pieces", "_texts")

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._pieces: list[Piece] = []
        self._length = 0

    def copy(self, text: str, start: int) -> None:
        """Append ``text``, which stands at ``start`` of the parent as it is."""
        if text:
            self._append(text, Piece(self._length, start, start + len(text), copied=True))

    def put(self, text: str, start: int, end: int) -> None:
        """Append ``text`` as the reading of ``[start, end)`` of the parent."""
        if text:
            self._append(text, Piece(self._length, start, end, copied=False))

    def _append(self, text: str, piece: Piece) -> None:
        self._pieces.append(piece)
        self._texts.append(text)
        self._length += len(text)

    def build(self, name: str, parent: View | None, *, prose: bool) -> View:
        return View(name, "".join(self._texts), prose, tuple(self._pieces), parent)
