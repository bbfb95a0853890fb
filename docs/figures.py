"""Writes the measured tables of docs/detection.md: ``make eval DATA=folder``. A test holds their shape, no value.

    python -m docs.figures FOLDER

FOLDER holds JSON lines as `gateway eval` reads them. Every file is decided by every profile and analysed by Presidio,
in the same run; languages are taken from the rows that come with the gateway, which are marked with theirs.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.cli.eval_tables import share
from gateway.evaluation.decider import Recipe
from gateway.evaluation.figures import figures
from gateway.evaluation.profiles import profiles
from gateway.evaluation.rows import EXAMPLES, read_rows
from gateway.evaluation.workers import decide_rows, default_processes
from tests.support.page_markers import replace

PAGE = Path(__file__).parent / "detection.md"
PROFILE = "balanced"


def measured(files: Sequence[Path], *, compare: bool) -> dict[str, Any]:
    """The document of `gateway eval --json` for these files."""
    rows = read_rows(files)
    outcomes, revisions = decide_rows(rows, Recipe(profiles(), None, compare), default_processes(len(rows)), _nothing)
    return figures(list(zip(rows, outcomes, strict=True)), PROFILE, revisions)


def _nothing() -> None:
    """Nobody watches."""


def tables(found: Mapping[str, Any], examples: Mapping[str, Any]) -> Iterator[str]:
    """Each table as a section of the page."""
    names = list(found["profiles"])
    yield (
        f"{found['rows']:,} rows: {found['scored']['sensitive']:,} sensitive, {found['scored']['general']:,} general, "
        f"{found['scored']['unscored']:,} that nobody judged. Recall and over-routing are shares of rows kept local, "
        "in brackets their 95 % intervals."
    )
    yield _table(
        "Profiles",
        ("profile", "rows", "recall", "over-routing", "precision", "unjudged rows kept"),
        (
            (name, f"{one['rows']:,}", *_rates(one), share(one["precision"]), share(one["unscored_kept"]))
            for name, one in found["profiles"].items()
        ),
    )
    yield _table(
        "By source",
        ("source", "rows", *(f"{name}: recall / over-routing" for name in names)),
        (
            (source, f"{one['rows']:,}", *(_both(found["profiles"][name]["by_source"][source]) for name in names))
            for source, one in found["by_source"].items()
        ),
    )
    yield _table(
        "By language",
        ("language", "rows", "recall", "over-routing"),
        ((name, str(one["rows"]), *_rates(one)) for name, one in examples["by_language"].items()),
    )
    yield _table(
        "By annotated type",
        ("type", "sensitive rows with it", "of these kept", "places", "places found"),
        (
            (kind, str(one["rows"]), share(one["recall"]), str(one["places"]), share(one["places_found"]))
            for kind, one in found["by_annotated_type"].items()
        ),
    )
    yield _table(
        "By rule",
        ("rule", "sensitive rows kept", "general rows kept", "it alone: sensitive", "it alone: general"),
        (
            (rule, *(str(part[kind]) for part in (one, one["alone"]) for kind in ("sensitive", "general")))
            for rule, one in found["by_rule"].items()
        ),
    )
    yield _table("Cost of a new text", ("time", "p50 ms", "p90 ms", "p99 ms", "mean ms"), _times(found))
    yield _compared(found)


def _compared(found: Mapping[str, Any]) -> str:
    compared = found["compare"]
    settings = list(compared["settings"])
    rows = [("all", _both(found), *(_both(one) for one in compared["settings"].values()))]
    rows += [
        (source, *(_both(one[n]) for n in ("gateway", *settings))) for source, one in compared["by_source"].items()
    ]
    return _table("Beside Presidio", ("rows", "gateway", *(f"Presidio, {name}" for name in settings)), rows)


def _times(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    sides = [("processor", found["latency"]["cpu_ms"]), ("waiting", found["latency"]["wall_ms"])]
    for name, one in [*sides, ("Presidio, processor", found["compare"]["cpu_ms"]["presidio"])]:
        yield (name, *(f"{one[part]:.1f}" for part in ("p50", "p90", "p99", "mean")))


def _rates(one: Mapping[str, Any]) -> tuple[str, str]:
    return share(one["recall"], one["confidence"]["recall"]), share(
        one["over_routing"], one["confidence"]["over_routing"]
    )


def _both(one: Mapping[str, Any]) -> str:
    if one["recall"] is None and one["over_routing"] is None:
        return f"kept {share(one['unscored_kept'])}"
    return f"{share(one['recall'])} / {share(one['over_routing'])}"


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"### {title}", "", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def main() -> None:
    """Measure and write."""
    if len(sys.argv) != 2:
        sys.exit("make eval DATA=FOLDER")
    found = measured(sorted(Path(sys.argv[1]).glob("*.jsonl")), compare=True)
    examples = measured([Path(EXAMPLES)], compare=False)
    replace(PAGE, "figures", "\n\n".join(tables(found, examples)))


if __name__ == "__main__":
    main()
