"""Verdicts remembered, and questions shared while they are under way."""

import asyncio
import itertools

import pytest

from gateway.judge.memory import Flights, Memory
from gateway.judge.passages import OVERLAP, PIECE, pieces
from gateway.judge.verdicts import Failure, Result, Ruling, Verdict

GENERAL = Verdict(Ruling.GENERAL)


def test_a_verdict_is_found_by_text_model_prompt_and_process() -> None:
    memory, other_prompt = Memory(10, "1"), Memory(10, "2")
    memory.put(memory.key("text", "qwen"), GENERAL)
    assert memory.get(memory.key("text", "qwen")) == GENERAL
    assert memory.get(memory.key("texts", "qwen")) is None
    assert memory.get(memory.key("text", "llama")) is None
    assert memory.key("text", "qwen") != other_prompt.key("text", "qwen")
    assert memory.key("text", "qwen") != Memory(10, "1").key("text", "qwen")


def test_the_least_used_is_forgotten() -> None:
    memory = Memory(2, "1")
    keys = [memory.key(text, "") for text in "abc"]
    memory.put(keys[0], GENERAL)
    memory.put(keys[1], GENERAL)
    memory.get(keys[0])
    memory.put(keys[2], GENERAL)
    assert [memory.get(key) is not None for key in keys] == [True, False, True]
    assert len(memory) == 2


def test_nothing_that_is_kept_shows_a_text() -> None:
    memory = Memory(2, "1")
    memory.put(memory.key("Jane Roe is ill", "qwen"), GENERAL)
    assert "Jane" not in repr(vars(memory))


def test_the_same_question_is_asked_once_and_after_that_anew() -> None:
    asked = 0

    async def ask() -> Result:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)
        return GENERAL

    async def test() -> None:
        flights = Flights()
        both = await asyncio.gather(*(flights.join(b"key", ask, 5) for _ in range(3)), flights.join(b"other", ask, 5))
        assert both == [GENERAL] * 4
        assert asked == 2
        await flights.join(b"key", ask, 5)
        assert asked == 3
        assert flights.waiting() == 0

    asyncio.run(test())


def test_who_joins_waits_no_longer_than_its_own_time_and_the_last_to_leave_ends_the_question() -> None:
    ended = asyncio.Event()

    async def forever() -> Result:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return GENERAL

    async def test() -> None:
        flights = Flights()
        first = asyncio.create_task(flights.join(b"key", forever, 60))
        await asyncio.sleep(0)
        assert await flights.join(b"key", forever, 0.01) is Failure.TIMEOUT
        assert not ended.is_set()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await asyncio.wait_for(ended.wait(), 5)

    asyncio.run(test())


@pytest.mark.parametrize(
    "length", [1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE - OVERLAP, 2 * PIECE - OVERLAP + 1, 50_000]
)
def test_pieces_hold_every_character_and_overlap(length: int) -> None:
    text = "".join(chr(97 + number % 26) for number in range(length))
    cut = pieces(text)
    assert max(map(len, cut)) <= PIECE
    assert cut[0] + "".join(piece[OVERLAP:] for piece in cut[1:]) == text
    assert all(a[-OVERLAP:] == b[:OVERLAP] for a, b in itertools.pairwise(cut))


def test_there_are_no_pieces_of_nothing() -> None:
    assert pieces("") == ()
