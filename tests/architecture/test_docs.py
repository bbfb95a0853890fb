"""What the documentation says is what the product is: pages, codes, dependencies, links, commands, names."""

import ast
import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer.main

from gateway import __version__, errors
from gateway.cli import app
from gateway.configuration.overlay import every_setting
from gateway.errors import FURTHER_CODES, GatewayError
from gateway.telemetry.metrics import METRICS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")])
GUIDES = [page for page in PAGES if page.name != "CHANGELOG.md"]
"""Pages about the product as it is; a changelog is about what it was."""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def generator() -> ModuleType:
    """docs/generate.py, which is a script beside the pages and no part of the package."""
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("page", "content"), sorted(generator().pages().items()), ids=lambda each: each[:20])
def test_a_page_that_is_written_from_the_code_is_what_the_code_says_now(page: str, content: str) -> None:
    """Settings, metrics, commands, errors: `make docs` writes them again."""
    assert (ROOT / "docs" / page).read_text() == content, f"docs/{page} is out of date: run `make docs`"


def codes() -> Iterator[tuple[str, str]]:
    """Every literal code that the gateway gives to an error of its own, with its place."""
    known = {cls.__name__ for cls in family(GatewayError)}
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in known:
                for word in node.keywords:
                    if word.arg == "code" and isinstance(word.value, ast.Constant):
                        yield str(word.value.value), f"{name_of(path)}:{node.lineno}"


def family(error: type[GatewayError]) -> list[type[GatewayError]]:
    return [error, *(each for child in error.__subclasses__() for each in family(child))]


def test_every_error_code_is_listed() -> None:
    """A client that branches on codes finds all of them on one page."""
    listed = {error.code for error in family(GatewayError)} | {code for _, _, code, _ in FURTHER_CODES}
    used = dict(codes())
    assert len(used) >= 4, "the search finds nothing any more"
    assert {code: place for code, place in used.items() if code not in listed} == {}


def test_every_further_code_is_used() -> None:
    """A code that nothing gives any more is no code."""
    assert {code for _, _, code, _ in FURTHER_CODES} <= {code for code, _ in codes()}
    assert len(FURTHER_CODES) == len({code for _, _, code, _ in FURTHER_CODES})
    assert errors.FURTHER_CODES is FURTHER_CODES


