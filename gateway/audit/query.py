"""Reading records back: the last ones, or those that match. Opens the file read-only, beside a gateway that writes."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson

from gateway.audit.basis_text import read as basis_of_text
from gateway.audit.policy_change import Asked, Became, PolicyChange
from gateway.audit.record import (
    CompletionRecord,
    Considered,
    DecisionRecord,
    Ending,
    Judged,
    ListedModel,
    Outcome,
    Shadowed,
)
from gateway.audit.sqlite import APPLICATION_ID, READABLE
from gateway.errors import ConfigError, Problem
from gateway.model import Usage

MAX_LIMIT: Final = 100_000
CHANGES_SINCE: Final = 3
"""The version of the file from which on it holds changes of the policy."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision, and how its request ended where that is known. Of several attempts, all show the one ending."""

    decision: DecisionRecord
    completion: CompletionRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What to look for; None: any. ``since`` (inclusive), ``until`` (exclusive): UTC ISO times or their starts."""

    label: str | None = None
    backend: str | None = None
    outcome: Outcome | None = None
    key: str | None = None
    rule: str | None = None
    since: str | None = None
    until: str | None = None
    request_id: str | None = None
    limit: int = 100


_SELECT: Final = """SELECT d.*, s.versions, c.time AS ended, c.status, c.outcome AS ending, c.finish_reason,
    c.prompt_tokens, c.completion_tokens, c.cached_tokens, c.first_byte_ms, c.total_ms
    FROM decisions d JOIN detector_sets s ON s.digest = d.detectors LEFT JOIN completions c USING (request_id)"""
_CONDITIONS: Final = {
    "label": "d.label = ?",
    "backend": "d.backend = ?",
    "outcome": "d.outcome = ?",
    "key": "d.key_id = ?",
    "rule": "EXISTS (SELECT 1 FROM json_each(d.rules) WHERE value = ?)",
    "since": "d.time >= ?",
    "until": "d.time < ?",
    "request_id": "d.request_id = ?",
}


def tail(path: Path, number: int = 20) -> tuple[Entry, ...]:
    """The last decisions, oldest first. Raises ConfigError when the file cannot be read."""
    return query(path, Filters(limit=number))


def query(path: Path, filters: Filters) -> tuple[Entry, ...]:
    """The latest ``filters.limit`` decisions that match, oldest first. Raises ConfigError when the file cannot be read.

    Values are bound, never put into SQL. A row that no gateway can have written is an error, too: the file was altered.
    """
    wanted = {name: getattr(filters, name) for name in _CONDITIONS if getattr(filters, name) is not None}
    where = " AND ".join(_CONDITIONS[name] for name in wanted) or "1"
    limit = max(1, min(filters.limit, MAX_LIMIT))
    statement = f"{_SELECT} WHERE {where} ORDER BY d.id DESC LIMIT ?"
    with (
        _reading(path) as connection,
        closing(connection.execute(statement, [*map(str, wanted.values()), limit])) as rows,
    ):
        found = rows.fetchall()
    with _unaltered(path):
        return tuple(_entry(row) for row in reversed(found))


def policy_changes(path: Path, number: int = 20) -> tuple[PolicyChange, ...]:
    """The last attempts to load the policy again, oldest first. Raises ConfigError as ``query`` does.

    A file that no gateway of this version has opened yet holds none.
    """
    statement = "SELECT * FROM policy_changes ORDER BY id DESC LIMIT ?"
    with _reading(path) as connection:
        with closing(connection.execute("SELECT max(version) FROM schema_version")) as rows:
            (version,) = rows.fetchone()
        if version < CHANGES_SINCE:
            return ()
        with closing(connection.execute(statement, [max(1, min(number, MAX_LIMIT))])) as rows:
            found = [dict(zip(row.keys(), row, strict=True)) for row in rows]
    with _unaltered(path):
        return tuple(_change(row) for row in reversed(found))


def _change(row: Mapping[str, Any]) -> PolicyChange:
    values = {name: value for name, value in row.items() if name != "id"}
    return PolicyChange(**values | {"asked": Asked(row["asked"]), "outcome": Became(row["outcome"])})


@contextmanager
def _unaltered(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError) as error:
        remedy = "Restore the file from a copy, and find out who changed it."
        reason = f"a record does not have the form that the gateway writes ({type(error).__name__})"
        raise ConfigError((Problem(reason, remedy, path),)) from None


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    remedy = "Give the path that audit.path names, as a user who may read it and the -wal and -shm files beside it."
    if not path.is_file():
        raise ConfigError((Problem("there are no records here", remedy, path),))
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=5.0)
        ) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA trusted_schema=OFF")
            with closing(connection.execute("PRAGMA application_id")) as rows:
                (application,) = rows.fetchone()
            if application == APPLICATION_ID:
                with closing(connection.execute("SELECT max(version) FROM schema_version")) as rows:
                    (version,) = rows.fetchone()
                if version in READABLE:
                    yield connection
                    return
    except sqlite3.Error as error:
        raise ConfigError((Problem(f"cannot read the records: {error}", remedy, path),)) from None
    raise ConfigError((Problem("these are not records that this version reads", remedy, path),))


def _entry(row: sqlite3.Row) -> Entry:
    values = dict(zip(row.keys(), row, strict=True))
    return Entry(_decision(values), None if values["ended"] is None else _completion(values))


def _decision(row: Mapping[str, Any]) -> DecisionRecord:
    return DecisionRecord(
        time=row["time"],
        request_id=row["request_id"],
        attempt=row["attempt"],
        key_id=row["key_id"],
        endpoint=row["endpoint"],
        wanted_model=ListedModel(row["wanted_model"]),
        outcome=Outcome(row["outcome"]),
        backend=row["backend"],
        host=row["host"],
        model=row["model"],
        label=row["label"],
        rules=tuple(orjson.loads(row["rules"])),
        revision=row["revision"],
        findings=orjson.loads(row["findings"]),
        places=orjson.loads(row["places"]),
        coverage=tuple(orjson.loads(row["coverage"])),
        considered=tuple(Considered(*pair) for pair in orjson.loads(row["considered"])),
        body_bytes=row["body_bytes"],
        body_fingerprint=row["body_fingerprint"],
        detectors=tuple((name, version) for name, version in orjson.loads(row["versions"])),
        stream=bool(row["stream"]),
        inspection_ms=row["inspection_ms"],
        judged=_judged(row.get("judged")),
        basis=None if row.get("basis") is None else basis_of_text(row["basis"]),
        shadow=_shadowed(row.get("shadow")),
        suppressed=orjson.loads(row.get("suppressed") or "{}"),
    )


def _judged(text: str | None) -> Judged | None:
    if text is None:
        return None
    values = orjson.loads(text)
    return Judged(**values | {"reasons": tuple(values["reasons"])})


def _shadowed(text: str | None) -> Shadowed | None:
    if text is None:
        return None
    values = orjson.loads(text)
    return Shadowed(**values | {"rules": tuple(values["rules"])})


def _completion(row: Mapping[str, Any]) -> CompletionRecord:
    counts: Sequence[int | None] = (row["prompt_tokens"], row["completion_tokens"], row["cached_tokens"])
    prompt, completion, cached = counts
    usage = None if prompt is None or completion is None else Usage(prompt, completion, cached or 0)
    return CompletionRecord(
        time=row["ended"],
        request_id=row["request_id"],
        status=row["status"],
        outcome=Ending(row["ending"]),
        finish_reason=row["finish_reason"],
        usage=usage,
        first_byte_ms=row["first_byte_ms"],
        total_ms=row["total_ms"],
    )
