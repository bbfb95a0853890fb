"""The small parts of inspection: paths, numbers, reasons, the cache and the workers."""

import asyncio
import threading

import pytest

from gateway.inspection import coverage, paths
from gateway.inspection.cache import ReadingCache
from gateway.inspection.json_text import Number, parse
from gateway.inspection.readings import Hit, Reading
from gateway.inspection.workers import Batch, Overloaded, Workers
from gateway.policy.vocabulary import FAULTS, UNREAD

READING = Reading((Hit(0, 4, "CREDIT_CARD", 1.0, "cards"),), ())


def test_paths_hide_unknown_names() -> None:
    """Law 6: a client's own key is written as a star, however it looks."""
    assert paths.field("messages.0", "content") == "messages.0.content"
    assert paths.field("metadata", "Jane Roe") == "metadata.*"
    assert paths.key("metadata", "Jane Roe") == "metadata.*#"
    assert paths.element("stop", 3) == "stop.3"
    assert paths.element("stop", 10**9) == "stop.*"


def test_paths_have_an_end() -> None:
    """A deep request gives no endless path."""
    path = ""
    for _ in range(1000):
        path = paths.field(path, "content")
    assert len(path) < 256


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12", "12"),
        ("-12.50", "-12.50"),
        ("4.111111111111111e15", "4.111111111111111e15 4111111111111111"),
        ("4111111111111111.0", "4111111111111111"),
        ("1e999999999", "1e999999999"),
        ("1.5E3", "1.5E3 1500"),
        ("NaN", "NaN"),
    ],
)
def test_numbers_are_read_as_written_and_written_out(written: str, read: str) -> None:
    """Evasion F1: an exponent hides no digits, and a huge one costs nothing."""
    assert Number(written).readings() == read


def test_objects_keep_all_their_pairs() -> None:
    """Evasion J1: nothing is lost between the bytes and the walk."""
    assert parse('{"a": 1, "a": [2.0]}') == [("a", "1"), ("a", ["2.0"])]


def test_reasons_come_from_a_closed_vocabulary() -> None:
    """Reasons are recorded and named in policies: an unknown kind is a defect."""
    assert coverage.ordered(["timeout", "part:image", "timeout"]) == ("part:image", "timeout")
    with pytest.raises(ValueError, match="vocabulary"):
        coverage.ordered(["something else"])


def test_policies_know_every_kind_of_reason() -> None:
    """A reason that no policy can name would keep requests inside for ever, without a way to say so."""
    assert set(coverage.KINDS) == FAULTS | set(UNREAD)
    for kind in ("part", "opaque"):
        assert all(detail in coverage.KINDS[kind] for detail in UNREAD[kind])


def test_the_cache_remembers_by_the_whole_text_and_how_it_was_read() -> None:
    """Reported problem 58: one character more, another way of reading or another process is another key."""
    cache = ReadingCache(10, "cards 1")
    cache.put(cache.key("card", joined=False), READING)
    assert cache.get(cache.key("card", joined=False)) is READING
    assert cache.get(cache.key("cards", joined=False)) is None
    assert cache.get(cache.key("card", joined=True)) is None
    assert cache.key("card", joined=False) != ReadingCache(10, "cards 1").key("card", joined=False)
    assert (cache.hits, cache.misses) == (1, 2)


def test_the_cache_forgets_the_least_used() -> None:
    """Bounded in entries: what was asked for lately stays."""
    cache = ReadingCache(2, "")
    keys = [cache.key(text, joined=False) for text in "abc"]
    cache.put(keys[0], READING)
    cache.put(keys[1], READING)
    cache.get(keys[0])
    cache.put(keys[2], READING)
    assert [cache.get(key) is not None for key in keys] == [True, False, True]


def test_the_cache_is_bounded_in_bytes() -> None:
    """Readings with thousands of hits push out more than one other, and an oversized one is not kept."""
    cache = ReadingCache(8, "")
    cache.put(b"small", READING)
    cache.put(b"huge", Reading(READING.hits * 10_000, ()))
    assert len(cache) == 0
    cache.put(b"small", READING)
    cache.put(b"small", READING)
    assert len(cache) == 1


def test_failed_readings_and_no_cache() -> None:
    """A failure is never remembered; a cache of zero entries remembers nothing."""
    cache, off = ReadingCache(2, ""), ReadingCache(0, "")
    cache.put(b"key", Reading((), ("detector_error:x",), failed=True))
    off.put(b"key", READING)
    assert (len(cache), len(off)) == (0, 0)


def test_a_failing_job_raises_and_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    """Law 6: exceptions of jobs are all seen, so that asyncio logs none with what it quotes."""

    def fail() -> int:
        raise ValueError("the secret word")

    async def run() -> None:
        with pytest.raises(ValueError, match="secret"):
            await Batch[int]().run(workers, [fail, fail, fail], 20)
        await asyncio.sleep(0)

    workers = Workers(1, 4)
    asyncio.run(run())
    workers.close()
    assert workers.pending == 0
    assert "secret" not in caplog.text


def test_a_full_queue_refuses_all_jobs_of_a_request() -> None:
    """Nothing of a refused request is queued, and the queue is free again afterwards."""
    release = threading.Event()
    workers = Workers(1, 1)
    running = workers.start([lambda: release.wait(20)])
    with pytest.raises(Overloaded):
        workers.start([lambda: True, lambda: True])
    assert workers.pending == 1
    release.set()
    assert running[0].result(20)
    assert [future.result(20) for future in workers.start([lambda: True, lambda: True])] == [True, True]
    workers.close()


def test_a_long_request_is_no_overload_when_nothing_waits() -> None:
    """The bound is on what others wait for, not on the length of a prompt."""
    workers = Workers(1, 0)
    assert [future.result(20) for future in workers.start([lambda: 1] * 5)] == [1] * 5
    workers.close()


def test_closed_workers_take_nothing() -> None:
    """After close the count of waiting jobs is right, too."""
    workers = Workers(1, 1)
    workers.close()
    with pytest.raises(RuntimeError):
        workers.start([lambda: 1])
    assert workers.pending == 0
