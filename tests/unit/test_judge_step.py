"""The judge in a request's life: when it is asked, what its verdict changes, and what stands on record."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from judge_support import (
    DOUBT,
    GENERAL,
    HARDLY,
    JUDGED,
    PRIVATE,
    SURE,
    asked_text,
    judging,
    matters,
    questions,
)
from pipeline_support import CARD, NAME, Rig, eventually, run

from gateway.audit.query import Filters, query
from gateway.audit.record import Judged
from gateway.errors import PolicyRefusal
from gateway.judge.verdicts import Failure
from gateway.policy.conditions import Entities
from gateway.policy.judging import JudgeMode
from gateway.policy.rules import RefuseRule
from gateway.testing import Delay, Say, Stall

DOUBTFUL = f"My cousin is {DOUBT} ill."


def with_judge(folder: Path, test: Callable[[Rig], Awaitable[None]], **options: object) -> None:
    """Run one test against a fresh rig."""

    async def whole() -> None:
        async with judging(folder, **options) as rig:  # type: ignore[arg-type]  # options are the rig's own
            await test(rig)

    run(whole())


def test_what_the_judge_finds_general_leaves(tmp_path: Path) -> None:
    """The doubt is gone, and with it the only reason to keep the request."""

    async def test(rig: Rig) -> None:
        rig.qwen.script(GENERAL)
        answer = await rig.ask(DOUBTFUL)
        assert (answer.provenance.backend, answer.provenance.label) == ("gpt", "public")
        assert [asked_text(one) for one in questions(rig.qwen)] == [DOUBTFUL]
        asked, sent = await rig.entries()
        assert (asked.decision.outcome, asked.decision.backend, asked.decision.attempt) == ("asked_judge", "qwen", 0)
        assert (asked.decision.label, asked.decision.rules) == ("restricted", ("builtin-judge",))
        assert asked.decision.judged is None
        assert (sent.decision.outcome, sent.decision.backend, sent.decision.attempt) == ("sent_external", "gpt", 1)
        assert sent.decision.findings == {}
        judged = sent.decision.judged
        assert judged == Judged(private=0, general=1, failed=0, backend="qwen", ms=judged.ms if judged else 0)
        assert judged.ms > 0
        names = dict(sent.decision.detectors)
        assert names["judge"].startswith("1.1.")
        assert names["judge"] == dict(asked.decision.detectors)["judge"]

    with_judge(tmp_path, test)


def test_what_the_judge_finds_private_stays(tmp_path: Path) -> None:
    """The finding is certain, and the record says why; the candidate inside costs no second question."""

    async def test(rig: Rig) -> None:
        rig.qwen.script(PRIVATE)
        answer = await rig.ask(DOUBTFUL)
        assert (answer.provenance.backend, answer.provenance.rules) == ("qwen", ("private-matter",))
        assert rig.sent() == (0, 0, 2)
        assert len(questions(rig.qwen)) == 1
        _, sent = await rig.entries()
        assert sent.decision.findings == {"PRIVATE_MATTER": 1}
        assert sent.decision.judged is not None
        assert (sent.decision.judged.private, sent.decision.judged.reasons) == (1, ("health",))
        rendered = rig.metrics.render()
        assert b'gateway_judge_total{source="asked",verdict="private"} 1.0' in rendered
        assert b"gateway_judge_seconds_count 1.0" in rendered
        assert b'gateway_decisions_total{backend="qwen",label="restricted",outcome="asked_judge"} 1.0' in rendered

    with_judge(tmp_path, test)


@pytest.mark.parametrize(
    ("text", "backend"),
    [
        ("Why is the sky blue?", "gpt"),
        (f"The sky is {HARDLY} blue.", "gpt"),
        (f"This is {SURE} about my patient.", "qwen"),
        (f"{NAME} is {DOUBT} ill.", "qwen"),
        (f"{CARD} is {DOUBT} mine.", "qwen"),
    ],
    ids=["nothing found", "below the band", "above the band", "kept by a name", "kept by a card"],
)
def test_nobody_is_asked_where_the_answer_could_change_nothing(tmp_path: Path, text: str, backend: str) -> None:
    """Outside the band the judge costs nothing, and neither where another finding has decided already."""

    async def test(rig: Rig) -> None:
        answer = await rig.ask(text)
        assert answer.provenance.backend == backend
        assert not questions(rig.qwen)
        (entry,) = await rig.entries()
        assert entry.decision.judged is None
        assert "judge" not in dict(entry.decision.detectors)

    with_judge(tmp_path, test)


def test_a_policy_without_a_judge_never_asks(tmp_path: Path) -> None:
    """Off is the default: then the classifier's own score decides."""

    async def test(rig: Rig) -> None:
        answer = await rig.ask(DOUBTFUL)
        assert answer.provenance.backend == "qwen"
        assert rig.sent() == (0, 0, 1)

    with_judge(tmp_path, test, use=None)


