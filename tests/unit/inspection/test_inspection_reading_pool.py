"""Processes that read names: the same findings as in this process, and no way to fail that looks like success."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from inspection_fakes import CARD, CardFinder, chat, draft, types
from support.made_classifier import make_classifier

from gateway.inspection.detectors.engine_files import onnx_engine
from gateway.inspection.detectors.engines import RAMPART
from gateway.inspection.detectors.rampart import load_rampart
from gateway.inspection.framing import Late, Lost
from gateway.inspection.names import HereNames, Names
from gateway.inspection.reader import Reader
from gateway.inspection.reading_pool import ReadingPool
from gateway.inspection.reading_process import PROGRAM
from gateway.inspection.scanner import Scanner
from gateway.inspection.units import Unit
from gateway.inspection.workers import Overloaded, Workers
from gateway.model import Report

ROOT = Path(__file__).parents[3]
PATIENT_S = 60.0
BODIES = (
    chat("Please ask Margaret Thornbury about it.", "and tobias meyer, too", "12 Baker Street, London"),
    chat("Nothing to see here.", f"card {CARD}", "so said Anna Schmidt"),
    chat("Frau Müller wohnt in der Hauptstraße 5, 10115 Berlin. " * 40),
    chat(""),
)


@pytest.fixture
def pool() -> Iterator[ReadingPool]:
    """One process that is ready."""
    made = ReadingPool(RAMPART, processes=1, queue=4)
    assert made.ready(PATIENT_S)
    yield made
    made.close()


def soon() -> float:
    return time.monotonic() + PATIENT_S


def gone(process: int) -> bool:
    """Has the process ended? A zombie has."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def wait_until(holds: Callable[[], bool]) -> bool:
    """Within a busy machine's patience."""
    stop = time.monotonic() + PATIENT_S
    while not holds() and time.monotonic() < stop:
        time.sleep(0.02)
    return holds()


def scanned(names: Names, body: object, **settings: float) -> Report:
    scanner = Scanner([CardFinder()], names=names, **{"timeout_s": PATIENT_S, **settings})  # type: ignore[arg-type]
    return asyncio.run(scanner.scan(draft(json.dumps(body).encode())))


def test_a_process_finds_what_a_thread_of_this_one_finds(pool: ReadingPool) -> None:
    """The same detector, wherever it runs: same findings, same coverage, same versions."""
    here = HereNames(load_rampart())
    for body in BODIES:
        assert scanned(pool, body) == scanned(here, body)
    here.close()


def test_names_and_patterns_stand_in_one_report(pool: ReadingPool) -> None:
    """Both are asked, each for what it can find."""
    assert types(scanned(pool, BODIES[0])) >= {"PERSON", "FULL_NAME", "STREET_ADDRESS"}
    assert types(scanned(pool, BODIES[1])) >= {"PERSON", "CREDIT_CARD"}


def test_long_texts_with_many_names_do_not_stop_each_other(pool: ReadingPool) -> None:
    """More goes to the process, and more comes back, than pipes hold: neither side waits for the other for ever."""
    names = "Please ask Anna Schmidt.\n" * 300 + "x" * 200_000
    futures = pool.start([names[:7_400], names], soon())
    assert [len(future.result(PATIENT_S)) > 500 for future in futures] == [True, True]
    assert pool.restarts == 0


def test_a_text_past_its_deadline_was_not_read(pool: ReadingPool) -> None:
    """What comes too late is no answer, and the process goes on with the next."""
    (late,) = pool.start(["Please ask Anna Schmidt."], time.monotonic() - 1)
    with pytest.raises(Late):
        late.result(PATIENT_S)
    (next_one,) = pool.start(["Please ask Anna Schmidt."], soon())
    assert next_one.result(PATIENT_S)
    assert pool.restarts == 0


def test_a_process_that_dies_is_replaced(pool: ReadingPool) -> None:
    """Killed from outside, as the system does when memory is short: another takes its place by itself."""
    (before,) = pool.process_ids
    os.kill(before, signal.SIGKILL)
    assert wait_until(lambda: pool.process_ids not in {(), (before,)})
    (answer,) = pool.start(["Please ask Anna Schmidt."], soon())
    assert answer.result(PATIENT_S)
    assert pool.restarts == 1


def test_a_process_that_hangs_is_killed_and_its_text_counts_as_unread() -> None:
    """Law 4: stopped in the middle of nowhere, it never answers. The request is incomplete, and the process is gone."""
    pool = ReadingPool(RAMPART, processes=1, queue=4, hang_s=0.3)
    assert pool.ready(PATIENT_S)
    (before,) = pool.process_ids
    os.kill(before, signal.SIGSTOP)
    (answer,) = pool.start(["Please ask Anna Schmidt."], time.monotonic() + 0.2)
    with pytest.raises((Lost, OSError)):
        answer.result(PATIENT_S)
    assert wait_until(lambda: gone(before) and pool.process_ids not in {(), (before,)})
    pool.close()


def test_a_hanging_process_is_a_timeout_and_patterns_still_count() -> None:
    """What was found before time ran out is in the report."""
    pool = ReadingPool(RAMPART, processes=1, queue=4, hang_s=0.3)
    assert pool.ready(PATIENT_S)
    os.kill(pool.process_ids[0], signal.SIGSTOP)
    report = scanned(pool, chat(f"Anna Schmidt has card {CARD}"), timeout_s=0.3)
    pool.close()
    assert report.coverage.reasons == ("timeout",)
    assert types(report) == {"CREDIT_CARD"}


