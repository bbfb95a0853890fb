"""What is written down and counted about one request, told by hand: attempts, endings, and words that fit a record."""

import ast
import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest
from pipeline_support import CARD, Rig, inbound, policy, rigged, run

import gateway
from gateway.audit.record import Considered, Ending, ListedModel, Shadowed
from gateway.errors import Malformed, Unavailable, Untranslatable, UpstreamBroke
from gateway.ingress.facts import facts
from gateway.model import Backend, Capabilities, Chunk, Completion, Coverage, Facts, Report, Usage, WireFormat
from gateway.policy.conditions import Always
from gateway.policy.decision import NotCleared
from gateway.policy.modes import SHADOW
from gateway.policy.route import incapable, plan
from gateway.policy.rules import ClassifyRule, RefuseRule
from gateway.testing import RecordingServer
from gateway.trail import Trail

SOURCES = sorted(Path(gateway.__file__).parent.rglob("*.py"))


def told(folder: Path, test: Callable[[Rig, Trail], Awaitable[None]]) -> None:
    """Run one test with the trail of one request."""

    async def whole() -> None:
        async with rigged(folder) as rig:
            request, rules = inbound(), policy()
            trail = Trail(
                request,
                rules,
                plan(rules, facts(request), rig.pipeline.backends),
                facts=facts(request),
                wanted=ListedModel("auto"),
                log=rig.log,
                metrics=rig.metrics,
                secret=None,
            )
            await test(rig, trail)

    run(whole())


def backend(rig: Rig, name: str) -> Backend:
    return next(one for one in rig.pipeline.backends if one.name == name)


async def source(*chunks: Chunk, ends: Exception | None = None) -> AsyncGenerator[Chunk]:
    for chunk in chunks:
        yield chunk
    if ends is not None:
        raise ends


def test_each_failed_attempt_counts_up_and_the_last_record_tells_all(tmp_path: Path) -> None:
    """What was considered grows, and so does what was counted."""

    async def test(rig: Rig, trail: Trail) -> None:
        trail.unavailable(backend(rig, "gpt"), "status_503", 2.0)
        barred = NotCleared("confidential", ("names",), "clearance", "0" * 12)
        trail.not_cleared(backend(rig, "claude"), barred, Report(b"", (), Coverage(("part:image",))))
        trail.unavailable(backend(rig, "qwen"), "connect", None)
        error = await trail.nobody()
        assert isinstance(error, Unavailable)
        assert error.retry_after == 2.0
        assert "gpt (status_503), qwen (connect)" in error.message
        (entry,) = await rig.entries()
        decision = entry.decision
        assert (decision.outcome, decision.label) == ("unavailable", "confidential")
        assert decision.coverage == ("part:image",), "what its label rests on"
        assert decision.basis is not None
        assert [one.verdict for one in decision.considered] == [
            "unavailable:status_503",
            "not_cleared",
            "unavailable:connect",
        ]
        counted = rig.metrics.render()
        assert b'gateway_failed_attempts_total{backend="gpt",reason="status_503"} 1.0' in counted
        assert b'gateway_failed_attempts_total{backend="qwen",reason="connect"} 1.0' in counted

    told(tmp_path, test)


def test_without_any_inspection_the_label_is_unknown(tmp_path: Path) -> None:
    """Nobody could be drafted for: the record must not claim that the request was public."""

    async def test(rig: Rig, trail: Trail) -> None:
        trail.incapable(backend(rig, "gpt"), "vision")
        trail.inexpressible(backend(rig, "claude"), Untranslatable("logit_bias", "logit_bias has no counterpart"))
        error = await trail.nobody()
        assert isinstance(error, Malformed)
        assert error.param == "logit_bias"
        assert "gpt (vision)" in error.message
        (entry,) = await rig.entries()
        assert entry.decision.label == "unknown"
        assert entry.decision.body_fingerprint is None

    told(tmp_path, test)


