"""Sending: an answer, an attempt that may be repeated elsewhere, or a rejection that may not."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from egress_support import (
    HELLO,
    RawServer,
    Visit,
    backend,
    cleared,
    drafted,
    egress,
    inbound,
    raw_server,
    run,
    say_ok,
)
from pydantic import SecretStr

from gateway.egress.anthropic import AnthropicFormat
from gateway.egress.guard import LeakPrevented
from gateway.egress.openai import OpenAIFormat
from gateway.egress.sender import Egress
from gateway.errors import BackendUnavailable, ConfigError, UpstreamBroke, UpstreamRejected
from gateway.model import Backend, Chunk, Completion, Timeouts, WireFormat
from gateway.testing import Break, Cut, ErrorEvent, Fail, Garbage, Pace, RecordingServer, Redirect, Say, Stall

CHUNK = b'{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}'
LAST = b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
IMPATIENT = Timeouts(connect=5.0, first_byte=0.3, idle=0.3)


async def ask(to: Backend, *, stream: bool = False, **options: Any) -> Completion | list[Chunk]:
    """One request to ``to``: the completion, or all chunks of the stream."""
    async with egress(to, **options) as sender:
        answer = await sender.send(cleared(drafted(to, stream=stream)))
        if isinstance(answer, Completion):
            return answer
        return [chunk async for chunk in answer]


def outcome(server: RecordingServer, *, stream: bool = False, **changes: Any) -> Completion | list[Chunk]:
    return run(ask(backend(server.openai_base_url, **changes), stream=stream))


def unavailable(server: RecordingServer, *, stream: bool = False, **changes: Any) -> BackendUnavailable:
    with pytest.raises(BackendUnavailable) as failed:
        outcome(server, stream=stream, **changes)
    assert failed.value.__context__ is None
    return failed.value


def chunks_of(answer: Completion | AsyncGenerator[Chunk, None]) -> AsyncGenerator[Chunk, None]:
    assert not isinstance(answer, Completion)
    return answer


# Answers


def test_a_whole_answer_comes_back_with_its_usage() -> None:
    """The stand-in judges the request by the vendor's own types; its answer is relayed."""
    with RecordingServer(needs_key=True) as server:
        answer = outcome(server, api_key=SecretStr("key-of-the-gateway"))
    assert isinstance(answer, Completion)
    assert answer.finish_reason == "stop"
    assert answer.usage is not None
    assert server.saw("Why is the sky blue?")
    assert b"authorization: Bearer key-of-the-gateway" in server.received[0].raw


def test_what_arrives_is_what_was_drafted() -> None:
    """Invariant I2: the bytes at the server are the draft's, with host and length added and nothing else."""
    with RecordingServer() as server:
        to = backend(server.openai_base_url)
        outcome(server)
        received = server.received[0]
    draft = drafted(to)
    assert received.body == draft.body
    own = {name: value for name, value in received.headers if name.lower() not in {"host", "content-length"}}
    assert own == dict(draft.headers)


def test_a_stream_comes_back_chunk_by_chunk() -> None:
    """First to last event, the usage chunk included."""
    with RecordingServer() as server:
        server.script(Say("one two three"))
        chunks = outcome(server, stream=True)
    assert isinstance(chunks, list)
    assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == ["stop"]
    assert chunks[-1].usage_only
    assert chunks[-1].usage is not None


def test_chunks_are_handed_on_as_they_come() -> None:
    """Relayed at once: the first chunk is there while the server still waits to send the second."""
    may_go_on = asyncio.Event()

    async def talk(visit: Visit) -> None:
        await visit.begin_stream()
        await visit.piece(b"data: " + CHUNK + b"\n\n")
        await may_go_on.wait()
        await visit.piece(b"data: " + LAST + b"\n\ndata: [DONE]\n\n")
        await visit.end_stream()

    async def go() -> list[bytes]:
        async with raw_server(talk) as server:
            to = backend(server.base_url)
            async with egress(to) as sender:
                stream = chunks_of(await sender.send(cleared(drafted(to, stream=True))))
                first = (await anext(stream)).data
                may_go_on.set()
                return [first, *[chunk.data async for chunk in stream]]

    assert run(go()) == [CHUNK, LAST]


