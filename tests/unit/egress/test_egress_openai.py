"""The OpenAI format: what is written for a server, and how answers, streams and errors are read."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
import pytest
from egress_support import HELLO, backend, inbound, run
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk
from pydantic import SecretStr

from gateway.egress.openai import OpenAIFormat
from gateway.errors import Untranslatable, UpstreamBroke, UpstreamRejected
from gateway.model import Chunk, Draft, Usage

FORMAT = OpenAIFormat()
TO = backend("https://api.example/v1/", api_key=SecretStr("key-of-the-gateway"))


def draft(body: Mapping[str, Any] = HELLO, **changes: Any) -> Draft:
    to = backend("https://api.example/v1/", **({"api_key": TO.api_key} | changes))
    return FORMAT.draft(inbound(body), to, to.default_model)


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def chunks(*parts: bytes) -> list[Chunk]:
    async def collect() -> list[Chunk]:
        return [chunk async for chunk in FORMAT.read_stream(draft({**HELLO, "stream": True}), pieces(*parts))]

    return run(collect())


def broken(*parts: bytes) -> str:
    with pytest.raises(UpstreamBroke) as broke:
        chunks(*parts)
    return broke.value.reason


def delta(index: int = 0, reason: str | None = None, **more: Any) -> bytes:
    choice = {"index": index, "delta": {"content": "x"}, "finish_reason": reason, **more}
    return orjson.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})


def event(data: bytes, end: bytes = b"\n") -> bytes:
    return b"data: " + data + end + end


DONE = b"data: [DONE]\n\n"
USAGE = b'{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":4}}}'  # fmt: skip  # noqa: E501 - one line, as servers send it


# Writing


def test_a_draft_is_the_clients_object_with_the_servers_own_model_name() -> None:
    """Everything else is carried as it is, unknown fields included; inspection judges them."""
    body = {**HELLO, "store": True, "metadata": {"a": "b"}, "x_unknown": [1, 2.5, None], "temperature": 0.2, "n": 2}
    made = draft(body)
    assert orjson.loads(made.body) == {**body, "model": "their-name"}
    assert (made.url, made.model, made.stream) == ("https://api.example/v1/chat/completions", "their-name", False)


def test_the_headers_are_the_gateways_alone() -> None:
    """Type, accept, identity encoding, its own name and its own key: complete, and nothing of the client's."""
    assert draft().headers == (
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("user-agent", "hybrid-llm-gateway/0.1.0"),
        ("authorization", "Bearer key-of-the-gateway"),
    )
    assert "authorization" not in dict(draft(api_key=None).headers)
    assert dict(draft({**HELLO, "stream": True}).headers)["accept"] == "text/event-stream"


def test_a_stream_is_asked_to_report_its_usage_and_keeps_the_clients_options() -> None:
    """``include_usage`` is set whatever the client said; other options stay."""
    options: tuple[Any, ...] = (None, {}, {"include_usage": False}, {"include_obfuscation": False})
    for given_options in options:
        sent = orjson.loads(draft({**HELLO, "stream": True, "stream_options": given_options}).body)
        assert sent["stream_options"] == {**(given_options or {}), "include_usage": True}
    assert "stream_options" not in orjson.loads(draft().body)


def test_stream_options_that_are_no_object_are_refused_not_replaced() -> None:
    """Nothing the client asked for is dropped in silence."""
    with pytest.raises(Untranslatable) as refused:
        draft({**HELLO, "stream": True, "stream_options": "secret"})
    assert refused.value.param == "stream_options"
    assert "secret" not in str(refused.value)


def test_what_json_cannot_carry_is_refused_without_being_shown() -> None:
    """A lone surrogate has no UTF-8: evasion J4. The error names no value and chains none."""
    with pytest.raises(Untranslatable) as refused:
        draft({**HELLO, "user": "secret \ud800"})
    assert "secret" not in str(refused.value)
    assert refused.value.__context__ is None


def test_the_clients_object_is_not_changed() -> None:
    """The next candidate is drafted from the same object."""
    body = {**HELLO, "stream": True}
    before = orjson.dumps(body)
    draft(body)
    assert orjson.dumps(body) == before


_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_NUMBER = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBER | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_TEXT, _JSON, max_size=5))
def test_any_object_is_carried_whole(body: dict[str, Any]) -> None:
    """Same values in, same values out, for every JSON object: nothing removed, nothing repaired."""
    body.pop("stream", None)
    assert orjson.loads(draft(body).body) == {**body, "model": "their-name"}