def test_a_failed_backend_weighs_more_than_one_that_cannot(tmp_path: Path) -> None:
    """503, not 400: the request is fine, and trying again may help."""

    async def test(rig: Rig, trail: Trail) -> None:
        trail.incapable(backend(rig, "gpt"), "tools")
        trail.unavailable(backend(rig, "qwen"), "timeout", None)
        assert isinstance(await trail.nobody(), Unavailable)

    told(tmp_path, test)


def test_an_ending_is_recorded_with_what_the_backend_said_of_itself(tmp_path: Path) -> None:
    """Usage and finish reason of a whole answer; tokens are counted under the backend's name."""

    async def test(rig: Rig, trail: Trail) -> None:
        completion = Completion(b"{}", "gpt-5", Usage(12, 3, 4), "length")
        assert trail.answered(backend(rig, "gpt"), completion) is completion
        assert await rig.endings() == [(200, "completed")]
        assert b'gateway_tokens_total{backend="gpt",kind="cached"} 4.0' in rig.metrics.render()

    told(tmp_path, test)


def test_a_relayed_stream_is_the_source_chunk_for_chunk(tmp_path: Path) -> None:
    """Nothing is added, dropped or reordered; usage and finish reason come from whichever chunk had them."""

    async def test(rig: Rig, trail: Trail) -> None:
        chunks = (Chunk(b"1"), Chunk(b"2", usage=Usage(1, 2)), Chunk(b"3", finish_reason="stop"), Chunk(b"4"))
        stream = await trail.relay(backend(rig, "gpt"), source(*chunks))
        assert tuple([chunk async for chunk in stream]) == chunks
        assert await rig.endings() == [(200, "completed")]
        assert b'gateway_tokens_total{backend="gpt",kind="completion"} 2.0' in rig.metrics.render()

    told(tmp_path, test)


@pytest.mark.parametrize(
    ("error", "ending"),
    [(UpstreamBroke("idle"), (200, "upstream_broke")), (RuntimeError("defect"), (200, "failed"))],
)
def test_a_stream_that_fails_is_recorded_by_whose_fault_it_was(
    tmp_path: Path, error: Exception, ending: tuple[int, str]
) -> None:
    """A backend that breaks off is not a defect of ours, and neither is a client that left."""

    async def test(rig: Rig, trail: Trail) -> None:
        stream = await trail.relay(backend(rig, "gpt"), source(Chunk(b"1"), ends=error))
        with pytest.raises(type(error)):
            async for _ in stream:
                pass
        await stream.aclose()
        assert await rig.endings() == [ending]

    told(tmp_path, test)


@pytest.mark.parametrize("read", [0, 1, 2])
def test_closing_a_relay_closes_its_source_and_records_one_ending(tmp_path: Path, read: int) -> None:
    """Before the first chunk, between two, and after the last one that was there."""

    async def test(rig: Rig, trail: Trail) -> None:
        closed = asyncio.Event()

        class Source(AsyncGenerator[Chunk, None]):
            """Never ends by itself; knows whether it was closed, even if nobody ever asked it for a chunk."""

            async def asend(self, value: None) -> Chunk:
                return Chunk(b"x")

            async def athrow(self, *_: object) -> Chunk:
                raise StopAsyncIteration

            async def aclose(self) -> None:
                closed.set()

        stream = await trail.relay(backend(rig, "gpt"), Source())
        for _ in range(read):
            await anext(stream)
        await stream.aclose()
        assert closed.is_set()
        assert await rig.endings() == [(499, "client_disconnected")]

    told(tmp_path, test)


