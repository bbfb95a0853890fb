"""Labelled texts to evaluate on: JSON lines, read strictly. A bad line is named by file and line, never quoted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.errors import ConfigError, Problem
from gateway.policy.shipped import shipped

EXAMPLES: Final = "examples"
"""The name that stands for the rows that come with the gateway."""
_MOST_PROBLEMS: Final = 20
_VERDICTS: Final = {True: "sensitive", False: "general", None: "unscored"}
_REMEDY: Final = 'Write one object per line: {"id": "1", "text": "...", "sensitive": true, "source": "mail"}'


@dataclass(frozen=True, slots=True)
class Row:
    """One text and what somebody judged it to be."""

    id: str
    text: str = field(repr=False)
    sensitive: bool | None
    """None: nobody judged it. It is decided and counted, and takes no part in recall or over-routing."""
    source: str
    language: str = ""
    spans: tuple[tuple[int, int, str], ...] = ()
    """What the row's author says stands in it: start, end (characters) and a type of the author's own."""

    @property
    def verdict(self) -> str:
        """``sensitive``, ``general`` or ``unscored``."""
        return _VERDICTS[self.sensitive]


def examples() -> Path:
    """The rows that come with the gateway: written for this purpose, about nobody."""
    return shipped() / "evaluation" / "examples.jsonl"


def read_rows(files: Sequence[Path]) -> list[Row]:
    """The rows of all files, in order; ``examples`` names those that come with the gateway unless such a file exists.

    Raises ConfigError with every unusable line (the first 20 of them), and when there is no row at all.
    """
    rows: list[Row] = []
    problems: list[Problem] = []
    for name in files or (Path(EXAMPLES),):
        file = examples() if str(name) == EXAMPLES and not name.exists() else name
        for item in _read(file):
            if isinstance(item, Row):
                rows.append(item)
            else:
                problems.append(item)
    _complain(problems)
    if not rows:
        raise ConfigError((Problem("there are no rows to evaluate", _REMEDY, files[0] if files else None),))
    return rows


def read_texts(content: bytes, name: Path) -> list[tuple[int, str]]:
    """Number and ``text`` of every line of a file with that name. Raises ConfigError with every unusable line."""
    read = [*_lines(content, name, name.name)]
    _complain([one for _, one in read if isinstance(one, Problem)])
    return [(number, one.text) for number, one in read if isinstance(one, Row)]


def _complain(problems: list[Problem]) -> None:
    """ConfigError with the first problems and the number of the others, if there are any."""
    further = len(problems) - _MOST_PROBLEMS
    if further > 0:
        problems[_MOST_PROBLEMS:] = [Problem(f"and {further} further lines", "Correct the lines above first.")]
    if problems:
        raise ConfigError(tuple(problems))


def _read(file: Path) -> Iterator[Row | Problem]:
    try:
        content = file.read_bytes()
    except OSError as error:
        yield Problem(f"cannot be read: {error.strerror}", "Name files that exist and may be read.", file)
        return
    for _, one in _lines(content, file, file.name):
        yield one


def _lines(content: bytes, file: Path, source: str) -> Iterator[tuple[int, Row | Problem]]:
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            try:
                yield number, _row(line, str(number), source)
            except _Unusable as why:
                yield number, Problem(str(why), _REMEDY, file, number)


class _Unusable(Exception):
    """What is wrong with a line, in fixed words."""


def _row(line: bytes, number: str, source: str) -> Row:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise _Unusable("the line is not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise _Unusable("the line is not a JSON object")
    text = value.get("text")
    if not isinstance(text, str):
        raise _Unusable("`text` is missing" if text is None else "`text` is not a string")
    sensitive = value.get("sensitive")
    if sensitive is not None and not isinstance(sensitive, bool):
        raise _Unusable("`sensitive` is neither true nor false nor null")
    return Row(
        _word(value, "id") or number,
        text,
        sensitive,
        _word(value, "source") or source,
        _word(value, "language"),
        _spans(value.get("spans"), len(text)),
    )


def _word(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        raise _Unusable(f"`{key}` is neither a string nor a number")
    return str(found)


def _spans(value: object, length: int) -> tuple[tuple[int, int, str], ...]:
    spans: list[tuple[int, int, str]] = []
    for one in value if isinstance(value, list) else () if value is None else (value,):
        match one:
            case [int(start), int(end), str(kind)] if 0 <= start < end <= length:
                spans.append((start, end, kind))
            case _:
                raise _Unusable("`spans` is not a list of [start, end, type] inside the text")
    return tuple(spans)
