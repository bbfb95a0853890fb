"""The pages with measured figures have what the commands write, in the shape that they write. No figure is judged."""

import re
from pathlib import Path

import pytest
from support.page_markers import between, replace

DOCS = Path(__file__).parents[2] / "docs"


def tables(page: str, name: str) -> dict[str, list[list[str]]]:
    """Title to rows of cells, the columns first."""
    found: dict[str, list[list[str]]] = {}
    for title, part in re.findall(
        r"^### (.+?)\n(.*?)(?=^### |\Z)", between(DOCS / page, name), re.MULTILINE | re.DOTALL
    ):
        lines = [line for line in part.splitlines() if line.startswith("|") and not line.startswith("|---")]
        found[title] = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return found


@pytest.mark.parametrize(
    ("page", "name", "title", "columns"),
    [
        ("bench.md", "bench", "Inspection of one text", ["text", "characters", "texts", "CPU ms"]),
        ("bench.md", "bench", "Mixed traffic, beside Presidio", ["engine", "texts", "CPU ms, mean"]),
        ("bench.md", "bench", "A conversation, turn by turn", ["turn", "body bytes", "CPU ms of this turn"]),
        ("bench.md", "bench", "A long prompt", ["bytes", "a card stands", "found", "read completely", "CPU ms"]),
        ("bench.md", "bench", "Resident memory", ["inspection", "after start MB"]),
        ("detection.md", "figures", "Profiles", ["profile", "rows", "recall", "over-routing"]),
        ("detection.md", "figures", "By source", ["source", "rows"]),
        ("detection.md", "figures", "Beside Presidio", ["rows", "gateway"]),
    ],
)
def test_a_page_has_its_tables(page: str, name: str, title: str, columns: list[str]) -> None:
    """Every row as wide as its head, and at least one of them."""
    head, *rows = tables(page, name)[title]
    assert head[: len(columns)] == columns
    assert rows
    assert {len(row) for row in rows} == {len(head)}


def test_only_what_is_between_the_markers_is_written(tmp_path: Path) -> None:
    """What people wrote stays."""
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- x: begin, by make -->old<!-- x: end -->\nbelow\n")
    replace(page, "x", "new\n")
    replace(page, "x", "newer")
    assert page.read_text() == "above\n<!-- x: begin, by make -->\n\nnewer\n\n<!-- x: end -->\nbelow\n"
    with pytest.raises(ValueError, match="no place for y"):
        replace(page, "y", "")
