"""Errors as the SDK's exceptions: the right class, a message that helps, and nothing of the request in it."""

import asyncio
import gzip
from typing import Any

import httpx2
import openai
import orjson
import pytest
from contract_values import GENERAL, SENSITIVE, user
from support.gateway_process import RunningGateway

from gateway.testing import Fail

CANARY = "canary-5fa3"


def quiet(running: RunningGateway, before: int) -> bool:
    """Whether nothing was decided, sent or logged about the canary."""
    return (
        len(running.entries()) == before
        and not running.external.received
        and not running.local.received
        and CANARY not in running.logs.text
    )


@pytest.fixture
def records(with_gpt: RunningGateway) -> int:
    """How many decisions are on record before the test."""
    return len(with_gpt.entries())


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": CANARY}, "messages"),
        ({"messages": [CANARY]}, "messages.0"),
        ({"messages": [{"role": CANARY, "content": "x"}]}, "messages.0.role"),
        ({"messages": [user(7)]}, "messages.0.content"),
        ({"messages": [user(None)]}, "messages.0.content"),
        ({"messages": [user([CANARY])]}, "messages.0.content.0"),
        ({"messages": [user([{"type": "text", "text": [CANARY]}])]}, "messages.0.content.0.text"),
        ({"temperature": CANARY}, "temperature"),
        ({"max_tokens": True}, "max_tokens"),
        ({"n": 1.5}, "n"),
        ({"tools": {CANARY: 1}}, "tools"),
        ({"tools": [CANARY]}, "tools.0"),
        ({"stream_options": CANARY}, "stream_options"),
        ({"response_format": CANARY}, "response_format"),
        ({"model": ""}, "model"),
        ({"model": CANARY * 100}, "model"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_body_is_a_bad_request(
    with_gpt: RunningGateway, records: int, body: dict[str, Any], param: str
) -> None:
    """400 with the place in ``param`` and what belongs there, as OpenAI's own API answers."""
    given: dict[str, Any] = {"model": "auto", "messages": [user(CANARY)], **body}
    with with_gpt.client(max_retries=2) as client, pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", body=given, cast_to=httpx2.Response)
    error = caught.value
    assert (error.type, error.code, error.param) == ("invalid_request_error", "malformed_request", param)
    assert error.message.partition("must be")[2]
    assert CANARY not in error.response.text
    assert quiet(with_gpt, records)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"{", "not valid JSON"),
        (b'["%s"]' % CANARY.encode(), "must be a JSON object"),
        (b'{"model": "auto", "model": "%s"}' % CANARY.encode(), "same key twice"),
        (b'{"model": "auto", "\\u006dodel": "%s"}' % CANARY.encode(), "same key twice"),
        (b'{"%s": NaN}' % CANARY.encode(), "not valid JSON"),
        (b'{"%s": 1e999}' % CANARY.encode(), "beyond the range"),
        (b'{"%s": 99999999999999999999999}' % CANARY.encode(), "64"),
        (b'{"%s": "\\ud800"}' % CANARY.encode(), "lone surrogate"),
        (b'{"%s": "\xff"}' % CANARY.encode(), "not UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", "levels deep"),
        (b"{} " + CANARY.encode(), "goes on after"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_body_that_is_no_clear_json_is_a_bad_request(
    with_gpt: RunningGateway, records: int, body: bytes, says: str
) -> None:
    """What two readers could understand differently is refused, never repaired (evasions J1, J4, J5)."""
    answer = with_gpt.post(body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "malformed_request")
    assert says in error["message"]
    assert CANARY not in answer.text
    assert answer.headers["x-should-retry"] == "false"
    assert quiet(with_gpt, records)


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-encoding": "gzip"},
        {"content-encoding": "zstd"},
        {"content-encoding": CANARY},
    ],
    ids=lambda headers: "=".join(next(iter(headers.items()))),
)
def test_another_content_type_or_encoding_is_not_taken(
    with_gpt: RunningGateway, records: int, headers: dict[str, str]
) -> None:
    """415 that says what to send instead (reported problem 11: a compressed body must not pass unread)."""
    body = orjson.dumps({"model": "auto", "messages": [user(CANARY)]})
    answer = with_gpt.post(gzip.compress(body) if headers.get("content-encoding") == "gzip" else body, headers)
    assert answer.status_code == 415
    message = answer.json()["error"]["message"]
    assert "application/json" in message or "without content-encoding" in message
    assert CANARY not in answer.text
    assert quiet(with_gpt, records)


def test_the_sdk_raises_its_status_error_for_415(with_gpt: RunningGateway) -> None:
    """A client that sets its own content type."""
    with with_gpt.client(max_retries=2) as client, pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(
            model="auto", messages=[user(GENERAL)], extra_headers={"content-type": "text/plain"}
        )
    assert (caught.value.status_code, caught.value.code) == (415, "unsupported_media_type")
    assert not with_gpt.external.received


def test_too_large_a_body_is_refused_before_it_is_read(with_gpt: RunningGateway, records: int) -> None:
    """413 with the limit, announced length or not."""
    with with_gpt.client(max_retries=2) as client, pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model="auto", messages=[user(CANARY + "x" * 1_000_000)])
    assert (caught.value.status_code, caught.value.code) == (413, "request_too_large")
    assert "1000000 bytes" in caught.value.message
    assert CANARY not in caught.value.response.text
    assert quiet(with_gpt, records)


