"""``gateway check``: would this configuration start, and is everything there that it names?"""

import asyncio

import typer

from gateway.cli.output import FAILED, Config, Json, Output, fail_on_config_error
from gateway.egress.reach import Reach
from gateway.settings import load
from gateway.wiring import Check, Gateway, assemble


@fail_on_config_error
def check(config: Config = None, json: Json = False) -> None:
    """Load the configuration as serve would, run one detection, ask each backend. Exit 1 when it is not ready."""
    gateway = assemble(load(config))
    checks, reachable = asyncio.run(_ask(gateway))
    output = Output(json=json)
    ready = all(one.ok for one in checks)
    backends = [
        {
            "name": backend.name,
            "format": backend.format.value,
            "zone": "local" if backend.local else "external",
            "clearance": backend.clearance,
            "models": list(backend.models),
            "reachable": reachable[backend.name] is Reach.UP,
            "reach": reachable[backend.name].value,
        }
        for backend in gateway.backends
    ]
    if json:
        output.result(
            {
                "ready": ready,
                "policy": {"name": gateway.policy.name, "revision": gateway.policy.revision},
                "checks": [{"name": one.name, "ok": one.ok, "detail": one.detail} for one in checks],
                "backends": backends,
            }
        )
    output.table(("check", "", "detail"), ((one.name, "ok" if one.ok else "NOT OK", one.detail) for one in checks))
    output.say()
    output.table(
        ("backend", "format", "zone", "clearance", "models", "reachable"),
        (
            (
                backend.name,
                backend.format.value,
                "local" if backend.local else "external",
                backend.clearance,
                ", ".join(backend.models),
                "yes" if reachable[backend.name] is Reach.UP else reachable[backend.name].value.upper(),
            )
            for backend in gateway.backends
        ),
    )
    if not ready:
        raise typer.Exit(FAILED)


async def _ask(gateway: Gateway) -> tuple[tuple[Check, ...], dict[str, Reach]]:
    try:
        checks = await gateway.readiness()
        answers = await asyncio.gather(*(gateway.egress.look(backend.name) for backend in gateway.backends))
        return checks, dict(zip((backend.name for backend in gateway.backends), answers, strict=True))
    finally:
        await gateway.close()