# Whole answers


def answer(**changes: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}
    return orjson.dumps({"id": "c", "object": "chat.completion", "model": "m", "choices": [choice]} | changes)


def test_a_whole_answer_is_relayed_byte_for_byte() -> None:
    """Odd spacing, vendor extras and leading blank lines (a vendor's keep-alive) survive."""
    body = b'\n\n{ "choices" : [{"finish_reason":"length","logprobs":null}], "timings":{"a":1.0}, "model":"real" }'
    read = FORMAT.read(draft(), body)
    assert (read.body, read.model, read.finish_reason, read.usage) == (body, "real", "length", None)


def test_usage_counts_are_read_as_openai_counts_them() -> None:
    """Prompt tokens include cached ones; anything that is no count is no usage."""
    usage: dict[str, Any] = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}
    assert FORMAT.read(draft(), answer(usage=usage)).usage == Usage(9, 3, 4)
    for odd in (None, [], {"prompt_tokens": "9"}, {"prompt_tokens": -1}, {"prompt_tokens": True}, {"total_tokens": 1}):
        assert FORMAT.read(draft(), answer(usage=odd)).usage is None
    assert FORMAT.read(draft(), answer(usage={"prompt_tokens": 9})).usage == Usage(9, 0)


def test_an_answer_without_model_is_named_after_the_one_asked() -> None:
    """The record says who answered even where the server does not."""
    assert FORMAT.read(draft(), answer(model=None)).model == "their-name"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>It works!</html>",
        b"[]",
        b'"x"',
        b"{}",
        b'{"choices":{}}',
        b'{"choices":[',
        b"data: {}\n\n",
        b"\xff",
    ],
)
def test_what_is_no_answer_is_garbage(body: bytes) -> None:
    """A 200 alone does not make an answer."""
    with pytest.raises(UpstreamBroke) as broke:
        FORMAT.read(draft(), body)
    assert broke.value.reason == "garbage"
    assert broke.value.__context__ is None


def test_an_error_under_status_200_is_an_error() -> None:
    """Some routers answer 200 with an error inside; whose fault it is decides who sees it."""
    with pytest.raises(UpstreamBroke, match="error_event"):
        FORMAT.read(draft(), b'{"error":{"message":"overloaded","code":503}}')
    with pytest.raises(UpstreamRejected) as rejected:
        FORMAT.read(draft(), b'{"error":{"message":"too long","code":400}}')
    assert (rejected.value.status, rejected.value.message) == (400, "too long")
    assert FORMAT.read(draft(), answer(error=None)).finish_reason == "stop"


# Streams


def test_chunks_are_relayed_unaltered_with_what_was_read_from_them() -> None:
    """Payload bytes, finish reason and usage; the usage chunk is marked so that it can be left out."""
    read = chunks(event(delta()) + event(delta(reason="stop")) + event(USAGE) + DONE)
    assert [chunk.data for chunk in read] == [delta(), delta(reason="stop"), USAGE]
    assert [chunk.finish_reason for chunk in read] == [None, "stop", None]
    assert [chunk.usage for chunk in read] == [None, None, Usage(9, 3, 4)]
    assert [chunk.usage_only for chunk in read] == [False, False, True]
    for chunk in read:
        ChatCompletionChunk.model_validate_json(chunk.data)


def test_server_quirks_are_tolerated() -> None:
    """CRLF, comments, named events, vLLM's ``reasoning``, llama.cpp's ``content: null`` and ``timings``."""
    vllm = delta(delta={"reasoning": "hm", "content": None}, stop_reason=None, token_ids=[1])
    last = orjson.dumps(orjson.loads(delta(reason="stop")) | {"timings": {"ms": 1.5}, "error": None})
    stream = b": keep-alive\r\n\r\n" + event(vllm, b"\r\n") + b"event: message\r\n" + event(last, b"\r\n")
    assert [chunk.data for chunk in chunks(stream, b"data: [DONE]\r\n\r\n")] == [vllm, last]


def test_usage_beside_choices_is_read_and_not_left_out() -> None:
    """Gemini reports usage on a chunk that also carries text."""
    both = orjson.dumps(orjson.loads(delta(reason="stop")) | {"usage": {"prompt_tokens": 1, "completion_tokens": 2}})
    (chunk,) = chunks(event(both), DONE)
    assert (chunk.usage, chunk.usage_only) == (Usage(1, 2), False)


