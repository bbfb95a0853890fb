"""What a decision rested on, in a record: one column, bounded, of closed forms, and missing in earlier files."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from audit_support import decision

from gateway.audit.basis_text import read, split, written
from gateway.audit.query import tail
from gateway.audit.sqlite import SCHEMA_VERSION, SqliteStore
from gateway.errors import ConfigError
from gateway.policy.basis import MAX_GROUPS, Basis, FindingGroup

GROUP = FindingGroup("CREDIT_CARD", 0.85, "user", False, "messages.0.content", 2)
BASIS = Basis(
    tokens=120,
    tools=True,
    vision=False,
    documents=False,
    audio=False,
    json_schema=True,
    groups=(GROUP, replace(GROUP, score=None, spans=True), replace(GROUP, place="messages.1.content", role="")),
    beyond=3,
)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "audit.sqlite3"
    store = SqliteStore.open(path)
    assert store.append([decision(1, basis=BASIS), decision(2)]) == (True, True)
    store.close()
    assert [entry.decision.basis for entry in tail(path)] == [BASIS, None]


def test_the_column_is_short_and_begins_with_the_tokens() -> None:
    """Places stand once each; what follows the tokens is equal for equal findings and facts."""
    text = written(BASIS)
    assert text == (
        '[120,"tj",3,["messages.0.content","messages.1.content"],'
        '[["CREDIT_CARD",0.85,"user",0,0,2],["CREDIT_CARD",null,"user",1,0,2],["CREDIT_CARD",0.85,"",0,1,2]]]'
    )
    assert read(text) == BASIS
    assert split(text) == (120, text.removeprefix("[120,"))


@pytest.mark.parametrize(
    "changes",
    [
        {"tokens": -1},
        {"tools": 1},
        {"beyond": 0.5},
        {"groups": [GROUP]},
        {"groups": (GROUP,) * (MAX_GROUPS + 1)},
        {"groups": (replace(GROUP, entity_type="Jane Roe"),)},
        {"groups": (replace(GROUP, role="Jane Roe"),)},
        {"groups": (replace(GROUP, place="Jane Roe"),)},
        {"groups": (replace(GROUP, score=2.0),)},
        {"groups": (replace(GROUP, count=True),)},
    ],
)
def test_a_value_outside_its_form_is_refused_and_not_quoted(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^DecisionRecord.basis does not have the form that a record may hold$"):
        decision(basis=replace(BASIS, **changes))


def test_a_file_of_the_third_version_is_read_and_written_on(tmp_path: Path) -> None:
    """Its records have no basis, and stay as they are."""
    path = tmp_path / "audit.sqlite3"
    store = SqliteStore.open(path)
    store.append([decision()])
    store.close()
    with closing(sqlite3.connect(path)) as file:
        file.executescript(
            "ALTER TABLE decisions DROP COLUMN shadow; ALTER TABLE decisions DROP COLUMN suppressed;"
            "ALTER TABLE decisions DROP COLUMN basis; DELETE FROM schema_version;"
            "INSERT INTO schema_version VALUES (3, '2026-11-23T00:00:00Z');"
        )
    assert [entry.decision for entry in tail(path)] == [decision()]
    store = SqliteStore.open(path)
    assert store.append([decision(2, basis=BASIS)]) == (True,)
    store.close()
    assert [entry.decision.basis for entry in tail(path)] == [None, BASIS]
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT version FROM schema_version").fetchall() == [(3,), (SCHEMA_VERSION,)]


@pytest.mark.parametrize("text", ["[]", "{}", '[1,"",0,[],[["CREDIT_CARD",0.5,"user",0,4,1]]]', '["a","",0,[],[]]'])
def test_a_basis_that_no_gateway_wrote_is_an_altered_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "audit.sqlite3"
    store = SqliteStore.open(path)
    store.append([decision(basis=BASIS)])
    store.close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TRIGGER decisions_not_updated")
        file.execute("UPDATE decisions SET basis = ?", (text,))
        file.commit()
    with pytest.raises(ConfigError, match="does not have the form"):
        tail(path)
