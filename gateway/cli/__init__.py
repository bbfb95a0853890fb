"""The ``gateway`` command. Exit codes: 0 done, 1 done and the answer is no, 2 wrong usage or configuration."""

import typer

from gateway import __version__
from gateway.cli import audit, check, demo, explain, keys, policy, scan, serve, terms
from gateway.cli import eval as evaluation
from gateway.cli.output import Json, Output

app = typer.Typer(
    name="gateway",
    help="Hybrid LLM routing gateway: sensitive prompts stay on models you host, everything else may leave.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(demo.demo)
app.command()(scan.scan)
app.command()(explain.explain)
app.command("eval")(evaluation.evaluate)
app.command()(check.check)
app.add_typer(policy.app, name="policy", help="Check and test policies.")
app.add_typer(audit.app, name="audit", help="Read the record of decisions.")
app.add_typer(terms.app, name="terms", help="Make and inspect lists of exact values.")
app.add_typer(keys.app, name="keys", help="Make client keys.")


@app.command()
def version(json: Json = False) -> None:
    """Print the version."""
    if json:
        Output(json=True).result({"version": __version__})
    else:
        Output(json=False).say(__version__)


def main() -> None:
    """Entry point of the console script."""
    app()
