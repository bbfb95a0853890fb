"""The event stream of the Messages API as chunks, read by the openai SDK's own types."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from gateway.egress.anthropic import AnthropicFormat
from gateway.errors import UpstreamBroke, UpstreamRejected
from gateway.model import Backend, Chunk, Draft, Usage, WireFormat

BACKEND = Backend(
    "claude", WireFormat.ANTHROPIC, "https://api.anthropic.com", {"claude": "claude-opus-4-8"}, "internal"
)
DRAFT = Draft(BACKEND, "https://api.anthropic.com/v1/messages", (), b"{}", "claude-opus-4-8", True)


def start(**usage: int) -> dict[str, Any]:
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-4-8-20260528",
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 10, "output_tokens": 1} | usage,
    }
    return {"type": "message_start", "message": message}


def opened(index: int, kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind} | more}


def delta(index: int, kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind} | more}


def closed(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def end(stop: Any = "end_turn", **usage: int) -> list[dict[str, Any]]:
    finish = {
        "type": "message_delta",
        "delta": {"stop_reason": stop, "stop_sequence": None},
        "usage": {"output_tokens": 5} | usage,
    }
    return [finish, {"type": "message_stop"}]


def spoken(index: int, *words: str) -> list[dict[str, Any]]:
    return [opened(index, "text", text=""), *(delta(index, "text_delta", text=word) for word in words), closed(index)]


def called(index: int, call_id: str, *parts: str, **whole: Any) -> list[dict[str, Any]]:
    first = opened(index, "tool_use", id=call_id, name="weather", input=whole)
    return [first, *(delta(index, "input_json_delta", partial_json=part) for part in parts), closed(index)]


def framed(events: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), orjson.dumps(event)) for event in events)


def read(pieces: Iterable[bytes]) -> list[Chunk]:
    """Every chunk of a stream that arrives in these pieces; raises what reading raises."""

    async def arriving() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def collect() -> list[Chunk]:
        stream = AnthropicFormat(clock=lambda: 1_700_000_000.5).read_stream(DRAFT, arriving())
        return [chunk async for chunk in stream]

    return asyncio.run(collect())


def read_events(*events: dict[str, Any]) -> list[Chunk]:
    return read([framed(events)])


def parsed(chunks: Iterable[Chunk]) -> list[ChatCompletionChunk]:
    return [ChatCompletionChunk.model_validate_json(chunk.data, strict=True) for chunk in chunks]


def deltas(chunks: Iterable[Chunk]) -> list[dict[str, Any]]:
    """The deltas, without the role that every stream begins with."""
    all_of_them = [orjson.loads(chunk.data)["choices"] for chunk in chunks]
    return [choices[0]["delta"] for choices in all_of_them if choices][1:]


def breaks(*events: dict[str, Any]) -> str:
    with pytest.raises(UpstreamBroke) as caught:
        read_events(*events)
    assert caught.value.__context__ is None
    return caught.value.reason


# Text


def test_a_stream_of_text() -> None:
    """First the role, then the words as they come, then the finish reason, then the usage without choices."""
    chunks = read_events(start(), {"type": "ping"}, *spoken(0, "Hel", "lo"), *end())
    first, hel, lo, finish, usage = parsed(chunks)
    assert first.choices[0].delta.role == "assistant"
    assert [each.choices[0].delta.content for each in (hel, lo)] == ["Hel", "lo"]
    assert finish.choices[0].finish_reason == "stop"
    assert usage.choices == []
    assert usage.usage is not None
    assert (usage.usage.prompt_tokens, usage.usage.completion_tokens) == (10, 5)
    assert {(each.id, each.model, each.created) for each in parsed(chunks)} == {
        ("msg_1", "claude-opus-4-8-20260528", 1_700_000_000)
    }


def test_only_the_last_chunks_say_how_it_ended() -> None:
    """Finish reason and usage are marked for the gateway's own record."""
    chunks = read_events(start(), *spoken(0, "a"), *end())
    assert [chunk.finish_reason for chunk in chunks] == [None, None, "stop", None]
    assert [chunk.usage_only for chunk in chunks] == [False, False, False, True]
    assert chunks[-1].usage == Usage(prompt=10, completion=5)