@pytest.mark.parametrize("key", ["gw-" + "x" * 43, CANARY, ""])
def test_an_unknown_key_is_an_authentication_error(with_gpt: RunningGateway, records: int, key: str) -> None:
    """401 before the body is looked at; models are listed to nobody either."""
    with with_gpt.client(api_key=key or "-", max_retries=2) as client:
        for call in (
            lambda: client.chat.completions.create(model="auto", messages=[user(SENSITIVE)]),
            client.models.list,
            lambda: client.models.retrieve("auto"),
        ):
            with pytest.raises(openai.AuthenticationError) as caught:
                call()
            assert (caught.value.code, caught.value.type) == ("invalid_api_key", "authentication_error")
            assert caught.value.response.headers["www-authenticate"] == "Bearer"
            assert caught.value.response.headers["x-should-retry"] == "false"
            assert CANARY not in caught.value.response.text
    assert quiet(with_gpt, records)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-api-key": "{key}", "authorization": ""}, 401),
        ({"authorization": "Basic {key}"}, 401),
        ({"x-api-key": "another"}, 401),
        ({"x-api-key": "{key}"}, 200),
        ({"authorization": "bearer {key}"}, 200),
    ],
)
def test_ways_to_send_the_key(with_gpt: RunningGateway, headers: dict[str, str], status: int) -> None:
    """Bearer or x-api-key; two different ones are nobody's."""
    given = {name: value.format(key=with_gpt.key) for name, value in headers.items()}
    answer = with_gpt.post({"model": "auto", "messages": [user(GENERAL)]}, given)
    assert answer.status_code == status


def test_the_key_alone_in_x_api_key_is_enough(with_gpt: RunningGateway) -> None:
    """As clients of other vendors send it."""
    with httpx2.Client(trust_env=False) as http:
        answer = http.post(
            with_gpt.chat_url,
            headers={"x-api-key": with_gpt.key},
            json={"model": "auto", "messages": [user(GENERAL)]},
        )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/embeddings",
        "/responses",
        "/completions",
        "/messages",
        "/files",
        "/batches",
        "/chat/completions/",
        "/canary-5fa3",
    ],
)
def test_what_is_not_served_is_not_found(with_gpt: RunningGateway, records: int, path: str) -> None:
    """No wildcard forwards what nobody inspects: 404 in OpenAI's shape (reported problems 1, 8, 10)."""
    with with_gpt.client(max_retries=2) as client, pytest.raises(openai.NotFoundError) as caught:
        client.post(path, body={"input": CANARY, "model": "auto"}, cast_to=httpx2.Response)
    assert caught.value.code == "not_found"
    assert "/docs" in caught.value.message
    assert CANARY not in caught.value.response.text
    assert quiet(with_gpt, records)


def test_the_sdks_other_resources_fail_with_its_own_exception(with_gpt: RunningGateway) -> None:
    """A user of embeddings or responses gets NotFoundError, not a connection or parse error."""
    with with_gpt.client() as client:
        with pytest.raises(openai.NotFoundError):
            client.embeddings.create(model="auto", input=CANARY)
        with pytest.raises(openai.NotFoundError):
            client.responses.create(model="auto", input=CANARY)
        with pytest.raises(openai.NotFoundError):
            client.completions.create(model="auto", prompt=CANARY)
    assert not with_gpt.external.received


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_another_method_is_not_allowed(with_gpt: RunningGateway, method: str) -> None:
    """405 that names the method to use."""
    with httpx2.Client(trust_env=False) as http:
        answer = http.request(method, with_gpt.chat_url, headers={"authorization": f"Bearer {with_gpt.key}"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert method == "HEAD" or answer.json()["error"]["code"] == "method_not_allowed"


def test_another_method_on_the_models_is_not_allowed(with_gpt: RunningGateway) -> None:
    """As for a client that wants to delete one."""
    with with_gpt.client() as client, pytest.raises(openai.APIStatusError) as caught:
        client.models.delete("auto")
    assert (caught.value.status_code, caught.value.code) == (405, "method_not_allowed")
    assert caught.value.response.headers["allow"] == "GET"


def test_errors_are_the_same_for_the_asynchronous_client(with_gpt: RunningGateway) -> None:
    """One class of exceptions for both clients."""

    async def ask() -> None:
        async with with_gpt.async_client() as client:
            with pytest.raises(openai.BadRequestError):
                await client.chat.completions.create(model="auto", messages=[])
            with pytest.raises(openai.NotFoundError):
                await client.chat.completions.create(model="gpt-9", messages=[user(GENERAL)], stream=True)

    asyncio.run(ask())


def test_every_error_carries_a_request_id(with_gpt: RunningGateway) -> None:
    """``request_id`` of the exception is what somebody quotes to the operator; the client's own is not taken over."""
    with with_gpt.client() as client, pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="auto", messages=[], extra_headers={"x-request-id": CANARY})
    assert (caught.value.request_id or "").startswith("req_")


def test_a_vendors_error_does_not_echo_the_prompt_into_the_log(with_gpt: RunningGateway) -> None:
    """Vendors quote what they dislike: its author may read that; log, records and metrics may not (problem 57)."""
    with_gpt.external.script(Fail(400, f"Invalid value: {CANARY}"))
    with with_gpt.client() as client, pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="auto", messages=[user(CANARY)])
    assert CANARY not in with_gpt.logs.text
    assert CANARY not in with_gpt.metrics()
    with_gpt.entries()
    assert CANARY.encode() not in with_gpt.records.read_bytes()
