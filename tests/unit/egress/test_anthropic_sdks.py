"""The vendors' own SDKs, over a real connection, at both ends of the translation."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx2
import openai
import orjson
import pytest
from anthropic import Anthropic, APIStatusError
from anthropic.types import Message
from openai.types.chat import ChatCompletion
from pydantic import SecretStr

from gateway.egress.anthropic import AnthropicFormat
from gateway.errors import UpstreamBroke
from gateway.ingress.anthropic_events import AnthropicEvents, error_event
from gateway.model import Backend, Caller, Chunk, Draft, Inbound, WireFormat
from gateway.testing import RecordingServer

TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


@contextmanager
def serving(stream: bytes) -> Iterator[str]:
    """A server on loopback that answers every POST with this event stream."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.wfile.write(stream)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def exchange(server: RecordingServer, **body: Any) -> tuple[Draft, bytes]:
    """Draft a request, send it to the stand-in as it is, and return the answer's bytes."""
    body = {"model": "claude"} | body
    inbound = Inbound("req_1", Caller("k"), "/v1/chat/completions", body, "claude", bool(body.get("stream")), False, 0)
    backend = Backend(
        "claude",
        WireFormat.ANTHROPIC,
        server.anthropic_base_url,
        {"claude": "claude-opus-4-8"},
        "internal",
        api_key=SecretStr("sk-ant-test"),
    )
    draft = AnthropicFormat().draft(inbound, backend, "claude-opus-4-8")
    with httpx2.Client(trust_env=False) as client:
        answer = client.post(draft.url, headers=list(draft.headers), content=draft.body)
    assert answer.status_code == 200, answer.text
    return draft, answer.content


def chunks_of(draft: Draft, raw: bytes) -> list[Chunk]:
    async def arriving() -> AsyncIterator[bytes]:
        yield raw

    async def collect() -> list[Chunk]:
        return [chunk async for chunk in AnthropicFormat().read_stream(draft, arriving())]

    return asyncio.run(collect())


def ask_twice(server: RecordingServer, **body: Any) -> tuple[ChatCompletion, ChatCompletion]:
    """The answer as the openai SDK has it: whole, and put together from the stream by its own accumulator."""
    draft, raw = exchange(server, **body)
    whole = ChatCompletion.model_validate_json(AnthropicFormat().read(draft, raw).body, strict=True)
    draft, raw = exchange(server, **body, stream=True)
    framed = b"".join(b"data: " + chunk.data + b"\n\n" for chunk in chunks_of(draft, raw)) + b"data: [DONE]\n\n"
    return whole, accumulated(framed)


def accumulated(framed: bytes) -> Any:
    """What the openai SDK's streaming helper makes of these bytes."""
    with (
        serving(framed) as url,
        openai.OpenAI(base_url=url, api_key="gw-test", max_retries=0) as client,
        client.chat.completions.stream(model="claude", messages=[{"role": "user", "content": "x"}]) as stream,
    ):
        for _ in stream:
            pass
        return stream.get_final_completion()


def test_a_plain_question_whole_and_streamed() -> None:
    """What the stand-in says in Anthropic's words, the openai SDK reads as its own, the same both ways."""
    with RecordingServer("external", needs_key=True) as server:
        whole, streamed = ask_twice(server, messages=[{"role": "user", "content": "Hello"}])
    assert whole.choices[0].message.content
    assert whole.choices[0].message.content == streamed.choices[0].message.content
    assert whole.choices[0].finish_reason == streamed.choices[0].finish_reason == "stop"
    assert whole.usage is not None
    assert streamed.usage is not None
    assert whole.usage.total_tokens == streamed.usage.total_tokens > 0


