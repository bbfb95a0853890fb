"""Changes of the policy on record: closed forms, append-only, and files from before there were any."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from audit_support import decision

from gateway.audit.log import AuditLog
from gateway.audit.policy_change import Asked, Became, PolicyChange
from gateway.audit.query import policy_changes, tail
from gateway.audit.sqlite import SqliteStore
from gateway.errors import ConfigError

LIVE: dict[str, Any] = {
    "time": "2026-11-24T05:00:00.000000Z",
    "asked": Asked.FILE,
    "outcome": Became.LIVE,
    "old": "0" * 12,
    "new": "1" * 12,
    "digest": "a" * 64,
}
REFUSED = LIVE | {"asked": Asked.ADMIN, "key_id": "ops", "outcome": Became.REFUSED, "new": "0" * 12, "problems": 2}
REFUSED |= {"line": 7}


def test_changes_are_read_as_they_were_written_latest_last(tmp_path: Path) -> None:
    """Through the log, as a gateway writes them; decisions beside them are not touched."""
    path = tmp_path / "audit.sqlite3"
    changes = [PolicyChange(**LIVE), PolicyChange(**REFUSED)]

    async def write() -> None:
        log = AuditLog(path)
        for change in changes:
            await log.write(change)
        await log.write(decision())
        await log.close()

    asyncio.run(write())
    assert list(policy_changes(path)) == changes
    assert list(policy_changes(path, 1)) == changes[1:]
    assert len(tail(path)) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time", "yesterday"),
        ("asked", "file"),
        ("key_id", "ops"),
        ("outcome", "live"),
        ("old", "the old one"),
        ("new", "0" * 12),
        ("digest", "my policy"),
        ("problems", 1),
        ("line", 0),
    ],
)
def test_a_value_outside_its_form_is_refused_and_not_quoted(name: str, value: object) -> None:
    """Also a live change to the same revision, one with problems, and a key where nobody used one."""
    with pytest.raises(ValueError, match=f"PolicyChange.{name} does not have the form"):
        PolicyChange(**LIVE | {name: value})


@pytest.mark.parametrize(("name", "value"), [("key_id", ""), ("new", "1" * 12), ("problems", 0)])
def test_a_refusal_says_who_asked_and_that_something_is_wrong_and_changes_nothing(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"PolicyChange.{name} "):
        PolicyChange(**REFUSED | {name: value})


def written(path: Path) -> Path:
    store = SqliteStore.open(path)
    assert store.append([decision(), PolicyChange(**LIVE)]) == (True, True)
    store.close()
    return path


def second_version(path: Path) -> Path:
    """A file as a gateway wrote it that could not change its policy, with one decision."""
    with closing(sqlite3.connect(written(path))) as file:
        file.executescript(
            "ALTER TABLE decisions DROP COLUMN shadow; ALTER TABLE decisions DROP COLUMN suppressed;"
            "ALTER TABLE decisions DROP COLUMN basis; DROP TABLE policy_changes; UPDATE schema_version SET version = 2;"
        )
    return path


@pytest.mark.parametrize("statement", ["UPDATE policy_changes SET new = old", "DELETE FROM policy_changes"])
@pytest.mark.parametrize("make", [written, second_version])
def test_changes_are_append_only(tmp_path: Path, make: Any, statement: str) -> None:
    """In a new file and in one that a later gateway took over."""
    path = make(tmp_path / "audit.sqlite3")
    store = SqliteStore.open(path)
    store.append([PolicyChange(**REFUSED)])
    store.close()
    with closing(sqlite3.connect(path)) as other, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement)
    assert policy_changes(path)[-1] == PolicyChange(**REFUSED)
    assert [entry.decision for entry in tail(path)] == [decision()]


def test_a_file_of_an_earlier_version_holds_none(tmp_path: Path) -> None:
    """An auditor may ask all the same; nothing is written into the copy."""
    path = second_version(tmp_path / "audit.sqlite3")
    before = path.read_bytes()
    assert policy_changes(path) == ()
    assert path.read_bytes() == before


def test_a_change_that_no_gateway_wrote_is_an_altered_file(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.sqlite3")
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TRIGGER policy_changes_not_updated")
        file.execute("UPDATE policy_changes SET outcome = 'forgotten'")
        file.commit()
    with pytest.raises(ConfigError, match="does not have the form"):
        policy_changes(path)
