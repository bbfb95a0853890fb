"""A judge that fails in every way a server can: each time the request stays inside, and says why."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from judge_support import DOUBT, GENERAL, JUDGED, judging, matters, questions
from pipeline_support import Rig, eventually, inbound, run

from gateway.egress.openai import OpenAIFormat
from gateway.errors import AuditUnavailable, ConfigError
from gateway.ingress.facts import facts
from gateway.judge.asking import Asking, Unreached, permission
from gateway.judge.bench import Bench
from gateway.judge.hearing import Hearing
from gateway.judge.judge import Judge
from gateway.judge.prompt import load_prompt
from gateway.judge.standalone import judge_at
from gateway.judge.verdicts import Failure, Ruling
from gateway.model import Backend, Capabilities, Coverage, Draft, Finding, Report, WireFormat
from gateway.testing import Behaviour, Break, Delay, Echo, Fail, Garbage, RecordingServer, Redirect, Say, Stall

TEXT = f"My cousin is {DOUBT} ill."
UNEXAMINED = replace(load_prompt(), controls=())
HASTY = replace(JUDGED, timeout_s=0.4)


def with_judge(folder: Path, test: Callable[[Rig], Awaitable[None]], **options: object) -> None:
    """Run one test against a fresh rig."""

    async def whole() -> None:
        async with judging(folder, **options) as rig:  # type: ignore[arg-type]  # options are the rig's own
            await test(rig)

    run(whole())


@pytest.mark.parametrize(
    ("behaviour", "reason", "use"),
    [
        (Stall(), "timeout", HASTY),
        (Delay(2.0), "timeout", HASTY),
        (Stall(after=1), "timeout", HASTY),
        (Fail(500), "error", JUDGED),
        (Fail(503), "error", JUDGED),
        (Fail(401), "error", JUDGED),
        (Fail(429), "error", JUDGED),
        (Redirect("http://127.0.0.1:9/v1/chat/completions"), "error", JUDGED),
        (Break(), "error", JUDGED),
        (Garbage(), "answer", JUDGED),
        (Garbage(b"{}", "application/json"), "answer", JUDGED),
        (Garbage(b'{"choices": []}', "application/json"), "answer", JUDGED),
        (Echo(), "answer", JUDGED),
        (Say("I would say that it is general."), "answer", JUDGED),
        (Say('{"verdict": "general", "reason": "health"}'), "answer", JUDGED),
        (Say(""), "answer", JUDGED),
    ],
    ids=repr,
)
def test_no_verdict_means_inside(tmp_path: Path, behaviour: Behaviour, reason: str, use: object) -> None:
    """One failing answer; the request itself is then answered by the model inside, under the top label."""

    async def test(rig: Rig) -> None:
        rig.qwen.script(behaviour)
        answer = await rig.ask(TEXT)
        assert (answer.provenance.backend, answer.provenance.label) == ("qwen", "restricted")
        assert not rig.gpt.received
        assert not rig.claude.received
        assert len(questions(rig.qwen)) == 1, "asked again for the next candidate"
        *_, last = await rig.entries()
        assert last.decision.coverage == (f"judge:{reason}",)
        assert last.decision.judged is not None
        assert last.decision.judged.failed == 1

    with_judge(tmp_path, test, use=use)


def test_a_server_that_knows_no_schema_is_asked_for_less_and_remembered_to_be_so(tmp_path: Path) -> None:
    """400 for the schema, 400 for probabilities, then an answer: the next question begins there."""

    async def test(rig: Rig) -> None:
        rig.qwen.script(Fail(400), Fail(400), Say("general"), Say("general"))
        assert (await rig.ask(TEXT)).provenance.backend == "gpt"
        bodies = [one.json() for one in questions(rig.qwen)]
        assert ["response_format" in one for one in bodies] == [True, False, False]
        assert ["logprobs" in one for one in bodies] == [False, True, False]
        assert (await rig.ask(f"{TEXT} Truly.")).provenance.backend == "gpt"
        assert len(questions(rig.qwen)) == 4
        outcomes = [(one.decision.outcome, one.decision.attempt) for one in await rig.entries()]
        asked = "asked_judge"
        assert outcomes == [(asked, 0), (asked, 1), (asked, 2), ("sent_external", 3), (asked, 0), ("sent_external", 1)]

    with_judge(tmp_path, test)


def test_a_server_that_refuses_every_form_gives_no_verdict(tmp_path: Path) -> None:
    async def test(rig: Rig) -> None:
        rig.qwen.script(Fail(400), Fail(422), Fail(400))
        assert (await rig.ask(TEXT)).provenance.backend == "qwen"
        assert (await rig.entries())[-1].decision.coverage == ("judge:error",)

    with_judge(tmp_path, test)


def test_a_judge_that_is_down_costs_a_connection_and_is_left_alone_after_a_while(tmp_path: Path) -> None:
    """Nobody listens: unavailable at once, and after three times nobody tries for some seconds."""

    async def test(rig: Rig) -> None:
        for number in range(5):
            with pytest.raises(Exception, match="No backend"):
                await rig.ask(f"{number}: {TEXT}")
        assert rig.sent() == (0, 0, 0)
        asked = [one for one in await rig.entries() if one.decision.outcome == "asked_judge"]
        assert len(asked) == 3

    with_judge(tmp_path, test, changed={"qwen": {"base_url": "http://127.0.0.1:9/v1"}})


def test_a_question_that_cannot_be_recorded_is_not_asked(tmp_path: Path) -> None:
    async def test(rig: Rig) -> None:
        await rig.log.close()
        with pytest.raises(AuditUnavailable):
            await rig.ask(TEXT)
        assert rig.sent() == (0, 0, 0)

    with_judge(tmp_path, test)


def test_too_many_questions_at_once_count_as_private(tmp_path: Path) -> None:
    """One under way, none may wait: the second request stays inside without a question."""

    async def test(rig: Rig) -> None:
        bench = Bench(
            rig.pipeline.backends,
            rig.pipeline.formats,
            rig.pipeline.egress,
            UNEXAMINED,
            concurrent=1,
            waiting=0,
        )
        pipeline = replace(rig.pipeline, judge=Judge(bench, rig.metrics.judged))
        rig.qwen.script(Stall())
        first = asyncio.create_task(pipeline.answer(inbound(TEXT)))
        assert await asyncio.to_thread(rig.qwen.wait_for_requests, 1)
        second = await pipeline.answer(inbound(f"{TEXT} Truly."))
        assert second.provenance.backend == "qwen"
        assert len(questions(rig.qwen)) == 1
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await eventually(lambda: bench.waiting() == 0)

    with_judge(tmp_path, test)


def outside(base_url: str, **changes: object) -> Backend:
    """A backend that is not inside."""
    return replace(Backend("gpt", WireFormat.OPENAI, base_url, {"m": "m"}, "internal"), **changes)  # type: ignore[arg-type]  # fields of Backend


@pytest.mark.parametrize(
    "changes",
    [{}, {"clearance": "restricted"}, {"local": True}, {"local": True, "clearance": "confidential"}],
    ids=repr,
)
def test_no_backend_outside_can_be_asked_whatever_it_claims(tmp_path: Path, changes: dict[str, object]) -> None:
    """Law 1: the question has the top label, and ``decide`` gives that to nobody outside, even if asked to directly."""

    async def test(rig: Rig) -> None:
        vendor = outside(rig.gpt.openai_base_url, **changes)
        asking = Asking(rig.pipeline.formats, rig.pipeline.egress, load_prompt(), {})
        request = inbound(TEXT)

        async def record(*_: object) -> None:
            raise AssertionError("a question to the outside was about to be recorded as sent")

        hearing = Hearing(request, matters(), record)
        with pytest.raises(Unreached) as caught:
            await asking.ask(vendor, TEXT, facts(request), hearing)
        assert caught.value.failure is Failure.UNAVAILABLE
        draft = OpenAIFormat().draft(request, vendor, "m")
        assert permission(matters(), draft, facts(request)) is None
        assert not rig.gpt.received
        bench = Bench([vendor], rig.pipeline.formats, rig.pipeline.egress, load_prompt())
        doubt = Finding("PRIVATE_MATTER", 0.5, "messages.0.content", "user", 0, 5, "matter")
        draft = OpenAIFormat().draft(request, rig.pipeline.backends[0], "m")
        report = Report(draft.digest, (doubt,), Coverage())
        after = await Judge(bench, rig.metrics.judged).settled(draft, report, facts(request), hearing)
        assert after.coverage.reasons == ("judge:unavailable",)
        assert not rig.gpt.received

    with_judge(tmp_path, test)


def test_a_question_in_anthropics_format_reaches_a_local_server_of_that_format(tmp_path: Path) -> None:
    """What its format cannot say (a schema on an unknown model, log probabilities) is left out of the question."""
    changed = {"qwen": {"format": WireFormat.ANTHROPIC, "capabilities": Capabilities(json_schema=False)}}

    async def test(rig: Rig) -> None:
        rig.qwen.script(Say("general"))
        assert (await rig.ask(TEXT)).provenance.backend == "gpt"
        (received,) = questions(rig.qwen)
        assert received.path.endswith("/messages")

    with_judge(tmp_path, test, changed=changed)


def test_a_judge_can_be_asked_without_a_gateway(tmp_path: Path) -> None:
    """For evaluations: verdicts of a server on loopback about drafts that nobody sends."""
    counted: list[str] = []

    async def test() -> None:
        with RecordingServer("local", strict=False, models=("tiny",)) as server:
            server.always(GENERAL)
            request = inbound(TEXT)
            draft = OpenAIFormat().draft(request, outside("https://vendor.invalid/v1"), "m")
            doubt = Finding("PRIVATE_MATTER", 0.5, "messages.0.content", "user", 0, 5, "matter")
            report = Report(draft.digest, (doubt,), Coverage())
            formats = {WireFormat.OPENAI: OpenAIFormat()}
            count = lambda verdict, _: counted.append(verdict)  # noqa: E731  a test's own note
            async with judge_at(server.openai_base_url, formats, prompt=UNEXAMINED, count=count) as judge:
                after = await judge.settle(matters(None), request, draft, report, facts(request))
                again = await judge.settle(matters(None), request, draft, report, facts(request))
            assert (judge.model, judge.prompt) == ("tiny", UNEXAMINED.version)
            assert after.findings == again.findings == ()
            assert [one.json()["model"] for one in questions(server)] == ["tiny"]

    run(test())
    assert counted == [Ruling.GENERAL, Ruling.GENERAL]


@pytest.mark.parametrize("url", ["https://93.184.216.34/v1", "http://127.0.0.1:9/v1"])
def test_a_judge_outside_or_nowhere_is_a_mistake_of_the_configuration(url: str) -> None:
    async def test() -> None:
        async with judge_at(url, {WireFormat.OPENAI: OpenAIFormat()}):
            raise AssertionError("it opened")

    with pytest.raises(ConfigError):
        run(test())


def test_a_draft_that_cannot_be_read_again_is_no_general_text(tmp_path: Path) -> None:
    """A doubt whose text is not found (a defect) is not asked about and not dropped."""

    async def test(rig: Rig) -> None:
        backend = rig.pipeline.backends[0]
        draft = Draft(backend, f"{backend.base_url}/chat/completions", (), b"not JSON", "m", False)
        doubt = Finding("PRIVATE_MATTER", 0.5, "messages.0.content", "user", 0, 5, "matter")
        report = Report(draft.digest, (doubt,), Coverage())
        request = inbound(TEXT)

        async def record(*_: object) -> None:
            raise AssertionError("asked about nothing")

        after = await rig.pipeline.judge.settled(draft, report, facts(request), Hearing(request, matters(), record))
        assert (after.findings, after.coverage.reasons) == ((doubt,), ("judge:error",))

    with_judge(tmp_path, test)
