"""Chat completion chunks as the event stream of the Messages API, and back again."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import orjson
import pytest
from anthropic.types import RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gateway.egress.anthropic.stream import ChunkReader
from gateway.egress.sse import SseDecoder
from gateway.errors import UpstreamBroke
from gateway.ingress.anthropic_events import AnthropicEvents, error_event, ping, render
from gateway.model import Backend, Chunk, Draft, WireFormat

EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
DRAFT = Draft(
    Backend("claude", WireFormat.ANTHROPIC, "https://api.anthropic.com", {"claude": "claude-opus-4-8"}, "internal"),
    "https://api.anthropic.com/v1/messages",
    (),
    b"{}",
    "claude-opus-4-8",
    True,
)


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def call(index: int, call_id: str | None = None, arguments: str | None = "", name: str = "weather") -> dict[str, Any]:
    function = {"arguments": arguments} | ({"name": name} if call_id else {})
    return {"index": index, "function": function} | ({"id": call_id, "type": "function"} if call_id else {})


def rendered(*chunks: dict[str, Any]) -> bytes:
    events = AnthropicEvents("msg_1", "claude")
    return b"".join(map(events.feed, chunks)) + events.finish()


def events_of(raw: bytes) -> list[dict[str, Any]]:
    """The events on the wire, each held against the SDK's type; its ``event:`` line says the same as its payload."""
    parsed = []
    for event in SseDecoder().feed(raw):
        payload = orjson.loads(event.data)
        assert event.event == payload["type"]
        if payload["type"] not in {"ping", "error"}:
            EVENT.validate_python(payload, strict=True)
        parsed.append(payload)
    return parsed


def kinds(*chunks: dict[str, Any]) -> list[str]:
    """The stream in short: each event, with its block's kind and index where it has them."""
    short = {"content_block_start": "open", "content_block_delta": "piece", "content_block_stop": "close"}
    lines = []
    for event in events_of(rendered(*chunks)):
        block = event.get("content_block") or event.get("delta") or {}
        detail = f" {event['index']} {block.get('type', '')}".rstrip() if "index" in event else ""
        lines.append(short.get(event["type"], event["type"]) + detail)
    return lines


def stop_reason(*chunks: dict[str, Any]) -> Any:
    return next(
        event["delta"]["stop_reason"] for event in events_of(rendered(*chunks)) if event["type"] == "message_delta"
    )


def breaks(*chunks: dict[str, Any]) -> str:
    with pytest.raises(UpstreamBroke) as caught:
        rendered(*chunks)
    return caught.value.reason


def test_a_block_is_opened_by_its_first_piece_and_closed_before_the_next() -> None:
    """Thinking, text and two calls: numbered 0 to 3, each closed, then the end, once."""
    assert kinds(
        chunk(role="assistant", content=""),
        chunk(reasoning_content="hm"),
        chunk(content="Look"),
        chunk(content="ing."),
        chunk(tool_calls=[call(0, "c1"), call(1, "c2", "{}")]),
        chunk("tool_calls"),
    ) == [
        "message_start",
        "open 0 thinking",
        "piece 0 thinking_delta",
        "close 0",
        "open 1 text",
        "piece 1 text_delta",
        "piece 1 text_delta",
        "close 1",
        "open 2 tool_use",
        "close 2",
        "open 3 tool_use",
        "piece 3 input_json_delta",
        "close 3",
        "message_delta",
        "message_stop",
    ]


@pytest.mark.parametrize(
    "nothing", [{"content": ""}, {"content": None}, {"tool_calls": []}, {"tool_calls": None}, {"reasoning": ""}, {}]
)
def test_an_empty_piece_opens_nothing(nothing: dict[str, Any]) -> None:
    """``tool_calls: []`` (BerriAI/litellm#29286), an empty leading text (#34692), a block at -1 (#27442)."""
    assert kinds(chunk(**nothing), chunk("stop")) == ["message_start", "message_delta", "message_stop"]


@pytest.mark.parametrize(
    ("finish", "stop"),
    [("stop", "end_turn"), ("length", "max_tokens"), ("content_filter", "refusal"), ("new", "max_tokens")],
)
def test_every_finish_reason_has_a_stop_reason(finish: str, stop: str) -> None:
    """One that nobody knows is not an end."""
    assert stop_reason(chunk(content="a"), chunk(finish)) == stop


@pytest.mark.parametrize("finish", ["tool_calls", "function_call", "stop"])
def test_an_answer_with_calls_ends_in_tool_use(finish: str) -> None:
    """Also where the server says ``stop``, as for a forced tool (BerriAI/litellm#34692)."""
    assert stop_reason(chunk(tool_calls=[call(0, "c1", "{}")]), chunk(finish)) == "tool_use"


def test_usage_subtracts_what_was_cached() -> None:
    """OpenAI's prompt tokens include it, Anthropic's input tokens do not; never below zero (genkit#5412)."""
    for cached, left in ((30, 70), (130, 0)):
        usage = {"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": cached}}
        counted = events_of(rendered(chunk("stop", content="a"), {"choices": [], "usage": usage}))[-2]["usage"]
        assert counted == {"input_tokens": left, "output_tokens": 7, "cache_read_input_tokens": cached}


@pytest.mark.parametrize(
    "usage", [None, {"prompt_tokens": None}, {"prompt_tokens": "9"}, {"prompt_tokens_details": []}, [1]]
)
def test_usage_that_is_none_is_zero(usage: Any) -> None:
    """The SDK's type demands the numbers."""
    assert events_of(rendered(chunk("stop") | {"usage": usage}))[-2]["usage"]["output_tokens"] == 0