def test_every_dependency_has_its_reason() -> None:
    """Nothing is added without saying why, and no reason outlives its dependency."""
    page = (ROOT / "docs" / "adr" / "0002-dependencies.md").read_text()
    rows = "\n".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| "))
    explained = set(re.findall(r"[a-z0-9][a-z0-9-]*", rows)) - {"package"}
    needed = {re.match(r"[A-Za-z0-9._-]+", one).group().lower() for one in PROJECT["dependencies"]}  # type: ignore[union-attr]  # always matches
    assert needed - explained == set(), "say in docs/adr/0002-dependencies.md why these are needed"
    assert explained - needed == set(), "docs/adr/0002-dependencies.md explains what is not needed"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    """To a file or folder that is there, and to a heading of it where the link names one."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, heading = target.partition("#")
        there = (page.parent / place).resolve() if place else page
        assert there.exists(), f"{name_of(page)} links to {target}"
        if heading:
            headings = re.findall(r"^#+ (.+)$", there.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", one).strip().lower().replace(" ", "-") for one in headings}
            assert heading in anchors, f"{name_of(page)} links to {target}"


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_every_path_that_is_named_exists(page: Path) -> None:
    """`tests/leak`, `gateway/pipeline.py`: a reader who opens it finds it."""
    for path in re.findall(r"`((?:gateway|tests|docs|policies|deploy)/[\w./-]*)`", page.read_text()):
        assert (ROOT / path).exists(), f"{name_of(page)} names {path}"


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_every_setting_and_metric_that_is_named_exists(page: Path) -> None:
    """What an operator copies into a configuration or an alert is known to the gateway."""
    text = page.read_text()
    settings = {name for name, _ in every_setting()}
    tops = "|".join(sorted({one.split(".")[0] for one in settings if "." in one}))
    for name in re.findall(rf"`((?:{tops})\.[a-z_.]+)`", text.replace("[]", "")):
        known = name in settings or any(one.startswith(f"{name}.") for one in settings)
        assert known, f"{name_of(page)} names the setting {name}"
    metrics = {metric.name for metric in METRICS}
    for name in re.findall(r"\bgateway_[a-z_]+(?:_total|_seconds|_in_flight)\b", text):
        assert name in metrics, f"{name_of(page)} names the metric {name}"


def test_the_version_is_the_same_everywhere() -> None:
    """In the package, the project file and the changelog's latest entry."""
    latest = re.search(r"^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert latest is not None
    assert latest[1] == __version__ == PROJECT["version"]


def shell(text: str) -> list[str]:
    """Every line of every ```sh block, without comments, continued lines joined."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [stripped for line in lines if (stripped := re.sub(r"\s+#.*", "", line).strip())]


def test_two_commands_set_it_up() -> None:
    """Before "Use it" the README asks for these and nothing else: no account, key, download or file to write."""
    assert shell(README.split("## Use it")[0]) == ["make demo", "make test"]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_every_make_command_is_a_target(page: Path) -> None:
    """In blocks and in running text; options for the demo are options of the demo."""
    text = page.read_text()
    named = [*shell(text), *re.findall(r"`(make [^`]+)`", text)]
    for line in (line for line in named if line.startswith("make ")):
        target = line.split()[1]
        assert target in targets(), f"{name_of(page)}: {line}"
        if options := re.search(r'ARGS="([^"]*)"', line):
            assert_command_exists(f"{target} {options[1]}", page)


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_every_gateway_command_exists_with_its_options(page: Path) -> None:
    """In blocks, in `$(…)`, and in running text."""
    text = page.read_text()
    found = [match for line in shell(text) for match in re.findall(r"(?:\.venv/bin/|^|\$\()gateway ([^)|&;]+)", line)]
    found += re.findall(r"`gateway ([a-z][^`]*)`", text)
    for line in found:
        assert_command_exists(line, page)


def assert_command_exists(line: str, page: Path) -> None:
    """A command line without ``gateway``: its words are commands, its options are theirs."""
    place: Any = typer.main.get_command(app)
    for word in re.sub(r'"[^"]*"|\'[^\']*\'', "TEXT", line).split():
        if word.startswith("-"):
            options = {option for parameter in place.params for option in parameter.opts}
            assert word.partition("=")[0] in options | {"--help"}, f"{name_of(page)}: gateway {line}: no option {word}"
        elif getattr(place, "commands", None):
            assert word in place.commands, f"{name_of(page)}: gateway {line}: no command {word}"
            place = place.commands[word]


def test_the_search_for_commands_finds_them() -> None:
    """A pattern that matches nothing would make the tests above vacuous."""
    assert any(".venv/bin/gateway" in line for line in shell(README))
    with pytest.raises(AssertionError, match="no option --nothing"):
        assert_command_exists("audit tail --nothing", ROOT / "README.md")
    with pytest.raises(AssertionError, match="no command nothing"):
        assert_command_exists("nothing", ROOT / "README.md")


def test_the_changelog_names_every_command() -> None:
    """What somebody reads who upgrades."""
    line = re.search(r"`gateway ([a-z ]+)`", (ROOT / "CHANGELOG.md").read_text())
    assert line is not None
    command: Any = typer.main.get_command(app)
    assert set(line[1].split()) == set(command.commands)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_holds_a_key_or_a_path_of_somebodys_machine(page: Path) -> None:
    """Examples use placeholders and folders that start in the tree."""
    text = page.read_text()
    assert not re.search(r"\b(sk-[A-Za-z0-9]{16,}|gw-[A-Za-z0-9_-]{40,}|AKIA[A-Z0-9]{16})", text)
    assert not re.search(r"(?<![\w.])/(home|Users|root|work)/", text)
