"""Values that were laid out down the column of a table: read each column from top to bottom (evasion S2)."""

from collections.abc import Iterator
from typing import Final

from gateway.inspection.squeeze import Group, emit, windows
from gateway.inspection.views import View, ViewBuilder

_DELIMITERS: Final = "|\t;,"
_MOST_ROWS: Final = 64
_MARKS: Final = " \t\"'*_`"


def columns(view: View) -> View | None:
    """Digit groups that stand below each other in the cells of a table, or None where there is no such table."""
    text = view.text
    if "\n" not in text or not any(text.count(delimiter) > 1 for delimiter in _DELIMITERS):
        return None
    builder = ViewBuilder()
    found = False
    for cells in _columns(text):
        for _, chosen in windows(cells):
            digits = "".join(group.digits for group in chosen)
            if len(digits) > 8:
                emit(builder, text, digits, chosen[0].start, chosen[-1].end)
                found = True
    return builder.build(f"{view.name}.columns", view, prose=False) if found else None


def _columns(text: str) -> Iterator[list[Group]]:
    """Each column of each table of ``text``: its cells that hold digits alone."""
    rows: list[list[Group | None]] = []
    delimiter = ""
    for row, used in _rows(text):
        if rows and (used != delimiter or len(row) != len(rows[0]) or len(rows) == _MOST_ROWS):
            yield from _turned(rows)
            rows = []
        delimiter = used
        if len(row) > 1:
            rows.append(row)
    yield from _turned(rows)


def _turned(rows: list[list[Group | None]]) -> Iterator[list[Group]]:
    if len(rows) > 1:
        for column in zip(*rows, strict=True):
            yield [cell for cell in column if cell is not None]


def _rows(text: str) -> Iterator[tuple[list[Group | None], str]]:
    at = 0
    for line in text.split("\n"):
        delimiter = next((mark for mark in _DELIMITERS if mark in line), "")
        yield (_cells(line, delimiter, at) if delimiter else []), delimiter
        at += len(line) + 1


def _cells(line: str, delimiter: str, at: int) -> list[Group | None]:
    cells: list[Group | None] = []
    for cell in line.split(delimiter):
        bare = cell.strip(_MARKS)
        if bare.isdecimal() and len(bare) <= 8:
            start = at + cell.find(bare)
            cells.append(Group(bare, start, start + len(bare)))
        else:
            cells.append(None)
        at += len(cell) + 1
    return cells
