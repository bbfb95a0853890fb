"""A request's life through the real parts: who gets it, who does not, and what stands on record in each case."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pipeline_support import (
    CARD,
    KEY,
    NAME,
    SECRET,
    Rig,
    Words,
    eventually,
    inbound,
    policy,
    rigged,
    route,
    run,
)

from gateway.audit.query import Filters, query
from gateway.audit.record import fingerprint
from gateway.errors import (
    AuditUnavailable,
    Malformed,
    NotFound,
    PolicyRefusal,
    Unavailable,
    UpstreamBroke,
    UpstreamRejected,
)
from gateway.inspection.scanner import Scanner
from gateway.model import Capabilities, Draft, Report, Usage
from gateway.policy.rules import Otherwise, Policy, RouteRule
from gateway.testing import Break, Delay, Fail, Stall


def with_rig(folder: Path, test: Callable[[Rig], Awaitable[None]], *routes: RouteRule, **options: object) -> None:
    """Run one test against a fresh rig."""

    async def whole() -> None:
        async with rigged(folder, *routes, **options) as rig:  # type: ignore[arg-type]  # options are the rig's own
            await test(rig)

    run(whole())


def test_a_general_prompt_goes_to_the_first_candidate(tmp_path: Path) -> None:
    """The answer is the backend's, provenance says so, and one decision and one ending are on record."""

    async def test(rig: Rig) -> None:
        answer = await rig.ask()
        assert answer.completion is not None
        assert answer.completion.usage is not None
        assert (answer.provenance.backend, answer.provenance.label, answer.provenance.rules) == ("gpt", "public", ())
        assert answer.provenance.added_ms is not None
        assert rig.sent() == (1, 0, 0)
        (entry,) = await rig.entries()
        decision, ending = entry.decision, entry.completion
        assert (decision.outcome, decision.backend, decision.model) == ("sent_external", "gpt", "gpt-5")
        assert (decision.attempt, decision.key_id, decision.wanted_model) == (0, "team-a", "auto")
        assert decision.host == rig.gpt.url.removeprefix("http://")
        assert decision.body_bytes == len(rig.gpt.received[0].body)
        assert decision.body_fingerprint == fingerprint(SECRET, rig.gpt.received[0].body)
        assert ending is not None
        assert (ending.status, ending.outcome, ending.finish_reason) == (200, "completed", "stop")
        assert isinstance(ending.usage, Usage)
        rendered = rig.metrics.render()
        for name in (b"gateway_added_seconds_count 1.0", b"gateway_audit_write_seconds_count 1.0"):
            assert name in rendered

    with_rig(tmp_path, test)


def test_a_sensitive_prompt_stays_local_and_the_record_says_whom_it_was_kept_from(tmp_path: Path) -> None:
    """Each external candidate was drafted, inspected and found not cleared; nothing reached one."""

    async def test(rig: Rig) -> None:
        answer = await rig.ask(f"Charge {CARD}.")
        assert (answer.provenance.backend, answer.provenance.rules) == ("qwen", ("cards",))
        assert rig.sent() == (0, 0, 1)
        assert not rig.gpt.saw(CARD)
        assert not rig.claude.saw(CARD)
        (entry,) = await rig.entries()
        assert entry.decision.outcome == "sent_local"
        assert entry.decision.findings == {"CREDIT_CARD": 1}
        verdicts = [(one.backend, one.verdict) for one in entry.decision.considered]
        assert verdicts == [("gpt", "not_cleared"), ("claude", "not_cleared"), ("qwen", "cleared")]

    with_rig(tmp_path, test)


@pytest.mark.parametrize("stream", [False, True])
def test_the_record_is_on_the_disk_when_the_backend_has_the_request(tmp_path: Path, stream: bool) -> None:
    """Law: no byte leaves before its decision is durable. Read by another connection while the backend is silent."""

    async def test(rig: Rig) -> None:
        rig.gpt.script(Stall())
        task = asyncio.create_task(rig.ask(stream=stream))
        assert await asyncio.to_thread(rig.gpt.wait_for_requests, 1)
        (entry,) = query(rig.records, Filters())
        assert entry.decision.outcome == "sent_external"
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(rig.gpt.wait_for_disconnect), "the backend was not told that nobody waits"
        assert await rig.endings() == [(499, "client_disconnected")]

    with_rig(tmp_path, test)


