"""Records in one SQLite file: the schema, and the only connection that writes.

Durable means: WAL with ``synchronous=FULL``, so a commit is on the disk when it returns. Records cannot be changed or
deleted through SQL (triggers); that keeps honest tools honest, it does not stop somebody with the file and an editor.
"""

import hashlib
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Final, Self

import orjson

from gateway.audit.basis_text import written as basis_text
from gateway.audit.policy_change import PolicyChange
from gateway.audit.record import CompletionRecord, DecisionRecord
from gateway.errors import ConfigError, Problem

SCHEMA_VERSION: Final = 5
READABLE: Final = frozenset({1, 2, 3, 4, 5})
"""Versions that can be read. Version 1 knows no judge, version 2 no changes of the policy, version 3 no basis of a
decision, version 4 no watched rules and no suppressions; a gateway that opens such a file adds what is missing."""
APPLICATION_ID: Final = 0x47574C4C
"""Marks the file as ours ("GWLL"), so that a path to some other database is refused, not written into."""

_TABLES: Final = """
CREATE TABLE schema_version (version INTEGER NOT NULL, created TEXT NOT NULL);
CREATE TABLE detector_sets (digest TEXT PRIMARY KEY, versions TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    request_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    wanted_model TEXT NOT NULL,
    outcome TEXT NOT NULL,
    backend TEXT NOT NULL,
    host TEXT NOT NULL,
    model TEXT NOT NULL,
    label TEXT NOT NULL,
    rules TEXT NOT NULL,
    revision TEXT NOT NULL,
    findings TEXT NOT NULL,
    places TEXT NOT NULL,
    coverage TEXT NOT NULL,
    considered TEXT NOT NULL,
    body_bytes INTEGER NOT NULL,
    body_fingerprint TEXT,
    detectors TEXT NOT NULL REFERENCES detector_sets (digest),
    stream INTEGER NOT NULL,
    inspection_ms REAL NOT NULL,
    judged TEXT,
    basis TEXT,
    shadow TEXT,
    suppressed TEXT
);
CREATE UNIQUE INDEX decisions_by_request ON decisions (request_id, attempt);
CREATE INDEX decisions_by_time ON decisions (time);
CREATE TABLE completions (
    request_id TEXT PRIMARY KEY,
    time TEXT NOT NULL,
    status INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    finish_reason TEXT,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    cached_tokens INTEGER,
    first_byte_ms REAL,
    total_ms REAL NOT NULL
) WITHOUT ROWID;
"""
_CHANGES: Final = """
CREATE TABLE policy_changes (
    id INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    asked TEXT NOT NULL,
    key_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    digest TEXT NOT NULL,
    problems INTEGER NOT NULL,
    line INTEGER
);
"""
# INSERT OR REPLACE deletes without firing DELETE triggers; hence the third trigger of each table.
_APPEND_ONLY: Final = """
CREATE TRIGGER {table}_not_updated BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, 'records are append-only'); END;
CREATE TRIGGER {table}_not_deleted BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, 'records are append-only'); END;
CREATE TRIGGER {table}_not_replaced BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
BEGIN SELECT RAISE(ABORT, 'records are append-only'); END;
"""
_SAME: Final = {
    "decisions": "id = NEW.id OR (request_id = NEW.request_id AND attempt = NEW.attempt)",
    "completions": "request_id = NEW.request_id",
    "policy_changes": "id = NEW.id",
}
_DECISION: Final = """INSERT INTO decisions (
    time, request_id, attempt, key_id, endpoint, wanted_model, outcome, backend, host, model, label, rules, revision,
    findings, places, coverage, considered, body_bytes, body_fingerprint, detectors, stream, inspection_ms,
    judged, basis, shadow, suppressed
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_VERSION: Final = "INSERT INTO schema_version VALUES (?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))"
_COMPLETION: Final = "INSERT INTO completions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_CHANGE: Final = """INSERT INTO policy_changes (time, asked, key_id, outcome, old, new, digest, problems, line)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""

Record = DecisionRecord | CompletionRecord | PolicyChange
Detectors = tuple[tuple[str, str], ...]


