"""``python -m tests.bench``: what a request costs. Prints tables, judges nothing. ``--quick``, ``--json``, ``--data``.

Processor time is what a busy machine distorts least; waiting times are only worth reading on an idle one.
"""

import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table as Drawn

from gateway import __version__
from tests.bench import memory, parts, proxied, speed
from tests.bench.measure import Budget, Cell, Table
from tests.bench.upstream import upstream
from tests.support.page_markers import replace

try:
    import uvloop
except ImportError:  # not on every platform; the server does without it there, too
    uvloop = None


QUICK = 0.15
MOST_S = 200.0
"""Seconds for everything; the last table gets what is left."""


def main(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer calls: a minute at most instead of four.")] = False,
    share: Annotated[float, typer.Option(hidden=True, help="Of all calls and seconds.")] = 1.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    data: Annotated[Path | None, typer.Option("--data", help="A folder of JSON lines to take texts from.")] = None,
    page: Annotated[Path | None, typer.Option("--page", help="Write the tables into this page, too.")] = None,
) -> None:
    """Measure the hot path and its parts."""
    console = Console(stderr=json)
    began = time.perf_counter()
    tables: list[Table] = []

    async def measure() -> None:
        async for table in _tables(QUICK if quick else share, data):
            tables.append(table)
            if not json:
                console.print(_drawn(table), "")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        runner.run(measure())
    about = _about() | {"seconds": round(time.perf_counter() - began, 1)}
    if page is not None:
        replace(page, "bench", "\n\n".join([_sentence(about), *map(_as_markdown, tables)]))
    if json:
        document = {"about": about, "tables": [_as_object(table) for table in tables]}
        sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        console.print("   ".join(f"{name} {value}" for name, value in about.items()))


async def _tables(share: float, data: Path | None) -> AsyncIterator[Table]:
    """One after the other. The seconds of all budgets together stay below what the options promise."""
    began = time.perf_counter()
    micro = Budget(2000, 0.3 * share)
    for table in await speed.measured(data, share):
        yield table
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as temporary, upstream() as base_url:
        folder = Path(temporary)
        for ner in (False, True):
            yield await proxied.measured(folder, base_url, Budget(int(1000 * share), 2.2 * share), ner=ner)
        yield parts.strict_json(micro)
        yield parts.decisions(micro)
        yield await parts.audit(folder, Budget(int(8000 * share), 2.5 * share))
        yield await parts.sending(base_url, Budget(int(1000 * share), 2.0 * share))
    yield await memory.measured(int(10_000 * share), MOST_S * max(share, QUICK) - (time.perf_counter() - began))


def _drawn(table: Table) -> Drawn:
    drawn = Drawn(title=table.title, title_justify="left", caption=table.note or None, caption_justify="left")
    for number, column in enumerate(table.columns):
        drawn.add_column(column, justify="left" if number == 0 else "right")
    for row in table.rows:
        drawn.add_row(*(_shown(cell) for cell in row))
    return drawn


def _shown(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:,.0f}" if cell >= 100 else f"{cell:.2f}"


def _sentence(about: dict[str, Any]) -> str:
    """What the figures depend on."""
    return ", ".join(f"{name} {value}" for name, value in about.items()) + "."


def _as_markdown(table: Table) -> str:
    lines = [f"### {table.title}", "", f"| {' | '.join(table.columns)} |", "|---" * len(table.columns) + "|"]
    lines += [f"| {' | '.join(map(_shown, row))} |" for row in table.rows]
    return "\n".join([*lines, *(["", table.note] if table.note else [])])


def _as_object(table: Table) -> dict[str, Any]:
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return {"title": table.title, "note": table.note, "rows": rows}


def _about() -> dict[str, Any]:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else -1.0
    return {
        "version": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": round(load, 1),
    }


if __name__ == "__main__":
    typer.run(main)