def test_connections_survive_finished_streams_and_rejections() -> None:
    """One TCP connection for many requests: no handshake per request (reported problem 69)."""
    with RecordingServer() as server:

        async def go() -> None:
            to = backend(server.openai_base_url)
            async with egress(to) as sender:
                for stream in (True, False, True):
                    answer = await sender.send(cleared(drafted(to, stream=stream)))
                    if not isinstance(answer, Completion):
                        assert [chunk async for chunk in answer]
                server.script(Fail(400))
                with pytest.raises(UpstreamRejected):
                    await sender.send(cleared(drafted(to)))
                await sender.send(cleared(drafted(to)))

        run(go())
    assert len(server.received) == 5
    assert server.connections == 1


def test_a_permission_is_spent_by_sending() -> None:
    """One decision, one request: the second attempt with it does not leave."""
    with RecordingServer() as server:

        async def go() -> None:
            to = backend(server.openai_base_url)
            async with egress(to) as sender:
                permission = cleared(drafted(to))
                await sender.send(permission)
                with pytest.raises(LeakPrevented):
                    await sender.send(permission)

        run(go())
    assert len(server.received) == 1


def test_a_draft_for_an_unknown_or_altered_backend_is_not_sent() -> None:
    """The backend of a draft must be the configured one, field by field: its address decides where bytes go."""
    with RecordingServer() as server, RecordingServer() as other:

        async def go() -> None:
            to = backend(server.openai_base_url)
            for wrong in (backend(server.openai_base_url, name="another"), backend(other.openai_base_url)):
                async with egress(to) as sender:
                    with pytest.raises(LeakPrevented):
                        await sender.send(cleared(drafted(wrong)))

        run(go())
    assert server.received == other.received == []


# Attempts that failed before the first byte of an answer


def test_nobody_there_is_unavailable() -> None:
    """A refused connection and a name that does not exist fail the attempt, nothing else."""
    with RecordingServer() as server:
        address = server.openai_base_url
    for base_url in (address, "http://no-such-host.invalid/v1", "unix:///no/such/model.sock"):
        with pytest.raises(BackendUnavailable) as failed:
            run(ask(backend(base_url)))
        assert failed.value.reason == "connect"


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 408, 409, 429, 500, 502, 503, 504, 529])
@pytest.mark.parametrize("stream", [False, True])
def test_statuses_that_do_not_blame_the_client_may_be_tried_elsewhere(status: int, stream: bool) -> None:
    """Our key, our account, our model name, their load, their defects; the echo in their body goes nowhere."""
    with RecordingServer() as server:
        server.script(Fail(status, "you said: Why is the sky blue?"))
        failed = unavailable(server, stream=stream)
    assert (failed.reason, failed.status, failed.retry_after) == (f"status_{status}", status, None)
    assert "sky" not in repr(failed)


def test_retry_after_is_reported() -> None:
    """The pipeline and the client may wait as the backend asked."""
    with RecordingServer() as server:
        server.script(Fail(429, headers=(("retry-after", "7"),)))
        assert unavailable(server).retry_after == 7.0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("stream", [False, True])
def test_a_redirect_is_never_followed(status: int, stream: bool) -> None:
    """The SDKs send the prompt again to wherever a 307 points; here it stays unsent."""
    with RecordingServer() as server, RecordingServer("elsewhere") as elsewhere:
        server.script(Redirect(elsewhere.openai_base_url + "/chat/completions", status))
        assert unavailable(server, stream=stream).reason == "redirect"
        assert elsewhere.connections == 0


