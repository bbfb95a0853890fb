"""``gateway demo``: the main job on one machine, with proof. No account, key or GPU needed."""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import openai
import typer

from gateway.app import build
from gateway.audit.query import Entry, Filters, query
from gateway.audit.record import Outcome
from gateway.cli.demo_prompts import ASKS, Ask
from gateway.cli.demo_sides import VENDORS, Sides, choose
from gateway.cli.output import FAILED, UNUSABLE, Json, Output, fail_on_config_error
from gateway.cli.serve import can_listen, server
from gateway.policy.vocabulary import PRIVATE_MATTER
from gateway.settings import first_set, load
from gateway.wiring import Gateway, assemble

START_S = 60.0
REFUSED = 403
ZONES = {Outcome.SENT_LOCAL: "local", Outcome.SENT_EXTERNAL: "external", Outcome.REFUSED: "refused"}


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one prompt. Nothing of its text is kept."""

    ask: Ask
    label: str
    rules: tuple[str, ...]
    findings: Mapping[str, int]
    reasons: tuple[str, ...]
    zone: str
    backend: str
    model: str
    status: int
    added_ms: float | None
    leaked: bool
    as_expected: bool


@fail_on_config_error
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the proof; exit 0 if nothing leaked.")] = False,
    live: Annotated[bool, typer.Option("--live", help=f"Use a real vendor if {', '.join(VENDORS)} is set.")] = False,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the gateway.")] = 8080,
    json: Json = False,
) -> None:
    """Start a gateway between two sides, send telling prompts through the OpenAI SDK, show what reached whom."""
    output = Output(json=json)
    vendor = first_set(VENDORS) if live else None
    if live and vendor is None:
        output.problem("--live needs a vendor's key", f"Set one of {', '.join(VENDORS)}.")
        raise typer.Exit(UNUSABLE)
    if not can_listen("127.0.0.1", port):
        output.problem(f"127.0.0.1:{port} is taken", "Stop what listens there, or give another --port.")
        raise typer.Exit(UNUSABLE)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-demo-")))
        sides = choose(stack, vendor)
        settings = load(sides.write(folder, port), environ={} if vendor is None else None)
        gateway = assemble(settings)
        stack.enter_context(_running(gateway, port))
        output.say(f"gateway   http://127.0.0.1:{port}/v1   policy {gateway.policy.name} {gateway.policy.revision}")
        output.say(f"local     {sides.about[0]}")
        output.say(f"external  {sides.about[1]}\n")
        told = [_tell(ask, port, settings.audit.path, sides) for ask in ASKS]
        safe = not any(one.leaked for one in told)
        if json:
            output.result(_as_json(told, sides, safe))
        _show(told, sides, safe, output)
        if not once and not json:
            _keep_serving(port, folder, output)
    if not safe or not all(one.as_expected for one in told):
        raise typer.Exit(FAILED)


@contextmanager
def _running(gateway: Gateway, port: int) -> Iterator[None]:
    """The real server, in a thread of its own so that this one can be its client."""
    running = server(build(gateway), "127.0.0.1", port)
    thread = threading.Thread(target=running.run, name="gateway", daemon=True)
    thread.start()
    deadline = time.monotonic() + START_S
    while not running.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise typer.Exit(FAILED)
        time.sleep(0.02)
    try:
        yield
    finally:
        running.should_exit = True
        thread.join(timeout=10)


def _tell(ask: Ask, port: int, records: Path, sides: Sides) -> Told:
    """Send one prompt as any application would, then look at the record and at what the external side received."""
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="demo", max_retries=0, timeout=300)
    model, headers, status = "-", {}, 200
    try:
        if ask.stream:
            with client.chat.completions.with_streaming_response.create(model="auto", stream=True, **ask.body) as raw:
                headers = dict(raw.headers)
                model = next((chunk.model for chunk in raw.parse() if chunk.model), "-")
        else:
            whole = client.chat.completions.with_raw_response.create(model="auto", **ask.body)
            headers, model = dict(whole.headers), whole.parse().model
    except openai.APIStatusError as error:
        headers, status = dict(error.response.headers), error.status_code
    except openai.OpenAIError:
        status = 0  # broke off midway: the record says how far it came
    finally:
        client.close()
    entry = _record(records, headers.get("x-request-id", ""))
    decision = entry.decision if entry else None
    zone = ZONES.get(decision.outcome, "nobody") if decision else "nobody"
    leaked = bool(ask.secrets) and zone == "external"
    if sides.external is not None:
        leaked = leaked or any(sides.external.saw(secret) for secret in ask.secrets)
    added = headers.get("x-gateway-added-ms")
    return Told(
        ask=ask,
        label=decision.label if decision else "-",
        rules=decision.rules if decision else (),
        findings=decision.findings if decision else {},
        reasons=decision.coverage if decision else (),
        zone=zone,
        backend=decision.backend or "nobody" if decision else "nobody",
        model=model,
        status=status,
        added_ms=float(added) if added else None,
        leaked=leaked,
        as_expected=zone == ask.zone and (status == REFUSED) == (zone == "refused"),
    )


def _record(records: Path, request_id: str) -> Entry | None:
    found = query(records, Filters(request_id=request_id, limit=1)) if request_id else ()
    return found[0] if found else None


def _show(told: list[Told], sides: Sides, safe: bool, output: Output) -> None:
    output.table(
        ("prompt", "label", "rule", "found", "answered by", "added"),
        (
            (
                one.ask.title,
                one.label,
                ", ".join(one.rules) or "-",
                _found(one),
                _answered(one),
                "-" if one.added_ms is None else f"{one.added_ms:.1f} ms",
            )
            for one in told
        ),
    )
    output.say()
    for line in _proof(told, sides, safe):
        output.say(line)


def _answered(one: Told) -> str:
    if one.status >= 400 and one.backend != "nobody":
        return f"{one.backend} (cannot: {one.status})"  # a real server that reads no PDF; nobody else is asked
    return one.backend if one.model == "-" else f"{one.backend} ({one.model})"


def _found(one: Told) -> str:
    # The classifier has an opinion of most texts; where it mattered, a rule says so in the column beside.
    counted = sorted((kind, number) for kind, number in one.findings.items() if kind != PRIVATE_MATTER)
    return ", ".join([*(f"{kind} {number}" for kind, number in counted), *one.reasons]) or "-"


def _proof(told: list[Told], sides: Sides, safe: bool) -> Iterator[str]:
    kept = [one for one in told if one.ask.secrets]
    if sides.external is None:
        yield (
            f"Proof: {len(kept)} sensitive prompts, none recorded as sent to the vendor."
            if safe
            else "LEAK: see the table."
        )
        return
    received = sides.external.received
    sent = sum(one.zone == "external" for one in told)
    yield (
        f"Proof: the external side received {len(received)} requests, {sum(len(one.raw) for one in received)} bytes, "
        f"and {sent} prompts were sent there."
    )
    values = sum(len(one.ask.secrets) for one in kept)
    if safe:
        yield f"       None of the {values} forms of {len(kept)} sensitive prompts' values is among them."
    else:
        names = ", ".join(one.ask.title for one in told if one.leaked)
        yield f"       LEAK: it received values of: {names}."
    added = [one.added_ms for one in told if one.added_ms is not None]
    if added:
        yield f"       Added latency: median {statistics.median(added):.1f} ms, worst {max(added):.1f} ms."


def _as_json(told: list[Told], sides: Sides, safe: bool) -> dict[str, Any]:
    external = sides.external
    return {
        "nothing_sensitive_left": safe,
        "sides": {"local": sides.about[0], "external": sides.about[1]},
        "external_received": None
        if external is None
        else {"requests": len(external.received), "bytes": sum(len(one.raw) for one in external.received)},
        "prompts": [
            {
                "title": one.ask.title,
                "stream": one.ask.stream,
                "label": one.label,
                "rules": list(one.rules),
                "findings": dict(one.findings),
                "reasons": list(one.reasons),
                "zone": one.zone,
                "backend": one.backend,
                "model": one.model,
                "status": one.status,
                "added_ms": one.added_ms,
                "leaked": one.leaked,
                "as_expected": one.as_expected,
            }
            for one in told
        ],
    }


def _keep_serving(port: int, folder: Path, output: Output) -> None:
    url = f"http://127.0.0.1:{port}/v1"
    output.say("\nThe gateway keeps serving. Try it:\n")
    output.say(f"  curl -si {url}/chat/completions -H 'content-type: application/json' \\")
    output.say(
        '    -d \'{"model": "auto", "messages": [{"role": "user", "content": "My card is 4111 1111 1111 1111"}]}\'\n'
    )
    output.say(f'  client = openai.OpenAI(base_url="{url}", api_key="any")')
    output.say('  client.chat.completions.create(model="auto", messages=[{"role": "user", "content": "Hello"}])\n')
    output.say(f"  {sys.argv[0]} audit tail --config {folder / 'gateway.yaml'}\n")
    output.say("Ctrl-C ends it.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        output.say("\nStopped.")
