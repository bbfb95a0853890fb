"""``gateway serve``: load, prove, listen."""

import socket

import typer
import uvicorn

from gateway.app import build
from gateway.cli.output import UNUSABLE, Config, Output, fail_on_config_error
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


def can_listen(host: str, port: int) -> bool:
    """Is the address free? Asked first, because the server itself would only log that it is not."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


@fail_on_config_error
def serve(config: Config = None) -> None:
    """Serve clients until SIGTERM or Ctrl-C. Exit 2 when the configuration must not be started with."""
    settings = load(config)
    gateway = assemble(settings)
    output = Output(json=False)
    host, port = settings.server.host, settings.server.port
    if not can_listen(host, port):
        output.problem(
            f"cannot listen on {host}:{port}", "Set server.host and server.port, or stop what listens there."
        )
        raise typer.Exit(UNUSABLE)
    output.say(
        f"gateway on http://{host}:{port}/v1   policy {gateway.policy.name} {gateway.policy.revision}   "
        f"local: {', '.join(b.name for b in gateway.backends if b.local)}   "
        f"external: {', '.join(b.name for b in gateway.backends if not b.local) or 'none'}"
    )
    server(build(gateway), host, port).run()
