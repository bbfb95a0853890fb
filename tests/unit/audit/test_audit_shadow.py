"""What a record says of rules that are only watched, and of suppressions; files from before there were any."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from audit_support import decision

from gateway.audit.query import tail
from gateway.audit.record import Shadowed
from gateway.audit.sqlite import SCHEMA_VERSION, SqliteStore

WATCHED = Shadowed(("cards", "keys"), "restricted", "local")


def test_what_was_watched_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite3"
    store = SqliteStore.open(path)
    written = [decision(1), decision(2, shadow=WATCHED, suppressed={"own-phone": 2})]
    assert store.append(written) == (True, True)
    store.close()
    assert [entry.decision for entry in tail(path)] == written


@pytest.mark.parametrize(
    ("rules", "label", "zone"),
    [(("a b",), "internal", "local"), (["a"], "internal", "local"), (("a",), "", "local"), (("a",), "x", "cloud")],
)
def test_a_value_outside_its_form_is_refused_and_not_quoted(rules: tuple[str, ...], label: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"Shadowed\.[a-z]+ does not have the form"):
        Shadowed(rules, label, zone)


@pytest.mark.parametrize("counts", [{"own phone": 1}, {"own-phone": -1}, {"own-phone": True}])
def test_suppressions_are_counted_by_their_ids(counts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="suppressed does not have the form"):
        decision(suppressed=counts)


def test_a_file_of_an_earlier_version_is_extended_when_it_is_written_to(tmp_path: Path) -> None:
    """Its records stay, and can be read before that, too."""
    path = tmp_path / "audit.sqlite3"
    store = SqliteStore.open(path)
    store.append([decision()])
    store.close()
    with closing(sqlite3.connect(path)) as file:
        file.executescript(
            "ALTER TABLE decisions DROP COLUMN shadow; ALTER TABLE decisions DROP COLUMN suppressed;"
            "DELETE FROM schema_version; INSERT INTO schema_version VALUES (4, '2026-11-23T00:00:00Z');"
        )
    assert [entry.decision for entry in tail(path)] == [decision()]
    store = SqliteStore.open(path)
    assert store.append([decision(2, shadow=WATCHED)]) == (True,)
    store.close()
    assert [entry.decision.shadow for entry in tail(path)] == [None, WATCHED]
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT version FROM schema_version").fetchall() == [(4,), (SCHEMA_VERSION,)]
