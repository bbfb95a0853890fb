"""``gateway policy check``: does a policy load, what is wrong with it all the same, and is it monotone?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.output import FAILED, Json, Output, fail_on_config_error
from gateway.inspection.detectors.shipped import default_detectors
from gateway.policy.lint import Remark, lint
from gateway.policy.loader import load_policy
from gateway.policy.monotone import Proof, proof_of
from gateway.policy.rules import Policy
from gateway.policy.shipped import shipped
from gateway.settings import own_detectors, own_lists
from gateway.wiring import vocabulary

Folders = Annotated[list[Path] | None, typer.Argument(help="Folders of policies. Default: the shipped ones.")]


@dataclass(frozen=True, slots=True)
class _Checked:
    """One policy with what is to be said about it."""

    policy: Policy
    remarks: tuple[Remark, ...]
    proof: Proof

    def sound(self, *, strict: bool) -> bool:
        return self.proof.holds and not any(strict or one.level == "warning" for one in self.remarks)


@fail_on_config_error
def check(
    folders: Folders = None,
    json: Json = False,
    strict: Annotated[bool, typer.Option("--strict", help="Notes count as warnings.")] = False,
) -> None:
    """Load policies strictly, look for rules and routes that do nothing, and prove that no finding lowers a label.

    Exit 0: sound; notes are for you to judge. Exit 1: a warning, such as a suppression that has expired, or no proof.
    Exit 2: a policy does not load; every problem is printed with its line and remedy.
    """
    known = vocabulary(default_detectors(own=own_detectors()) + own_lists())
    checked = []
    for folder in folders or all_shipped():
        policy = load_policy(folder, known)
        checked.append(_Checked(policy, lint(folder, policy, known), proof_of(policy)))
    output = Output(json=json)
    if json:
        output.result([_as_json(one, strict=strict) for one in checked])
    _show(checked, output)
    if not all(one.sound(strict=strict) for one in checked):
        raise typer.Exit(FAILED)


def all_shipped() -> Sequence[Path]:
    """The folders of the policies that come with the gateway."""
    return sorted(file.parent for file in shipped().glob("*/policy.yaml"))


def _show(checked: Sequence[_Checked], output: Output) -> None:
    output.table(
        ("policy", "revision", "labels", "classify", "refuse", "route", "judge"),
        (
            (
                one.policy.name,
                one.policy.revision,
                " < ".join(one.policy.labels),
                str(len(one.policy.classify)),
                str(len(one.policy.refuse)),
                str(len(one.policy.route)),
                str(one.policy.judge or "off"),
            )
            for one in checked
        ),
    )
    for one in checked:
        output.say(f"\n{one.policy.name}: {one.proof}")
        for remark in one.remarks:
            output.say(str(remark))


def _as_json(one: _Checked, *, strict: bool) -> dict[str, Any]:
    return {
        "name": one.policy.name,
        "revision": one.policy.revision,
        "labels": list(one.policy.labels),
        "classify": len(one.policy.classify),
        "refuse": len(one.policy.refuse),
        "judge": one.policy.judge and one.policy.judge.as_json(),
        "suppress": {each.id: each.until for each in one.policy.suppress},
        "sound": one.sound(strict=strict),
        "monotone": {"proven": one.proof.holds, "conditions": one.proof.conditions, "gaps": list(one.proof.gaps)},
        "remarks": [
            {
                "level": remark.level,
                "message": remark.problem.message,
                "remedy": remark.problem.remedy,
                "file": str(remark.problem.file),
                "line": remark.problem.line,
            }
            for remark in one.remarks
        ],
    }
