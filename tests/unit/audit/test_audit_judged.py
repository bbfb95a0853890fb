"""What a record says of the judge, and files from before there was one."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from audit_support import decision

from gateway.audit.query import tail
from gateway.audit.record import Judged, Outcome
from gateway.audit.sqlite import SCHEMA_VERSION, SqliteStore
from gateway.errors import ConfigError

JUDGED: dict[str, Any] = {
    "private": 1,
    "general": 2,
    "failed": 0,
    "reasons": ("health",),
    "backend": "qwen-local",
    "ms": 41.5,
}


def test_what_the_judge_said_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite3"
    store = SqliteStore.open(path)
    records = [decision(1, outcome=Outcome.ASKED_JUDGE), decision(2, judged=Judged(**JUDGED))]
    assert store.append(records) == (True, True)
    store.close()
    assert [entry.decision for entry in tail(path)] == [
        decision(1, outcome=Outcome.ASKED_JUDGE, detectors=tail(path)[0].decision.detectors),
        decision(2, judged=Judged(**JUDGED)),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("private", -1),
        ("general", 1.5),
        ("failed", True),
        ("reasons", ("Jane Roe is ill",)),
        ("reasons", "health"),
        ("backend", "a b"),
        ("ms", float("inf")),
    ],
)
def test_a_value_outside_its_form_is_refused_and_not_quoted(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"Judged.{name} does not have the form"):
        Judged(**JUDGED | {name: value})


def first_version(path: Path) -> None:
    """A file as a gateway without a judge wrote it, with one record."""
    store = SqliteStore.open(path)
    store.append([decision()])
    store.close()
    with closing(sqlite3.connect(path)) as file:
        file.executescript(
            "ALTER TABLE decisions DROP COLUMN judged; ALTER TABLE decisions DROP COLUMN basis;"
            "ALTER TABLE decisions DROP COLUMN shadow; ALTER TABLE decisions DROP COLUMN suppressed;"
            "DROP TABLE policy_changes;"
            "DELETE FROM schema_version; INSERT INTO schema_version VALUES (1, '2026-11-23T00:00:00Z');"
        )


def test_a_file_of_the_first_version_can_be_read_as_it_is(tmp_path: Path) -> None:
    """An auditor's copy is not touched."""
    path = tmp_path / "audit.sqlite3"
    first_version(path)
    before = path.read_bytes()
    assert [entry.decision for entry in tail(path)] == [decision()]
    assert path.read_bytes() == before


def test_a_gateway_goes_on_writing_into_a_file_of_the_first_version(tmp_path: Path) -> None:
    """It adds what the first version did not have; the records in it stay."""
    path = tmp_path / "audit.sqlite3"
    first_version(path)
    for number in (2, 3):
        store = SqliteStore.open(path)
        assert store.append([decision(number, judged=Judged(**JUDGED))]) == (True,)
        store.close()
    assert [entry.decision.judged for entry in tail(path)] == [None, Judged(**JUDGED), Judged(**JUDGED)]
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT version FROM schema_version").fetchall() == [(1,), (SCHEMA_VERSION,)]
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            file.execute("UPDATE decisions SET label = 'public'")


def test_a_judgement_that_no_gateway_wrote_is_an_altered_file(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite3"
    store = SqliteStore.open(path)
    store.append([decision(judged=Judged(**JUDGED))])
    store.close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TRIGGER decisions_not_updated")
        file.execute("""UPDATE decisions SET judged = '{"private": 0}'""")
        file.commit()
    with pytest.raises(ConfigError, match="does not have the form"):
        tail(path)
