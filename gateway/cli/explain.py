"""``gateway explain``: what would become of a request, and why. Everything but the sending is the real thing."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer

from gateway.audit.record import Shadowed
from gateway.cli.inspecting import ASSUMED, as_text, one_message, patient_scanner, read_bytes
from gateway.cli.output import UNUSABLE, Config, Json, Output, fail_on_config_error
from gateway.configuration.backends import to_backends
from gateway.configuration.ner import engine_of
from gateway.egress.locality import prove_local
from gateway.errors import GatewayError, Untranslatable
from gateway.ingress import openai_chat
from gateway.ingress.facts import facts as facts_of
from gateway.ingress.limits import IngressLimits
from gateway.inspection.detectors.shipped import default_detectors
from gateway.inspection.scanner import Scanner
from gateway.inspection.suppressing import suppress
from gateway.judge.judge import to_be_asked
from gateway.model import Backend, Caller, Inbound, Report
from gateway.policy.decision import Cleared, NotCleared, Refused, classify, decide, watched
from gateway.policy.loader import load_policy
from gateway.policy.route import incapable, model_for, plan, serves
from gateway.policy.rules import Policy
from gateway.policy.shadow import zone_of
from gateway.policy.shipped import shipped
from gateway.settings import config_file, list_detectors, load
from gateway.wiring import FORMATS, vocabulary, zoned

_ANSWERS: Final = {
    "local": "answered by a local backend",
    "external": "answered by an external backend",
    "refused": "refused",
    "nowhere": "answered by nobody",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One candidate and what the policy says of sending to it."""

    backend: Backend
    verdict: str
    why: str
    label: str = "-"
    rules: tuple[str, ...] = ()
    report: Report | None = None
    shadow: Shadowed | None = None
    """What rules that are only watched would have made of it."""
    asks: int = 0
    """Texts that the judge would be asked about first. Then its word decides, and the verdict is what holds without."""


@fail_on_config_error
def explain(  # noqa: PLR0917  typer passes them all by name
    prompt: Annotated[str | None, typer.Argument(help="The prompt, or - for standard input.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--body", "-b", help="A file with a whole chat completions body; - for standard input."),
    ] = None,
    config: Config = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", "-p", help="Folder of a policy. Default: the configured one.")
    ] = None,
    model: Annotated[str, typer.Option("--model", "-m", help="The model the client asks for.")] = "auto",
    json: Json = False,
) -> None:
    """Show findings, label, matched rules, and for each candidate backend whether it would get the request and why."""
    output = Output(json=json)
    if (prompt is None) == (file is None):
        output.problem("give either a prompt or --body", "gateway explain 'Why is the sky blue?'")
        raise typer.Exit(UNUSABLE)
    body = read_bytes(file, output) if file is not None else _ask(prompt or "", model, output)
    try:
        inbound = openai_chat.parse(body, Caller("explain"), "req_explain", IngressLimits())
    except GatewayError as error:
        output.problem(error.message, "Correct the body; this is what a client would be told.")
        raise typer.Exit(UNUSABLE) from None
    settings = load(config) if config_file(config) is not None else None
    backends = ASSUMED if settings is None else to_backends(settings, prove_local)
    if settings is not None and not serves(backends, settings.models.aliases, inbound.wanted_model):
        output.problem("no backend and no alias has this model name", "A client would get 404; `auto` always works.")
        raise typer.Exit(UNUSABLE)
    detectors = default_detectors(
        ner=engine_of(settings.inspection.ner) if settings else True, own=settings.detectors if settings else ()
    ) + (list_detectors(settings) if settings else ())
    folder = policy or (settings.policy if settings else None) or shipped() / "default"
    compiled = load_policy(folder, vocabulary(detectors, backends))
    backends = zoned(backends, compiled)
    scanner = patient_scanner(detectors)
    try:
        candidates = asyncio.run(
            _explain(inbound, compiled, backends, settings.models.aliases if settings else {}, scanner)
        )
    finally:
        scanner.close()
    _show(candidates, compiled, output)


def _ask(prompt: str, model: str, output: Output) -> bytes:
    text = as_text(read_bytes(Path("-"), output) if prompt == "-" else prompt, "the prompt", output)
    return orjson.dumps(one_message(text) | {"model": as_text(model, "--model", output)})


