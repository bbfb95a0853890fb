"""The chat endpoint over real connections: whole answers, errors, limits, clients that hang up."""

import asyncio
import json
import logging
import re

import pytest
from ingress_serving import CHAT, COMPLETION, KEY, exchange, provenance, request, run, serving, whole_answer
from openai import AsyncOpenAI, BadRequestError

from gateway.errors import BackendUnavailable, GatewayError, PolicyRefusal, Unavailable, UpstreamRejected
from gateway.model import Answer, Completion, Inbound

CANARY = "canary4012888888881881"


def code(body: bytes) -> str:
    """The code of an error body."""
    return str(json.loads(body)["error"]["code"])


def test_a_whole_answer_is_relayed_byte_for_byte_and_says_who_gave_it() -> None:
    """Status 200, the backend's bytes, and the four headers."""

    async def test() -> None:
        status, headers, body = await exchange()
        assert (status, body) == (200, COMPLETION)
        assert headers["content-type"] == "application/json"
        assert headers["x-gateway-label"] == "restricted"
        assert headers["x-gateway-rule"] == "card,name"
        assert headers["x-gateway-backend"] == "qwen-local"
        assert re.fullmatch(r"req_[0-9a-f]{32}", headers["x-request-id"])

    run(test())


def test_no_rule_is_a_dash() -> None:
    """A header is never empty: some proxies drop those."""

    async def answer(inbound: Inbound) -> Answer:
        return Answer(provenance(inbound, rules=()), completion=Completion(COMPLETION, "tiny", None, "stop"))

    async def test() -> None:
        _, headers, _ = await exchange(answer)
        assert headers["x-gateway-rule"] == "-"

    run(test())


def test_the_answer_function_gets_the_request_under_our_own_id() -> None:
    """Evasion F2: a client's request id, query and headers go no further than this."""
    seen: list[Inbound] = []

    async def answer(inbound: Inbound) -> Answer:
        seen.append(inbound)
        return await whole_answer(inbound)

    async def test() -> None:
        _, headers, _ = await exchange(answer, CHAT, f"x-request-id: {CANARY}", f"x-forwarded-for: {CANARY}")
        assert (seen[0].caller.key_id, seen[0].body, seen[0].request_id) == ("ada", CHAT, headers["x-request-id"])
        assert CANARY not in str(headers) + repr(seen)
        told = dict(seen[0].headers)
        assert told["x-forwarded-for"] == CANARY, "for policies that ask"
        assert not {"authorization", "x-api-key"} & told.keys()

    run(test())


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_body_in_fragments_is_one_request(size: int) -> None:
    """Evasion H3: the answer does not depend on how the bytes were cut, with a length or chunked."""
    body = json.dumps(CHAT).encode()
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    head = request(b"", "x-padding: 1", length=len(body))
    chunked = head.replace(f"content-length: {len(body)}".encode(), b"transfer-encoding: chunked")

    async def test() -> None:
        async with serving() as served:
            for segments in (
                [head, *parts],
                [chunked, *(b"%x\r\n%b\r\n" % (len(part), part) for part in parts), b"0\r\n\r\n"],
            ):
                wire = await served.connect()
                await wire.send(*segments)
                status, _, answer = await wire.reply()
                assert (status, answer) == (200, COMPLETION)
                await wire.hang_up()
            assert await served.statuses(2) == [200, 200]

    run(test())


def test_only_post_is_taken() -> None:
    """405 in OpenAI's shape, with the method that works."""

    async def test() -> None:
        async with serving() as served:
            for method in ("GET", "PUT", "DELETE", "OPTIONS"):
                wire = await served.connect()
                await wire.send(f"{method} /v1/chat/completions HTTP/1.1\r\nhost: a\r\n\r\n".encode())
                status, headers, body = await wire.reply()
                assert (status, code(body), headers["allow"]) == (405, "method_not_allowed", "POST")
                await wire.hang_up()

    run(test())


def test_an_unknown_key_is_refused_before_the_body_is_read() -> None:
    """401 comes while the body is still to be sent, and the connection can be used again after it."""

    async def test() -> None:
        async with serving() as served:
            wire = await served.connect()
            await wire.send(request(b"", key="gw-wrong", length=10))
            status, headers, body = await wire.reply()
            assert (status, code(body)) == (401, "invalid_api_key")
            assert headers["x-request-id"].startswith("req_")
            assert headers["x-should-retry"] == "false"
            await wire.send(b"0123456789", request())
            assert (await wire.reply())[0] == 200
            await wire.hang_up()

    run(test())