def test_a_refusal_is_text_for_readers_of_messages() -> None:
    """That it is one, the stop reason says."""
    assert kinds(chunk(refusal="No."), chunk("content_filter"))[1:3] == ["open 0 text", "piece 0 text_delta"]


def test_the_end_comes_once_and_only_after_a_finish_reason() -> None:
    """A stream that broke has no ``message_stop``."""
    events = AnthropicEvents("msg_1", "claude")
    events.feed(chunk("stop", content="a"))
    assert events.finish().count(b"event: message_stop\n") == 1
    assert events.finish() == b""
    assert breaks(chunk(content="a")) == "ended_early"
    assert breaks() == "ended_early"


def test_what_messages_cannot_tell_is_an_error() -> None:
    """A second choice, or a piece of a call whose block is already closed, would be lost."""
    assert breaks({"choices": [{"index": 1, "delta": {"content": "b"}}]}) == "several_choices"
    assert (
        breaks(chunk(tool_calls=[call(0, "c1"), call(1, "c2"), call(0, None, "{}")]), chunk("stop"))
        == "interleaved_calls"
    )


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": "x"},
        {"choices": [3]},
        {"choices": [{"delta": [1]}]},
        chunk(content=["a"]),
        chunk(tool_calls="x"),
        chunk(tool_calls=[{"index": "0"}]),
        chunk(tool_calls=[{"index": 0, "id": "c1"}]),
        chunk(tool_calls=[{"index": 0, "id": "c1", "function": "f"}]),
        chunk(tool_calls=[call(0, None, "{}")]),
    ],
)
def test_chunks_of_another_form_are_garbage(odd: dict[str, Any]) -> None:
    """They come from a server."""
    assert breaks(odd, chunk("stop")) == "garbage"


def test_errors_and_pings_have_their_event_lines() -> None:
    """SDKs raise on the first and swallow the second."""
    assert events_of(error_event("api_error", "Broken.") + ping()) == [
        {"type": "error", "error": {"type": "api_error", "message": "Broken."}},
        {"type": "ping"},
    ]


def test_a_stream_is_rendered_as_it_arrives() -> None:
    """Each chunk's events leave with it, and the end follows; what the source raises goes through."""

    async def source(*chunks: dict[str, Any]) -> AsyncIterator[Chunk]:
        for each in chunks:
            yield Chunk(data=orjson.dumps(each))

    async def collect(*chunks: dict[str, Any]) -> list[bytes]:
        return [piece async for piece in render(source(*chunks), "msg_1", "claude")]

    pieces = asyncio.run(collect(chunk(content="a"), chunk(content="b"), chunk("stop")))
    assert len(pieces) == 3
    assert b"".join(pieces) == rendered(chunk(content="a"), chunk(content="b"), chunk("stop"))
    with pytest.raises(UpstreamBroke):
        asyncio.run(collect(chunk(content="a")))


# There and back

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
says = st.one_of(words.map(lambda text: ("content", text)), words.map(lambda text: ("reasoning_content", text)))
counts = st.integers(0, 1000)


@st.composite
def answers(make: st.DrawFn) -> list[dict[str, Any]]:
    """Chunks of one answer: talk, then calls in pieces, a finish reason and usage."""
    chunks = [chunk(role="assistant", content="")]
    chunks += [chunk(**{name: text}) for name, text in make(st.lists(says, max_size=6))]
    count = make(st.integers(0, 3))
    for number in range(count):
        text = orjson.dumps(make(st.dictionaries(words, words, max_size=2))).decode()
        cut = make(st.integers(0, len(text)))
        chunks.append(chunk(tool_calls=[call(number, f"c{number}", text[:cut], make(words))]))
        chunks.append(chunk(tool_calls=[call(number, None, text[cut:])]))
    chunks.append(chunk("tool_calls" if count else make(st.sampled_from(["stop", "length", "content_filter"]))))
    prompt, cached = make(counts), make(counts)
    usage = {
        "prompt_tokens": prompt + cached,
        "completion_tokens": make(counts),
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    return [*chunks, {"choices": [], "usage": usage}]


def told(chunks: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What a client has in the end."""
    said: dict[str, Any] = {"content": "", "reasoning_content": "", "calls": {}, "finish": None, "usage": None}
    for each in chunks:
        if usage := each.get("usage"):
            cached = usage["prompt_tokens_details"]["cached_tokens"]
            said["usage"] = (usage["prompt_tokens"], usage["completion_tokens"], cached)
        for choice in each["choices"]:
            said["finish"] = choice["finish_reason"] or said["finish"]
            for name in ("content", "reasoning_content"):
                said[name] += choice["delta"].get(name) or ""
            for part in choice["delta"].get("tool_calls", ()):
                known = said["calls"].setdefault(part["index"], [part.get("id"), part["function"].get("name"), ""])
                known[2] += part["function"]["arguments"]
    return said


@given(answers(), st.integers(1, 40))
def test_there_and_back_nothing_is_lost(chunks: list[dict[str, Any]], size: int) -> None:
    """Chunks to events to chunks: the same text, reasoning, calls, end and usage, however the bytes are cut."""
    raw, decoder, reader = rendered(*chunks), SseDecoder(), ChunkReader(DRAFT, 0)
    events_of(raw)
    back: list[dict[str, Any]] = []
    for start in range(0, len(raw), size):
        for event in decoder.feed(raw[start : start + size]):
            back += [orjson.loads(each.data) for each in reader.feed(event.data)]
    assert reader.complete
    assert told(back) == told(chunks)