class SqliteStore:
    """The writing side of one file. Used by one thread at a time; every method blocks on the disk."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._file = _identity(path)
        self._detector_sets: dict[Detectors, str] = {}
        """Digests of the sets that are in the file already; a process sees a handful."""

    @classmethod
    def open(cls, path: Path, *, busy_s: float = 1.0) -> Self:
        """Open the file, or create it for its owner alone. Raises ConfigError when it cannot hold records."""
        try:
            _create(path)
            connection = _connect(path, busy_s)
            try:
                _prepare(connection, path)
                return cls(path, connection)
            except BaseException:
                connection.close()
                raise
        except OSError as error:
            raise _unusable(path, error.strerror or type(error).__name__) from None
        except sqlite3.Error as error:
            raise _unusable(path, str(error)) from None

    def append(self, records: Sequence[Record]) -> tuple[bool, ...]:
        """Append in one transaction; durable on return. Says for each record whether it is in.

        A record that is there already is refused without harm to the others. Raises sqlite3.Error or OSError when
        nothing of the batch is in: disk full, locked, read-only, corrupt, or the file was moved away.
        """
        if _identity(self._path) != self._file:
            raise FileNotFoundError("the audit file was moved or replaced while in use")
        self._connection.execute("BEGIN IMMEDIATE")
        new_sets: dict[Detectors, str] = {}
        try:
            written = tuple(self._insert(record, new_sets) for record in records)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._detector_sets |= new_sets
        return written

    def close(self) -> None:
        """Close the file; what was appended is on the disk already."""
        self._connection.close()

    def _insert(self, record: Record, new_sets: dict[Detectors, str]) -> bool:
        try:
            if isinstance(record, DecisionRecord):
                self._connection.execute(_DECISION, self._decision_row(record, new_sets))
            elif isinstance(record, PolicyChange):
                self._connection.execute(_CHANGE, _change_row(record))
            else:
                self._connection.execute(_COMPLETION, _completion_row(record))
        except sqlite3.IntegrityError:
            return False
        return True

    def _decision_row(self, record: DecisionRecord, new_sets: dict[Detectors, str]) -> tuple[object, ...]:
        digest = self._detector_sets.get(record.detectors) or new_sets.get(record.detectors)
        if digest is None:
            versions = orjson.dumps(sorted(record.detectors)).decode()
            digest = hashlib.sha256(versions.encode()).hexdigest()[:16]
            self._connection.execute("INSERT OR IGNORE INTO detector_sets VALUES (?, ?)", (digest, versions))
            new_sets[record.detectors] = digest
        return (
            record.time,
            record.request_id,
            record.attempt,
            record.key_id,
            record.endpoint,
            record.wanted_model,
            str(record.outcome),
            record.backend,
            record.host,
            record.model,
            record.label,
            orjson.dumps(record.rules).decode(),
            record.revision,
            orjson.dumps(dict(record.findings)).decode(),
            orjson.dumps(dict(record.places)).decode(),
            orjson.dumps(record.coverage).decode(),
            orjson.dumps([(one.backend, one.verdict) for one in record.considered]).decode(),
            record.body_bytes,
            record.body_fingerprint,
            digest,
            record.stream,
            record.inspection_ms,
            None if record.judged is None else orjson.dumps(asdict(record.judged)).decode(),
            None if record.basis is None else basis_text(record.basis),
            None if record.shadow is None else orjson.dumps(asdict(record.shadow)).decode(),
            orjson.dumps(dict(record.suppressed)).decode() if record.suppressed else None,
        )


def _completion_row(record: CompletionRecord) -> tuple[object, ...]:
    usage = record.usage
    return (
        record.request_id,
        record.time,
        record.status,
        str(record.outcome),
        record.finish_reason,
        usage.prompt if usage else None,
        usage.completion if usage else None,
        usage.cached if usage else None,
        record.first_byte_ms,
        record.total_ms,
    )


def _change_row(record: PolicyChange) -> tuple[object, ...]:
    return (
        record.time,
        str(record.asked),
        record.key_id,
        str(record.outcome),
        record.old,
        record.new,
        record.digest,
        record.problems,
        record.line,
    )


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _create(path: Path) -> None:
    """Make an empty file for its owner alone (SQLite gives the files beside it the same mode), durably."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _connect(path: Path, busy_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables in an empty file; refuse a file of another kind or version. Two processes may start at once."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _one(connection, "SELECT count(*) FROM sqlite_master"):
            _build(connection)
        elif _fault(connection) is None:
            _raise_version(connection)
        fault = _fault(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    if fault is not None:
        raise _unusable(path, fault)


def _fault(connection: sqlite3.Connection) -> str | None:
    if _one(connection, "PRAGMA application_id") != APPLICATION_ID:
        return "it is a database of something else"
    version = _one(connection, "SELECT max(version) FROM schema_version")
    if version not in READABLE:
        return f"it has version {version}, and this gateway writes version {SCHEMA_VERSION}"
    return None


def _raise_version(connection: sqlite3.Connection) -> None:
    """Bring an earlier version's file up to this one, within the caller's transaction. Records stay as they are."""
    version = _one(connection, "SELECT max(version) FROM schema_version")
    if version == 1:
        connection.execute("ALTER TABLE decisions ADD COLUMN judged TEXT")
    if version in {1, 2}:
        _run(connection, _CHANGES + _append_only("policy_changes"))
    if version in {1, 2, 3}:
        connection.execute("ALTER TABLE decisions ADD COLUMN basis TEXT")
    if version != SCHEMA_VERSION:
        connection.execute("ALTER TABLE decisions ADD COLUMN shadow TEXT")
        connection.execute("ALTER TABLE decisions ADD COLUMN suppressed TEXT")
        connection.execute(_VERSION, (SCHEMA_VERSION,))


def _one(connection: sqlite3.Connection, query: str) -> object:
    with closing(connection.execute(query)) as rows:
        (value,) = rows.fetchone()
    return value


def _build(connection: sqlite3.Connection) -> None:
    _run(connection, _TABLES + _CHANGES + "".join(map(_append_only, _SAME)))
    connection.execute(_VERSION, (SCHEMA_VERSION,))
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")


def _append_only(table: str) -> str:
    return _APPEND_ONLY.format(table=table, same=_SAME[table])


def _run(connection: sqlite3.Connection, statements: str) -> None:
    """Each statement by itself: ``executescript`` would end the transaction."""
    pending = ""
    for line in statements.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            connection.execute(pending)
            pending = ""


def _unusable(path: Path, reason: str) -> ConfigError:
    remedy = "audit.path must name a file that the gateway may write, in a folder that exists."
    return ConfigError((Problem(f"cannot keep records here: {reason}", remedy, path),))
