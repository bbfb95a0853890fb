"""``gateway terms``: lists of exact values: make one from a table, look into it, try a value."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from gateway.cli.output import FAILED, UNUSABLE, Config, Json, Output, fail_on_config_error
from gateway.configuration.list_keys import key_from_file, key_from_secret, make_key_file
from gateway.inspection.terms.building import Builder, Built
from gateway.inspection.terms.exact import exact_detector
from gateway.inspection.terms.rows import columns_of, rows_of
from gateway.inspection.terms.spelling import LEAST, Refusal, Rules
from gateway.inspection.terms.store import Header, open_store, read_header
from gateway.settings import key_secret

app = typer.Typer(help="Make and inspect lists of exact values.", no_args_is_help=True)

Listed = Annotated[Path, typer.Argument(help="List that `gateway terms build` made.")]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help="File of the list's key. Default: made from keys.secret.")
]
_ROWS = 2_000
"""Rows between two looks at the progress bar."""
_REMEDIES = {
    Refusal.SINGLE_WORD: "A word alone would be found in other texts. Join columns as `first+last`, or --single-words.",
    Refusal.SHORT: "They would be found in other texts. --min-length lists them.",
    Refusal.DATE: "A date is nobody's alone.",
}


@app.command()
@fail_on_config_error
def build(
    table: Annotated[Path, typer.Argument(help="CSV, TSV or JSON lines (.jsonl); never stored.")],
    *,
    columns: Annotated[
        str, typer.Option("--columns", help="Columns to list, such as name,mrn,iban or first+last,iban.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="The list to make. One that is there is replaced when all is done.")
    ],
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", help="File of the key, made if it is not there. Default: made from keys.secret."),
    ] = None,
    entity_type: Annotated[str, typer.Option("--entity-type", help="What policies call these values.")] = "CUSTOMER",
    initials: Annotated[bool, typer.Option("--initials", help="List `M. Rossi` for `Maria Rossi`, too.")] = False,
    name_order: Annotated[
        bool, typer.Option("--name-order/--no-name-order", help="List names as `Last, First` and without middle names.")
    ] = True,
    single_words: Annotated[
        bool, typer.Option("--single-words", help="List values of one word without a digit.")
    ] = False,
    min_length: Annotated[
        int | None,
        typer.Option("--min-length", min=LEAST, help="Letters and digits that a value needs. Default: 5 or 6."),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make a list of keyed hashes from a table: what it holds is found in prompts, and stands nowhere in the list."""
    output = Output(json=json)
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{1,63}", entity_type):
        raise typer.BadParameter("use capitals, digits and underscores, such as CUSTOMER", param_hint="--entity-type")
    named = columns_of(columns)
    key, made = _key(key_file, config, make=True)
    rules = Rules(min_length, single_words=single_words, initials=initials, name_order=name_order)
    names = ["+".join(column) for column in named]
    with Builder(out, entity_type, names, key, rules) as builder, _progress(table, quiet=json) as at:
        for number, row in enumerate(rows_of(table, named)):
            builder.add(row.values)
            if number % _ROWS == 0:
                at(row.read)
        built = builder.write()
    if json:
        output.result(_as_json(built.header, out) | {"key_made": made, "warnings": list(_warnings(built))})
        return
    _show(built.header, output)
    output.say(f"\nMade {out} ({out.stat().st_size / 1e6:.1f} MB).")
    if made:
        output.say(f"Made the key {key_file}. Keep it as you keep the table: with list and key, guesses can be tested.")
    for warning in _warnings(built):
        output.say(f"warning: {warning}")
    said = f"{{file: {out}}}" if key_file is None else f"{{file: {out}, key_file: {key_file}}}"
    output.say(f"\nAdd this line under `exact:` in gateway.yaml, then restart:\n\n  - {said}")


@app.command()
@fail_on_config_error
def show(file: Listed, json: Json = False) -> None:
    """Show what anybody may know of a list: type, counts, id of the key. Needs no key, so nothing is checked."""
    header = read_header(file)
    output = Output(json=json)
    if json:
        output.result(_as_json(header, file))
    _show(header, output)


@app.command(name="test")
@fail_on_config_error
def run(
    file: Listed,
    value: Annotated[
        bool, typer.Option("--value", help="Ask for one value; standard input where that is no terminal.")
    ] = False,
    key_file: KeyFile = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Check a list against its key; with --value, say whether a value is listed: exit 0 yes, 1 no.

    The value is never an argument, which other users of the machine could read.
    """
    output = Output(json=json)
    key, _ = _key(key_file, config, make=False)
    detector = exact_detector([(open_store(file, key), key)])
    if not value:
        output.say("the list is whole and was made with this key")
        if json:
            output.result({"sound": True})
        return
    said = typer.prompt("Value", hide_input=True) if sys.stdin.isatty() else sys.stdin.read()
    if not said.strip():
        output.problem("there is no value", "Write it to standard input.")
        raise typer.Exit(UNUSABLE)
    found = bool(detector.find(said))
    output.say("yes" if found else "no")
    if json:
        output.result({"found": found})
    if not found:
        raise typer.Exit(FAILED)


def _key(key_file: Path | None, config: Path | None, *, make: bool) -> tuple[bytes, bool]:
    """The key, and whether it was made. Raises ConfigError."""
    if key_file is None:
        return key_from_secret(key_secret(config)), False
    if make and not key_file.exists():
        return make_key_file(key_file), True
    return key_from_file(key_file), False


@contextmanager
def _progress(table: Path, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar on stderr that shows how much of the table was read."""
    columns = (TextColumn("reading"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress:
        task = progress.add_task("", total=table.stat().st_size if table.exists() else None)
        yield lambda read: progress.update(task, completed=read)


def _warnings(built: Built) -> Iterator[str]:
    header = built.header
    for column in header.columns:
        for why, count in sorted(column.refused.items(), key=lambda one: -one[1]):
            if why != Refusal.EMPTY:
                remedy = _REMEDIES.get(Refusal(why), "")
                yield f"{count:,} of {column.values:,} values of {column.name} are not listed: {why}. {remedy}".strip()
        if not column.listed:
            yield f"nothing of {column.name} is listed"
    for one in built.dense:
        yield (
            f"{one.share:.1%} of all numbers of {one.digits} digits are listed: so many other numbers of that length "
            "will be found, too"
        )


def _as_json(header: Header, file: Path) -> dict[str, Any]:
    return {
        "file": str(file),
        "bytes": file.stat().st_size,
        "entity_type": header.entity_type,
        "key_id": header.key_id,
        "normalisation": header.normalisation,
        "spellings": header.entries,
        "columns": [
            {"name": one.name, "values": one.values, "listed": one.listed, "refused": dict(one.refused)}
            for one in header.columns
        ],
    }


def _show(header: Header, output: Output) -> None:
    output.table(
        ("column", "values", "listed", "refused"),
        (
            (
                one.name,
                f"{one.values:,}",
                f"{one.listed:,}",
                ", ".join(f"{count:,} {why}" for why, count in one.refused.items()) or "-",
            )
            for one in header.columns
        ),
    )
    output.say(f"{header.entity_type}: {header.entries:,} spellings, key {header.key_id}")
