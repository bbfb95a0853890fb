"""Answers that break off, clients that leave, readers that are slow: nobody is told a lie and nothing runs on."""

import asyncio
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import openai
import orjson
import pytest
from contract_values import CARD, GENERAL, SENSITIVE, user
from openai.types.chat import ChatCompletionChunk
from support.gateway_process import EXTERNAL, LOCAL, RunningGateway

from gateway.audit.record import Ending
from gateway.testing import Behaviour, Break, Cut, Delay, ErrorEvent, Say, Stall

NOTICED_S = 5.0
"""A stand-in has to notice within a second that its client is gone; the rest is for a busy machine."""
MIDWAY = [Break(after=6), Cut(after=6), ErrorEvent(after=6), Stall(after=6)]
"""Hangs up, ends politely but early, says an error, falls silent; each after the first words."""
EARLY = [Break(after=0), Cut(after=0), ErrorEvent(after=0)]
"""The same before the first word; half a body of a whole answer."""


def opened(client: openai.OpenAI, prompt: str = GENERAL) -> Iterator[ChatCompletionChunk]:
    """An open stream from ``auto``."""
    return iter(client.chat.completions.create(model="auto", messages=[user(prompt)], stream=True))


def ending(running: RunningGateway) -> tuple[Ending, int]:
    """How the last request ended, as recorded."""
    completion = running.entries()[-1].completion
    assert completion is not None
    return completion.outcome, completion.status


@pytest.mark.parametrize("behaviour", MIDWAY, ids=lambda one: type(one).__name__)
def test_a_vendor_that_dies_midway_is_an_error_in_the_sdk(running: RunningGateway, behaviour: Behaviour) -> None:
    """openai-python takes a polite end for success, so the stream must end in an error (reported problem 64)."""
    running.external.script(behaviour)
    said = []
    with running.client(max_retries=2) as client, pytest.raises(openai.APIError) as caught:
        said.extend(opened(client))
    assert said, "what came before the break is relayed"
    assert not isinstance(caught.value, openai.APIStatusError)
    assert "incomplete" in caught.value.message
    assert caught.value.code == "upstream_broke"
    assert len(running.external.received) == 1, "half an answer must not be asked for again"
    assert not running.local.received
    assert ending(running) == (Ending.UPSTREAM_BROKE, 200)


@pytest.mark.parametrize("behaviour", MIDWAY, ids=lambda one: type(one).__name__)
def test_a_broken_stream_never_says_done(running: RunningGateway, behaviour: Behaviour) -> None:
    """On the wire: an error object as the last event, and no ``[DONE]``."""
    running.external.script(behaviour)
    answer = running.post({"model": "auto", "messages": [user(GENERAL)], "stream": True})
    assert b"[DONE]" not in answer.content
    last = answer.content.rstrip(b"\n").rpartition(b"\n\n")[2].removeprefix(b"data: ")
    assert orjson.loads(last)["error"]["code"] == "upstream_broke"


@pytest.mark.parametrize("behaviour", MIDWAY[:3], ids=lambda one: type(one).__name__)
def test_a_local_model_that_dies_midway_is_no_cloud_call(running: RunningGateway, behaviour: Behaviour) -> None:
    """The sensitive half is as visible an error, and nobody outside is asked for the rest (reported problem 60)."""
    running.local.script(behaviour)
    with running.client() as client, pytest.raises(openai.APIError):
        list(opened(client, SENSITIVE))
    assert not running.external.received