def test_a_chunk_without_choices_and_usage_is_kept() -> None:
    """Azure opens with a chunk of prompt filter results: not usage, so not left out."""
    opening = b'{"choices":[],"prompt_filter_results":[]}'
    assert [chunk.usage_only for chunk in chunks(event(opening), event(delta(reason="stop")), DONE)] == [False, False]


def test_a_payload_on_several_lines_becomes_one_line() -> None:
    """It is framed anew for the client, where a line break would end the event."""
    (chunk,) = chunks(b'data: {"choices":[{"index":0,\ndata: "finish_reason":"stop"}]}\n\n', DONE)
    assert b"\n" not in chunk.data
    assert orjson.loads(chunk.data) == {"choices": [{"index": 0, "finish_reason": "stop"}]}


def test_a_missing_done_is_forgiven_once_every_choice_has_finished() -> None:
    """llama.cpp and Ollama quirk; also a final [DONE] whose blank line never came."""
    assert len(chunks(event(delta()) + event(delta(reason="stop")))) == 2
    assert len(chunks(event(delta(reason="stop")) + b"data: [DONE]")) == 1
    assert len(chunks(event(delta(0, "stop")), event(delta(1)), event(delta(1, "length")))) == 3


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ((event(delta()),), "no_finish_reason"),
        ((event(delta()), DONE), "no_finish_reason"),
        ((event(delta(0, "stop")), event(delta(1)), DONE), "no_finish_reason"),
        ((event(delta(0, "stop")), event(delta(1))), "no_finish_reason"),
        ((), "empty_stream"),
        ((DONE,), "empty_stream"),
        ((b": ping\n\n",), "empty_stream"),
        ((event(delta(reason="stop")), b'data: {"choices"'), "partial_event"),
        ((event(delta()), delta()), "no_finish_reason"),
        ((b"<html>It works!</html>",), "empty_stream"),
        ((event(b"<html>"),), "garbage"),
        ((event(b"[1]"),), "garbage"),
        ((event(b'{"choices":{}}'),), "garbage"),
        ((event(b'{"choices":[1]}'),), "garbage"),
        ((event(b'{"choices":[{"index":[]}]}'),), "garbage"),
        ((event(delta()), event(b'{"error":{"message":"x","code":500}}')), "error_event"),
        ((event(delta()), event(b'{"error":"x"}')), "error_event"),
        ((event(delta()), b"event: error\ndata: {}\n\n"), "error_event"),
        ((event(b'{"error":{"message":"overloaded","code":503}}'),), "error_event"),
    ],
)
def test_a_stream_that_was_not_completed_is_broken(parts: tuple[bytes, ...], reason: str) -> None:
    """Reported problem 64: an upstream that dies midway must not look like a normal end."""
    assert broken(*parts) == reason


def test_chunks_before_the_break_are_delivered() -> None:
    """What arrived is relayed at once; the error comes after it."""

    async def collect() -> list[bytes]:
        stream = FORMAT.read_stream(draft(), pieces(event(delta()), event(b'{"error":"x"}')))
        first = await anext(stream)
        with pytest.raises(UpstreamBroke):
            await anext(stream)
        return [first.data]

    assert run(collect()) == [delta()]


@pytest.mark.parametrize(
    "error",
    [
        {"message": "too long", "type": "BadRequestError", "code": 400},
        {"message": "too long", "type": "invalid_request_error", "code": None},
        {"message": "too long", "type": None, "code": "content_filter"},
    ],
)
def test_a_first_event_that_blames_the_request_is_a_rejection(error: dict[str, Any]) -> None:
    """vLLM reports some bad requests in the stream; nobody else is asked then (reported problem 62)."""
    with pytest.raises(UpstreamRejected) as rejected:
        chunks(event(orjson.dumps({"error": error})))
    assert (rejected.value.status, rejected.value.message) == (400, "too long")


def test_a_late_error_is_a_broken_stream_whatever_it_says() -> None:
    """After the first chunk a rejection would come too late to be one."""
    assert broken(event(delta()), event(b'{"error":{"message":"x","code":400}}')) == "error_event"


