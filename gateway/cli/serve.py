"""``gateway serve``: load, prove, listen."""

import asyncio
import signal
import socket

import typer
import uvicorn

from gateway.app import build
from gateway.cli.output import FAILED, UNUSABLE, Config, Output, fail_on_config_error
from gateway.errors import ConfigError
from gateway.settings import load
from gateway.wiring import assemble


def server(application: object, host: str, port: int) -> uvicorn.Server:
    """A server as the gateway wants it: no access log (paths and queries are the client's), no websockets."""
    config = uvicorn.Config(
        application,  # type: ignore[arg-type]  # an ASGI app, which uvicorn types as a union of callables
        host=host,
        port=port,
        access_log=False,
        ws="none",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        log_level="warning",
        timeout_graceful_shutdown=30,
        h11_max_incomplete_event_size=64 * 1024,
    )
    return uvicorn.Server(config)


def listen(host: str, port: int) -> socket.socket | None:
    """A socket bound there; None: the address is taken or not ours. The server itself would only log that it is."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        return None
    return bound


def can_listen(host: str, port: int) -> bool:
    """Is the address free?"""
    bound = listen(host, port)
    if bound is not None:
        bound.close()
    return bound is not None


@fail_on_config_error
def serve(config: Config = None) -> None:
    """Serve clients until SIGTERM or Ctrl-C. Exit 2 when the configuration must not be started with."""
    settings = load(config)
    gateway = assemble(settings)
    try:
        asyncio.run(gateway.start())  # the server would do it, too, and turn what is wrong into a traceback
    except ConfigError:
        asyncio.run(gateway.close())
        raise
    output = Output(json=False)
    host, port = settings.server.host, settings.server.port
    listening = listen(host, port)
    if listening is None:
        asyncio.run(gateway.close())
        output.problem(
            f"cannot listen on {host}:{port}", "Set server.host and server.port, or stop what listens there."
        )
        raise typer.Exit(UNUSABLE)
    output.say(
        f"gateway on http://{_shown(host)}:{listening.getsockname()[1]}/v1   "
        f"policy {gateway.policy.name} {gateway.policy.revision}   "
        f"local: {', '.join(b.name for b in gateway.backends if b.local)}   "
        f"external: {', '.join(b.name for b in gateway.backends if not b.local) or 'none'}"
    )
    if not settings.inspection.ner.on:
        output.say("warning: inspection.ner is off, so most names and addresses are not found")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _already_heard)
    running = server(build(gateway), host, port)
    running.run(sockets=[listening])
    if not running.started:
        raise typer.Exit(FAILED)


def _already_heard(number: int, frame: object) -> None:
    """The server raises the signal that ended it once more, for whoever ran it. It was obeyed: that is exit code 0."""


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