@pytest.mark.parametrize(
    ("body", "headers", "status", "error_code"),
    [
        (b"{", (), 400, "malformed_request"),
        (b'{"model":"a","model":"b","messages":[]}', (), 400, "malformed_request"),
        ({"model": "auto"}, (), 400, "malformed_request"),
        (CHAT, ("content-encoding: gzip",), 415, "unsupported_media_type"),
        (CHAT, ("content-type: text/plain",), 415, "unsupported_media_type"),
        ({**CHAT, "x": "y" * 5000}, (), 413, "request_too_large"),
        ({**CHAT, "x": [0] * 200}, (), 413, "request_too_large"),
    ],
)
def test_a_request_that_is_not_taken_never_reaches_the_answer_function(
    body: object, headers: tuple[str, ...], status: int, error_code: str
) -> None:
    """Malformed, too large, compressed, of another type: refused at the door."""

    async def answer(inbound: Inbound) -> Answer:
        raise AssertionError("must not be asked")

    async def test() -> None:
        got, _, content = await exchange(answer, body, *headers, body_bytes=4000, json_nodes=100)
        assert (got, code(content)) == (status, error_code)

    run(test())


def test_too_large_a_body_is_refused_whether_it_says_so_or_not() -> None:
    """The declared size is refused at once, a chunked one when it passes the limit; the connection stays in step."""
    endless = request(b"", length=0).replace(b"content-length: 0", b"transfer-encoding: chunked")
    part = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"

    async def test() -> None:
        async with serving(body_bytes=10_000) as served:
            wire = await served.connect()
            await wire.send(request(b"", length=10_001))
            assert (await wire.reply())[0] == 413
            await wire.send(b"x" * 10_001, request())
            assert (await wire.reply())[0] == 200
            await wire.send(endless, *[part] * 200, b"0\r\n\r\n", request())
            assert [(await wire.reply())[0], (await wire.reply())[0]] == [413, 200]
            await wire.hang_up()

    run(test())


def test_a_body_that_never_comes_is_a_timeout_and_the_connection_closes() -> None:
    """A slow sender cannot hold a place for ever, however it trickles."""

    async def test() -> None:
        async with serving(body_seconds=0.2) as served:
            wire = await served.connect()
            await wire.send(request(b"", length=100), b"{", b" ", b" ", pause_s=0.05)
            status, headers, body = await wire.reply()
            assert (status, code(body), headers["connection"]) == (408, "request_timeout", "close")
            assert await wire.reader.read() == b""
            await wire.hang_up()

    run(test())


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (PolicyRefusal("Remove the private key.", code="live_key"), 403, "false"),
        (UpstreamRejected(429, "slow down", type_="rate_limit", code="rl"), 429, "false"),
        (Unavailable("No local model answers.", retry_after=3), 503, "true"),
    ],
)
def test_an_error_of_the_pipeline_is_rendered(error: GatewayError, status: int, retry: str) -> None:
    """Its own message, type and code, and whether an SDK should try again."""

    async def answer(inbound: Inbound) -> Answer:
        raise error

    async def test() -> None:
        got, headers, body = await exchange(answer)
        assert (got, code(body), headers["x-should-retry"]) == (status, error.code, retry)
        assert json.loads(body)["error"]["message"] == error.message
        assert "x-gateway-backend" not in headers

    run(test())


