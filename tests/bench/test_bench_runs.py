"""The benchmarks run: what nobody starts for months must not have rotted. Nothing is judged."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_table_has_rows() -> None:
    """A hundredth of everything, as JSON: the tables that docs and decisions cite are all there."""
    command = [sys.executable, "-m", "tests.bench", "--share", "0.01", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    tables = {table["title"]: table["rows"] for table in json.loads(done.stdout)["tables"]}
    assert list(tables) == [
        "Inspection of one text",
        "Mixed traffic, beside Presidio",
        "A conversation, turn by turn",
        "A long prompt",
        "A proxied request, patterns only",
        "A proxied request, patterns and NER",
        "Strict JSON",
        "A decision of the default policy",
        "A record made durable",
        "A sending",
        "Resident memory",
    ]
    assert all(rows for title, rows in tables.items() if title != "Resident memory" or sys.platform == "linux")
    assert {row["answered by"] for row in tables["A proxied request, patterns only"]} == {"vendor"}
