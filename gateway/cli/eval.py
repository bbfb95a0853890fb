"""``gateway eval``: recall and over-routing of the real pipeline on labelled rows, with what they cost and why."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.eval_tables import show
from gateway.cli.output import Json, Output, fail_on_config_error
from gateway.evaluation.decider import Recipe
from gateway.evaluation.figures import figures
from gateway.evaluation.judging import JudgeAt
from gateway.evaluation.plot import needs_plotting, plot
from gateway.evaluation.profiles import chosen, profiles
from gateway.evaluation.rows import EXAMPLES, read_rows
from gateway.evaluation.workers import decide_rows, default_processes
from gateway.settings import Settings, config_file, load


class Engine(StrEnum):
    """What the figures can be compared with."""

    PRESIDIO = "presidio"


JudgeUrl = Annotated[
    str | None,
    typer.Option(
        "--judge",
        metavar="URL[#MODEL]",
        help="A model server inside, such as http://127.0.0.1:8081/v1#qwen3: decide with it as judge, too. "
        "Without #MODEL: the first that it lists.",
    ),
]


@fail_on_config_error
def evaluate(  # noqa: PLR0917  typer passes them all by name
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="JSON lines with text, sensitive (true, false, null: not scored), id and source. Default: examples, "
            "the rows that come with the gateway."
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            help="balanced (default), strict, healthcare, everything-local; with --policy: its point.",
        ),
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", "-p", help="A shipped policy's name, or the folder of your own.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", help="A gateway.yaml whose backends, policy and detectors are used. Default: none."
        ),
    ] = None,
    json: Json = False,
    image: Annotated[
        Path | None, typer.Option("--plot", help="Write the recall / over-routing curve as a PNG to this file.")
    ] = None,
    compare: Annotated[
        Engine | None, typer.Option("--compare", help="Run another engine over the same rows: presidio.")
    ] = None,
    judge: JudgeUrl = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=64, help="Processes. Default: 2 where there are cores.")
    ] = None,
) -> None:
    """Decide each row as one user message; print recall, over-routing, their causes and cost. Never a row's text."""
    output = Output(json=json)
    rows = read_rows(files or [Path(EXAMPLES)])
    if image is not None:
        needs_plotting()
    settings = load(config) if config is not None else None
    wanted = chosen(profile, policy, settings.policy if settings else None)
    # Shipped policies have labels of their own, which the backends of a gateway.yaml need not know.
    beside = profiles() if settings is None else {}
    policies = {wanted.name: wanted.path} | {name: path for name, path in beside.items() if name != wanted.name}
    place = config_file(config) if config is not None else None
    recipe = Recipe(policies, place, compare is not None, wanted.profile, _judge(judge, settings))
    with _progress(len(rows)) as advance:
        outcomes, revisions = decide_rows(rows, recipe, workers or default_processes(len(rows)), advance)
    document = figures(list(zip(rows, outcomes, strict=True)), wanted.name, revisions)
    if image is not None:
        plot(document, image)
    if json:
        output.result(document)
        return
    show(document, output)
    if image is not None:
        output.say(f"curve    {image}")


def _judge(written: str | None, settings: Settings | None) -> JudgeAt | None:
    vouched = {host for one in settings.backends for host in one.local_hosts} if settings else set[str]()
    return None if written is None else JudgeAt.of(written, sorted(vouched))


@contextmanager
def _progress(rows: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error where that is a terminal; what to call after each row."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda: None
        return
    columns = (TextColumn("deciding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("rows", total=rows)
        yield lambda: progress.advance(task)
