"""``gateway scan``: what inspection finds in a text, and where."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from gateway.cli.inspecting import as_text, inspect, one_message, patient_scanner, read_bytes
from gateway.cli.output import Json, Output, fail_on_config_error
from gateway.inspection.detectors.shipped import default_detectors
from gateway.model import Finding, Report
from gateway.settings import own_detectors


@fail_on_config_error
def scan(
    files: Annotated[list[Path] | None, typer.Argument(help="Text files; - or none: standard input.")] = None,
    text: Annotated[str | None, typer.Option("--text", "-t", help="Scan this text instead of files.")] = None,
    json: Json = False,
    ner: Annotated[bool, typer.Option("--ner/--no-ner", help="Find names and addresses with the NER model.")] = True,
) -> None:
    """Show what is found in files, standard input or --text. The text is shown on your terminal and kept nowhere."""
    output = Output(json=json)
    texts = [("--text", as_text(text, "--text", output))] if text is not None else _read(files or [Path("-")], output)
    scanner = patient_scanner(default_detectors(ner=ner, own=own_detectors()))
    try:
        reports = [(name, each, inspect(scanner, one_message(each))) for name, each in texts]
    finally:
        scanner.close()
    if json:
        output.result([_as_json(name, report) for name, _, report in reports])
        return
    for name, each, report in reports:
        _show(name, each, report, output)


def _read(files: list[Path], output: Output) -> list[tuple[str, str]]:
    names = ["standard input" if str(file) == "-" else str(file) for file in files]
    return [(name, as_text(read_bytes(file, output), name, output)) for name, file in zip(names, files, strict=True)]


def _as_json(name: str, report: Report) -> dict[str, Any]:
    return {
        "source": name,
        "complete": report.coverage.complete,
        "reasons": list(report.coverage.reasons),
        "counts": report.counts(),
        "findings": [
            {
                "entity_type": one.entity_type,
                "score": round(one.score, 3),
                "start": one.start,
                "end": one.end,
                "detector": one.detector,
            }
            for one in report.findings
        ],
    }


def _show(name: str, text: str, report: Report, output: Output) -> None:
    coverage = (
        "read completely" if report.coverage.complete else f"NOT READ COMPLETELY: {', '.join(report.coverage.reasons)}"
    )
    output.say(f"{name}: {len(report.findings)} findings, {coverage}")
    shown = Text(text if len(text) <= 4000 else text[:4000] + " …")
    placed = [one for one in report.findings if one.path.endswith("content") and one.start >= 0]
    for one in placed:
        shown.stylize("bold reverse", one.start, min(one.end, len(shown)))
    Console(highlight=False).print(shown)
    output.table(
        ("entity type", "score", "place", "detector"),
        ((one.entity_type, f"{one.score:.2f}", _place(one), one.detector) for one in report.findings),
    )
    output.say()


def _place(one: Finding) -> str:
    return f"{one.start}–{one.end}" if one.start >= 0 else "across segments"
