"""The house rules of the design, held by reading the source: who may do what, and how large a room may grow."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GATEWAY = ROOT / "gateway"
MODULES = sorted(GATEWAY.rglob("*.py"))
NETWORK = {
    "aiohttp",
    "httpx2",
    "httpx",
    "socket",
    "http.client",
    "urllib.request",
    "requests",
    "openai",
    "anthropic",
    "ftplib",
    "smtplib",
}
# The demo's SDK asks its own gateway on loopback, and stand-ins listen; neither is on a request's path.
MAY_TALK = ("gateway/egress/", "gateway/testing/", "gateway/cli/")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_egress_imports_anything_that_can_open_a_connection(path: Path) -> None:
    """A module outside egress cannot reach the network, so text can leave by one door alone."""
    if name_of(path).startswith(MAY_TALK):
        return
    found = {name for name in imports(ast.parse(path.read_text())) if name in NETWORK or name.split(".")[0] in NETWORK}
    assert not found, f"{name_of(path)} imports {sorted(found)}; only gateway/egress opens connections"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_decision_module_knows_the_seal(path: Path) -> None:
    """Cleared has one maker: no other module names the seal or calls the constructor."""
    if name_of(path) == "gateway/policy/decision.py":
        return
    tree = ast.parse(path.read_text())
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | set(imports(tree))
    assert "Cleared" not in calls
    assert not any(name.endswith("_SEAL") for name in names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_settings_reads_the_environment(path: Path) -> None:
    """Configuration has one entrance, so that what a start depends on can be listed."""
    if name_of(path) == "gateway/settings.py":
        return
    tree = ast.parse(path.read_text())
    reads = [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"})
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {a.name for a in node.names} & {"environ", "getenv"}
        )
    ]
    assert not reads, f"{name_of(path)} reads the environment at lines {reads}; pass it in from settings"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_onnxruntime_is_imported_where_its_telemetry_is_off(path: Path) -> None:
    """Its official builds report home as they are imported; one file sees to it that they do not."""
    if name_of(path) == "gateway/inspection/detectors/onnx_runtime.py":
        return
    assert not any(name.split(".")[0] == "onnxruntime" for name in imports(ast.parse(path.read_text())))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_dataclass_is_frozen_and_slotted(path: Path) -> None:
    """Values that travel cannot be changed on the way."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            called = decorator if isinstance(decorator, ast.Call) else None
            if ast.unparse(called.func if called else decorator) != "dataclass":
                continue
            options = {word.arg: ast.unparse(word.value) for word in called.keywords} if called else {}
            assert options.get("frozen") == "True", f"{name_of(path)}:{node.lineno} {node.name} is not frozen"
            assert options.get("slots") == "True", f"{name_of(path)}:{node.lineno} {node.name} is not slotted"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_and_functions_stay_small(path: Path) -> None:
    """A file has one subject (400 lines at most), a function fits a screen (60 lines at most)."""
    source = path.read_text()
    assert source.count("\n") <= 400, f"{name_of(path)} has grown past 400 lines: split it by subject"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60, f"{name_of(path)}:{node.lineno} {node.name} has {length} lines"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_writes_prompt_text_to_a_log_by_accident(path: Path) -> None:
    """Loggers get fixed words: no f-strings, no exception objects, no tracebacks (law 6)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = ast.unparse(node.func.value)
        if owner not in {"logger", "log", "LOG", "_LOG", "logging", "_logger"} or node.func.attr not in {
            "debug",
            "info",
            "warning",
            "error",
            "critical",
            "exception",
            "log",
        }:
            continue
        where = f"{name_of(path)}:{node.lineno}"
        assert node.func.attr != "exception", f"{where} logs a traceback, which can hold text"
        assert not any(word.arg == "exc_info" for word in node.keywords), f"{where} logs a traceback"
        assert not any(isinstance(arg, ast.JoinedStr) for arg in node.args), f"{where} formats into the log line"


@pytest.mark.parametrize("lock", sorted((ROOT / "deploy").glob("*.lock")), ids=name_of)
def test_every_locked_package_is_pinned_and_hashed_and_the_lock_names_no_host(lock: Path) -> None:
    """What is installed is what was reviewed: versions and hashes, no URLs."""
    text = lock.read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in text


def test_the_top_level_holds_what_the_design_names_and_nothing_else() -> None:
    """A newcomer sees the product, not its leftovers."""
    expected = {
        "gateway", "policies", "training", "deploy", "tests", "docs", "docker-compose.yml", "pyproject.toml",
        "README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "Makefile", ".ci", ".gitignore", ".dockerignore",
    }  # fmt: skip
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {path.split("/")[0] for path in listed.splitlines()} <= expected