def test_a_general_verdict_takes_away_nothing_that_others_found(tmp_path: Path) -> None:
    """A name and a doubt in two messages: the verdict about the doubt leaves the name where it was."""

    async def test(rig: Rig) -> None:
        messages = [{"role": "user", "content": f"{NAME} wrote"}, {"role": "user", "content": DOUBTFUL}]
        answer = await rig.ask(messages=messages)
        assert answer.provenance.backend == "qwen"
        assert answer.provenance.rules[0] == "names"

    with_judge(tmp_path, test)


def test_always_asks_about_every_text_with_letters_and_may_only_add(tmp_path: Path) -> None:
    """System, user and tool texts, each once; what the model itself had said is not asked about."""

    async def test(rig: Rig) -> None:
        rig.qwen.script(GENERAL, GENERAL)
        messages = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "12345"},
            {"role": "assistant", "content": "What is it?"},
            {"role": "user", "content": "A zip code."},
        ]
        answer = await rig.ask(messages=messages)
        assert answer.provenance.backend == "gpt"
        assert sorted(map(asked_text, questions(rig.qwen))) == ["A zip code.", "Be brief."]
        rig.qwen.script(Say("private money"))
        answer = await rig.ask("My salary is low.")
        assert (answer.provenance.backend, answer.provenance.rules) == ("qwen", ("private-matter",))

    with_judge(tmp_path, test, use=replace(JUDGED, mode=JudgeMode.ALWAYS))


def test_a_verdict_is_remembered(tmp_path: Path) -> None:
    """The same text in a further request, or further down a conversation, is not asked about again."""

    async def test(rig: Rig) -> None:
        rig.qwen.script(GENERAL)
        await rig.ask(DOUBTFUL)
        answer = await rig.ask(
            messages=[
                {"role": "user", "content": DOUBTFUL},
                {"role": "assistant", "content": "I see."},
                {"role": "user", "content": "And?"},
            ]
        )
        assert answer.provenance.backend == "gpt"
        assert len(questions(rig.qwen)) == 1
        assert b'gateway_judge_total{source="remembered",verdict="general"} 1.0' in rig.metrics.render()
        last = (await rig.entries())[-1].decision
        assert last.judged is not None
        assert (last.judged.general, last.judged.backend) == (1, "qwen")

    with_judge(tmp_path, test)


def test_requests_at_the_same_time_share_one_question(tmp_path: Path) -> None:
    """Identical texts in flight are asked about once."""

    async def test(rig: Rig) -> None:
        rig.qwen.script(GENERAL)
        asked = await asyncio.gather(*(rig.ask(DOUBTFUL) for _ in range(5)))
        assert {one.provenance.backend for one in asked} == {"gpt"}
        assert len(questions(rig.qwen)) == 1

    with_judge(tmp_path, test)


