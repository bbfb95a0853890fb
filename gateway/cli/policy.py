"""``gateway policy``: is a policy sound (check), and does it do what its author means (test)?"""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.inspecting import inspect, patient_scanner
from gateway.cli.output import FAILED, Json, Output, fail_on_config_error
from gateway.cli.policy_check import Folders, all_shipped, check
from gateway.inspection.detectors.shipped import default_detectors
from gateway.policy.json_schema import policy_schema, probes_schema
from gateway.policy.probes import ProbeRun, run_probes
from gateway.settings import own_detectors, own_lists
from gateway.wiring import vocabulary

app = typer.Typer(help="Check and test policies.", no_args_is_help=True)
app.command()(check)


@app.command(name="test")
@fail_on_config_error
def run(folders: Folders = None, json: Json = False) -> None:
    """Run the probes beside each policy through the real inspection and decision. Exit 1 if one fails or none ran."""
    detectors = default_detectors(own=own_detectors()) + own_lists()
    scanner = patient_scanner(detectors)
    try:
        known = vocabulary(detectors)
        runs = [
            (folder, run_probes(folder, lambda body: inspect(scanner, body), known))
            for folder in folders or all_shipped()
        ]
    finally:
        scanner.close()
    output = Output(json=json)
    if json:
        output.result([_as_json(folder, run) for folder, run in runs])
    for _, run in runs:
        _show(run, output)
    if not runs or not all(run.passed for _, run in runs):
        raise typer.Exit(FAILED)


@app.command()
@fail_on_config_error
def schema(
    probes: Annotated[bool, typer.Option("--probes", help="Of probes.yaml instead.")] = False,
) -> None:
    """Print the JSON Schema of policy.yaml, for completion and checks in an editor. It knows your own lists, too."""
    known = vocabulary(default_detectors(own=own_detectors()) + own_lists())
    Output(json=True).result(probes_schema(known) if probes else policy_schema(known))


def _show(run: ProbeRun, output: Output) -> None:
    passed = sum(result.passed for result in run.results)
    output.table(
        ("probe", "label", "answers", "rules", ""),
        (
            (
                one.name,
                one.label,
                one.zone,
                ", ".join((*one.rules, *(f"({name})" for name in one.shadow))) or "-",
                "ok" if one.passed else "; ".join(one.failures),
            )
            for one in run.results
        ),
        title=f"{run.policy.name} {run.policy.revision}",
    )
    for problem in run.problems:
        output.say(str(problem))
    failed = len(run.results) - passed
    output.say(f"{passed} passed, {failed} failed" + (f", {len(run.problems)} problems" if run.problems else "") + "\n")


def _as_json(folder: Path, run: ProbeRun) -> dict[str, object]:
    return {
        "folder": str(folder),
        "policy": run.policy.name,
        "revision": run.policy.revision,
        "passed": run.passed,
        "probes": [
            {
                "name": one.name,
                "passed": one.passed,
                "label": one.label,
                "zone": one.zone,
                "rules": list(one.rules),
                "shadow": list(one.shadow),
                "failures": list(one.failures),
            }
            for one in run.results
        ],
        "problems": [str(problem) for problem in run.problems],
    }