@pytest.mark.parametrize("text", ["Why is the sky blue?", f"Charge {CARD}."])
def test_what_cannot_be_recorded_is_not_sent(tmp_path: Path, text: str) -> None:
    """A closed, full or broken log is a 503 for everyone, and the stand-ins stay untouched."""

    async def test(rig: Rig) -> None:
        await rig.log.close()
        with pytest.raises(AuditUnavailable) as caught:
            await rig.ask(text)
        assert (caught.value.status, caught.value.code, caught.value.retryable) == (503, "audit_unavailable", True)
        assert rig.sent() == (0, 0, 0)
        assert rig.gpt.connections == rig.claude.connections == rig.qwen.connections == 0

    with_rig(tmp_path, test)


def test_a_refusal_that_cannot_be_recorded_is_a_503_too(tmp_path: Path) -> None:
    """A refusal is a decision like any other: unrecorded, it did not happen."""

    async def test(rig: Rig) -> None:
        await rig.log.close()
        with pytest.raises(AuditUnavailable):
            await rig.ask(KEY)

    with_rig(tmp_path, test)


def test_a_refuse_rule_ends_the_request_with_the_authors_words(tmp_path: Path) -> None:
    """403 with the rule's message and code, recorded as refused, its ending as failed; nobody receives anything."""

    async def test(rig: Rig) -> None:
        with pytest.raises(PolicyRefusal) as caught:
            await rig.ask(f"Is this fine? {KEY}")
        assert (caught.value.status, caught.value.message, caught.value.code) == (403, "Remove the key.", "no_keys")
        assert caught.value.rules == ("private-key",)
        assert rig.sent() == (0, 0, 0)
        (entry,) = await rig.entries()
        assert (entry.decision.outcome, entry.decision.rules) == ("refused", ("private-key",))
        assert (entry.decision.backend, entry.decision.host) == ("", "")
        assert entry.completion is not None
        assert (entry.completion.status, entry.completion.outcome) == (403, "failed")
        assert 'outcome="refused"' in rig.metrics.render().decode()

    with_rig(tmp_path, test)


def test_a_backend_that_failed_lately_is_asked_last(tmp_path: Path) -> None:
    """Reported problem: waiting for a dead vendor on each request. After its cool-down it comes first again."""

    async def test(rig: Rig) -> None:
        for name in ("gpt", "gpt", "gpt"):
            rig.health.failed(name)
        assert (await rig.ask()).provenance.backend == "claude"
        for name in ("claude", "claude", "claude"):
            rig.health.failed(name)
        assert (await rig.ask()).provenance.backend == "qwen"
        rig.clock.now += 3600
        assert (await rig.ask()).provenance.backend == "gpt"

    with_rig(tmp_path, test)


def test_an_answer_makes_a_backend_healthy_again(tmp_path: Path) -> None:
    """Failures are counted in a row: a success between them starts anew."""

    async def test(rig: Rig) -> None:
        for _ in range(2):
            rig.health.failed("gpt")
        await rig.ask()
        for _ in range(2):
            rig.health.failed("gpt")
        assert rig.health.available("gpt")

    with_rig(tmp_path, test)


def test_a_backend_that_asks_to_be_left_alone_is(tmp_path: Path) -> None:
    """One 429 with retry-after is enough: the next request begins with somebody else, until the time is over."""

    async def test(rig: Rig) -> None:
        rig.gpt.script(Fail(429, headers=(("retry-after", "7"),)))
        assert [(await rig.ask()).provenance.backend for _ in range(2)] == ["claude", "claude"]
        assert rig.sent() == (1, 2, 0)
        rig.clock.now += 8
        assert (await rig.ask()).provenance.backend == "gpt"

    with_rig(tmp_path, test)