def test_nothing_after_done_is_read() -> None:
    """[DONE] ends the answer; a reader does not wait for what a server may add."""

    async def never_ending() -> AsyncIterator[bytes]:
        yield event(delta(reason="stop")) + DONE + event(b"garbage")
        await asyncio.Event().wait()

    async def collect() -> int:
        return len([chunk async for chunk in FORMAT.read_stream(draft(), never_ending())])

    assert run(collect()) == 1


@given(cuts=st.lists(st.integers(0, 700), max_size=10), crlf=st.booleans())
def test_any_split_of_the_bytes_reads_the_same(cuts: list[int], crlf: bool) -> None:
    """The network's pieces change nothing."""
    end = b"\r\n" if crlf else b"\n"
    stream = event(delta(), end) + event(delta(reason="stop"), end) + event(USAGE, end) + event(b"[DONE]", end)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    parts = [stream[start:stop] for start, stop in itertools.pairwise(edges)]
    assert [chunk.data for chunk in chunks(*parts)] == [delta(), delta(reason="stop"), USAGE]


# Errors


def test_a_vendors_error_is_passed_on() -> None:
    """Message, type, param and code reach the client; unknown fields do not."""
    body = b'{"error":{"message":"Bad temperature","type":"invalid_request_error","param":"temperature","code":"bad"}}'
    error = FORMAT.read_error(draft(), 400, body)
    assert (error.status, error.message, error.type, error.param, error.code) == (
        400, "Bad temperature", "invalid_request_error", "temperature", "bad",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (b'{"error":{"message":"m","type":"NotFoundError","param":"model","code":404}}', "m", "404"),
        (b'[{"error":{"message":"m","code":400,"status":"INVALID_ARGUMENT"}}]', "m", "400"),
        (b'{"error":"m"}', "m", "upstream_rejected"),
        (b'{"object":"error","message":"m","code":40001}', "m", "40001"),
        (b'{"detail":"m"}', "m", "upstream_rejected"),
    ],
    ids=["vLLM number", "Gemini array", "Ollama string", "bare object", "FastAPI"],
)
def test_the_error_shapes_of_other_servers_are_understood(body: bytes, message: str, code: str) -> None:
    """Numeric codes become strings, as OpenAI clients expect."""
    error = FORMAT.read_error(draft(), 422, body)
    assert (error.message, error.code, error.status) == (message, code, 422)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"7", b'{"error":7}', b'{"error":{}}', b'{"detail":[{"input":"secret"}]}']
)
def test_an_error_body_that_says_nothing_gets_a_fixed_message(body: bytes) -> None:
    """No HTML and no nested echo of the input reaches the client."""
    error = FORMAT.read_error(draft(), 400, body)
    assert error.message.startswith("The model server rejected the request")
    assert error.code == "upstream_rejected"


def test_an_error_message_is_bounded_and_never_quotes_the_gateways_key() -> None:
    """2 kB are passed on; a message with the key in it is dropped whole."""
    long = orjson.dumps({"error": {"message": "x" * 5000, "type": "t" * 500}})
    error = FORMAT.read_error(draft(), 400, long)
    assert (len(error.message), len(error.type)) == (2048, 128)
    quoting = orjson.dumps({"error": {"message": "bad key key-of-the-gateway"}})
    assert "key-of" not in FORMAT.read_error(draft(), 400, quoting).message


@given(st.binary(max_size=200) | _JSON.map(orjson.dumps) | st.dictionaries(st.just("error"), _JSON).map(orjson.dumps))
def test_no_error_body_can_break_the_reading(body: bytes) -> None:
    """Whatever a server answers becomes a rejection with text in it, never another exception."""
    error = FORMAT.read_error(draft(), 400, body)
    assert error.message
    assert isinstance(error.code, str)


_ANSWER = st.dictionaries(st.sampled_from(["choices", "error", "usage"]), _JSON).map(orjson.dumps)


@given(st.binary(max_size=120) | _JSON.map(orjson.dumps) | _ANSWER)
def test_whatever_a_server_answers_is_read_or_broken(body: bytes) -> None:
    """Either an answer or one of the two errors, never any other error: whole and streamed."""
    with contextlib.suppress(UpstreamBroke, UpstreamRejected):
        FORMAT.read(draft(), body)
    with contextlib.suppress(UpstreamBroke, UpstreamRejected):
        chunks(event(body.replace(b"\n", b"").replace(b"\r", b"")), DONE)