def test_usage_is_cumulative_and_counts_the_cache() -> None:
    """The last number stands, not the sum (BerriAI/litellm#31069); a later 0 is no news."""
    chunks = read_events(
        start(cache_read_input_tokens=100, cache_creation_input_tokens=20),
        *spoken(0, "a"),
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 3}},
        *end(input_tokens=0, output_tokens=7),
    )
    assert chunks[-1].usage == Usage(prompt=130, completion=7, cached=100)


def test_a_server_without_usage_gets_no_usage_chunk() -> None:
    """Nothing is invented."""
    begin = start()
    del begin["message"]["usage"]
    finish, stop = end()
    del finish["usage"]
    assert not any(chunk.usage_only for chunk in read_events(begin, *spoken(0, "a"), finish, stop))


def test_events_newer_than_the_gateway_and_pings_are_dropped() -> None:
    """The vendor adds event types within one version and asks clients to ignore them."""
    new = {"type": "content_block_mood", "index": 0}
    assert deltas(read_events(start(), {"type": "ping"}, *spoken(0, "a"), new, {"type": "ping"}, *end())) == [
        {"content": "a"},
        {},
    ]


def test_empty_pieces_and_citations_say_nothing() -> None:
    """No chunk for them."""
    citation = {"type": "char_location", "cited_text": "x", "document_index": 0}
    events = [
        opened(0, "text", text=""),
        delta(0, "text_delta", text=""),
        delta(0, "citations_delta", citation=citation),
        closed(0),
    ]
    assert deltas(read_events(start(), *events, *end())) == [{}]


def test_text_that_comes_with_the_opening_event_is_kept() -> None:
    """Some servers send the first words there."""
    assert deltas(read_events(start(), opened(0, "text", text="Hi"), closed(0), *end())) == [{"content": "Hi"}, {}]


# Thinking


def test_thinking_is_reasoning_and_never_content() -> None:
    """Whatever block its delta stands in (BerriAI/litellm#26916, #33224)."""
    thinking = [opened(0, "thinking", thinking="", signature=""), delta(0, "thinking_delta", thinking="hm"), closed(0)]
    stray = [
        opened(1, "text", text=""),
        delta(1, "thinking_delta", thinking="!"),
        delta(1, "text_delta", text="42"),
        closed(1),
    ]
    assert deltas(read_events(start(), *thinking, *stray, *end())) == [
        {"reasoning_content": "hm"},
        {"reasoning_content": "!"},
        {"content": "42"},
        {},
    ]


