"""The curve as a picture."""

import struct
from pathlib import Path

import pytest
from evaluation_values import REVISIONS, outcome, row

from gateway.errors import ConfigError
from gateway.evaluation.figures import figures
from gateway.evaluation.outcome import PRIVATE_MATTER, Compared
from gateway.evaluation.plot import needs_plotting, plot

pytest.importorskip("matplotlib")

DECIDED = [
    (
        row(str(number), sensitive=number % 2 == 0),
        outcome(
            kept=number > 5,
            scores={PRIVATE_MATTER: number / 10},
            floor=number > 8,
            compared=Compared({"any entity": True}, 1.0),
        ),
    )
    for number in range(10)
]


def test_it_is_a_png_of_a_size_to_read(tmp_path: Path) -> None:
    """Curve, profile and the other engine."""
    file = tmp_path / "curve.png"
    plot(figures(DECIDED, "balanced", REVISIONS), file)
    content = file.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (1200, 900)


def test_profiles_are_marked_where_nothing_can_be_swept(tmp_path: Path) -> None:
    """Without scores there is no curve, and the points stand for themselves."""
    decided = [(row("a", sensitive=True), outcome(kept=True)), (row("b", sensitive=False), outcome(kept=False))]
    plot(figures(decided, "balanced", REVISIONS), tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 10_000


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    """With the file's name, not a traceback."""
    with pytest.raises(ConfigError, match="cannot be written"):
        plot(figures(DECIDED, "balanced", REVISIONS), tmp_path / "missing" / "curve.png")


def test_what_is_missing_is_said_before_the_work() -> None:
    """With the extra that brings it."""
    with pytest.raises(ConfigError, match=r"hybrid-llm-gateway\[plot\]"):
        needs_plotting("a_library_that_nobody_has")
