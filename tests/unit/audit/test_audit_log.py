"""What is written is on the disk when ``write`` returns, and what cannot be written raises, so that nothing is sent."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from audit_support import completion, decision

from gateway.audit.log import AuditLog
from gateway.audit.query import Filters, query, tail
from gateway.errors import AuditUnavailable

Scenario = Callable[[AuditLog], Awaitable[None]]
HERE = Path(__file__).parent


def run(path: Path, scenario: Scenario, *, queue: int = 4096, timeout_s: float = 5.0) -> AuditLog:
    """Run one scenario against a log at ``path`` and close the log; returns it for its counters."""

    async def whole() -> AuditLog:
        log = AuditLog(path, queue=queue, timeout_s=timeout_s)
        try:
            await scenario(log)
        finally:
            await log.close()
        return log

    return asyncio.run(whole())


def rows(path: Path) -> int:
    """How many decisions a second reader sees."""
    with closing(sqlite3.connect(path)) as reader:
        return int(reader.execute("SELECT count(*) FROM decisions").fetchone()[0])


def child(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, where limits may be set and users changed."""
    environment = {"PYTHONPATH": os.pathsep.join((str(HERE.parents[2]), str(HERE))), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_written_decision_is_there_for_others_at_once(tmp_path: Path) -> None:
    """Invariant I6: the record is durable before the first upstream byte; the caller goes on only after that."""
    path = tmp_path / "audit.sqlite3"

    async def scenario(log: AuditLog) -> None:
        await log.write(decision())
        assert rows(path) == 1

    run(path, scenario)
    (entry,) = tail(path)
    assert entry.decision == decision()
    assert entry.completion is None


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    """400 decisions of 40 tasks gather into common transactions and are all there, once."""
    path = tmp_path / "audit.sqlite3"

    async def scenario(log: AuditLog) -> None:
        async def writer(number: int) -> None:
            for index in range(10):
                await log.write(decision(number * 10 + index))

        await asyncio.gather(*(writer(number) for number in range(40)))

    run(path, scenario)
    found = tail(path, 1000)
    assert {entry.decision.request_id for entry in found} == {f"req_{number}" for number in range(400)}
    assert len(found) == 400


def test_a_completion_follows_its_decision(tmp_path: Path) -> None:
    """Closing writes what is queued; the ending is found with its request."""
    path = tmp_path / "audit.sqlite3"

    async def scenario(log: AuditLog) -> None:
        await log.write(decision())
        log.complete(completion())

    log = run(path, scenario)
    (entry,) = tail(path)
    assert entry.completion == completion()
    assert log.lost == 0


def test_a_client_that_hangs_up_cannot_cancel_its_record(tmp_path: Path) -> None:
    """Cancelling the request's task leaves the queued record on its way to the disk."""
    path = tmp_path / "audit.sqlite3"

    async def scenario(log: AuditLog) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            task = asyncio.create_task(log.write(decision()))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            other.execute("ROLLBACK")

    run(path, scenario)
    assert rows(path) == 1


def test_a_locked_file_refuses_and_recovers(tmp_path: Path) -> None:
    """Somebody holds the file: writes raise AuditUnavailable within their time, and work again afterwards."""
    path = tmp_path / "audit.sqlite3"

    async def scenario(log: AuditLog) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(AuditUnavailable, match="nothing was sent"):
                await log.write(decision(1))
            other.execute("ROLLBACK")
        await log.write(decision(2))

    run(path, scenario, timeout_s=0.4)
    assert "req_2" in {entry.decision.request_id for entry in tail(path)}


def test_a_record_that_was_not_begun_in_time_is_withdrawn(tmp_path: Path) -> None:
    """A decision whose writer gave up tells of no sending, so it does not appear later."""
    path = tmp_path / "audit.sqlite3"

    async def scenario(log: AuditLog) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            results = await asyncio.gather(*(log.write(decision(n)) for n in range(5)), return_exceptions=True)
            assert all(isinstance(result, AuditUnavailable) for result in results)
            late = asyncio.create_task(log.write(decision(99)))
            await asyncio.sleep(0)
            with pytest.raises(AuditUnavailable):
                await late
            other.execute("ROLLBACK")
        await log.write(decision(100))

    run(path, scenario, timeout_s=0.3)
    assert {entry.decision.request_id for entry in tail(path)} == {"req_100"}


def test_a_full_queue_refuses_at_once(tmp_path: Path) -> None:
    """More waiting decisions than the queue holds are refused, not remembered without bound; the client may retry."""
    path = tmp_path / "audit.sqlite3"

    async def scenario(log: AuditLog) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            results = await asyncio.gather(*(log.write(decision(n)) for n in range(50)), return_exceptions=True)
            other.execute("ROLLBACK")
        overloads = [error for error in results if isinstance(error, AuditUnavailable) and "overload" in error.message]
        assert len(overloads) >= 40
        assert overloads[0].retry_after is not None
        assert overloads[0].retryable

    run(path, scenario, queue=4, timeout_s=0.4)


def test_lost_completions_are_counted_and_never_raise(tmp_path: Path) -> None:
    """A completion record is best effort, but nobody can lose one unseen."""
    path = tmp_path / "audit.sqlite3"
    heard: list[int] = []

    async def scenario() -> None:
        log = AuditLog(path, queue=4, timeout_s=0.4, on_lost=heard.append)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for number in range(50):
                log.complete(completion(number))
            await asyncio.to_thread(time.sleep, 0.5)
            other.execute("ROLLBACK")
        await log.close()
        log.complete(completion(100))
        assert log.lost == sum(heard) >= 47

    asyncio.run(scenario())


def test_the_same_attempt_twice_is_refused_without_harm_to_others(tmp_path: Path) -> None:
    """One decision per attempt: the second writer is refused, its neighbours in the batch are written."""
    path = tmp_path / "audit.sqlite3"

    async def scenario(log: AuditLog) -> None:
        await log.write(decision(1))
        results = await asyncio.gather(
            log.write(decision(1, label="public")),
            log.write(decision(2)),
            log.write(decision(1, attempt=1)),
            return_exceptions=True,
        )
        assert [type(result) for result in results] == [AuditUnavailable, type(None), type(None)]

    run(path, scenario)
    assert [(e.decision.request_id, e.decision.attempt, e.decision.label) for e in tail(path)] == [
        ("req_1", 0, "restricted"),
        ("req_2", 0, "restricted"),
        ("req_1", 1, "restricted"),
    ]


def test_a_closed_log_refuses(tmp_path: Path) -> None:
    """After the end of the gateway nothing is accepted that nobody would write."""

    async def scenario() -> None:
        log = AuditLog(tmp_path / "audit.sqlite3")
        await log.close()
        with pytest.raises(AuditUnavailable):
            await log.write(decision())
        await log.close()

    asyncio.run(scenario())


def test_a_file_that_is_moved_away_refuses(tmp_path: Path) -> None:
    """Records must not go into a file that nobody will find: rotation by `mv` under a running gateway is noticed."""
    path = tmp_path / "audit.sqlite3"

    async def scenario(log: AuditLog) -> None:
        await log.write(decision(1))
        path.rename(tmp_path / "old.sqlite3")
        with pytest.raises(AuditUnavailable):
            await log.write(decision(2))
        path.touch()
        with pytest.raises(AuditUnavailable):
            await log.write(decision(3))

    run(path, scenario)


def test_a_corrupted_file_refuses(tmp_path: Path) -> None:
    """A file overwritten with garbage, as a broken disk would, raises; the process lives."""
    path = tmp_path / "audit.sqlite3"
    run(path, lambda log: log.write(decision(1)))

    async def scenario(log: AuditLog) -> None:
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(100)
            file.write(os.urandom(size - 100))
        with pytest.raises(AuditUnavailable):
            await log.write(decision(2))

    run(path, scenario)


def test_a_full_disk_refuses_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    """Every write past the file-size limit raises; every acknowledged record is still read back. Invariant I3."""
    path = tmp_path / "audit.sqlite3"
    script = """
        import asyncio, resource, sys
        from pathlib import Path
        from audit_support import decision
        from gateway.audit.log import AuditLog
        from gateway.errors import AuditUnavailable

        async def main():
            log = AuditLog(Path(sys.argv[1]))
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
            written, refused = 0, 0
            for number in range(400):
                try:
                    await log.write(decision(number))
                    written += 1
                except AuditUnavailable:
                    refused += 1
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            await log.write(decision(1000))
            await log.close()
            print(written, refused)

        asyncio.run(main())
    """
    result = child(script, str(path))
    assert result.returncode == 0, result.stderr
    written, refused = map(int, result.stdout.split())
    assert refused > 0
    assert len(tail(path, 1000)) == written + 1
    assert query(path, Filters(request_id="req_1000"))


@pytest.mark.skipif(os.getuid() != 0, reason="changing to another user needs root")
def test_a_file_that_becomes_unwritable_refuses() -> None:
    """A gateway whose user may not write the file does not start with it, and says so."""
    script = """
        import asyncio, os, sys, tempfile
        from pathlib import Path
        from audit_support import decision
        from gateway.audit.log import AuditLog
        from gateway.errors import ConfigError

        async def main():
            with tempfile.TemporaryDirectory() as folder:
                os.chmod(folder, 0o755)
                path = Path(folder) / "audit.sqlite3"
                log = AuditLog(path)
                await log.write(decision(1))
                await log.close()
                os.chmod(path, 0o444)
                os.seteuid(65534)
                try:
                    AuditLog(path)
                except ConfigError as error:
                    print(error)
                finally:
                    os.seteuid(0)

        asyncio.run(main())
    """
    result = child(script)
    assert result.returncode == 0, result.stderr
    assert "cannot keep records here" in result.stdout


def test_an_acknowledged_record_survives_a_kill(tmp_path: Path) -> None:
    """kill -9 at any moment leaves every acknowledged record, and a file that opens. Invariant I14."""
    path = tmp_path / "audit.sqlite3"
    script = """
        import asyncio, sys
        from pathlib import Path
        from audit_support import decision
        from gateway.audit.log import AuditLog

        async def main():
            log = AuditLog(Path(sys.argv[1]))
            async def writer(start):
                for number in range(start, start + 10_000):
                    await log.write(decision(number))
                    print(number, flush=True)
            await asyncio.gather(*(writer(start * 10_000) for start in range(8)))

        asyncio.run(main())
    """
    environment = {"PYTHONPATH": os.pathsep.join((str(HERE.parents[2]), str(HERE))), "PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(path)], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(200)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    run(path, lambda log: log.write(decision(999_999)))
    there = {entry.decision.request_id for entry in tail(path, 100_000)}
    assert {f"req_{number}" for number in acknowledged} <= there
    assert "req_999999" in there


def test_two_processes_may_write_one_file(tmp_path: Path) -> None:
    """Two logs on one file, as two workers have them, lose nothing."""
    path = tmp_path / "audit.sqlite3"

    async def scenario() -> None:
        one, other = AuditLog(path), AuditLog(path)
        await asyncio.gather(*((one if n % 2 else other).write(decision(n)) for n in range(100)))
        await one.close()
        await other.close()

    asyncio.run(scenario())
    assert rows(path) == 100


def test_no_planted_text_is_in_the_files(tmp_path: Path) -> None:
    """Invariant I7: neither the file nor its write-ahead log holds the body that a record is about."""
    path = tmp_path / "audit.sqlite3"
    planted = b"4111 1111 1111 1111"
    files = [path, path.with_name("audit.sqlite3-wal"), path.with_name("audit.sqlite3-shm")]

    async def scenario(log: AuditLog) -> None:
        await log.write(decision(body_bytes=len(planted)))
        assert not [file for file in files if planted in file.read_bytes()]

    run(path, scenario)


def test_the_files_belong_to_their_owner_alone(tmp_path: Path) -> None:
    """Records hold no text, but who asked when is nobody else's business."""
    path = tmp_path / "audit.sqlite3"

    async def scenario(log: AuditLog) -> None:
        await log.write(decision())
        modes = {file.stat().st_mode & 0o777 for file in (path, path.with_name("audit.sqlite3-wal"))}
        assert modes == {0o600}

    run(path, scenario)