@pytest.mark.parametrize(
    ("behaviour", "stream", "reason"),
    [
        (Garbage(), False, "garbage"),
        (Garbage(), True, "empty_stream"),
        (Garbage(b'{"error":{"message":"later","code":503}}', "application/json"), False, "error_event"),
        (Garbage(b"data: <html>\n\n"), True, "garbage"),
        (Garbage(b""), False, "garbage"),
        (Garbage(b""), True, "empty_stream"),
        (Break(), False, "connection_lost"),
        (Break(0), True, "connection_lost"),
        (Cut(0), True, "empty_stream"),
        (ErrorEvent(0), True, "error_event"),
        (ErrorEvent(), False, "status_500"),
    ],
)
def test_an_answer_that_is_none_may_be_tried_elsewhere(behaviour: Any, stream: bool, reason: str) -> None:
    """Before the first event nothing was shown to the client, so failing over is safe."""
    with RecordingServer() as server:
        server.script(behaviour)
        assert unavailable(server, stream=stream).reason == reason


@pytest.mark.parametrize(
    ("after", "stream", "reason"), [(None, False, "timeout"), (None, True, "timeout"), (0, True, "timeout")]
)
def test_silence_before_the_first_byte_is_a_timeout(after: int | None, stream: bool, reason: str) -> None:
    """Before the status line, and between the head and the first event of a stream."""
    with RecordingServer() as server:
        server.script(Stall(after))
        assert unavailable(server, stream=stream, timeouts=IMPATIENT).reason == reason
        assert server.wait_for_disconnect()


def test_silence_in_the_middle_of_a_whole_answer_is_given_up() -> None:
    """The idle limit applies between the pieces of a body."""

    async def talk(visit: Visit) -> None:
        await visit.say(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
        await visit.gone()

    async def go() -> str:
        async with raw_server(talk) as server:
            with pytest.raises(BackendUnavailable) as failed:
                await ask(backend(server.base_url, timeouts=IMPATIENT))
            return failed.value.reason

    assert run(go()) == "idle"


def test_a_slow_tls_handshake_is_a_connect_timeout() -> None:
    """``connect`` limits names, TCP and TLS together."""

    async def go() -> str:
        async with raw_server(say_ok) as server:
            to = backend(server.base_url.replace("http:", "https:"), timeouts=Timeouts(connect=0.2))
            with pytest.raises(BackendUnavailable) as failed:
                await ask(to)
            return failed.value.reason

    assert run(go()) == "connect_timeout"


def test_an_unverified_certificate_is_a_connect_failure() -> None:
    """The request, with its key, is not sent to whoever answers."""

    async def go() -> tuple[str, RawServer]:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(Path(__file__).with_name("loopback_certificate.pem"))
        async with raw_server(say_ok, tls=tls) as server:
            with pytest.raises(BackendUnavailable) as failed:
                await ask(backend(server.base_url.replace("http:", "https:")))
            return failed.value.reason, server

    reason, server = run(go())
    assert (reason, server.heads) == ("connect", [])


# Rejections


@pytest.mark.parametrize("status", [400, 413, 415, 422, 451])
@pytest.mark.parametrize("stream", [False, True])
def test_the_clients_own_mistake_is_passed_on(status: int, stream: bool) -> None:
    """Nobody else is asked; the vendor's status and message reach the client."""
    with RecordingServer() as server:
        server.script(Fail(status, "Bad temperature"))
        with pytest.raises(UpstreamRejected) as rejected:
            outcome(server, stream=stream)
    assert (rejected.value.status, rejected.value.message) == (status, "Bad temperature")


def test_a_real_mistake_is_judged_by_the_vendors_types() -> None:
    """The stand-in validates like the vendor, and its 400 comes through with the field's name."""
    with RecordingServer() as server:

        async def go() -> None:
            to = backend(server.openai_base_url)
            async with egress(to) as sender:
                await sender.send(cleared(drafted(to, body={**HELLO, "messages": []})))

        with pytest.raises(UpstreamRejected) as rejected:
            run(go())
    assert (rejected.value.status, rejected.value.param) == (400, "messages")


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":{"message":"refused","type":"moderation_error","code":403}}',
        b'{"error":{"message":"refused","code":"content_policy_violation"}}',
        b'{"error":{"message":"refused","code":403,"metadata":{"reasons":["x"],"flagged_input":"y"}}}',
    ],
)
def test_a_content_refusal_is_a_rejection_even_as_403(body: bytes) -> None:
    """Reported problem 62: what one vendor refuses is not handed to the next."""
    with RecordingServer() as server:
        server.script(Fail(403, body=body))
        with pytest.raises(UpstreamRejected) as rejected:
            outcome(server)
    assert rejected.value.message == "refused"


