"""The Anthropic half of a stand-in: Messages, whole and streamed, under the API's rules for the version asked for."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from gateway.model import JsonObject, WireFormat
from gateway.testing.anthropic_rules import judge
from gateway.testing.behaviour import Echo, Say
from gateway.testing.openai_side import text_of
from gateway.testing.received import Received
from gateway.testing.reply import Ask, Call, Reply, compose
from gateway.testing.response import Response, error_response, json_response

_ANTHROPIC = WireFormat.ANTHROPIC
_STOP_REASONS: Mapping[str, str] = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


def respond(received: Received, name: str, *, strict: bool, needs_key: bool, say: Say | Echo | None) -> Response:
    """The answer of a healthy server: 401, 404, 400 in Anthropic's shape, a token count, or the message."""
    if needs_key and not (received.header("x-api-key") or received.header("authorization")):
        return error_response(401, "x-api-key header is required", _ANTHROPIC)
    try:
        body = received.json()
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        return error_response(400, "The request body is not valid JSON.", _ANTHROPIC)
    if received.path.partition("?")[0].endswith("/count_tokens"):
        return json_response({"input_tokens": len(received.body) // 4}, vendor=_ANTHROPIC)
    if (wrong := judge(body, received.header("anthropic-version"), strict=strict)) is not None:
        return error_response(400, wrong, _ANTHROPIC)
    reply = compose(name, _ask(body), say)
    if body.get("stream"):
        pieces = tuple(_framed(event) for event in _events(body, reply))
        return Response(200, (("content-type", "text/event-stream; charset=utf-8"),), pieces, _ANTHROPIC, streamed=True)
    return json_response(_message(body, reply, tuple(_blocks(reply))), vendor=_ANTHROPIC)


def _ask(body: JsonObject) -> Ask:
    messages, choice = body["messages"], body.get("tool_choice") or {}
    last = messages[-1]["content"]
    results = 0 if isinstance(last, str) else sum(part["type"] == "tool_result" for part in last)
    tools = {tool["name"]: tool["input_schema"] for tool in body.get("tools") or () if "input_schema" in tool}
    wanted = (body.get("output_config") or {}).get("format") or {}
    return Ask(
        last_text=text_of(last),
        tool_results=results,
        messages=len(messages),
        characters=len(text_of(body.get("system"))) + sum(len(text_of(message["content"])) for message in messages),
        tools={} if choice.get("type") == "none" else tools,
        must_call=choice.get("type") in {"any", "tool"},
        named=choice.get("name"),
        parallel=not choice.get("disable_parallel_tool_use"),
        schema=wanted.get("schema"),
        limit=body["max_tokens"],
        stop=tuple(body.get("stop_sequences") or ()),
    )


def _blocks(reply: Reply) -> Iterator[JsonObject]:
    if reply.text:
        yield {"type": "text", "text": reply.text, "citations": None}
    for call in reply.calls:
        yield {**_tool_use(call), "input": call.arguments}


def _tool_use(call: Call) -> JsonObject:
    return {"type": "tool_use", "id": call.id.replace("call", "toolu"), "name": call.name, "input": {}}


def _message(body: JsonObject, reply: Reply, blocks: tuple[JsonObject, ...]) -> dict[str, Any]:
    return {
        "id": "msg_standin",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": blocks,
        "stop_reason": "stop_sequence" if reply.stopped_by else _STOP_REASONS[reply.finish],
        "stop_sequence": reply.stopped_by,
        "usage": _usage(reply.prompt_tokens, reply.completion_tokens),
    }


def _usage(prompt: int, completion: int) -> JsonObject:
    return {
        "input_tokens": prompt,
        "output_tokens": completion,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }


def _events(body: JsonObject, reply: Reply) -> Iterator[JsonObject]:
    """The events of the stream: a block is opened by its first piece and closed before the next."""
    start = _message(body, reply, ()) | {
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(reply.prompt_tokens, 1),
    }
    yield {"type": "message_start", "message": start}
    yield {"type": "ping"}
    index = 0
    if reply.words:
        yield {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
        for word in reply.words:
            yield {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": word}}
        yield {"type": "content_block_stop", "index": index}
        index += 1
    for number, call in enumerate(reply.calls, start=index):
        yield {"type": "content_block_start", "index": number, "content_block": _tool_use(call)}
        arguments = orjson.dumps(call.arguments).decode()
        for part in ("", arguments[: len(arguments) // 2], arguments[len(arguments) // 2 :]):
            delta = {"type": "input_json_delta", "partial_json": part}
            yield {"type": "content_block_delta", "index": number, "delta": delta}
        yield {"type": "content_block_stop", "index": number}
    stop_reason = "stop_sequence" if reply.stopped_by else _STOP_REASONS[reply.finish]
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": stop_reason, "stop_sequence": reply.stopped_by},
        "usage": _usage(reply.prompt_tokens, reply.completion_tokens),
    }
    yield {"type": "message_stop"}


def _framed(event: JsonObject) -> bytes:
    return f"event: {event['type']}\ndata: ".encode() + orjson.dumps(event) + b"\n\n"
