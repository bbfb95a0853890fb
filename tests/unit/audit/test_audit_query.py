"""Records are found again by what they say, read-only, and a file that was tampered with says so."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from audit_support import completion, decision

from gateway.audit.query import Filters, query, tail
from gateway.audit.record import Ending, Outcome
from gateway.audit.sqlite import SqliteStore
from gateway.errors import ConfigError

HOSTILE = "x' OR 1=1 --"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Four decisions of three requests, two of them ended."""
    file = tmp_path / "audit.sqlite3"
    store = SqliteStore.open(file)
    store.append(
        [
            decision(1, time="2026-11-20T10:00:00.000000Z", label="public", rules=(), backend="gpt", key_id="team-b"),
            decision(2, time="2026-11-21T10:00:00.000000Z", rules=("names", "identifiers")),
            decision(2, time="2026-11-21T10:00:01.000000Z", attempt=1, rules=("names",)),
            decision(3, time="2026-11-22T10:00:00.000000Z", outcome=Outcome.REFUSED, backend="", host="", model=""),
            completion(1),
            completion(2, outcome=Ending.UPSTREAM_BROKE, usage=None, first_byte_ms=None, finish_reason=None),
        ]
    )
    store.close()
    return file


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), ["req_1", "req_2", "req_2", "req_3"]),
        (Filters(label="public"), ["req_1"]),
        (Filters(backend="qwen-local"), ["req_2", "req_2"]),
        (Filters(outcome=Outcome.REFUSED), ["req_3"]),
        (Filters(key="team-b"), ["req_1"]),
        (Filters(rule="identifiers"), ["req_2", "req_3"]),
        (Filters(rule="ident"), []),
        (Filters(since="2026-11-21"), ["req_2", "req_2", "req_3"]),
        (Filters(until="2026-11-21T10:00:01"), ["req_1", "req_2"]),
        (Filters(since="2026-11-21", until="2026-11-22"), ["req_2", "req_2"]),
        (Filters(request_id="req_2"), ["req_2", "req_2"]),
        (Filters(limit=2), ["req_2", "req_3"]),
        (Filters(rule="names", limit=1), ["req_2"]),
        (Filters(label="public", key="team-a"), []),
        (Filters(label=HOSTILE), []),
        (Filters(rule=HOSTILE, request_id=HOSTILE, since=HOSTILE), []),
    ],
    ids=str,
)
def test_filters_find_what_they_say(path: Path, filters: Filters, expected: list[str]) -> None:
    """All conditions hold together, the latest matches come, oldest first; hostile values are values."""
    assert [entry.decision.request_id for entry in query(path, filters)] == expected


def test_a_record_comes_back_as_it_was_written(path: Path) -> None:
    """Nothing is lost or changed between writing and reading, for decisions and completions alike."""
    first, *_, last = tail(path)
    assert first.decision == decision(
        1, time="2026-11-20T10:00:00.000000Z", label="public", rules=(), backend="gpt", key_id="team-b"
    )
    assert first.completion == completion(1)
    assert last.completion is None
    broken = query(path, Filters(request_id="req_2"))[0].completion
    assert broken == completion(2, outcome=Ending.UPSTREAM_BROKE, usage=None, first_byte_ms=None, finish_reason=None)


def test_reading_beside_a_writer_sees_the_latest(path: Path) -> None:
    """`gateway audit tail` works while the gateway runs, and does not hold it up."""
    store = SqliteStore.open(path, busy_s=0.1)
    store.append([decision(4)])
    assert tail(path, 1)[0].decision.request_id == "req_4"
    store.append([decision(5)])
    store.close()


def test_reading_changes_nothing(path: Path) -> None:
    """An auditor's look leaves the file as it is."""
    before = path.read_bytes()
    tail(path)
    assert path.read_bytes() == before


def test_a_path_with_odd_characters_is_read(path: Path) -> None:
    """Question marks and percent signs in a path are not taken for URI syntax."""
    odd = path.rename(path.with_name("a?mode=rwc&b%20#c.sqlite3"))
    assert len(tail(odd)) == 4


@pytest.mark.parametrize("content", [None, b"", b"text" * 2000])
def test_a_file_without_records_is_a_problem_with_a_remedy(tmp_path: Path, content: bytes | None) -> None:
    """A wrong path is said, not shown as "no records"; a missing file is not created."""
    path = tmp_path / "nothing.sqlite3"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match="records"):
        tail(path)
    assert path.exists() == (content is not None)


@pytest.mark.parametrize(
    "change",
    [
        "label = 'My name is Ada'",
        "findings = 'not json'",
        "findings = '[]'",
        "outcome = 'sent_nowhere'",
        "considered = '[1]'",
    ],
)
def test_a_record_that_no_gateway_wrote_is_a_problem(path: Path, change: str) -> None:
    """Somebody who drops the trigger and edits a row makes reading fail loudly; the text is not shown."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DROP TRIGGER decisions_not_updated")
        other.execute(f"UPDATE decisions SET {change} WHERE request_id = 'req_1'")
    with pytest.raises(ConfigError, match="does not have the form") as caught:
        tail(path)
    assert "Ada" not in str(caught.value)
