"""``gateway audit``: read the records. Read-only, beside a running gateway; needs no secret."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.audit import query as records
from gateway.audit.policy_change import PolicyChange
from gateway.audit.query import Entry, Filters
from gateway.audit.record import Outcome
from gateway.cli.output import Config, Json, Output, fail_on_config_error
from gateway.settings import audit_file

app = typer.Typer(help="Read the records of decisions. They hold no text.", no_args_is_help=True)

File = Annotated[
    Path | None, typer.Option("--file", "-f", help="The records themselves; default: audit.path of the configuration.")
]
CHANGE_COLUMNS = ("time (UTC)", "asked by", "outcome", "old", "new", "problems")
COLUMNS = ("time (UTC)", "request", "key", "outcome", "backend", "label", "rules", "findings", "ended")
_TIME = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d{1,6})?)?)?Z?)?)?)?")


@app.command()
@fail_on_config_error
def tail(
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=records.MAX_LIMIT, help="How many.")] = 20,
    config: Config = None,
    file: File = None,
    json: Json = False,
) -> None:
    """Show the latest decisions, oldest first."""
    _show(records.tail(file or audit_file(config), number), Output(json=json))


@app.command()
@fail_on_config_error
def query(  # noqa: PLR0917  typer passes them all by name
    label: Annotated[str | None, typer.Option(help="Only this label.")] = None,
    backend: Annotated[str | None, typer.Option(help="Only what was sent to this backend.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Only this outcome.")] = None,
    key: Annotated[str | None, typer.Option(help="Only requests with this client key's id.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only where this rule matched.")] = None,
    since: Annotated[str | None, typer.Option(help="From this UTC time on: 2026-11-23, 2026-11-23T21:22.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this UTC time.")] = None,
    request_id: Annotated[str | None, typer.Option(help="Only this request (x-request-id).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=records.MAX_LIMIT, help="The latest so many.")] = 100,
    config: Config = None,
    file: File = None,
    json: Json = False,
) -> None:
    """Find decisions; all conditions must hold."""
    for name, value in (("--since", since), ("--until", until)):
        if value is not None and not _TIME.fullmatch(value):
            raise typer.BadParameter("give a UTC time such as 2026-11-23 or 2026-11-23T21:22:05", param_hint=name)
    filters = Filters(
        label=label,
        backend=backend,
        outcome=outcome,
        key=key,
        rule=rule,
        since=since.removesuffix("Z") if since else None,
        until=until.removesuffix("Z") if until else None,
        request_id=request_id,
        limit=limit,
    )
    _show(records.query(file or audit_file(config), filters), Output(json=json))


@app.command("policy")
@fail_on_config_error
def policy_changes(
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=records.MAX_LIMIT, help="How many.")] = 20,
    config: Config = None,
    file: File = None,
    json: Json = False,
) -> None:
    """Show the latest attempts to change the policy of a running gateway, oldest first: who asked, what came of it."""
    found = records.policy_changes(file or audit_file(config), number)
    output = Output(json=json)
    if json:
        output.result([asdict(one) for one in found])
    elif found:
        output.table(CHANGE_COLUMNS, map(_change_row, found), whole="new")
    else:
        output.say("No change of the policy is on record.")


def _change_row(change: PolicyChange) -> tuple[str, ...]:
    problems = f"{change.problems}, first on line {change.line}" if change.line else str(change.problems or "-")
    asked = f"{change.asked} ({change.key_id})" if change.key_id else str(change.asked)
    return change.time[:19].replace("T", " "), asked, str(change.outcome), change.old, change.new, problems


def as_object(entry: Entry) -> dict[str, Any]:
    """One entry as the JSON object that ``--json`` prints: the record's own field names."""
    decision, completion = entry.decision, entry.completion
    shown: dict[str, Any] = {name: getattr(decision, name) for name in type(decision).__slots__}
    shown |= {
        "findings": dict(decision.findings),
        "places": dict(decision.places),
        "detectors": dict(decision.detectors),
        "suppressed": dict(decision.suppressed),
    }
    shown["considered"] = [{"backend": one.backend, "verdict": one.verdict} for one in decision.considered]
    shown["completion"] = None
    if completion is not None:
        ended = {name: getattr(completion, name) for name in type(completion).__slots__ if name != "request_id"}
        usage = completion.usage
        ended["usage"] = usage and {"prompt": usage.prompt, "completion": usage.completion, "cached": usage.cached}
        shown["completion"] = ended
    return shown


def _show(entries: Sequence[Entry], output: Output) -> None:
    if output.json:
        output.result([as_object(entry) for entry in entries])
    elif entries:
        output.table(COLUMNS, map(_row, entries), whole="request")
    else:
        output.say("No record matches.")


def _row(entry: Entry) -> tuple[str, ...]:
    decision, completion = entry.decision, entry.completion
    findings = [f"{name} {number}" for name, number in sorted(decision.findings.items())]
    return (
        decision.time[:19].replace("T", " "),
        decision.request_id if decision.attempt == 0 else f"{decision.request_id} #{decision.attempt}",
        decision.key_id,
        str(decision.outcome),
        decision.backend or "-",
        decision.label,
        ", ".join(decision.rules) or "-",
        ", ".join([*findings, *decision.coverage]) or "-",
        "-" if completion is None else f"{completion.status} {completion.outcome} {completion.total_ms:.0f} ms",
    )