def test_an_unhealthy_local_backend_makes_no_external_one_cleared(tmp_path: Path) -> None:
    """Order changes, permission does not: what is sensitive is still tried at home, and nowhere else."""

    async def test(rig: Rig) -> None:
        for _ in range(5):
            rig.health.failed("qwen")
        assert (await rig.ask(f"Charge {CARD}.")).provenance.backend == "qwen"
        assert rig.sent() == (0, 0, 1)

    with_rig(tmp_path, test, route("local", "external"))


@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_before_the_first_byte_goes_to_the_next_candidate_decided_afresh(
    tmp_path: Path, stream: bool
) -> None:
    """Two attempts, two records, two inspections; the client gets one answer."""

    async def test(rig: Rig) -> None:
        rig.gpt.script(Fail(500))
        answer = await rig.ask(stream=stream)
        assert answer.provenance.backend == "claude"
        if answer.chunks is not None:
            assert [chunk async for chunk in answer.chunks]
        assert rig.sent() == (1, 1, 0)
        first, second = (entry.decision for entry in await rig.entries())
        assert (first.attempt, first.backend, second.attempt, second.backend) == (0, "gpt", 1, "claude")
        assert [(one.backend, one.verdict) for one in second.considered] == [
            ("gpt", "cleared"),
            ("gpt", "unavailable:status_500"),
            ("claude", "cleared"),
        ]
        assert b"gateway_inspection_seconds_count 2.0" in rig.metrics.render()

    with_rig(tmp_path, test)


def test_a_local_model_that_is_down_is_a_503_and_never_a_cloud_call(tmp_path: Path) -> None:
    """The promise under fault: the sensitive prompt has nowhere to go, so it goes nowhere."""

    async def test(rig: Rig) -> None:
        rig.qwen.stop()
        with pytest.raises(Unavailable) as caught:
            await rig.ask(f"Charge {CARD}.")
        assert (caught.value.status, caught.value.code) == (503, "no_backend_available")
        assert "qwen (connect)" in caught.value.message
        assert "restricted" in caught.value.message
        assert CARD not in caught.value.message
        assert rig.sent() == (0, 0, 0)
        first, last = await rig.entries()
        assert (first.decision.outcome, last.decision.outcome) == ("sent_local", "unavailable")
        assert last.completion is not None
        assert (last.completion.status, last.completion.outcome) == (503, "failed")

    with_rig(tmp_path, test)


def test_a_backends_wish_to_be_left_alone_reaches_the_client(tmp_path: Path) -> None:
    """The longest retry-after of all that failed: before it, trying again is in vain."""

    async def test(rig: Rig) -> None:
        rig.gpt.script(Fail(429, headers=(("retry-after", "7"),)))
        rig.claude.script(Fail(529, headers=(("retry-after", "3"),)))
        rig.qwen.script(Fail(503))
        with pytest.raises(Unavailable) as caught:
            await rig.ask()
        assert caught.value.retry_after == 7
        assert rig.sent() == (1, 1, 1)

    with_rig(tmp_path, test)


def test_on_unavailable_refuse_asks_nobody_else(tmp_path: Path) -> None:
    """Where a policy says so, an outage is an outage."""

    async def test(rig: Rig) -> None:
        rig.gpt.script(Fail(503))
        with pytest.raises(Unavailable):
            await rig.ask()
        assert rig.sent() == (1, 0, 0)

    with_rig(tmp_path, test, route("gpt", "claude", "local", on_unavailable=Otherwise.REFUSE))


def test_a_candidate_that_lacks_a_capability_is_passed_over(tmp_path: Path) -> None:
    """It is never drafted for, and the record says what it lacked."""

    async def test(rig: Rig) -> None:
        tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
        answer = await rig.ask(tools=tools)
        assert answer.provenance.backend == "claude"
        (entry,) = await rig.entries()
        assert ("gpt", "incapable:tools") in [(one.backend, one.verdict) for one in entry.decision.considered]

    with_rig(tmp_path, test, changed={"gpt": {"capabilities": Capabilities(tools=False)}})


