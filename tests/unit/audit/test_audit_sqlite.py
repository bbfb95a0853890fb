"""The file: what opens, what is refused, and that records cannot be changed through SQL."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from audit_support import completion, decision

from gateway.audit.sqlite import SCHEMA_VERSION, SqliteStore
from gateway.errors import ConfigError


def written(path: Path) -> Path:
    """A file with one decision and its completion."""
    store = SqliteStore.open(path)
    assert store.append([decision(), completion()]) == (True, True)
    store.close()
    return path


def test_the_schema_has_a_version(tmp_path: Path) -> None:
    """A later gateway can tell what it finds."""
    with closing(sqlite3.connect(written(tmp_path / "audit.sqlite3"))) as reader:
        assert reader.execute("SELECT version FROM schema_version").fetchall() == [(SCHEMA_VERSION,)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decisions SET label = 'public'",
        "DELETE FROM decisions",
        "INSERT OR REPLACE INTO decisions SELECT * FROM decisions",
        "REPLACE INTO decisions SELECT * FROM decisions",
        "UPDATE completions SET status = 500",
        "DELETE FROM completions",
        "REPLACE INTO completions SELECT * FROM completions",
    ],
)
def test_records_are_append_only(tmp_path: Path, statement: str) -> None:
    """An honest tool cannot change or delete a record, not even by replacing it."""
    with closing(sqlite3.connect(written(tmp_path / "audit.sqlite3"))) as other:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(statement)
        assert other.execute("SELECT label FROM decisions").fetchall() == [("restricted",)]


def test_detector_versions_are_stored_once(tmp_path: Path) -> None:
    """The same forty detectors under a million records take one row, also after a restart."""
    path = written(tmp_path / "audit.sqlite3")
    store = SqliteStore.open(path)
    store.append([decision(2), decision(3, detectors=(("ner", "2"),)), decision(4, detectors=())])
    store.close()
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("SELECT count(*) FROM detector_sets").fetchone() == (3,)


def test_a_failed_transaction_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    """All or nothing: what is reported as not written is not there later, and no state of the failure stays behind."""
    path = written(tmp_path / "audit.sqlite3")
    store = SqliteStore.open(path, busy_s=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError):
            store.append([decision(5, detectors=(("new", "1"),))])
        other.execute("ROLLBACK")
    assert store.append([decision(6, detectors=(("new", "1"),))]) == (True,)
    store.close()
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("SELECT request_id FROM decisions").fetchall() == [("req_1",), ("req_6",)]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"not a database, but some file" * 100, "not a database"), (b"\x00" * 4096, "not a database")],
)
def test_a_file_of_another_kind_is_refused_untouched(tmp_path: Path, content: bytes, message: str) -> None:
    """A wrong audit.path never destroys what is there."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        SqliteStore.open(path)
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    """The tables of another program are left alone."""
    path = tmp_path / "other.sqlite3"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE customers (name)")
    with pytest.raises(ConfigError, match="a database of something else"):
        SqliteStore.open(path)


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    """An older gateway does not write into a file that it does not understand."""
    path = written(tmp_path / "audit.sqlite3")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("INSERT INTO schema_version VALUES (99, '')")
    with pytest.raises(ConfigError, match="version 99"):
        SqliteStore.open(path)


@pytest.mark.parametrize("place", ["missing/audit.sqlite3", "."])
def test_a_place_that_cannot_hold_a_file_is_refused_with_a_remedy(tmp_path: Path, place: str) -> None:
    """The start ends with the path and what to do."""
    with pytest.raises(ConfigError, match=r"audit\.path must name a file") as caught:
        SqliteStore.open(tmp_path / place)
    assert caught.value.problems[0].file == tmp_path / place