async def _explain(
    inbound: Inbound, policy: Policy, backends: Sequence[Backend], aliases: dict[str, str], scanner: Scanner
) -> list[Explained]:
    facts = replace(
        facts_of(inbound, policy.reads), request_id=""
    )  # no request to draw by: canaries are shown as enforced
    explained = []
    candidates = plan(policy, facts, backends, aliases).backends
    for backend in candidates:
        if need := incapable(backend, facts):
            explained.append(Explained(backend, "incapable", f"cannot do what the request needs: {need}"))
            continue
        try:
            draft = FORMATS[backend.format].draft(inbound, backend, model_for(backend, inbound.wanted_model, aliases))
        except Untranslatable as why:
            explained.append(Explained(backend, "incapable", f"its format cannot express {why.param}"))
            continue
        report = await suppress(policy, draft, await scanner.scan(draft))
        seen = watched(policy, report, facts)
        shadow = Shadowed(seen.rules, seen.label, zone_of(policy, seen, candidates, facts)) if seen else None
        if asks := len(to_be_asked(policy, draft, report, facts)):
            label = classify(policy, report, facts)
            reason = f"the judge is asked about {asks} text{'s' if asks > 1 else ''} first"
            explained.append(
                Explained(backend, "up to the judge", reason, label.label, label.rules, report, shadow, asks)
            )
            continue
        match decide(policy, draft, report, facts):
            case Cleared() as verdict:
                reason = f"clearance {backend.clearance} admits {verdict.label}"
                said = "cleared", reason
            case NotCleared() as verdict:
                reason = f"clearance {backend.clearance} does not admit {verdict.label}"
                said = "not cleared", reason
            case Refused() as verdict:
                said = "refused", verdict.message
        explained.append(Explained(backend, *said, verdict.label, verdict.rules, report, shadow))
    return explained


def _show(candidates: Sequence[Explained], policy: Policy, output: Output) -> None:
    chosen = next((one for one in candidates if one.verdict in ("cleared", "refused")), None)
    inspected = next((one for one in candidates if one.report is not None), None)
    report = inspected.report if inspected else None
    label, rules = (inspected.label, inspected.rules) if inspected else ("-", ())
    if output.json:
        output.result(_as_json(candidates, policy, chosen, inspected))
        return
    output.say(f"policy   {policy.name} {policy.revision}")
    if policy.judge is not None:
        output.say(f"judge    {policy.judge}")
    output.say(f"label    {label}")
    output.say(f"rules    {', '.join(rules) or 'none matched'}")
    if shadow := inspected and inspected.shadow:
        output.say(f"shadow   {', '.join(shadow.rules)}: would be {shadow.label}, {_ANSWERS[shadow.zone]}")
    if report is not None:
        found = ", ".join(f"{kind} {number}" for kind, number in sorted(report.counts().items()))
        output.say(f"found    {found or 'nothing'}")
        for name, number in report.suppressed:
            output.say(f"omitted  {number} by the suppression {name}")
        output.say(f"read     {'completely' if report.coverage.complete else ', '.join(report.coverage.reasons)}")
    answers = (
        chosen.backend.name
        if chosen and chosen.verdict == "cleared"
        else "nobody: " + (chosen.verdict if chosen else "no candidate")
    )
    judged = next((one.backend.name for one in candidates if one.asks), None)
    output.say(f"answers  {f'{judged} if the judge finds it general, else ' if judged else ''}{answers}\n")
    output.table(
        ("candidate", "zone", "verdict", "why"),
        ((one.backend.name, "local" if one.backend.local else "external", one.verdict, one.why) for one in candidates),
    )


def _as_json(
    candidates: Sequence[Explained], policy: Policy, chosen: Explained | None, inspected: Explained | None
) -> dict[str, Any]:
    report = inspected.report if inspected else None
    return {
        "policy": {"name": policy.name, "revision": policy.revision, "judge": policy.judge and policy.judge.as_json()},
        "label": inspected.label if inspected else None,
        "rules": list(inspected.rules) if inspected else [],
        "shadow": asdict(inspected.shadow) if inspected and inspected.shadow else None,
        "findings": report.counts() if report else {},
        "suppressed": dict(report.suppressed) if report else {},
        "reasons": list(report.coverage.reasons) if report else [],
        "backend": chosen.backend.name if chosen and chosen.verdict == "cleared" else None,
        "refused": bool(chosen and chosen.verdict == "refused"),
        "judge": {one.backend.name: one.asks for one in candidates if one.asks},
        "candidates": [
            {"backend": one.backend.name, "local": one.backend.local, "verdict": one.verdict, "why": one.why}
            for one in candidates
        ],
    }