def test_on_incapable_refuse_says_what_is_missing(tmp_path: Path) -> None:
    """400: waiting would not help, another request would."""

    async def test(rig: Rig) -> None:
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
        message = {"role": "user", "content": [image]}
        with pytest.raises(Malformed) as caught:
            await rig.pipeline.answer(inbound(messages=[message]))
        assert (caught.value.status, caught.value.code) == (400, "unsupported_by_backends")
        assert "qwen (vision)" in caught.value.message
        assert rig.sent() == (0, 0, 0)
        (entry,) = await rig.entries()
        assert (entry.decision.outcome, entry.decision.label) == ("unavailable", "unknown")

    with_rig(tmp_path, test, route("qwen", "gpt", on_incapable=Otherwise.REFUSE))


def test_what_a_format_cannot_express_goes_to_one_that_can(tmp_path: Path) -> None:
    """A temperature of 1.5 exists in one vendor's API alone; the next candidate takes it."""

    async def test(rig: Rig) -> None:
        assert (await rig.ask(temperature=1.5)).provenance.backend == "qwen"
        assert rig.sent() == (0, 0, 1)
        (entry,) = await rig.entries()
        assert ("claude", "incapable:format") in [(one.backend, one.verdict) for one in entry.decision.considered]

    with_rig(tmp_path, test, route("claude", "local"))


def test_what_no_candidate_can_express_names_the_field(tmp_path: Path) -> None:
    """The client learns which parameter is in the way."""

    async def test(rig: Rig) -> None:
        with pytest.raises(Malformed) as caught:
            await rig.ask(temperature=1.5)
        assert caught.value.param == "temperature"
        assert caught.value.code == "unsupported_by_backends"

    with_rig(tmp_path, test, route("claude"))


def test_a_request_that_a_backend_rejects_is_the_clients_and_goes_to_nobody_else(tmp_path: Path) -> None:
    """Reported problem 62: a vendor's refusal must not travel from vendor to vendor."""

    async def test(rig: Rig) -> None:
        rig.gpt.script(Fail(400, "Invalid schema for function 'f'."))
        with pytest.raises(UpstreamRejected) as caught:
            await rig.ask()
        assert caught.value.status == 400
        assert rig.sent() == (1, 0, 0)
        (entry,) = await rig.entries()
        assert entry.completion is not None
        assert (entry.completion.status, entry.completion.outcome) == (400, "rejected")
        assert rig.health.available("gpt")

    with_rig(tmp_path, test)


def test_an_unknown_model_is_a_404_and_no_decision(tmp_path: Path) -> None:
    """Nothing was drafted or inspected, so there is nothing to record; the name is not repeated."""

    async def test(rig: Rig) -> None:
        with pytest.raises(NotFound) as caught:
            await rig.ask(model="gpt-99-for-margaret")
        assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
        assert "margaret" not in caught.value.message
        assert await rig.endings() == []

    with_rig(tmp_path, test)


@pytest.mark.parametrize(
    ("wanted", "backend", "model"),
    [
        ("auto", "gpt", "gpt-5"),
        ("opus", "claude", "claude-opus-4-8"),
        ("best", "gpt", "gpt-5"),
        ("qwen3", "qwen", "Qwen/Qwen3-8B"),
        ("private", "qwen", "Qwen/Qwen3-8B"),
    ],
)
def test_the_wanted_model_is_a_preference(tmp_path: Path, wanted: str, backend: str, model: str) -> None:
    """Asking for a local model keeps a general request at home; an external name is a wish among cleared ones."""

    async def test(rig: Rig) -> None:
        answer = await rig.ask(model=wanted)
        assert (answer.provenance.backend, answer.provenance.model) == (backend, model)
        sensitive = await rig.ask(f"Charge {CARD}.", model=wanted)
        assert sensitive.provenance.backend == "qwen"

    with_rig(tmp_path, test)


def test_a_route_without_a_place_for_the_label_is_a_503(tmp_path: Path) -> None:
    """Nobody failed and nobody may: the policy's author has to act, and the code says so."""

    async def test(rig: Rig) -> None:
        with pytest.raises(Unavailable) as caught:
            await rig.ask(f"Write to {NAME}.")
        assert caught.value.code == "no_backend_cleared"
        assert "confidential" in caught.value.message
        assert rig.sent() == (0, 0, 0)
        (entry,) = await rig.entries()
        assert (entry.decision.outcome, entry.decision.label) == ("unavailable", "confidential")

    with_rig(tmp_path, test, route("external"))