def test_a_full_queue_is_an_overload() -> None:
    """Beyond the bound nobody waits; a cancelled text gives its place back at once."""
    pool = ReadingPool(RAMPART, processes=1, queue=1)
    assert pool.ready(PATIENT_S)
    os.kill(pool.process_ids[0], signal.SIGSTOP)
    first, *_ = pool.start(["one"], soon())
    assert wait_until(first.running)
    (second,) = pool.start(["two"], soon())
    with pytest.raises(Overloaded):
        pool.start(["three"], soon())
    assert scanned(pool, chat("and Tobias Meyer")).coverage.reasons == ("overload",)
    assert second.cancel()
    assert pool.pending == 1
    (third,) = pool.start(["three"], soon())
    os.kill(pool.process_ids[0], signal.SIGCONT)
    assert third.result(PATIENT_S) == ()
    pool.close()


def test_a_cancelled_scan_leaves_nothing_in_the_queue() -> None:
    """A client that hangs up costs no place."""
    pool = ReadingPool(RAMPART, processes=1, queue=4)
    assert pool.ready(PATIENT_S)
    os.kill(pool.process_ids[0], signal.SIGSTOP)
    (first,) = pool.start(["one"], soon())
    assert wait_until(first.running)
    scanner = Scanner([CardFinder()], names=pool, timeout_s=PATIENT_S)

    async def cancel() -> None:
        task = asyncio.create_task(scanner.scan(draft(chat("Please ask Anna Schmidt."))))
        assert await asyncio.to_thread(wait_until, lambda: pool.pending == 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert pool.pending == 1
    os.kill(pool.process_ids[0], signal.SIGCONT)
    scanner.close()


def test_closing_ends_the_processes(pool: ReadingPool) -> None:
    """Nothing stays behind, and nothing is read any more."""
    (process,) = pool.process_ids
    pool.close()
    assert gone(process)
    with pytest.raises(RuntimeError):
        pool.start(["one"], soon())


def test_closing_answers_those_who_wait(pool: ReadingPool) -> None:
    """A text that waits when the pool closes is not read, and nobody waits for ever."""
    os.kill(pool.process_ids[0], signal.SIGSTOP)
    futures: list[Future[object]] = [pool.start([word], soon())[0] for word in ("one", "two")]  # type: ignore[misc]
    assert wait_until(futures[0].running)
    closing = asyncio.run(_closed_while_waiting(pool))
    assert closing < PATIENT_S
    assert all(future.done() for future in futures)


async def _closed_while_waiting(pool: ReadingPool) -> float:
    began = time.monotonic()
    await asyncio.to_thread(pool.close)
    return time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_the_gateway(number: signal.Signals) -> None:
    """Killed without a chance to clean up: its pipes close with it, and its processes end by themselves."""
    code = (
        "import sys, time\n"
        "from gateway.inspection.detectors.engines import RAMPART\n"
        "from gateway.inspection.reading_pool import ReadingPool\n"
        "pool = ReadingPool(RAMPART, processes=2, queue=4)\n"
        "assert pool.ready(60)\n"
        "print(*pool.process_ids, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = [int(word) for word in parent.stdout.readline().split()]
        assert len(children) == 2
        parent.send_signal(number)
        parent.wait(PATIENT_S)
    assert wait_until(lambda: all(map(gone, children)))


def test_a_readiness_that_waits_for_the_processes() -> None:
    """Warming up loads them, and runs one real detection."""
    scanner = Scanner([CardFinder()], names=ReadingPool(RAMPART, processes=1, queue=4), timeout_s=PATIENT_S)
    assert asyncio.run(scanner.warm()) >= {"PERSON", "FULL_NAME", "CREDIT_CARD"}
    scanner.close()
    assert asyncio.run(scanner.warm()) == frozenset()


def test_an_engine_of_ones_own_is_read_by_a_process_too(tmp_path: Path) -> None:
    """Every text goes to it: what an ordinary word is was measured for the shipped model alone."""
    pool = ReadingPool(onnx_engine(make_classifier(tmp_path), {}), processes=1, queue=4)
    assert pool.wants("about it")
    assert pool.ready(PATIENT_S)
    report = scanned(pool, chat("ask jane roe in oslo"))
    pool.close()
    assert types(report) == {"PERSON", "FULL_NAME", "LOCATION"}
    assert ("onnx", pool.version) in report.versions


def test_an_engine_that_cannot_be_loaded_is_said_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The gateway is not ready, and says why."""
    engine = onnx_engine(make_classifier(tmp_path), {})
    (tmp_path / "model.onnx").write_bytes(b"no model")
    pool = ReadingPool(engine, processes=1, queue=4)
    assert not pool.ready(0.1)
    assert wait_until(lambda: "cannot be loaded" in caplog.text)
    assert not pool.process_ids
    pool.close()


def test_a_process_whose_input_ends_at_once_ends_too() -> None:
    """Nothing is loaded for a gateway that is gone already, and nothing is said."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, *sys.path],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENT_S,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_reader_without_time_says_so() -> None:
    """A deadline that has passed is a reason, and what was not read is in no reading."""
    workers = Workers(1, 4)
    reader = Reader([CardFinder()], None, (), workers, 0)
    workers.start([lambda: time.sleep(0.5)])
    done = asyncio.run(reader.read({b"": Unit(f"card {CARD}", ())}, 0.01))
    workers.close()
    assert (done.reasons, done.readings(), done.left_s) == ({"timeout"}, {}, 0.0)