@pytest.mark.parametrize(
    "behaviour", [Break(after=0), Cut(after=0), ErrorEvent(after=0)], ids=lambda one: type(one).__name__
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_vendor_that_fails_before_its_first_word_is_replaced(
    running: RunningGateway, behaviour: Behaviour, stream: bool
) -> None:
    """Nothing was said yet, so the next candidate answers, and the client sees one clean answer (problem 64)."""
    running.external.script(behaviour)
    answer = running.post({"model": "auto", "messages": [user(GENERAL)], "stream": stream})
    assert answer.status_code == 200
    assert answer.headers["x-gateway-backend"] == LOCAL
    assert b"local" in answer.content
    assert [entry.decision.backend for entry in running.entries(answer.headers["x-request-id"])] == [EXTERNAL, LOCAL]


def test_a_client_that_leaves_a_stream_stops_the_vendor(running: RunningGateway) -> None:
    """``stream.close()`` reaches the vendor's connection; nothing goes on being generated and paid for."""
    before = running.external.disconnects
    running.external.script(Stall(after=6))
    with running.client() as client:
        stream = client.chat.completions.create(model="auto", messages=[user(GENERAL)], stream=True)
        assert next(iter(stream))
        stream.close()
        assert running.external.wait_for_disconnect(before + 1, NOTICED_S)
    assert ending(running) == (Ending.CLIENT_DISCONNECTED, 499)


def test_a_client_that_leaves_stops_the_local_model(running: RunningGateway) -> None:
    """A GPU that nobody listens to is free again at once."""
    before = running.local.disconnects
    running.local.script(Stall(after=3))
    with running.client() as client:
        stream = client.chat.completions.create(model="auto", messages=[user(SENSITIVE)], stream=True)
        assert next(iter(stream))
        stream.close()
        assert running.local.wait_for_disconnect(before + 1, NOTICED_S)


def test_a_cancelled_task_stops_the_vendor(running: RunningGateway) -> None:
    """The asynchronous client's way of leaving, before the first word."""
    before = running.external.disconnects
    running.external.script(Delay(30))

    async def ask_and_leave() -> None:
        async with running.async_client() as client:
            asking = asyncio.create_task(
                client.chat.completions.create(model="auto", messages=[user(GENERAL)], stream=True)
            )
            assert await asyncio.to_thread(running.external.wait_for_requests, 1)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    asyncio.run(ask_and_leave())
    assert running.external.wait_for_disconnect(before + 1, NOTICED_S)
    assert ending(running) == (Ending.CLIENT_DISCONNECTED, 499)
    assert not running.local.received, "whoever left needs no other backend"


def test_a_client_that_times_out_stops_the_vendor(running: RunningGateway) -> None:
    """The SDK's own timeout on a whole answer."""
    before = running.external.disconnects
    running.external.script(Delay(30))
    with running.client(timeout=0.5) as client, pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model="auto", messages=[user(GENERAL)])
    if running.external.received:  # on a machine so busy that half a second was too short, there is nothing to stop
        assert running.external.wait_for_disconnect(before + 1, NOTICED_S)


def test_a_client_that_leaves_a_long_answer_midway_stops_the_vendor(running: RunningGateway) -> None:
    """Not only silence is noticed: a vendor that talks without end is cut off, too."""
    answered = running.external.answered
    running.external.script(Say(("x" * 20_000 + " ") * 2_000))  # 40 MB: more than every buffer on the way
    with running.client() as client:
        stream = client.chat.completions.create(model="auto", messages=[user(GENERAL)], stream=True)
        for chunk, _ in zip(stream, range(20), strict=False):
            assert chunk.choices
        stream.close()
        assert ending(running)[0] is Ending.CLIENT_DISCONNECTED
    assert running.external.answered == answered


def test_a_slow_reader_slows_the_vendor_down(running: RunningGateway) -> None:
    """Back-pressure: the gateway holds a bounded piece of the answer, and loses none of it."""
    answered = running.external.answered
    words = 2_000
    running.external.script(Say(("x" * 20_000 + " ") * words))  # 40 MB: more than every buffer on the way
    body = orjson.dumps({"model": "auto", "messages": [user(GENERAL)], "stream": True})
    where = urlsplit(running.base_url)
    with socket.create_connection((where.hostname, where.port), timeout=60) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {where.netloc}\r\nauthorization: Bearer {running.key}\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        wire.sendall(head.encode() + body)
        received = wire.recv(1000)
        time.sleep(1.5)  # the vendor could have said everything by now
        assert running.external.answered == answered
        said, tail = received.count(b"x"), b""
        while piece := wire.recv(1 << 20):
            said += piece.count(b"x")
            tail = (tail + piece)[-200:]
    assert tail.count(b"data: [DONE]\n\n") == 1
    assert said >= words * 20_000
    assert ending(running) == (Ending.COMPLETED, 200)


def test_a_client_that_sends_half_a_request_is_no_request(running: RunningGateway) -> None:
    """A connection lost while the body is sent is decided about by nobody and sent to nobody."""
    where = urlsplit(running.base_url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as wire:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {where.netloc}\r\nauthorization: Bearer {running.key}\r\n"
        wire.sendall(head.encode() + b"content-type: application/json\r\ncontent-length: 500\r\n\r\n" + CARD.encode())
    with running.client() as client:
        client.chat.completions.create(model="auto", messages=[user(GENERAL)])
    assert len(running.external.received) == 1
    assert not running.local.received
