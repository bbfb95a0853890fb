"""docs/terms.md does what it says: its example is carried out, its figures are those of its own benchmark."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.inspection.terms.lists import load_lists
from gateway.inspection.terms.terms import load_terms
from gateway.settings import own_lists

PAGE = (Path(__file__).parents[3] / "docs" / "terms.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the page, in a folder in which its commands are run."""
    for name, content in re.findall(r"```\w+ ([\w.-]+)\n(.*?)```", PAGE, re.DOTALL):
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(line: str) -> Result:
    """One line of the page; ``echo … | gateway …`` and ``gateway …``."""
    said = re.fullmatch(r'(?:echo "(?P<said>[^"]*)" \| )?gateway (?P<rest>.*)', line)
    assert said is not None, line
    return CliRunner().invoke(app, shlex.split(said["rest"]), input=said["said"] or "", env={"COLUMNS": "200"})


def test_the_worked_example_works(folder: Path) -> None:
    """From the table to a finding."""
    lines = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    made, tried, scanned = map(run, lines)
    assert made.exit_code == 0, made.output
    assert "1 of 3 values of name are not listed: too short" in made.output
    assert (tried.exit_code, tried.output.strip()) == (0, "yes")
    assert scanned.exit_code == 0
    assert scanned.output.count("CUSTOMER") >= 2
    assert (folder / "customers.key").stat().st_mode & 0o777 == 0o600


def test_the_term_lists_of_the_page_load_and_find(folder: Path) -> None:
    """With their examples."""
    assert [one.id for one in load_lists(folder / "terms.yaml")] == ["projects", "clients"]
    assert load_terms(folder / "terms.yaml", "terms").find("about Torre Bianca")
    (terms,) = own_lists(folder / "gateway-with-terms.yaml", {})
    assert terms.entity_types == {"PROJECT_NAME", "CLIENT_NAME", "ROOM_NAME"}