def test_signed_thinking_comes_whole_at_the_end_of_an_answer_with_calls() -> None:
    """The API wants it back with the results; each entry has the index that the SDK's accumulator needs."""
    thinking = [
        opened(0, "thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking="a"),
        delta(0, "thinking_delta", thinking="b"),
        delta(0, "signature_delta", signature="Eq"),
        delta(0, "signature_delta", signature="QB"),
        closed(0),
        opened(1, "redacted_thinking", data="x"),
        closed(1),
    ]
    said = deltas(read_events(start(), *thinking, *called(2, "toolu_1", "{}"), *end("tool_use")))
    assert said[-1] == {
        "thinking_blocks": [
            {"index": 0, "type": "thinking", "thinking": "ab", "signature": "EqQB"},
            {"index": 1, "type": "redacted_thinking", "data": "x"},
        ]
    }
    assert "thinking_blocks" not in str(deltas(read_events(start(), *thinking, *spoken(2, "a"), *end())))


# Tool calls


def test_parallel_calls_keep_their_numbers() -> None:
    """Numbered from 0 in the order of their blocks, whatever the blocks' own index (Portkey-AI/gateway#1275)."""
    events = [
        *spoken(0, "Looking."),
        *called(1, "toolu_1", "", '{"city":', '"Rome"}'),
        *called(4, "toolu_2", '{"city":"Oslo"}'),
    ]
    said = deltas(read_events(start(), *events, *end("tool_use")))
    calls = [call for each in said for call in each.get("tool_calls", ())]
    assert [(call["index"], call.get("id"), call["function"].get("name")) for call in calls if "id" in call] == [
        (0, "toolu_1", "weather"),
        (1, "toolu_2", "weather"),
    ]
    assert [
        "".join(call["function"]["arguments"] for call in calls if call["index"] == number) for number in (0, 1)
    ] == [
        '{"city":"Rome"}',
        '{"city":"Oslo"}',
    ]


@pytest.mark.parametrize(
    ("parts", "whole", "arguments"), [((), {}, "{}"), (("",), {}, "{}"), ((), {"a": "ü"}, '{"a":"ü"}')]
)
def test_a_call_always_has_arguments_that_parse(parts: Any, whole: Any, arguments: str) -> None:
    """A tool without parameters gets ``{}``, and input that came whole is not lost (BerriAI/litellm#25836, #25561)."""
    said = deltas(read_events(start(), *called(0, "toolu_1", *parts, **whole), *end("tool_use")))
    assert "".join(call["function"]["arguments"] for each in said for call in each.get("tool_calls", ())) == arguments


def test_a_call_block_that_is_never_closed_is_still_complete() -> None:
    """The end of the message closes it."""
    said = deltas(read_events(start(), *called(0, "toolu_1")[:-1], *end("tool_use")))
    assert said[-2]["tool_calls"][0]["function"]["arguments"] == "{}"


@pytest.mark.parametrize(
    ("stop", "finish"), [("tool_use", "tool_calls"), ("end_turn", "tool_calls"), ("max_tokens", "length")]
)
def test_a_stream_with_calls_finishes_with_calls(stop: str, finish: str) -> None:
    """BerriAI/litellm#34692: agents stop at anything else. A cut one stays cut."""
    chunks = read_events(start(), *called(0, "toolu_1", "{}"), *end(stop))
    assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == [finish]


def test_a_refusal_is_told() -> None:
    """With the vendor's explanation, after what was already written."""
    details = {"type": "refusal", "category": "bio", "explanation": "Declined."}
    refusal = {
        "type": "message_delta",
        "delta": {"stop_reason": "refusal", "stop_details": details},
        "usage": {"output_tokens": 2},
    }
    chunks = read_events(start(), *spoken(0, "So"), refusal, {"type": "message_stop"})
    assert deltas(chunks) == [{"content": "So"}, {"refusal": "Declined."}, {}]
    assert parsed(chunks)[-2].choices[0].finish_reason == "content_filter"


# Ends that are none

WHOLE = [start(), *spoken(0, "Hello"), *called(1, "toolu_1", '{"a":1}'), *end("tool_use")]


@pytest.mark.parametrize("kept", range(len(WHOLE)))
def test_a_stream_that_ends_early_is_broken_and_never_said_to_be_finished(kept: int) -> None:
    """At whatever event it is cut: no finish reason was relayed, and the reader raises (Portkey-AI/gateway#1142)."""
    seen: list[Chunk] = []

    async def arriving() -> AsyncIterator[bytes]:
        yield framed(WHOLE[:kept])

    async def collect() -> None:
        async for chunk in AnthropicFormat().read_stream(DRAFT, arriving()):
            seen.append(chunk)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(UpstreamBroke, match="ended_early"):
        asyncio.run(collect())
    assert not any(chunk.finish_reason for chunk in seen)


def test_an_error_event_midway_is_broken_with_the_vendors_word() -> None:
    """After 200 and some text (BerriAI/litellm#4562 swallowed it); its message, which may echo text, is left out."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "secret text"}}
    assert breaks(start(), *spoken(0, "a"), error) == "overloaded_error"
    assert breaks(start(), {"type": "error", "error": {"type": "secret text"}}) == "error_event"
    assert breaks(start(), {"type": "error"}) == "error_event"


def test_an_error_as_the_first_event_says_whose_mistake_it_is() -> None:
    """Overload may be tried elsewhere, the client's own mistake may not."""
    assert breaks({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}) == "overloaded_error"
    with pytest.raises(UpstreamRejected) as caught:
        read_events(
            {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 3 > 2"}}
        )
    assert (caught.value.status, caught.value.code) == (400, "context_length_exceeded")


@pytest.mark.parametrize(
    "events",
    [
        spoken(0, "a"),
        [start(), start()],
        [start(), delta(0, "text_delta", text="a")],
        [start(), closed(0)],
        [start(), opened(0, "text", text=""), opened(0, "text", text="")],
        [start(), opened(0, "server_tool_use", id="x", name="web_search", input={})],
        [start(), opened(0, "tool_use", id=1, name="f")],
        [start(), opened(0, "text", text=""), delta(0, "input_json_delta", partial_json="{")],
        [start(), opened(0, "text", text=""), delta(0, "audio_delta", data="x")],
        [start(), opened(0, "text", text=""), delta(0, "text_delta", text=3)],
        [start(), opened(0, ["text"])],  # type: ignore[arg-type]
        [{"type": ["message_start"]}],
        [{"type": "message_start"}],
    ],
    ids=range(13),
)
def test_events_out_of_order_or_of_another_form_are_garbage(events: list[dict[str, Any]]) -> None:
    """Nothing is guessed: the client sees an error instead of a damaged answer."""
    assert breaks(*events) == "garbage"


@pytest.mark.parametrize(
    "payload", [b"<html>", b"[DONE]", b"[]", b"null", b'{"a":', b'{"type":"content_block_start","index":' + b"[" * 9999]
)
def test_payloads_that_are_no_events_are_garbage(payload: bytes) -> None:
    """Another protocol behind the same address."""
    with pytest.raises(UpstreamBroke, match="garbage"):
        read([b"data: " + payload + b"\n\n"])


def test_a_message_that_stops_without_a_reason_is_broken() -> None:
    """``message_stop`` alone does not say that the answer is complete."""
    assert breaks(start(), *spoken(0, "a"), {"type": "message_stop"}) == "ended_early"


def test_what_follows_the_end_is_not_read() -> None:
    """The stream is over at ``message_stop``."""
    assert deltas(read([framed([start(), *spoken(0, "a"), *end()]) + b"data: garbage\n\n"])) == [{"content": "a"}, {}]


def test_the_event_line_is_not_needed() -> None:
    """The payload says its own type; some servers send no ``event:`` line."""
    raw = b"".join(b"data: " + orjson.dumps(event) + b"\r\n\r\n" for event in [start(), *spoken(0, "a"), *end()])
    assert deltas(read([raw])) == [{"content": "a"}, {}]


# Laws


@given(st.data())
def test_any_cut_of_the_bytes_gives_the_same_chunks(data: st.DataObject) -> None:
    """How the network cut the stream changes nothing."""
    raw = framed([start(), *spoken(0, "Grüße", " 🙂"), *called(1, "toolu_1", '{"a":', "1}"), *end("tool_use")])
    cuts = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1), max_size=20)))
    pieces = [raw[left:right] for left, right in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert read(pieces) == read([raw])


values = st.one_of(
    st.none(), st.integers(0, 2), st.text(max_size=3), st.just({}), st.lists(st.integers(0, 1), max_size=1)
)
kinds = st.sampled_from(
    ["text", "tool_use", "thinking", "redacted_thinking", "text_delta", "input_json_delta", "signature_delta", ""]
)
bodies = st.dictionaries(
    st.sampled_from(["text", "thinking", "id", "name", "input", "data", "partial_json", "stop_reason"]),
    values,
    max_size=4,
)
odd_events = st.builds(
    lambda kind, index, inner, body: {
        "type": kind,
        "index": index,
        "content_block": inner | body,
        "delta": inner | body,
        "usage": body,
    },
    st.sampled_from(
        [
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
            "ping",
            "new",
        ]
    ),
    st.integers(0, 2) | values,
    kinds.map(lambda kind: {"type": kind}),
    bodies,
)


@given(st.lists(odd_events, max_size=6))
def test_no_events_do_anything_but_answer_or_break(events: list[dict[str, Any]]) -> None:
    """Whatever a server sends: chunks that the SDK can read, or UpstreamBroke."""
    try:
        chunks = read_events(start(), *events)
    except UpstreamBroke as broken:
        assert broken.reason in {"garbage", "ended_early"}  # noqa: PT017 - both ways are allowed
    else:
        assert parsed(chunks)