def test_a_tool_call_and_its_result_whole_and_streamed() -> None:
    """The call is made, answered, and the answer to it comes in words."""
    question = {"role": "user", "content": "Weather in Paris?"}
    with RecordingServer("external") as server:
        whole, streamed = ask_twice(server, messages=[question], tools=[TOOL], tool_choice="required")
        for answer in (whole, streamed):
            assert answer.choices[0].finish_reason == "tool_calls"
            message = answer.choices[0].message.model_dump(exclude_none=True)
            results = [
                {"role": "tool", "tool_call_id": call["id"], "content": "22 °C"}
                for call in message["tool_calls"]
                if orjson.loads(call["function"]["arguments"]) is not None
            ]
            for call in message["tool_calls"]:
                call.pop("index", None)
                call["function"].pop("parsed_arguments", None)
            message.pop("parsed", None)
            draft, raw = exchange(server, messages=[question, message, *results], tools=[TOOL])
            assert AnthropicFormat().read(draft, raw).finish_reason == "stop"


def test_the_stand_in_refuses_nothing_that_the_translation_lets_pass() -> None:
    """A schema, an image and a document, judged by the stand-in as the vendor would."""
    schema = {"type": "object", "properties": {"t": {"type": "string"}}, "required": ["t"]}
    parts = [
        {"type": "text", "text": "Read."},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}},
    ]
    with RecordingServer("external") as server:
        draft, raw = exchange(
            server,
            messages=[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": parts}],
            response_format={"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": schema}},
        )
    content = orjson.loads(AnthropicFormat().read(draft, raw).body)["choices"][0]["message"]["content"]
    assert "t" in orjson.loads(content)


def test_signed_thinking_survives_the_openai_sdks_accumulator() -> None:
    """``thinking_blocks`` come out of ``get_final_completion`` as they have to go back."""
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    blocks = [
        {"index": 0, "type": "thinking", "thinking": "a", "signature": "s"},
        {"index": 1, "type": "redacted_thinking", "data": "x"},
    ]
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    deltas = [
        ({"role": "assistant", "content": ""}, None),
        ({"reasoning_content": "a"}, None),
        ({"tool_calls": [call]}, None),
        ({"thinking_blocks": blocks}, "tool_calls"),
    ]
    framed = b"".join(
        b"data: %s\n\n" % orjson.dumps({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
        for delta, finish in deltas
    )
    message = accumulated(framed + b"data: [DONE]\n\n").choices[0].message
    assert message.model_extra is not None
    assert message.model_extra["thinking_blocks"] == blocks


# The other direction: our events, read by the anthropic SDK


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def final_message(raw: bytes) -> Message:
    """What the anthropic SDK's streaming helper makes of these bytes."""
    with (
        serving(raw) as url,
        Anthropic(base_url=url, api_key="sk-ant-test", max_retries=0) as client,
        client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}]) as stream,
    ):
        return stream.get_final_message()


def test_the_anthropic_sdk_reads_rendered_events() -> None:
    """Text, two calls and usage, put together by its own accumulator."""
    events = AnthropicEvents("msg_1", "claude-opus-4-8")
    call = {"index": 0, "id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":'}}
    rest = {"index": 0, "function": {"arguments": '"Paris"}'}}
    second = {"index": 1, "id": "toolu_2", "type": "function", "function": {"name": "clock", "arguments": ""}}
    usage = {"prompt_tokens": 30, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 10}}
    chunks = [
        chunk(role="assistant", content=""),
        chunk(content="Looking."),
        *(chunk(tool_calls=[piece]) for piece in (call, rest, second)),
        chunk("tool_calls"),
        {"choices": [], "usage": usage},
    ]
    raw = b"".join(map(events.feed, chunks)) + events.finish()
    message = final_message(raw)
    assert [block.type for block in message.content] == ["text", "tool_use", "tool_use"]
    assert [block.input for block in message.content if block.type == "tool_use"] == [{"city": "Paris"}, {}]
    assert message.stop_reason == "tool_use"
    assert (message.usage.input_tokens, message.usage.output_tokens, message.usage.cache_read_input_tokens) == (
        20,
        7,
        10,
    )


def test_the_anthropic_sdk_raises_on_a_rendered_error() -> None:
    """A broken stream is an exception there, not a short answer."""
    events = AnthropicEvents("msg_1", "claude-opus-4-8")
    raw = events.feed(chunk(content="Hel"))
    with pytest.raises(UpstreamBroke):
        events.finish()
    raw += error_event("api_error", "The model server broke off its answer.")
    with pytest.raises(APIStatusError):
        final_message(raw)