def test_a_detector_that_fails_keeps_the_prompt_at_home(tmp_path: Path) -> None:
    """Law 4: an error never means clean."""

    def explode() -> None:
        raise RuntimeError("the model file is gone")

    async def test(rig: Rig) -> None:
        answer = await rig.ask()
        assert (answer.provenance.backend, answer.provenance.label) == ("qwen", "restricted")
        assert rig.sent() == (0, 0, 1)

    with_rig(tmp_path, test, detectors=(Words(explode),))


def test_a_slow_detector_keeps_the_prompt_at_home(tmp_path: Path) -> None:
    """Law 4 again: too slow is not clean, and the client still gets an answer."""
    held = threading.Event()

    async def test(rig: Rig) -> None:
        try:
            answer = await rig.ask()
        finally:
            held.set()
        assert (answer.provenance.backend, answer.provenance.label) == ("qwen", "restricted")
        (entry,) = await rig.entries()
        assert entry.decision.coverage == ("timeout",)

    with_rig(tmp_path, test, detectors=(Words(lambda: held.wait(30)),), timeout_s=0.05)


def test_a_request_beyond_what_inspection_can_take_is_answered_inside_and_counted(tmp_path: Path) -> None:
    """Law 4: overload is never a pass, and never a queue without end. Operators see it in a number of its own."""
    begun, held = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        held.wait(30)

    async def test(rig: Rig) -> None:
        scanner = Scanner([Words(wait)], timeout_s=30, workers=1, queue=0)
        busy = replace(rig.pipeline, scanner=scanner)
        first = asyncio.create_task(busy.answer(inbound()))
        assert await asyncio.to_thread(begun.wait, 10)
        try:
            second = await busy.answer(inbound("And why is the grass green?"))
        finally:
            held.set()
            await first
            scanner.close()
        assert (second.provenance.backend, second.provenance.label) == ("qwen", "restricted")
        assert b'gateway_incomplete_total{reason="overload"}' in rig.metrics.render()

    with_rig(tmp_path, test)


def test_a_client_that_leaves_during_inspection_is_recorded_once_and_nothing_is_sent(tmp_path: Path) -> None:
    """Cancellation while a detector works: no decision was made, one ending says why."""
    begun, held = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        held.wait(30)

    async def test(rig: Rig) -> None:
        task = asyncio.create_task(rig.ask())
        assert await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        held.set()
        assert rig.sent() == (0, 0, 0)
        assert await rig.endings() == [(499, "client_disconnected")]

    with_rig(tmp_path, test, detectors=(Words(wait),))


class Confused(Scanner):
    """Reports about other bytes than those it was given."""

    async def scan(self, draft: Draft) -> Report:
        return replace(await super().scan(draft), digest=b"\0" * 32)


def test_a_report_about_other_bytes_is_a_defect_and_nothing_is_sent(tmp_path: Path) -> None:
    """Nothing is known about this draft, so it goes nowhere; the request still has its ending on record."""

    async def test(rig: Rig) -> None:
        scanner = Confused([Words()])
        try:
            with pytest.raises(ValueError, match="another draft"):
                await replace(rig.pipeline, scanner=scanner).answer(inbound())
        finally:
            scanner.close()
        assert rig.sent() == (0, 0, 0)
        assert await rig.endings() == [(500, "failed")]

    with_rig(tmp_path, test)


def test_one_request_meets_one_revision_of_the_policy(tmp_path: Path) -> None:
    """A policy that changes between two attempts must not mix: the snapshot is taken once."""

    async def test(rig: Rig) -> None:
        given: list[Policy] = []

        def changing() -> Policy:
            given.append(policy(route("gpt", "local")) if not given else policy(route("claude")))
            return given[-1]

        rig.gpt.script(Fail(500))
        assert (await replace(rig.pipeline, policy=changing).answer(inbound())).provenance.backend == "qwen"
        assert len(given) == 1
        assert {entry.decision.revision for entry in await rig.entries()} == {given[0].revision}

    with_rig(tmp_path, test)