def test_geminis_400_for_a_wrong_key_is_not_the_clients_mistake() -> None:
    """It says 400 where it means 401; the client cannot correct the gateway's key."""
    body = b'[{"error":{"code":400,"message":"API key not valid.","details":[{"reason":"API_KEY_INVALID"}]}}]'
    with RecordingServer() as server:
        server.script(Fail(400, body=body))
        assert unavailable(server).reason == "status_401"


def test_an_endless_or_stalled_error_body_is_cut() -> None:
    """A rejection is reported from what arrived within the bounds."""

    async def endless(visit: Visit) -> None:
        await visit.say(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 100000000\r\n\r\n")
        while True:
            await visit.say(b"x" * 65536)

    async def stalled(visit: Visit) -> None:
        await visit.say(b'HTTP/1.1 400 Bad Request\r\ncontent-length: 100\r\n\r\n{"error":')
        await visit.gone()

    async def go() -> None:
        for talk in (endless, stalled):
            async with raw_server(talk) as server:
                with pytest.raises(UpstreamRejected) as rejected:
                    await ask(backend(server.base_url, timeouts=IMPATIENT))
                assert rejected.value.message.startswith("The model server rejected")

    run(go())


# Streams that end badly, and clients that leave


async def drain(to: Backend) -> tuple[int, str]:
    """How many chunks came, and what ended the stream."""
    async with egress(to) as sender:
        stream = chunks_of(await sender.send(cleared(drafted(to, stream=True))))
        count = 0
        try:
            async for _ in stream:
                count += 1
        except UpstreamBroke as broke:
            return count, broke.reason if broke.__context__ is None else "chained"
        return count, "complete"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [(Break(2), "connection_lost"), (Cut(2), "no_finish_reason"), (ErrorEvent(2), "error_event"), (Stall(2), "idle")],
)
def test_an_upstream_that_dies_midway_is_never_a_clean_end(behaviour: Any, reason: str) -> None:
    """Reported problem 64: the chunks that came are delivered, then the stream raises."""
    with RecordingServer() as server:
        server.script(behaviour)
        assert run(drain(backend(server.openai_base_url, timeouts=IMPATIENT))) == (2, reason)


def test_a_slow_but_living_stream_is_not_cut() -> None:
    """The idle limit counts silence, not duration."""
    with RecordingServer() as server:
        server.always(Pace(0.1))
        count, end = run(drain(backend(server.openai_base_url, timeouts=Timeouts(first_byte=5.0, idle=2.0))))
    assert (end, count > 2) == ("complete", True)


def test_closing_a_stream_cancels_the_upstream_within_a_second() -> None:
    """After some chunks, and also when no chunk was ever asked for."""
    with RecordingServer() as server:
        server.always(Stall(2))

        async def go(read: int) -> None:
            to = backend(server.openai_base_url)
            async with egress(to) as sender:
                stream = chunks_of(await sender.send(cleared(drafted(to, stream=True))))
                for _ in range(read):
                    await anext(stream)
                await stream.aclose()
                assert await asyncio.to_thread(server.wait_for_disconnect, read + 1, 1.0)
                await stream.aclose()

        run(go(0))
        run(go(1))


