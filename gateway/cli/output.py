"""How commands speak: tables for people, ``--json`` for programs, problems on stderr, and one meaning per exit code."""

import functools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import orjson
import typer
from rich.console import Console
from rich.table import Table

from gateway.errors import ConfigError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

OK = 0
FAILED = 1
"""What was asked was done, and the answer is no: a probe failed, not ready, something leaked."""
WIDTH = 150
"""Columns of a table that no terminal shows."""
UNUSABLE = 2
"""It could not be done: wrong usage or configuration that must not be started with."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="gateway.yaml. Default: GATEWAY_CONFIG, else ./gateway.yaml.")
]


class Output:
    """Where a command's result goes."""

    def __init__(self, *, json: bool) -> None:
        self.json = json
        # A pipe or a log has no width of its own; rich would assume 80 columns and fold every cell.
        self._console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
        self._errors = Console(stderr=True, highlight=False)

    def result(self, value: Mapping[str, Any] | Sequence[Any]) -> None:
        """The whole result as one JSON document."""
        sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")

    def say(self, text: str = "") -> None:
        """One line for a person; nothing under ``--json``."""
        if not self.json:
            self._console.print(text, markup=False, soft_wrap=True)  # a log or a paste wants the line whole

    def table(
        self, columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str | None = None, whole: str = ""
    ) -> None:
        """A table for a person; nothing under ``--json``. Cells are text, never markup.

        ``whole`` names a column that is never folded, because people copy from it.
        """
        if self.json:
            return
        table = Table(title=title, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold", no_wrap=column == whole)
        for row in rows:
            table.add_row(*(cell.replace("[", "\\[") for cell in row))
        self._console.print(table)

    def problem(self, message: str, remedy: str) -> None:
        """What went wrong and what to do, on stderr."""
        self._errors.print(f"error: {message}\n    {remedy}", markup=False, soft_wrap=True)


def fail_on_config_error(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Print every problem of a ConfigError on stderr and end with exit code 2, never with a traceback."""

    @functools.wraps(command)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except ConfigError as error:
            console = Console(stderr=True, highlight=False)
            for problem in error.problems:
                console.print(f"error: {problem}", markup=False, soft_wrap=True)
            raise typer.Exit(UNUSABLE) from None

    return wrapped
