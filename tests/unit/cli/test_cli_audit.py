"""`gateway audit`: records for people and for programs, without a secret and without changing anything."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from gateway.audit.policy_change import Asked, Became, PolicyChange
from gateway.audit.record import CompletionRecord, Considered, DecisionRecord, Ending, ListedModel, Outcome
from gateway.audit.sqlite import SqliteStore
from gateway.cli.audit import app
from gateway.cli.output import Output
from gateway.model import Usage


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two decisions, one of them with its ending."""
    path = tmp_path / "audit.sqlite3"
    store = SqliteStore.open(path)
    for number, label in ((1, "public"), (2, "restricted")):
        record = DecisionRecord(
            time=f"2026-11-2{number}T10:00:00.000000Z",
            request_id=f"req_{number}",
            attempt=0,
            key_id="team-a",
            endpoint="/v1/chat/completions",
            wanted_model=ListedModel("auto"),
            outcome=Outcome.SENT_LOCAL,
            backend="qwen-local",
            host="127.0.0.1:8000",
            model="qwen3",
            label=label,
            rules=("identifiers",) if number == 2 else (),
            revision="0123456789ab",
            findings={"CREDIT_CARD": 1} if number == 2 else {},
            coverage=("part:image",) if number == 2 else (),
            considered=(Considered("gpt", "not_cleared"), Considered("qwen-local", "cleared")),
            body_bytes=10,
            stream=False,
            inspection_ms=1.0,
        )
        store.append([record])
    store.append(
        [
            CompletionRecord(
                time="2026-11-21T10:00:01.000000Z",
                request_id="req_1",
                status=200,
                outcome=Ending.COMPLETED,
                usage=Usage(1, 2, 0),
                total_ms=12.3,
            )
        ]
    )
    store.close()
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "250", "TERM": "dumb"})


def test_a_column_that_people_copy_from_is_never_folded(capsys: pytest.CaptureFixture[str]) -> None:
    """A request id goes into ``--request-id``: it stands on one line, however long the other cells are."""
    request_id = "req_" + "0" * 32
    columns = ["request", *(str(number) for number in range(9))]
    Output(json=False).table(columns, [[request_id, *["many words " * 9] * 9]], whole="request")
    assert request_id in capsys.readouterr().out


def test_tail_shows_a_table(file: Path) -> None:
    """A person sees what was decided, why, and how it ended."""
    result = run("tail", "--file", str(file))
    assert result.exit_code == 0
    for word in (
        "req_1",
        "req_2",
        "sent_local",
        "qwen-local",
        "identifiers",
        "CREDIT_CARD 1",
        "part:image",
        "200 completed",
    ):
        assert word in result.output


def test_tail_is_json_on_request(file: Path) -> None:
    """A program gets every field, the completion beside its decision."""
    first, second = orjson.loads(run("tail", "--file", str(file), "--json").output)
    assert first["completion"]["usage"] == {"prompt": 1, "completion": 2, "cached": 0}
    assert first["completion"]["status"] == 200
    assert second["completion"] is None
    assert second["considered"][0] == {"backend": "gpt", "verdict": "not_cleared"}
    assert second["findings"] == {"CREDIT_CARD": 1}
    assert second["outcome"] == "sent_local"


def test_query_filters(file: Path) -> None:
    """Every condition has to hold."""
    found = run("query", "--file", str(file), "--rule", "identifiers", "--since", "2026-11-22", "--json")
    assert [entry["request_id"] for entry in orjson.loads(found.output)] == ["req_2"]
    none = run("query", "--file", str(file), "--label", "public", "--outcome", "refused")
    assert none.exit_code == 0
    assert "No record matches." in none.output


@pytest.mark.parametrize("arguments", [["--since", "yesterday"], ["--outcome", "sent_nowhere"], ["--limit", "0"]])
def test_a_condition_that_cannot_match_is_a_usage_error(file: Path, arguments: list[str]) -> None:
    """A typo in a condition is not answered with an empty table."""
    assert run("query", "--file", str(file), *arguments).exit_code == 2


def test_a_missing_file_is_a_problem_with_exit_code_2(tmp_path: Path) -> None:
    """No traceback, no empty table, no new file."""
    result = run("tail", "--file", str(tmp_path / "nothing.sqlite3"))
    assert result.exit_code == 2
    assert "there are no records here" in result.output
    assert not list(tmp_path.iterdir())


def test_the_file_is_found_through_the_configuration(file: Path) -> None:
    """An auditor names the gateway's configuration, or nothing in its folder; its secrets are not needed."""
    config = file.with_name("gateway.yaml")
    config.write_text("audit: {path: audit.sqlite3}\nbackends: [{api_key_env: NOT_SET}]\n")
    assert "req_2" in run("tail", "--config", str(config)).output


def test_changes_of_the_policy_are_shown_to_people_and_programs(file: Path) -> None:
    """Who asked, what became of it, and both revisions."""
    assert "No change of the policy is on record." in run("policy", "--file", str(file)).stdout
    store = SqliteStore.open(file)
    change = PolicyChange(
        time="2026-11-24T05:00:00.000000Z",
        asked=Asked.ADMIN,
        key_id="ops",
        outcome=Became.REFUSED,
        old="0" * 12,
        new="0" * 12,
        digest="",
        problems=2,
        line=7,
    )
    store.append([change])
    store.close()
    shown = run("policy", "--file", str(file)).stdout
    for word in ("admin (ops)", "refused", "0" * 12, "first on line 7"):
        assert word in shown
    (row,) = orjson.loads(run("policy", "--file", str(file), "--json").stdout)
    assert (row["asked"], row["key_id"], row["outcome"], row["problems"]) == ("admin", "ops", "refused", 2)
