"""``gateway keys``: make client keys and the secret of their hashes."""

import re
import secrets
from typing import Annotated

import typer

from gateway.cli.output import Config, Json, Output, fail_on_config_error
from gateway.configuration.forms import PATTERNS
from gateway.ingress.auth import hash_key, new_key
from gateway.settings import key_secret

app = typer.Typer(help="Make client keys.", no_args_is_help=True)


@app.command()
@fail_on_config_error
def new(
    name: Annotated[str, typer.Argument(help="Public name of the key: who or what will use it.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Make a client key. It is shown once; the configuration stores its keyed hash alone."""
    if not re.fullmatch(PATTERNS["id"], name):
        raise typer.BadParameter("use letters, digits, dots, dashes and underscores (64 at most)", param_hint="NAME")
    secret = key_secret(config)
    key = new_key()
    stored = hash_key(secret, key)
    output = Output(json=json)
    if json:
        output.result({"id": name, "key": key, "hash": stored})
        return
    # Plain echo for what is copied: a console would wrap it.
    output.say("Give this key to the client. It is not shown again:\n")
    typer.echo(f"  {key}\n")
    output.say("Add this line under keys.clients in gateway.yaml, then restart:\n")
    typer.echo(f'  - {{id: "{name}", hash: "{stored}"}}')


@app.command()
def secret(json: Json = False) -> None:
    """Make a secret for GATEWAY_KEYS__SECRET or keys.secret_file. Another secret makes every client key invalid."""
    made = secrets.token_urlsafe(32)
    if json:
        Output(json=True).result({"secret": made})
    else:
        typer.echo(made)