def test_a_task_that_is_cancelled_while_it_waits_for_a_chunk_is_recorded_once(tmp_path: Path) -> None:
    """The usual way in which clients leave: in the middle of a silence."""

    async def test(rig: Rig, trail: Trail) -> None:
        async def silent() -> AsyncGenerator[Chunk]:
            yield Chunk(b"1")
            await asyncio.sleep(60)

        stream = await trail.relay(backend(rig, "gpt"), silent())
        await anext(stream)

        async def wait() -> Chunk:
            return await anext(stream)

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await stream.aclose()
        assert await rig.endings() == [(499, "client_disconnected")]

    told(tmp_path, test)


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize("status", [200, 400, 403, 404, 499, 503])
def test_every_ending_fits_a_record(tmp_path: Path, status: int, ending: Ending) -> None:
    """Also where an error's status is a member of HTTPStatus: a record that raised would turn an answer into a 500."""

    async def test(rig: Rig, trail: Trail) -> None:
        trail.ended(HTTPStatus(status) if status != 499 else status, ending)
        assert await rig.endings() == [(status, ending.value)]

    told(tmp_path, test)


def test_a_unix_socket_is_recorded_as_such(tmp_path: Path) -> None:
    """Its path is the operator's own business; a host it has not."""

    async def whole() -> None:
        with RecordingServer("socket", unix_socket=tmp_path / "m.sock") as server:
            changed = {"qwen": {"base_url": server.openai_base_url}}
            async with rigged(tmp_path, changed=changed) as rig:
                await rig.ask(model="qwen3")
                (entry,) = await rig.entries()
                assert (entry.decision.host, len(server.received)) == ("unix", 1)

    run(whole())


def reasons() -> set[str]:
    """Every literal reason with which an attempt can fail, read from the source."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"BackendUnavailable", "UpstreamBroke"}
                and node.args
            ):
                values = ast.walk(node.args[0])
                found |= {one.value for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found


def test_every_reason_of_a_failed_attempt_fits_a_record() -> None:
    """A reason that did not would turn an outage into a defect, at the worst moment."""
    words = reasons()
    assert {"connect", "timeout", "garbage", "redirect", "status_"} <= words
    for word in words:
        Considered("gpt", f"unavailable:{word}503" if word.endswith("_") else f"unavailable:{word}")


def test_every_lacking_capability_fits_a_record() -> None:
    """The words of the preflight, from the preflight itself."""
    nothing = Capabilities(context=1, tools=False, json_schema=False)
    server = Backend("gpt", WireFormat.OPENAI, "http://127.0.0.1/v1", {"m": "m"}, "public", nothing)
    asks = {
        "context": Facts("k", "m", False, 2, False, False, False, False, False),
        "tools": Facts("k", "m", False, 1, True, False, False, False, False),
        "vision": Facts("k", "m", False, 1, False, True, False, False, False),
        "documents": Facts("k", "m", False, 1, False, False, True, False, False),
        "audio": Facts("k", "m", False, 1, False, False, False, True, False),
        "json_schema": Facts("k", "m", False, 1, False, False, False, False, True),
    }
    for word, asked in asks.items():
        assert incapable(server, asked) == word
        Considered("gpt", f"incapable:{word}")


def test_what_watched_rules_would_have_done_is_on_record_and_counted(tmp_path: Path) -> None:
    """Beside the real decision, which is what it was."""
    watching = replace(
        policy(),
        classify=(*policy().classify, ClassifyRule("all", Always(), "restricted", SHADOW)),
        refuse=(*policy().refuse, RefuseRule("cards-end", policy().classify[0].when, "No.", "no", SHADOW)),
    )

    async def whole() -> None:
        async with rigged(tmp_path, rules=watching) as rig:
            assert (await rig.ask()).provenance.backend == "gpt"
            assert (await rig.ask(f"Charge {CARD}.")).provenance.backend == "qwen"
            rendered = rig.metrics.render()
            assert b'gateway_shadow_total{rule="all",zone="local"} 1.0' in rendered
            assert b'gateway_shadow_total{rule="cards-end",zone="refused"} 1.0' in rendered
            first, second = [entry.decision for entry in await rig.entries()]
            assert (first.label, first.rules, first.shadow) == (
                "public",
                (),
                Shadowed(("all",), "restricted", "local"),
            )
            assert second.rules == ("cards",)
            assert second.shadow == Shadowed(("all", "cards-end"), "restricted", "refused")

    run(whole())