def test_cancelling_a_waiting_reader_cancels_the_upstream_within_a_second() -> None:
    """A client that leaves while the next chunk is awaited."""
    with RecordingServer() as server:
        server.always(Stall(1))

        async def go() -> None:
            to = backend(server.openai_base_url)
            async with egress(to) as sender:
                stream = chunks_of(await sender.send(cleared(drafted(to, stream=True))))
                await anext(stream)
                waiting = asyncio.ensure_future(anext(stream))
                await asyncio.sleep(0.05)
                waiting.cancel()
                assert await asyncio.to_thread(server.wait_for_disconnect, 1, 1.0)
                with pytest.raises(asyncio.CancelledError):
                    await waiting

        run(go())


@pytest.mark.parametrize("stream", [False, True])
def test_cancelling_before_the_answer_cancels_the_upstream_within_a_second(stream: bool) -> None:
    """A client that leaves before the first byte."""
    with RecordingServer() as server:
        server.always(Stall())

        async def go() -> None:
            to = backend(server.openai_base_url)
            async with egress(to) as sender:
                waiting = asyncio.ensure_future(sender.send(cleared(drafted(to, stream=stream))))
                assert await asyncio.to_thread(server.wait_for_requests, 1)
                waiting.cancel()
                assert await asyncio.to_thread(server.wait_for_disconnect, 1, 1.0)
                with pytest.raises(asyncio.CancelledError):
                    await waiting

        run(go())


# Making one


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """R22: traffic cannot be diverted by a variable."""
    with RecordingServer() as server, RecordingServer("proxy") as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("OPENAI_BASE_URL", proxy.openai_base_url)
        assert isinstance(outcome(server), Completion)
    assert proxy.connections == 0


def test_a_unix_socket_backend_answers(tmp_path: Path) -> None:
    """A model server that listens nowhere but in the file system."""
    with RecordingServer("local", unix_socket=tmp_path / "model.sock") as server:
        assert isinstance(outcome(server, local=True), Completion)
        assert isinstance(outcome(server, stream=True, local=True), list)


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "https://user:pw@host/v1"},
        {"base_url": "host/v1"},
        {"api_key": SecretStr("kéy")},
        {"api_key": SecretStr("")},
        {"api_key": SecretStr("a\r\nx: y")},
        {"api_key": SecretStr("two words")},
    ],
)
def test_what_cannot_be_sent_to_stops_the_start(changes: dict[str, Any]) -> None:
    """A base_url or key that no request could use is a configuration error, which does not show the key."""
    values: dict[str, Any] = {"base_url": "https://host/v1"} | changes
    with pytest.raises(ConfigError) as refused:
        Egress([backend(**values)], {WireFormat.OPENAI: OpenAIFormat()})
    assert "backend somewhere" in str(refused.value)
    assert not any(part in str(refused.value) for part in ("kéy", "x: y", "two words", "user:pw"))


@pytest.mark.parametrize("stream", [False, True])
def test_the_anthropic_format_travels_the_same_way(stream: bool) -> None:
    """The sender knows no format: another one is another table entry, with the same guard, errors and streams."""
    with RecordingServer(needs_key=True) as server:
        to = backend(server.anthropic_base_url, format=WireFormat.ANTHROPIC, api_key=SecretStr("key-of-the-gateway"))
        asked = {**HELLO, "stream": stream}
        draft = AnthropicFormat().draft(inbound(asked), to, to.default_model)

        async def go() -> list[Chunk] | Completion:
            sender = Egress([to], {WireFormat.ANTHROPIC: AnthropicFormat()})
            try:
                answer = await sender.send(cleared(draft))
                return answer if isinstance(answer, Completion) else [chunk async for chunk in answer]
            finally:
                await sender.aclose()

        answer = run(go())
        assert server.received[0].body == draft.body
    if isinstance(answer, Completion):
        assert answer.finish_reason == "stop"
    else:
        assert [chunk.finish_reason for chunk in answer if chunk.finish_reason] == ["stop"]
