"""The runtime of the names model, which must not talk to its maker."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_finding_names_starts_no_uploader_and_writes_nothing(tmp_path: Path) -> None:
    """With telemetry on, onnxruntime keeps a device id and unsent events in the home folder; so it stays empty."""
    code = (
        "from gateway.inspection.detectors.rampart import load_rampart\n"
        "load_rampart().find('Jane Roe lives at 12 Elm Street, Springfield.')\n"
    )
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=100)
    assert list(tmp_path.rglob("*")) == []


def test_nothing_else_imports_the_runtime() -> None:
    """An import that comes first would start the uploader for the life of the process."""
    for path in (ROOT / "gateway").rglob("*.py"):
        if path.name == "onnx_runtime.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "onnxruntime" for name in names), path
