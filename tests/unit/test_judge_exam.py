"""A model judges controls before its verdicts count: one that answers at random, or always the same, never counts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from judge_support import DOUBT, GENERAL, JUDGED, PRIVATE, asked_text, judging, matters, questions
from pipeline_support import Rig, eventually, inbound, run

from gateway.judge.bench import Bench
from gateway.judge.exam import Exam
from gateway.judge.judge import Judge
from gateway.judge.prompt import load_prompt
from gateway.judge.question import unruly
from gateway.judge.verdicts import Ruling
from gateway.pipeline import Pipeline
from gateway.testing import Behaviour, Delay, Fail, Say, Stall

PROMPT = load_prompt()
TEXT = f"My cousin is {DOUBT} ill."
RIGHT: list[Behaviour] = [GENERAL if one.verdict.ruling is Ruling.GENERAL else PRIVATE for one in PROMPT.controls]


def with_exam(folder: Path, test: Callable[[Rig, Pipeline], Awaitable[None]], **options: object) -> None:
    """Run one test against a pipeline whose judge is examined."""

    async def whole() -> None:
        async with judging(folder, **options) as rig:  # type: ignore[arg-type]  # options are the rig's own
            bench = Bench(rig.pipeline.backends, rig.pipeline.formats, rig.pipeline.egress, PROMPT)
            await test(rig, replace(rig.pipeline, judge=Judge(bench, rig.metrics.judged)))

    run(whole())


def test_the_controls_are_balanced_and_new_to_the_model() -> None:
    """As many of one kind as of the other, none among the examples: eight coins agree once in 256 times."""
    rulings = [one.verdict.ruling for one in PROMPT.controls]
    assert len(rulings) >= 8
    assert rulings.count(Ruling.GENERAL) == rulings.count(Ruling.PRIVATE)
    assert not {one.text for one in PROMPT.controls} & {one.text for one in PROMPT.examples}


def test_a_model_that_passes_is_asked_from_then_on(tmp_path: Path) -> None:
    """The exam once, in order, each question on record; then one question per text."""

    async def test(rig: Rig, pipeline: Pipeline) -> None:
        rig.qwen.script(*RIGHT, GENERAL, PRIVATE)
        assert (await pipeline.answer(inbound(TEXT))).provenance.backend == "gpt"
        assert (await pipeline.answer(inbound(f"{TEXT} Again."))).provenance.backend == "qwen"
        asked = [asked_text(one) for one in questions(rig.qwen)]
        assert asked == [*(unruly(one.text) for one in PROMPT.controls), TEXT, f"{TEXT} Again."]
        outcomes = [entry.decision.outcome for entry in await rig.entries()]
        assert outcomes.count("asked_judge") == len(PROMPT.controls) + 2  # type: ignore[comparison-overlap]  # a StrEnum

    with_exam(tmp_path, test)


def test_a_model_that_always_says_the_same_gives_no_verdict(tmp_path: Path) -> None:
    """Whichever word it is: the request stays, and the model is not asked again for a while."""

    async def test(rig: Rig, pipeline: Pipeline) -> None:
        rig.qwen.script(*[GENERAL] * len(RIGHT))
        for number in range(3):
            answer = await pipeline.answer(inbound(f"{number}: {TEXT}"))
            assert (answer.provenance.backend, answer.provenance.label) == ("qwen", "restricted")
        assert len(questions(rig.qwen)) == 2, "it went on after the first mistake, or was examined again"
        last = (await rig.entries())[-1].decision
        assert last.coverage == ("judge:unavailable",)

    with_exam(tmp_path, test)


def test_an_answer_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    async def test(rig: Rig, pipeline: Pipeline) -> None:
        rig.qwen.script(Say("I cannot say."))
        assert (await pipeline.answer(inbound(TEXT))).provenance.backend == "qwen"
        assert len(questions(rig.qwen)) == 1

    with_exam(tmp_path, test)


def test_a_server_that_is_down_has_not_failed_its_exam(tmp_path: Path) -> None:
    """A 503 during the exam is unavailability: the next request holds it."""

    async def test(rig: Rig, pipeline: Pipeline) -> None:
        rig.qwen.script(RIGHT[0], Fail(503))
        assert (await pipeline.answer(inbound(TEXT))).provenance.backend == "qwen"
        rig.qwen.script(*RIGHT, GENERAL)
        assert (await pipeline.answer(inbound(TEXT))).provenance.backend == "gpt"

    with_exam(tmp_path, test)


def test_an_exam_outlives_the_request_that_began_it(tmp_path: Path) -> None:
    """The first request is out of time and stays inside; a later one finds the exam passed."""

    async def test(rig: Rig, pipeline: Pipeline) -> None:
        rig.qwen.script(Stall())
        first = await pipeline.answer(inbound(TEXT))
        assert first.provenance.backend == "qwen"
        assert len(questions(rig.qwen)) == 1
        exam = pipeline.judge.bench._exam
        assert len(exam._sitting) == 1
        for task in exam._sitting.values():
            task.cancel()
        await asyncio.sleep(0)

    with_exam(tmp_path, test, use=replace(JUDGED, timeout_s=0.3))


def test_without_controls_there_is_no_exam(tmp_path: Path) -> None:
    async def test(rig: Rig, pipeline: Pipeline) -> None:
        exam = Exam(rig.pipeline.judge.bench._asking, replace(PROMPT, controls=()))
        nobody: object = None
        assert await exam.passed(rig.pipeline.backends[0], nobody, nobody)  # type: ignore[arg-type]  # neither is used

    with_exam(tmp_path, test)


def test_what_is_asked_after_a_request_has_ended_is_on_record_beside_it(tmp_path: Path) -> None:
    """The exam goes on under the number that comes next: no record takes another's place."""

    async def test(rig: Rig, pipeline: Pipeline) -> None:
        rig.qwen.script(Delay(0.8))  # a healthy stand-in says private
        rig.qwen.always(None)
        answer = await pipeline.answer(inbound(TEXT))
        assert answer.provenance.backend == "qwen"
        exam = pipeline.judge.bench._exam
        assert await eventually(lambda: not exam._sitting)
        numbers = [(entry.decision.attempt, entry.decision.outcome) for entry in await rig.entries()]
        assert numbers == [(0, "asked_judge"), (1, "sent_local")]

    with_exam(tmp_path, test, use=replace(JUDGED, timeout_s=0.3))


def test_an_exam_that_ends_late_counts_for_later_requests(tmp_path: Path) -> None:
    async def test(rig: Rig, pipeline: Pipeline) -> None:
        reversed_ = replace(PROMPT, controls=(PROMPT.controls[1], PROMPT.controls[1]))
        bench = Bench(rig.pipeline.backends, rig.pipeline.formats, rig.pipeline.egress, reversed_)
        pipeline = replace(pipeline, judge=Judge(bench, rig.metrics.judged))
        rig.qwen.script(Delay(0.6), PRIVATE, PRIVATE, GENERAL)
        assert (await pipeline.answer(inbound(TEXT))).provenance.backend == "qwen"
        assert await eventually(lambda: not bench._exam._sitting)
        pipeline = replace(pipeline, policy=matters)  # with time enough for a busy machine
        assert (await pipeline.answer(inbound(f"{TEXT} Again."))).provenance.backend == "gpt"
        numbers = [entry.decision.attempt for entry in await rig.entries()]
        assert numbers == [0, 1, 2, 0, 1]

    with_exam(tmp_path, test, use=replace(JUDGED, timeout_s=0.3))
