"""``gateway policy``: is a policy sound (check), and does it do what its author means (test)?"""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.inspecting import inspect, patient_scanner, unsuppressed
from gateway.cli.output import FAILED, UNUSABLE, Json, Output, fail_on_config_error
from gateway.cli.policy_check import Folders, all_shipped, check
from gateway.inspection.detectors.shipped import default_detectors
from gateway.policy.json_schema import policy_schema, probes_schema
from gateway.policy.junit import junit as junit_xml
from gateway.policy.preset import new_policy, presets
from gateway.policy.probes import ProbeRun, run_probes
from gateway.settings import own_detectors, own_lists
from gateway.wiring import vocabulary

app = typer.Typer(help="Check and test policies.", no_args_is_help=True)
app.command()(check)


@app.command(name="test")
@fail_on_config_error
def run(
    folders: Folders = None,
    json: Json = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Also write the results to this file, as JUnit XML.")
    ] = None,
) -> None:
    """Run the probes beside each policy through the real inspection and decision. Exit 1 if one fails or none ran."""
    detectors = default_detectors(own=own_detectors()) + own_lists()
    scanner = patient_scanner(detectors)
    try:
        known = vocabulary(detectors)
        runs = [
            (folder, run_probes(folder, lambda body: inspect(scanner, body), known, suppress=unsuppressed))
            for folder in folders or all_shipped()
        ]
    finally:
        scanner.close()
    output = Output(json=json)
    if junit is not None and not _written(junit, junit_xml(runs), output):
        raise typer.Exit(UNUSABLE)
    if json:
        output.result([_as_json(folder, run) for folder, run in runs])
    for _, run in runs:
        _show(run, output)
    if not runs or not all(run.passed for _, run in runs):
        raise typer.Exit(FAILED)


@app.command()
@fail_on_config_error
def new(
    name: Annotated[str, typer.Argument(help="The new policy's name.")],
    preset: Annotated[str, typer.Option("--from", help=f"The policy to begin with: {', '.join(presets())}.")],
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder to write to. Default: one of the new name, here.")
    ] = None,
    json: Json = False,
) -> None:
    """Begin a policy of your own from a shipped one, with its probes. Nothing is overwritten: exit 2 instead."""
    folder = to or Path(name)
    files = new_policy(name, preset, folder)
    output = Output(json=json)
    if json:
        output.result({"name": name, "from": preset, "files": [str(file) for file in files]})
    output.say("\n".join(f"wrote {file}" for file in files))
    output.say(f"Next: gateway policy check {folder}, gateway policy test {folder}")


@app.command()
@fail_on_config_error
def schema(
    probes: Annotated[bool, typer.Option("--probes", help="Of probes.yaml instead.")] = False,
) -> None:
    """Print the JSON Schema of policy.yaml, for completion and checks in an editor. It knows your own lists, too."""
    known = vocabulary(default_detectors(own=own_detectors()) + own_lists())
    Output(json=True).result(probes_schema(known) if probes else policy_schema(known))


def _written(file: Path, content: bytes, output: Output) -> bool:
    """Could it be written? If not, the reason is told."""
    try:
        file.write_bytes(content)
    except OSError as error:
        output.problem(
            f"cannot write {file}: {error.strerror or type(error).__name__}", "Name a file that can be written."
        )
        return False
    return True


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
                "suppressed": list(one.suppressed),
                "failures": list(one.failures),
            }
            for one in run.results
        ],
        "problems": [str(problem) for problem in run.problems],
    }
