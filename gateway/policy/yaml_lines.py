"""YAML that remembers its lines: every problem in a configuration file can name the line it stands on.

A smaller language than YAML 1.1, on purpose, because configuration must not surprise:

- scalars follow the JSON-like core schema of YAML 1.2: ``no``, ``on`` and ``2023-06-01`` stay text;
- duplicate keys, tags, anchors and aliases, several documents and keys that are not text are errors;
- size, depth and number of values are bounded.

Built from parser events with a stack of its own, so no input can recurse and no object but the plain ones is made.
"""

import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from gateway.errors import ConfigError, Line, Problem

Location: TypeAlias = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the top, such as ``("classify", 0, "when")``."""
Lines: TypeAlias = Mapping[Location, int]
"""Location to line, from 1: the key's line for a mapping's value, the item's line in a list; ``()`` is the top.
Each is a ``Line``, so that a problem that names it names the column as well."""

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_DEPTH: Final = 40
MAX_VALUES: Final = 200_000
LONGEST_QUOTED: Final = 80
"""Characters of a file's own words in a message."""

_TOP: Final = Line(1, 1)
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BREAK: Final = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
"""What YAML 1.1 counts as the end of a line."""
_NULL: Final = re.compile(r"~|null|Null|NULL|")
_TRUE: Final = re.compile(r"true|True|TRUE")
_FALSE: Final = re.compile(r"false|False|FALSE")
_INT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT: Final = re.compile(
    r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18}|[0-9]{1,18}(?=[eE]))(?:[eE][-+]?[0-9]{1,2})?"
)