def test_a_stream_that_was_read_to_its_end_is_completed(tmp_path: Path) -> None:
    """With the usage and finish reason of its last chunks, and a first byte before the end."""

    async def test(rig: Rig) -> None:
        answer = await rig.ask(stream=True)
        assert answer.chunks is not None
        chunks = [chunk async for chunk in answer.chunks]
        assert sum(chunk.usage_only for chunk in chunks) == 1
        (entry,) = await rig.entries()
        ending = entry.completion
        assert ending is not None
        assert (ending.status, ending.outcome, ending.finish_reason) == (200, "completed", "stop")
        assert ending.usage is not None
        assert ending.first_byte_ms is not None
        assert ending.first_byte_ms <= ending.total_ms

    with_rig(tmp_path, test)


@pytest.mark.parametrize("chunks_read", [0, 1])
def test_a_stream_that_the_client_leaves_is_closed_and_recorded_once(tmp_path: Path, chunks_read: int) -> None:
    """Also when it left before its first chunk: the upstream is told, and there is one ending."""

    async def test(rig: Rig) -> None:
        rig.gpt.script(Stall(after=3))
        answer = await rig.ask(stream=True)
        assert answer.chunks is not None
        for _ in range(chunks_read):
            await anext(answer.chunks)
        await answer.chunks.aclose()
        await answer.chunks.aclose()
        assert await asyncio.to_thread(rig.gpt.wait_for_disconnect)
        assert await rig.endings() == [(499, "client_disconnected")]

    with_rig(tmp_path, test)


def test_a_stream_that_the_backend_breaks_off_says_so(tmp_path: Path) -> None:
    """The reader gets the error, the record the blame; nobody else is asked, since bytes are already out."""

    async def test(rig: Rig) -> None:
        rig.gpt.script(Break(after=2))
        answer = await rig.ask(stream=True)
        assert answer.chunks is not None
        with pytest.raises(UpstreamBroke):
            async for _ in answer.chunks:
                pass
        assert rig.sent() == (1, 0, 0)
        assert await rig.endings() == [(200, "upstream_broke")]

    with_rig(tmp_path, test)


def test_concurrent_requests_do_not_mix(tmp_path: Path) -> None:
    """Under load each prompt goes where it belongs and has its own record (law 8)."""

    async def test(rig: Rig) -> None:
        rig.gpt.always(Delay(0.01))
        texts = [f"Charge {CARD} for order {n}." if n % 3 == 0 else f"Question {n}?" for n in range(24)]
        answers = await asyncio.gather(
            *(rig.pipeline.answer(replace(inbound(text), request_id=f"req_{n}")) for n, text in enumerate(texts))
        )
        assert [answer.provenance.backend for answer in answers] == ["qwen" if n % 3 == 0 else "gpt" for n in range(24)]
        assert not rig.gpt.saw(CARD)
        entries = await rig.entries()
        assert {entry.decision.request_id for entry in entries} == {f"req_{n}" for n in range(24)}
        assert all(entry.completion for entry in entries)

    with_rig(tmp_path, test)


def test_no_record_holds_text(tmp_path: Path) -> None:
    """Law 6: the raw bytes of the file, after every kind of ending, hold none of what was asked or answered."""

    async def test(rig: Rig) -> None:
        canary = "canary-of-the-prompt"
        rig.gpt.script(Fail(400, f"You said {canary}."))
        with pytest.raises(UpstreamRejected):
            await rig.ask(canary)
        rig.gpt.script(Fail(500, canary))
        rig.claude.script(Fail(500, canary))
        await rig.ask(canary)
        with pytest.raises(PolicyRefusal):
            await rig.ask(f"{canary} {KEY}")
        await rig.ask(f"{canary} {CARD} {NAME}", user=canary, metadata={canary: canary})
        assert await eventually(lambda: b'ending="completed"' in rig.metrics.render())
        assert canary.encode() not in rig.metrics.render()
        raw = _files(tmp_path)
        await rig.log.close()
        raw += _files(tmp_path)
        for text in (canary, CARD, NAME, KEY):
            assert not any(text.encode() in each for each in raw)

    with_rig(tmp_path, test)


def _files(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.iterdir()]
