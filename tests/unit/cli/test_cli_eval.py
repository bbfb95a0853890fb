"""`gateway eval`: figures of the real pipeline, for people and for programs."""

import json
from pathlib import Path

import pytest
from cli_support import CARD, complete, run

from gateway.cli.eval_tables import share

ROWS = [
    {"id": "one", "text": f"Please refund the card {CARD}.", "sensitive": True, "source": "shop"},
    {"id": "two", "text": "Why is the sky blue?", "sensitive": False, "source": "school"},
    {"id": "three", "text": "Sort a drawer of words by length in C.", "sensitive": True, "source": "shop"},
    {"text": "Sort a list in C.", "sensitive": None},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    return path


def test_programs_get_one_document(file: Path) -> None:
    """With the members that others rely on, and no text."""
    result = run("eval", str(file), "--json")
    assert result.exit_code == 0
    document = json.loads(result.output)
    assert (document["recall"], document["over_routing"], document["rows"]) == (0.5, 0.0, 4)
    assert set(document["by_source"]) == {"shop", "school", "rows.jsonl"}
    assert set(document["latency"]) == {"cpu_ms", "wall_ms"}
    assert [one["id"] for one in document["confusion"]["missed"]] == ["three"]
    assert document["profile"] == "balanced"
    assert {"balanced", "strict", "everything-local"} <= set(document["profiles"])
    assert "drawer" not in result.output
    assert CARD not in result.output


def test_people_get_tables(file: Path) -> None:
    """Recall and over-routing with their intervals, by source, type and rule; mistakes by id."""
    shown = run("eval", str(file), "--profile", "strict").output
    rates = ("profile       strict", "recall        .500 (.095", "p99 ms")
    assert [part for part in (*rates, "shop", "CREDIT_CARD", "personal-numbers", "three") if part not in shown] == []
    assert "drawer" not in shown


def test_mistakes_in_use_end_with_2(tmp_path: Path, file: Path) -> None:
    """With the remedy, and nothing of a row."""
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "fine"}\n{"text": "hushhush", "sensitive": 1}\n')
    for arguments, message in (
        ([str(bad)], "bad.jsonl:2"),
        ([str(file), "--profile", "strikt"], "strict"),
        ([str(file), "--policy", "nowhere"], "there is no policy"),
        ([str(tmp_path / "missing.jsonl")], "cannot be read"),
    ):
        done = complete("eval", *arguments, cwd=tmp_path)
        assert done.returncode == 2, arguments
        assert message in done.stderr
        assert "hushhush" not in done.stderr + done.stdout


def test_a_configuration_decides_by_its_own_policy(tmp_path: Path, file: Path) -> None:
    """Beside which no shipped profile stands: its labels are its own."""
    (tmp_path / "gateway.yaml").write_text(
        "policy: own.yaml\nbackends:\n"
        "  - {name: gpt, format: openai, base_url: 'https://vendor.example/v1', models: {m: m}, clearance: open}\n"
        "  - {name: home, format: openai, base_url: 'http://127.0.0.1:9/v1', models: {h: h}, clearance: secret}\n"
        "inspection: {ner: false}\nkeys: {allow_anonymous: true}\n"
    )
    (tmp_path / "own.yaml").write_text(
        "version: 1\nname: own\nlabels: [open, secret]\n"
        "classify:\n  - {id: desks, when: {entities: {any_of: [CREDIT_CARD]}}, label: secret}\n"
        "route:\n  - to: [gpt, home]\n"
    )
    document = json.loads(run("eval", str(file), "--config", str(tmp_path / "gateway.yaml"), "--json").output)
    assert set(document["profiles"]) == {"policy"}
    assert document["by_rule"].keys() == {"desks"}
    assert document["recall"] == 0.5


def test_a_share_stands_with_its_interval() -> None:
    """Without rows there is none."""
    assert share(0.866, (0.776, 0.924)) == ".866 (.776–.924)"
    assert share(None) == "-"