@pytest.mark.parametrize(
    "defect",
    [ValueError(CANARY), KeyError(CANARY), RecursionError(CANARY), BackendUnavailable(CANARY), OSError(CANARY)],
)
def test_a_defect_is_a_fixed_500_that_echoes_nothing(defect: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Reported problem 57: the answer is fixed, and the log has the type and the place, not the text."""

    async def answer(inbound: Inbound) -> Answer:
        raise defect

    async def test() -> None:
        status, headers, body = await exchange(answer, {**CHAT, "user": CANARY})
        assert (status, code(body)) == (500, "internal_error")
        assert CANARY not in str(headers) + body.decode()
        assert headers["x-request-id"] in caplog.text

    with caplog.at_level(logging.DEBUG):
        run(test())
    ours = [record for record in caplog.records if record.name.startswith("gateway")]
    assert len(ours) == 1
    assert re.search(rf"failed: {type(defect).__name__} at test_chat_endpoint:\d+$", ours[0].getMessage())
    assert CANARY not in caplog.text
    assert ours[0].exc_info is None


def test_an_answer_that_is_none_is_a_defect() -> None:
    """Neither a completion nor chunks: a 500, not an empty 200."""

    async def answer(inbound: Inbound) -> Answer:
        return Answer(provenance(inbound))

    async def test() -> None:
        assert (await exchange(answer))[0] == 500

    run(test())


def test_a_client_that_hangs_up_cancels_what_is_done_for_it() -> None:
    """The waiting answer is cancelled where it waits; nobody is answered, and nothing is logged as an error."""

    async def test() -> None:
        asked, cancelled = asyncio.Event(), asyncio.Event()

        async def answer(inbound: Inbound) -> Answer:
            asked.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            raise AssertionError("never comes here")

        async with serving(answer) as served:
            wire = await served.connect()
            await wire.post()
            await asked.wait()
            await wire.hang_up()
            await asyncio.wait_for(cancelled.wait(), 1)
            assert await served.statuses(1) == [499]

    run(test())


def test_a_client_that_hangs_up_while_sending_is_forgotten() -> None:
    """Half a body and a closed connection: no answer is asked for."""

    async def answer(inbound: Inbound) -> Answer:
        raise AssertionError("must not be asked")

    async def test() -> None:
        async with serving(answer) as served:
            wire = await served.connect()
            await wire.send(request(b'{"model"', length=100))
            await asyncio.sleep(0.05)
            await wire.hang_up()
            assert await served.statuses(1) == [499]

    run(test())


def test_one_request_too_many_is_told_to_come_back() -> None:
    """The limit counts requests in flight, and a place that becomes free is given away again."""

    async def test() -> None:
        release = asyncio.Event()

        async def answer(inbound: Inbound) -> Answer:
            await release.wait()
            return await whole_answer(inbound)

        async with serving(answer, concurrent=2) as served:
            wires = [await served.connect() for _ in range(3)]
            for wire in wires:
                await wire.post()
            status, headers, body = await wires[2].reply()
            assert (status, code(body)) == (503, "overloaded")
            assert (headers["retry-after"], headers["x-should-retry"]) == ("1", "true")
            release.set()
            for wire in wires[:2]:
                assert (await wire.reply())[0] == 200
            await wires[2].post()
            assert (await wires[2].reply())[0] == 200
            for wire in wires:
                await wire.hang_up()
            assert sorted(await served.statuses(4)) == [200, 200, 200, 503]

    run(test())


def test_every_request_is_observed_once_with_its_seconds() -> None:
    """Whatever becomes of it."""

    async def test() -> None:
        async with serving() as served:
            wire = await served.connect()
            for body in (CHAT, b"{", CHAT):
                await wire.post(body)
                await wire.reply()
            await wire.hang_up()
            observed = [served.observed.get_nowait() for _ in range(3)]
            assert [status for status, _ in observed] == [200, 400, 200]
            assert all(0 < seconds < 30 for _, seconds in observed)
            assert served.observed.empty()

    run(test())


def test_the_real_sdk_gets_answers_and_typed_errors() -> None:
    """openai-python, unmodified, with nothing but its base URL changed."""

    async def answer(inbound: Inbound) -> Answer:
        if inbound.wanted_model == "bad":
            raise UpstreamRejected(400, "too long", type_="invalid_request_error", code="context_length_exceeded")
        return await whole_answer(inbound)

    async def test() -> None:
        async with (
            serving(answer) as served,
            AsyncOpenAI(base_url=f"http://127.0.0.1:{served.port}/v1", api_key=KEY, max_retries=0) as client,
        ):
            question = [{"role": "user", "content": "Why?"}]
            completion = await client.chat.completions.create(model="auto", messages=question)
            assert completion.choices[0].message.content == "Rayleigh."
            assert (completion._request_id or "").startswith("req_")
            with pytest.raises(BadRequestError) as caught:
                await client.chat.completions.create(model="bad", messages=question)
            assert (caught.value.code, caught.value.type) == ("context_length_exceeded", "invalid_request_error")

    run(test())
