"""The recall / over-routing curve as a PNG, with the profiles marked. matplotlib is imported here and nowhere else."""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gateway.errors import ConfigError, Problem

INCHES: Final = (8.0, 6.0)
DOTS_PER_INCH: Final = 150
_COLOURS: Final = ("#0b5fa5", "#b3261e", "#2e7d32", "#6a1b9a", "#c77700")


def needs_plotting(library: str = "matplotlib") -> None:
    """ConfigError when the library is not installed; asked before the work, not after it."""
    if importlib.util.find_spec(library) is None:
        remedy = "Install the extra: pip install 'hybrid-llm-gateway[plot]' (in a source tree `make test` does)."
        raise ConfigError((Problem("--plot needs matplotlib", remedy),))


def plot(document: Mapping[str, Any], file: Path) -> None:
    """Draw ``document``, as ``figures`` makes it. ConfigError when ``file`` cannot be written."""
    needs_plotting()
    import matplotlib as mpl  # noqa: PLC0415 - only who plots pays for it

    mpl.use("Agg")
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    if document["curve"]:
        steps = [(one["over_routing"], one["recall"]) for one in document["curve"]]
        axes.plot(*_columns(steps), color="#555555", linewidth=1.6, label="threshold of a private matter", zorder=1)
    marked = [(name, one) for name, one in document["profiles"].items() if _whole(one)]
    for number, (name, one) in enumerate(marked):
        colour, bold = _COLOURS[number % len(_COLOURS)], name == document["profile"]
        _mark(axes, name, one, colour, bold=bold, lower=14 * (number % 3))
    for name, one in document.get("compare", {}).get("settings", {}).items():
        if _whole(one):
            _mark(axes, f"Presidio, {name}", one, "#888888", bold=False, marker="s")
    _dress(axes, document)
    try:
        figure.savefig(file, format="png")
    except OSError as error:
        raise ConfigError(
            (Problem(f"cannot be written: {error.strerror}", "Name a file in a folder that exists.", file),)
        ) from None


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _whole(one: Mapping[str, Any]) -> bool:
    """Has it both coordinates?"""
    return one["recall"] is not None and one["over_routing"] is not None


def _mark(
    axes: Any, name: str, one: Mapping[str, Any], colour: str, *, bold: bool, marker: str = "o", lower: int = 0
) -> None:
    """A point with its 95 % bars and its name."""
    x, y = one["over_routing"], one["recall"]
    (left, right), (low, high) = one["confidence"]["over_routing"], one["confidence"]["recall"]
    axes.errorbar(
        [x],
        [y],
        xerr=[[max(0, x - left)], [max(0, right - x)]],
        yerr=[[max(0, y - low)], [max(0, high - y)]],
        fmt=marker,
        color=colour,
        markersize=9 if bold else 7,
        capsize=3,
        linewidth=1.2,
        label=f"{name}: recall {y:.3f}, over-routing {x:.3f}",
        zorder=3,
    )
    axes.annotate(
        name,
        (x, y),
        xytext=(8, -14 - lower if y > 0.5 else 8 + lower),
        textcoords="offset points",
        color=colour,
        fontsize=10,
        fontweight="bold" if bold else "normal",
        ha="left" if x < 0.75 else "right",
    )


def _dress(axes: Any, document: Mapping[str, Any]) -> None:
    counts = document["scored"]
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xticks([tenth / 10 for tenth in range(11)])
    axes.set_yticks([tenth / 10 for tenth in range(11)])
    axes.grid(visible=True, color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)  # type: ignore[no-untyped-call,unused-ignore]
    axes.set_xlabel(f"over-routing: general rows kept local (of {counts['general']:,})", fontsize=11)
    axes.set_ylabel(f"recall: sensitive rows kept local (of {counts['sensitive']:,})", fontsize=11)
    axes.set_title("What stays inside, and what it costs", fontsize=13, loc="left")
    axes.legend(loc="lower right", fontsize=9, framealpha=0.95, title="bars: 95 % confidence", title_fontsize=8)
