"""``gateway scan``: what inspection finds in a text, and where."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from gateway.cli.highlight import highlighted, placed
from gateway.cli.inspecting import (
    as_text,
    inspect,
    one_message,
    patient_scanner,
    read_bytes,
    why_private,
    without_general,
)
from gateway.cli.output import Json, Output, fail_on_config_error
from gateway.evaluation.rows import read_texts
from gateway.inspection.detectors.shipped import default_detectors
from gateway.model import Finding, Report
from gateway.settings import own_detectors, own_lists

_LINES: Final = (".jsonl", ".ndjson")
"""Endings of files whose lines are JSON objects with a ``text``."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """One text with its name and its report."""

    name: str
    text: str = field(repr=False)
    report: Report
    of_many: bool = False
    """One line of a file: shown only where something was found."""


@fail_on_config_error
def scan(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Text files, or .jsonl with `text`; - or none: standard input.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", "-t", help="Scan this text instead of files.")] = None,
    json: Json = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Every input is JSON lines with `text`, also standard input.")
    ] = False,
    ner: Annotated[bool, typer.Option("--ner/--no-ner", help="Find names and addresses with the NER model.")] = True,
) -> None:
    """Show what is found in files, standard input or --text. The text is shown on your terminal and kept nowhere."""
    output = Output(json=json)
    if text is not None:
        texts = [("--text", as_text(text, "--text", output), False)]
    else:
        texts = [one for file in files or [Path("-")] for one in _texts(file, jsonl, output)]
    scanner = patient_scanner(default_detectors(ner=ner, own=own_detectors()) + own_lists())
    scanned: list[Scanned] = []
    try:
        for name, each, of_many in texts:
            one = Scanned(name, each, without_general(inspect(scanner, one_message(each))), of_many)
            scanned.append(one)
            if not json:
                _show(one, output)
    finally:
        scanner.close()
    if json:
        output.result([_as_json(one) for one in scanned])
    elif len(scanned) > 1:
        found = sum(bool(one.report.findings) for one in scanned)
        unread = sum(not one.report.coverage.complete for one in scanned)
        output.say(f"{len(scanned):,} texts: something found in {found:,}, {unread:,} not read completely")


def _texts(file: Path, jsonl: bool, output: Output) -> Iterator[tuple[str, str, bool]]:
    """Name and text of a file, or of each of its lines; ConfigError or exit code 2 for what cannot be read."""
    name = "standard input" if str(file) == "-" else str(file)
    content = read_bytes(file, output)
    if not jsonl and file.suffix not in _LINES:
        yield name, as_text(content, name, output), False
        return
    for number, text in read_texts(content, Path(name)):
        yield f"{name}:{number}", text, True


def _as_json(one: Scanned) -> dict[str, Any]:
    return {
        "source": one.name,
        "complete": one.report.coverage.complete,
        "reasons": list(one.report.coverage.reasons),
        "counts": one.report.counts(),
        "findings": [
            {
                "entity_type": found.entity_type,
                "score": round(found.score, 3),
                "start": found.start,
                "end": found.end,
                "detector": found.detector,
            }
            for found in one.report.findings
        ],
    }


def _show(one: Scanned, output: Output) -> None:
    report = one.report
    coverage = (
        "read completely" if report.coverage.complete else f"NOT READ COMPLETELY: {', '.join(report.coverage.reasons)}"
    )
    count = len(report.findings)
    output.say(f"{one.name}: {count} finding{'' if count == 1 else 's'}, {coverage}")
    if one.of_many and not count:
        return
    Console(highlight=False).print(highlighted(one.text, placed(report.findings, one.text)))
    if count:
        output.table(
            ("entity type", "score", "place", "detector"),
            (
                (found.entity_type, f"{found.score:.2f}", _place(found, len(one.text)), found.detector)
                for found in report.findings
            ),
        )
    if reasons := why_private(one.text, report):
        output.say(f"private matter, because of: {reasons}")
    output.say()


def _place(one: Finding, length: int) -> str:
    if one.start < 0:
        return "across segments"
    return "the whole text" if (one.start, one.end) == (0, length) else f"{one.start}–{one.end}"
