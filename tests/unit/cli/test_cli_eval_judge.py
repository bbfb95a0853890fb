"""`gateway eval --judge`: every profile with a judge and without it, on rows that a real server is asked about."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_support import NOWHERE, complete, run

from gateway.judge.prompt import load_prompt
from gateway.judge.verdicts import Ruling
from gateway.testing import Behaviour, Fail, Received, RecordingServer, Say

PRIVATE, GENERAL = Say('{"verdict": "private", "reason": "health"}'), Say('{"verdict": "general", "reason": "none"}')
RIGHT: list[Behaviour] = [
    GENERAL if one.verdict.ruling is Ruling.GENERAL else PRIVATE for one in load_prompt().controls
]
POLICY = """\
version: 1
name: doubting
labels: [public, internal, restricted]
judge: {mode: uncertain, band: [0.01, 1]}
classify:
  - {id: matter, when: {matter: {over: 0.02}}, label: restricted}
route:
  - to: [external, local]
"""
"""In doubt about nearly every text, so that no test hangs on what the classifier has learnt."""
STORY = "My husband has cancer and I lost my job last week; my sister will not talk to me. How do I tell our children?"
ROWS = [
    {"id": "kept", "text": STORY, "sensitive": True, "source": "diary"},
    {"id": "released", "text": f"{STORY} This is from a novel.", "sensitive": False, "source": "novel"},
    {"id": "missed", "text": f"{STORY} Thank you in advance.", "sensitive": True, "source": "diary"},
]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_text(POLICY)
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    return path


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with RecordingServer("judge", strict=False, models=("tiny", "large")) as running:
        yield running


def evaluated(rows: Path, judge: str, *more: str) -> Any:
    done = run("eval", str(rows), "--policy", str(rows.parent), "--judge", judge, "--workers", "1", "--json", *more)
    assert done.exit_code == 0, done.output
    assert "husband" not in done.output
    return json.loads(done.output)


def questions(server: RecordingServer) -> list[Received]:
    return [one for one in server.received if one.method == "POST"]


def rates(one: Any) -> tuple[Any, Any]:
    return one["recall"], one["over_routing"]


def test_each_profile_stands_with_the_judge_and_without_it(rows: Path, server: RecordingServer) -> None:
    """Two verdicts of three are right; the third releases what should have stayed. By source, too."""
    server.script(*RIGHT, PRIVATE, GENERAL, GENERAL)
    judge = evaluated(rows, server.openai_base_url)["judge"]
    assert judge["model"] == "tiny"
    assert judge["questions"] == {"general": 2, "private": 1}
    assert set(judge["profiles"]) == {"policy", "balanced", "strict", "healthcare"}, "nothing leaves everything-local"
    own = judge["profiles"]["policy"]
    assert (own["mode"], own["band"], own["rows_asked"], own["rows_without_verdict"]) == (
        "uncertain",
        [0.01, 1.0],
        3,
        0,
    )
    assert rates(own["off"]) == (1.0, 1.0)
    assert rates(own["uncertain"]) == (0.5, 0.0)
    assert rates(own["off"]["by_source"]["diary"]) == (1.0, None)
    assert rates(own["uncertain"]["by_source"]["diary"]) == (0.5, None)
    assert rates(own["uncertain"]["by_source"]["novel"]) == (None, 0.0)
    assert len(questions(server)) == len(RIGHT) + len(ROWS), "a text is asked about once, whatever the profiles"


def test_the_model_may_be_named(rows: Path, server: RecordingServer) -> None:
    server.script(*RIGHT, PRIVATE, PRIVATE, PRIVATE)
    judge = evaluated(rows, f"{server.openai_base_url}#large")["judge"]
    assert judge["model"] == "large"
    assert {one.json()["model"] for one in questions(server)} == {"large"}
    assert rates(judge["profiles"]["policy"]["uncertain"]) == (1.0, 1.0)


def test_a_judge_that_fails_keeps_what_is_in_doubt_and_is_counted(rows: Path, server: RecordingServer) -> None:
    """The figures are those of a gateway with such a judge."""
    server.script(*RIGHT, GENERAL, *[Fail(500)] * 8)
    judge = evaluated(rows, server.openai_base_url)["judge"]
    own = judge["profiles"]["policy"]
    assert own["rows_without_verdict"] == 2
    assert judge["questions"]["error"] >= 1
    assert rates(own["uncertain"]) == (0.5, 1.0)


def test_a_model_that_misjudges_the_controls_gives_no_verdict_and_the_report_says_why(
    rows: Path, server: RecordingServer
) -> None:
    server.script(*[GENERAL] * 8)
    arguments = ("eval", str(rows), "--policy", str(rows.parent), "--judge", server.openai_base_url, "--workers", "1")
    shown = run(*arguments)
    assert "judged the controls wrongly" in shown.output
    assert "without verdict: 3" in shown.output


def test_people_see_both_side_by_side(rows: Path, server: RecordingServer) -> None:
    server.script(*RIGHT, PRIVATE, GENERAL, GENERAL)
    shown = run("eval", str(rows), "--policy", str(rows.parent), "--judge", server.openai_base_url, "--workers", "1")
    assert shown.exit_code == 0, shown.output
    assert "judge         tiny   questions: general 2, private 1" in shown.output
    assert [one for one in ("recall: off", "uncertain", "over-routing: off", "diary") if one not in shown.output] == []
    assert "rows asked about: 3" in shown.output
    assert "husband" not in shown.output


def test_without_a_judge_one_line_says_so(rows: Path) -> None:
    shown = run("eval", str(rows), "--workers", "1")
    (line,) = [line for line in shown.output.splitlines() if line.startswith("judge")]
    assert "none was given" in line
    assert json.loads(run("eval", str(rows), "--workers", "1", "--json").output)["judge"] is None


@pytest.mark.parametrize(
    ("judge", "message"),
    [
        ("https://93.184.216.34/v1", "is not local"),
        (NOWHERE, "no server that lists a model answers"),
        ("somewhere", "base_url must be"),
    ],
)
def test_a_judge_outside_or_nowhere_ends_with_2_before_any_row(rows: Path, judge: str, message: str) -> None:
    done = complete("eval", str(rows), "--judge", judge, cwd=rows.parent)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr.replace("\n", " ")