def test_the_record_of_a_question_is_on_the_disk_when_the_judge_has_it(tmp_path: Path) -> None:
    """A question is a sending like any other. A client that leaves takes its question with it."""

    async def test(rig: Rig) -> None:
        rig.qwen.script(Stall())
        task = asyncio.create_task(rig.ask(DOUBTFUL))
        assert await asyncio.to_thread(rig.qwen.wait_for_requests, 1)
        (entry,) = query(rig.records, Filters())
        assert (entry.decision.outcome, entry.decision.body_bytes) == ("asked_judge", len(rig.qwen.received[0].body))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(rig.qwen.wait_for_disconnect), "the judge was not told that nobody waits"

    with_judge(tmp_path, test)


def test_who_shares_a_question_keeps_it_when_the_other_leaves(tmp_path: Path) -> None:
    """The first client hangs up; the second gets the verdict that the first had asked for."""

    async def test(rig: Rig) -> None:
        rig.qwen.script(Delay(1.0))  # a healthy stand-in answers the first word of the schema: private
        first = asyncio.create_task(rig.ask(DOUBTFUL))
        second = asyncio.create_task(rig.ask(DOUBTFUL))
        assert await eventually(lambda: rig.pipeline.judge.bench.waiting() == 2)
        first.cancel()
        answer = await second
        assert (answer.provenance.backend, answer.provenance.label) == ("qwen", "confidential")
        assert len(questions(rig.qwen)) == 1

    with_judge(tmp_path, test)


def test_the_number_of_questions_is_bounded(tmp_path: Path) -> None:
    """What cannot be asked about counts as private."""

    async def test(rig: Rig) -> None:
        rig.qwen.script(GENERAL, GENERAL)
        between = {"role": "assistant", "content": "Go on."}
        messages = [{"role": "user", "content": f"{number}: {DOUBTFUL}"} for number in range(3)]
        messages = [messages[0], between, messages[1], between, messages[2]]
        answer = await rig.ask(messages=messages)
        assert (answer.provenance.backend, answer.provenance.label) == ("qwen", "restricted")
        assert len(questions(rig.qwen)) == 2
        last = (await rig.entries())[-1].decision
        assert last.coverage == ("judge:unavailable",)
        assert last.judged is not None
        assert (last.judged.general, last.judged.failed) == (2, 1)

    with_judge(tmp_path, test, use=replace(JUDGED, questions=2))


def test_a_long_text_is_asked_about_in_pieces_and_is_general_only_if_each_is(tmp_path: Path) -> None:
    """No part of a message is released that no question held."""

    async def test(rig: Rig) -> None:
        rig.qwen.script(GENERAL, PRIVATE)
        text = f"{DOUBT} " + "The weather was fine that day. " * 300
        answer = await rig.ask(text)
        assert answer.provenance.backend == "qwen"
        held = list(map(asked_text, questions(rig.qwen)))
        assert len(held) == 2
        assert max(map(len, held)) <= 6000
        first, last = sorted(held, key=lambda piece: not piece.startswith(DOUBT))
        assert first[-500:] == last[:500]
        assert first + last[500:] == text.strip()

    with_judge(tmp_path, test)


def test_a_refusal_that_hangs_on_the_verdict_asks_for_it_first(tmp_path: Path) -> None:
    """Whoever refuses private matters refuses what the judge says is one."""
    refusing = replace(
        matters(),
        refuse=(RefuseRule("no-matters", Entities(frozenset({"PRIVATE_MATTER"}), min_score=0.9), "Not here.", "no"),),
    )

    async def test(rig: Rig) -> None:
        rig.qwen.script(PRIVATE)
        with pytest.raises(PolicyRefusal):
            await rig.ask(DOUBTFUL)

    with_judge(tmp_path, test, rules=refusing)


def test_a_judge_that_is_named_and_not_there_leaves_everything_inside(tmp_path: Path) -> None:
    """Nobody else is asked in its place."""

    async def test(rig: Rig) -> None:
        answer = await rig.ask(DOUBTFUL)
        assert answer.provenance.backend == "qwen"
        assert not questions(rig.qwen)
        (entry,) = await rig.entries()
        assert entry.decision.coverage == (f"judge:{Failure.UNAVAILABLE}",)

    with_judge(tmp_path, test, use=replace(JUDGED, backend="somebody-else"))
