"""The OpenAI half of a stand-in: Chat Completions, whole and streamed, and the model list."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)

from gateway.model import Json, JsonObject, WireFormat
from gateway.testing.behaviour import Echo, Say
from gateway.testing.received import Received
from gateway.testing.reply import Ask, Call, Reply, compose
from gateway.testing.response import Response, error_response, json_response
from gateway.testing.vendor_types import problem, unknown_fields

_CREATED = 1_760_000_000
_OPENAI = WireFormat.OPENAI


def listing(received: Received, models: tuple[str, ...], *, needs_key: bool) -> Response:
    """``GET …/models`` (401 without a key, where one is needed) and ``GET /`` (health); 404 for any other path."""
    path = received.path.partition("?")[0]
    if path.endswith("/models"):
        if needs_key and not (received.header("authorization") or received.header("x-api-key")):
            return error_response(401, "You didn't provide an API key.", _OPENAI)
        return json_response({"object": "list", "data": [_model(name) for name in models]})
    if path in {"/", "/health"}:
        return json_response({"status": "ok"})
    return error_response(404, "Invalid URL", _OPENAI)


def _model(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "stand-in"}


def respond(received: Received, name: str, *, strict: bool, needs_key: bool, say: Say | Echo | None) -> Response:
    """The answer of a healthy server: 401, 404, 400 in OpenAI's shape, or the completion."""
    if needs_key and not (received.header("authorization") or "").startswith("Bearer "):
        return error_response(401, "You didn't provide an API key.", _OPENAI)
    if not received.path.partition("?")[0].endswith("/chat/completions"):
        return error_response(404, "Invalid URL", _OPENAI)
    try:
        body = received.json()
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        return error_response(400, "We could not parse the JSON body of your request.", _OPENAI)
    if (wrong := _judge(body, strict=strict)) is not None:
        return error_response(400, wrong[1], _OPENAI, param=wrong[0])
    reply = compose(name, _ask(body), say)
    if body.get("stream"):
        pieces = tuple(b"data: " + data + b"\n\n" for data in _events(body, reply))
        return Response(200, (("content-type", "text/event-stream; charset=utf-8"),), pieces, _OPENAI, streamed=True)
    return json_response(_completion(body, reply))


def _judge(body: JsonObject, *, strict: bool) -> tuple[str | None, str] | None:
    """What OpenAI would refuse: ``(param, message)``. Lax servers check types alone."""
    kind = CompletionCreateParamsStreaming if body.get("stream") else CompletionCreateParamsNonStreaming
    if (found := problem(body, kind)) is not None:
        return found
    if not body["messages"]:
        return "messages", "Invalid 'messages': empty array. Expected an array with minimum length 1."
    if not strict:
        return None
    if unknown := unknown_fields(body, kind):
        return unknown[0], f"Unknown parameter: '{unknown[0]}'."
    if body.get("stream_options") is not None and not body.get("stream"):
        return "stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled."
    return _judge_tool_results(body["messages"])


def _judge_tool_results(messages: list[JsonObject]) -> tuple[str, str] | None:
    """Every tool message answers a call of the assistant message before it, and every call is answered."""
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                wrong = "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
                return f"messages.[{number}].role", wrong
            open_calls.discard(message["tool_call_id"])
        elif open_calls:
            wrong = "An assistant message with 'tool_calls' must be followed by tool messages responding to each call."
            return f"messages.[{number}].role", wrong
        else:
            open_calls = {call["id"] for call in message.get("tool_calls") or ()}
    return None


def _ask(body: JsonObject) -> Ask:
    messages = body["messages"]
    last, choice, wanted = messages[-1], body.get("tool_choice"), body.get("response_format") or {}
    stop = body.get("stop")
    results = next((n for n, message in enumerate(reversed(messages)) if message["role"] != "tool"), len(messages))
    tools = {tool["function"]["name"]: tool["function"].get("parameters") or {} for tool in _functions(body)}
    return Ask(
        last_text=text_of(last.get("content")),
        tool_results=results,
        messages=len(messages),
        characters=sum(len(text_of(message.get("content"))) for message in messages),
        tools={} if choice == "none" else tools,
        must_call=choice == "required" or isinstance(choice, Mapping),
        named=choice["function"]["name"] if isinstance(choice, Mapping) and "function" in choice else None,
        parallel=body.get("parallel_tool_calls") is not False,
        schema=_schema(wanted),
        limit=body.get("max_completion_tokens") or body.get("max_tokens"),
        stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
    )


def _functions(body: JsonObject) -> Iterator[JsonObject]:
    return (tool for tool in body.get("tools") or () if tool.get("type") == "function")


def _schema(wanted: JsonObject) -> JsonObject | None:
    match wanted.get("type"):
        case "json_schema":
            schema: JsonObject = wanted["json_schema"].get("schema") or {}
            return schema
        case "json_object":
            return {}
        case _:
            return None


def text_of(content: Json) -> str:
    """The text of a message's content, whether a string or parts. Other parts have none."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    return " ".join(part["text"] for part in parts if isinstance(part, Mapping) and isinstance(part.get("text"), str))


def _completion(body: JsonObject, reply: Reply) -> JsonObject:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.calls:
        message["tool_calls"] = [_call(call) for call in reply.calls]
    choices = [
        {"index": n, "message": message, "logprobs": None, "finish_reason": reply.finish}
        for n in range(body.get("n") or 1)
    ]
    return {**_head(body, "chat.completion"), "choices": choices, "usage": _usage(reply)}


def _events(body: JsonObject, reply: Reply) -> Iterator[bytes]:
    """The payloads of the stream, the terminator included."""
    head = _head(body, "chat.completion.chunk")
    wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    if wants_usage:
        head["usage"] = None
    numbers = range(body.get("n") or 1)
    for delta in _deltas(reply):
        for n in numbers:
            choice = {"index": n, "delta": delta, "logprobs": None, "finish_reason": None}
            yield orjson.dumps({**head, "choices": [choice]})
    for n in numbers:
        choice = {"index": n, "delta": {}, "logprobs": None, "finish_reason": reply.finish}
        yield orjson.dumps({**head, "choices": [choice]})
    if wants_usage:
        yield orjson.dumps({**head, "choices": [], "usage": _usage(reply)})
    yield b"[DONE]"


def _deltas(reply: Reply) -> Iterator[JsonObject]:
    yield {"role": "assistant", "content": None if reply.calls else "", "refusal": None}
    for word in reply.words:
        yield {"content": word}
    for index, call in enumerate(reply.calls):
        arguments = orjson.dumps(call.arguments).decode()
        yield {"tool_calls": [{"index": index, **_call(call, "")}]}
        for part in (arguments[: len(arguments) // 2], arguments[len(arguments) // 2 :]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def _call(call: Call, arguments: str | None = None) -> JsonObject:
    written = orjson.dumps(call.arguments).decode() if arguments is None else arguments
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": written}}


def _head(body: JsonObject, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-standin", "object": kind, "created": _CREATED, "model": body["model"]}


def _usage(reply: Reply) -> JsonObject:
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    }
