"""Rows of a table in a file, one after another: CSV, TSV or JSON lines, of any length in the memory of one row."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import orjson

from gateway.errors import ConfigError, Problem

DELIMITERS: Final = (",", ";", "\t", "|")
_LONGEST_FIELD: Final = 1 << 20
_JSON: Final = {".jsonl", ".ndjson", ".json"}


class Row(NamedTuple):
    """The wanted values of one row, and how many bytes of the file were read by then."""

    values: tuple[str, ...]
    read: int


def columns_of(given: str) -> tuple[tuple[str, ...], ...]:
    """``name,first+last`` as columns: each the names of the fields that make one value, with a space between them.

    Raises ConfigError where none is named or a name is empty.
    """
    columns = tuple(tuple(part.strip() for part in one.split("+")) for one in given.split(","))
    if not all(all(column) for column in columns):
        remedy = "Write names of columns with commas between them, such as `name,iban` or `first+last,iban`."
        raise ConfigError((Problem("a column has no name", remedy),))
    if len(set(columns)) < len(columns):
        raise ConfigError((Problem("a column is named twice", "Name each once."),))
    return columns


def rows_of(path: Path, columns: Sequence[Sequence[str]]) -> Iterator[Row]:
    """The values of ``columns`` in each row; a field that is not there, or that is no text or number, is empty.

    Raises ConfigError where the file cannot be read as its name says, or lacks a column.
    """
    try:
        with path.open("rb") as file:
            yield from (_json if path.suffix.lower() in _JSON else _csv)(file, path, columns)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError((Problem(f"cannot read the table: {reason}", "Check the path.", path),)) from None


class _Lines:
    """Lines of a binary file as text, counting bytes."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path
        self.read = 0
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self.read += len(line)
            self.number += 1
            try:
                yield line.decode("utf-8-sig" if self.number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise self.problem("the line is not UTF-8", "Convert the file to UTF-8.") from None

    def problem(self, message: str, remedy: str) -> ConfigError:
        return ConfigError((Problem(message, remedy, self._path, self.number),))


def _csv(file: IO[bytes], path: Path, columns: Sequence[Sequence[str]]) -> Iterator[Row]:
    lines = _Lines(file, path)
    source = iter(lines)
    head = next(source, "")
    wanted = {name for column in columns for name in column}
    delimiter, names = _header(head, wanted, path)
    places = [[names.index(name) for name in column] for column in columns]
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(source, delimiter=delimiter)
    try:
        for fields in reader:
            if fields:
                yield Row(tuple(_joined(fields, place) for place in places), lines.read)
    except csv.Error:
        remedy = "Check the quotes on this line and before."
        raise lines.problem("the line cannot be read as CSV", remedy) from None


def _header(head: str, wanted: set[str], path: Path) -> tuple[str, list[str]]:
    """The delimiter under which most of the wanted columns are there, and the names of all columns."""
    readings = [
        (one, [name.strip() for name in next(csv.reader([head.rstrip("\r\n")], delimiter=one), [])])
        for one in (DELIMITERS if path.suffix.lower() != ".tsv" else ("\t",))
    ]
    delimiter, names = max(readings, key=lambda reading: (len(wanted & set(reading[1])), len(reading[1])))
    if missing := sorted(wanted - set(names)):
        known = ", ".join(names[:20]) or "none"
        raise ConfigError((Problem(f"there is no column {', '.join(missing)}", f"There are: {known}.", path, 1),))
    return delimiter, names


def _joined(fields: list[str], places: list[int]) -> str:
    if len(places) == 1:
        return fields[places[0]] if places[0] < len(fields) else ""
    return " ".join(fields[place] for place in places if place < len(fields))


def _json(file: IO[bytes], path: Path, columns: Sequence[Sequence[str]]) -> Iterator[Row]:
    lines = _Lines(file, path)
    seen: set[str] = set()
    wanted = {name for column in columns for name in column}
    for line in lines:
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise lines.problem("the line is not JSON", "Write one JSON object on each line.") from None
        if not isinstance(row, dict):
            raise lines.problem("the line is not a JSON object", "Write one JSON object on each line.")
        if len(seen) < len(wanted):
            seen |= wanted & row.keys()
        yield Row(tuple(" ".join(_said(row.get(name)) for name in column).strip() for column in columns), lines.read)
    if missing := sorted(wanted - seen):
        raise ConfigError((Problem(f"no line has {', '.join(missing)}", "Check the names of --columns.", path),))


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