def load_yaml(path: Path, values: int | None = None) -> tuple[Any, Lines]:
    """Read one YAML file. Returns its value (dict, list, str, int, float, bool or None) and the line of each location.

    An empty file is None. Raises ConfigError with every structural problem found. ``values``: how many the file may
    hold, keys and lists and mappings counted; default MAX_VALUES.
    """
    raw = _bytes(path)
    if len(raw) > MAX_BYTES:
        raise _one(path, None, f"the file is larger than {MAX_BYTES} bytes", "Split it or remove what is not needed.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = Line(raw.count(b"\n", 0, error.start) + 1, error.start - raw.rfind(b"\n", 0, error.start))
        raise _one(path, line, "the file is not UTF-8", "Save it as UTF-8.") from None
    return parse_yaml(text, path, values)


def _bytes(path: Path) -> bytes:
    """The file's bytes, one more than the limit at most. What is no plain file is not read: a pipe could block."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            kind = os.fstat(handle).st_mode
            if stat.S_ISDIR(kind):
                raise _one(path, None, "cannot read the file: it is a directory", "Name a file in it.")
            if not stat.S_ISREG(kind):
                raise _one(path, None, "cannot read the file: it is a pipe or a device", "Name a plain file.")
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError:
        reason = "its name holds a NUL character"
    raise _one(path, None, f"cannot read the file: {reason}", "Check the path and its permissions.")


def load_mapping(path: Path, values: int | None = None) -> tuple[dict[str, Any], Lines]:
    """Like load_yaml for a file whose top level has to be ``key: value`` lines. An empty file is an error."""
    value, lines = load_yaml(path, values)
    if value is None:
        raise _one(path, None, "the file is empty", "Write at least the required keys.")
    if not isinstance(value, dict):
        raise _one(path, lines[()], "the top level must be a mapping", "Start with lines of the form `key: value`.")
    return value, lines


def parse_yaml(text: str, path: Path, values: int | None = None) -> tuple[Any, Lines]:
    """The same for text already read; ``path`` is only named in problems. Raises ConfigError."""
    builder = _Builder(path, MAX_VALUES if values is None else values)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = Line(mark.line + 1, mark.column + 1) if mark else None
        builder.problems.append(_syntax(path, line, error.problem, text))
    except yaml.YAMLError:
        line = _first_unprintable(text)
        builder.problems.append(
            Problem("a character is not allowed in YAML", "Remove the control character.", path, line)
        )
    if builder.problems:
        raise ConfigError(tuple(builder.problems))
    builder.lines.setdefault((), _TOP)
    return builder.root, builder.lines


def line_of(lines: Lines, location: Iterable[str | int]) -> int | None:
    """The line of a location, or of the nearest place above it that the file has. Never fails."""
    here = tuple(location)
    while here and here not in lines:
        here = here[:-1]
    return lines.get(here)


def shown(text: str) -> str:
    """Words of a file as a message quotes them: in quotes, short, and nothing that a terminal would obey."""
    return repr(text if len(text) <= LONGEST_QUOTED else text[: LONGEST_QUOTED - 1] + "…")


def printable(text: str) -> str:
    """The same without quotes, for keys in a path."""
    return shown(text)[1:-1]


def _one(path: Path, line: int | None, message: str, remedy: str) -> ConfigError:
    return ConfigError((Problem(message, remedy, path, line),))


def _syntax(path: Path, line: Line | None, problem: str | None, text: str) -> Problem:
    rows = _BREAK.split(text.removesuffix("\n"))
    if line and line > len(rows):
        line = Line(len(rows), len(rows[-1]) + 1)
    row = rows[line - 1] if line and line <= len(rows) else ""
    if "\t" in row[: len(row) - len(row.lstrip())]:
        return Problem("a tab is used for indentation", "Indent with spaces.", path, line)
    return Problem(
        f"not valid YAML: {problem or 'syntax error'}",
        "Check indentation, colons, quotes and brackets on this line and the one before.",
        path,
        line,
    )


def _first_unprintable(text: str) -> Line | None:
    found = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    if found is None:
        return None
    rows = _BREAK.split(text[: found.start()])
    return Line(len(rows), len(rows[-1]) + 1)


def _scalar(value: str) -> Any:
    """A plain (unquoted) scalar by the core schema. Whole numbers with leading zeros stay text: they are names."""
    if _NULL.fullmatch(value):
        return None
    if _TRUE.fullmatch(value):
        return True
    if _FALSE.fullmatch(value):
        return False
    if _INT.fullmatch(value):
        return int(value)
    if _FLOAT.fullmatch(value):
        return float(value)
    return value


class _Frame:
    """One open mapping or list, and the key that waits for its value."""

    __slots__ = ("key", "key_line", "location", "value")

    def __init__(self, value: dict[str, Any] | list[Any], location: Location) -> None:
        self.value = value
        self.location = location
        self.key: str | None = None
        self.key_line: int = 0


class _Builder:
    """Turns events into plain values. Structural mistakes are collected, and the rest is read on."""

    __slots__ = ("documents", "lines", "most", "path", "problems", "root", "stack", "values")

    def __init__(self, path: Path, most: int) -> None:
        self.path = path
        self.most = most
        self.root: Any = None
        self.lines: dict[Location, int] = {}
        self.problems: list[Problem] = []
        self.stack: list[_Frame] = []
        self.documents = 0
        self.values = 0

    def take(self, event: Any) -> None:
        line = Line(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents == 2:
                message = "the file holds more than one document"
                raise self.stopped(line, message, "Remove the `---` line and what follows.")
        elif isinstance(event, yaml.AliasEvent):
            self.complain(line, "anchors and aliases are not allowed", "Write the value out.")
            self.place(None, line)
        elif isinstance(event, yaml.NodeEvent):
            self.node(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()

    def node(self, event: Any, line: int) -> None:
        if event.anchor is not None:
            self.complain(line, "anchors and aliases are not allowed", "Write the value out.")
        if event.tag not in (None, "!"):
            self.complain(line, "tags are not allowed", "Remove the `!` tag.")
        if isinstance(event, yaml.ScalarEvent):
            self.place(_scalar(event.value) if event.implicit[0] else event.value, line)
            return
        opened: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        location = self.place(opened, line)
        self.stack.append(_Frame(opened, location))
        if len(self.stack) > MAX_DEPTH:
            raise self.stopped(line, f"nested deeper than {MAX_DEPTH} levels", "Flatten the file.")

    def place(self, value: Any, line: int) -> Location:
        """Put a value where the open collection expects it; returns its location."""
        self.values += 1
        if self.values > self.most:
            raise self.stopped(line, f"more than {self.most} values", "Split the file.")
        if not self.stack:
            if self.documents == 1:
                self.root = value
                self.lines[()] = _TOP
            return ()
        frame = self.stack[-1]
        if isinstance(frame.value, list):
            location = (*frame.location, len(frame.value))
            frame.value.append(value)
            self.lines[location] = line
            return location
        if frame.key is None:
            frame.key = self.key(frame, value, line)
            frame.key_line = line
            return (*frame.location, frame.key)
        location = (*frame.location, frame.key)
        frame.value.setdefault(frame.key, value)
        self.lines.setdefault(location, frame.key_line)
        frame.key = None
        return location

    def key(self, frame: _Frame, value: Any, line: int) -> str:
        if isinstance(value, dict | list):
            self.complain(line, "a key must be text, not a list or mapping", "Quote braces that are meant as text.")
            return ""
        name = value if isinstance(value, str) else str(value)
        if not isinstance(value, str):
            self.complain(line, f"the key {shown(name)} is not text", "Put it in quotes.")
        if name in frame.value:
            first = self.lines.get((*frame.location, name))
            self.complain(line, f"the key {shown(name)} is given twice (first on line {first})", "Keep one of them.")
        return name

    def complain(self, line: int, message: str, remedy: str) -> None:
        if len(self.problems) < 100:
            self.problems.append(Problem(message, remedy, self.path, line))

    def stopped(self, line: int, message: str, remedy: str) -> ConfigError:
        """What ends the reading, after what was wrong before."""
        return ConfigError((*self.problems, Problem(message, remedy, self.path, line)))
