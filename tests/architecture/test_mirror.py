"""Every room has its tests: each module of gateway/ is imported by a test, or stands on a list that says why not."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
GATEWAY = ROOT / "gateway"
DEBT = {
    # Commands, run by their names as people run them.
    "gateway.cli.check": "unit/cli/test_cli_check.py",
    "gateway.cli.demo": "unit/cli/test_cli_demo.py",
    "gateway.cli.demo_sides": "unit/cli/test_cli_demo.py",
    "gateway.cli.eval": "unit/cli/test_cli_eval.py",
    "gateway.cli.explain": "unit/cli/test_cli_explain.py",
    "gateway.cli.policy": "unit/cli/test_cli_policy.py",
    "gateway.cli.policy_check": "unit/cli/test_cli_policy.py",
    "gateway.cli.scan": "unit/cli/test_cli_scan.py",
    "gateway.cli.terms": "unit/cli/test_cli_terms.py",
    # Parts behind one door, which is what the tests go through.
    "gateway.configuration.checks": "unit/test_settings.py",
    "gateway.configuration.secret_files": "unit/test_settings.py",
    "gateway.egress.anthropic.errors": "unit/egress/test_anthropic_errors.py",
    "gateway.ingress.docs_page": "unit/test_app.py",
    "gateway.inspection.parts": "unit/inspection/test_inspection_parts.py",
    "gateway.policy.compiler": "unit/policy/test_policy_loader.py",
    "gateway.testing.anthropic_side": "unit/testing/test_testing_anthropic_side.py",
    "gateway.testing.connection": "unit/testing/test_testing_server.py",
    "gateway.testing.openai_side": "unit/testing/test_testing_openai_side.py",
    "gateway.testing.reply": "unit/testing/test_testing_openai_side.py",
    "gateway.testing.response": "unit/testing/test_testing_server.py",
    "gateway.testing.vendor_types": "unit/testing/test_testing_openai_side.py",
}
"""Modules that no test imports, each with the test that reaches it all the same. The list may only shrink."""


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def with_code(path: Path) -> bool:
    """Does the file hold more than a docstring and names handed on?"""
    return any(
        not isinstance(node, ast.Import | ast.ImportFrom)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        and not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"__all__", "__version__"})
        for node in ast.parse(path.read_text()).body
    )


@cache
def modules() -> dict[str, Path]:
    return {module_of(path): path for path in sorted(GATEWAY.rglob("*.py")) if with_code(path)}


def imported(path: Path, known: set[str]) -> Iterator[str]:
    """The modules of the gateway that a file imports, by any spelling, also by a name that a package hands on."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.name for alias in node.names}
            yield from {node.module, *(f"{node.module}.{name}" for name in names)} & known
            yield from handed_on(node.module, names) & known


def handed_on(package: str, names: set[str]) -> set[str]:
    """The modules from which a package takes these names to hand them on."""
    return {module for module, offered in exports(package) if names & offered}


@cache
def exports(package: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """What a package imports into its front: each module, and the names from it. Empty for a plain module."""
    front = ROOT.joinpath(*package.split(".")) / "__init__.py"
    if not front.is_file():
        return ()
    lines = [node for node in ast.parse(front.read_text()).body if isinstance(node, ast.ImportFrom)]
    return tuple((str(node.module), frozenset(alias.name for alias in node.names)) for node in lines)


@cache
def reached() -> set[str]:
    """Modules that a file below tests/ imports: a test, or what several tests share."""
    known = set(modules())
    return {name for path in (ROOT / "tests").rglob("*.py") for name in imported(path, known)}


def test_every_module_is_imported_by_a_test() -> None:
    """A module without tests is found the day it is written."""
    assert sorted(set(modules()) - reached() - DEBT.keys()) == []


def test_the_list_of_exceptions_holds_no_more_than_it_must() -> None:
    """An entry whose module is tested by now, or gone, has to go."""
    assert {name for name in DEBT if name in reached() or name not in modules()} == set()
    assert {test for test in DEBT.values() if not (ROOT / "tests" / test).is_file()} == set()


def test_unit_tests_stand_where_their_modules_stand() -> None:
    """tests/unit mirrors gateway/: policy for policy, inspection_detectors or inspection/detectors for the latter."""
    unit = ROOT / "tests" / "unit"
    folders = {path.parent.relative_to(unit).as_posix() for path in unit.rglob("test_*.py")}
    rooms = {path.relative_to(GATEWAY).as_posix() for path in GATEWAY.rglob("*") if path.is_dir()} | {"."}
    assert folders - {spelling for room in rooms for spelling in (room, room.replace("/", "_"))} == set()


def test_no_two_test_files_share_a_name() -> None:
    """Without packages below tests/, pytest would import one of them in place of the other."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name not in {"conftest.py", "__main__.py"}]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_the_search_sees_every_spelling(tmp_path: Path) -> None:
    """import, from … import name, from package import module."""
    known = {"gateway.model", "gateway.policy.route", "gateway.errors", "gateway.testing.behaviour"}
    file = tmp_path / "test_it.py"
    file.write_text(
        "import gateway.model\nfrom gateway.policy import route\nfrom gateway.errors import Problem\n"
        "from gateway.testing import Fail\n"
    )
    assert set(imported(file, known)) == known
