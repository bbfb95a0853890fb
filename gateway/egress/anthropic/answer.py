"""A Messages answer as a ``chat.completion``.

Thinking goes to ``reasoning_content`` and never into ``content`` (BerriAI/litellm#26916 showed it to users). Where the
answer calls tools, the signed blocks themselves go along as ``thinking_blocks``, because the API wants them back,
unchanged, with the results; ``turns.py`` takes them back.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson

from gateway.errors import UpstreamBroke
from gateway.model import Completion, Json, JsonObject, Usage

FINISH_REASONS: Mapping[str, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "pause_turn": "length",
}
"""``pause_turn`` has no counterpart and comes with server tools alone, which are never asked for: it is not an end."""


def finish_reason(stop_reason: str, *, calls: bool) -> str:
    """OpenAI's word for why the answer ended. ``calls``: it holds tool calls.

    A reason newer than this table is ``length``: an application must not take an answer for complete that may not be.
    Some servers end a turn with calls as ``end_turn`` (BerriAI/litellm#34692); clients act on ``tool_calls`` alone.
    """
    reason = FINISH_REASONS.get(stop_reason, "length")
    return "tool_calls" if calls and reason == "stop" else reason


class Tally:
    """Keeps the largest count of each kind: the API counts up, and a later 0 only means "not told here"."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def update(self, usage: Json) -> None:
        """Take the counts of a ``usage`` object; anything that is not a count is left out."""
        if not isinstance(usage, Mapping):
            return
        details = usage.get("output_tokens_details")
        thinking = details.get("thinking_tokens") if isinstance(details, Mapping) else None
        for name, value in (*usage.items(), ("thinking_tokens", thinking)):
            if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
                self._counts[name] = max(value, self._counts.get(name, 0))

    def usage(self) -> Usage | None:
        """Tokens as OpenAI counts them; None where the server told nothing."""
        if not self._counts.keys() & {"input_tokens", "output_tokens"}:
            return None
        count = self._counts.get
        cached, written = count("cache_read_input_tokens", 0), count("cache_creation_input_tokens", 0)
        return Usage(count("input_tokens", 0) + cached + written, count("output_tokens", 0), cached)

    def rendered(self) -> dict[str, Any] | None:
        """The ``usage`` object of a chat completion."""
        usage = self.usage()
        if usage is None:
            return None
        written = self._counts.get("cache_creation_input_tokens", 0)
        rendered: dict[str, Any] = {
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.completion,
            "total_tokens": usage.prompt + usage.completion,
            "prompt_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": written},
        }
        if (thinking := self._counts.get("thinking_tokens")) is not None:
            rendered["completion_tokens_details"] = {"reasoning_tokens": thinking}
        return rendered


def read(body: bytes, model: str, created: int) -> Completion:
    """The whole answer. ``model`` stands in where the server names none; ``created`` in seconds since 1970.

    Raises UpstreamBroke("garbage") where ``body`` is not a message, or holds a block that cannot be shown.
    """
    message = _message(body)
    answer = _Answer()
    for block in message["content"]:
        answer.add(block)
    tally = Tally()
    tally.update(message.get("usage"))
    finish = finish_reason(message["stop_reason"], calls=bool(answer.calls))
    served = _name(message.get("model"), model)
    completion = {
        "id": _name(message.get("id"), "msg_unknown"),
        "object": "chat.completion",
        "created": created,
        "model": served,
        "choices": [
            {
                "index": 0,
                "message": answer.rendered(refusal_of(message)),
                "finish_reason": finish,
                "logprobs": None,
            }
        ],
        "usage": tally.rendered(),
    }
    if completion["usage"] is None:
        del completion["usage"]
    return Completion(body=dumps(completion), model=served, usage=tally.usage(), finish_reason=finish)


def is_signed(block: JsonObject) -> bool:
    """Whether the API takes the block back: without a signature, as other servers write it, it is a 400."""
    return bool(block.get("signature") if block.get("type") == "thinking" else block.get("data"))


def loads(text: bytes) -> Json:
    """Parsed JSON; None where it is none."""
    try:
        return orjson.loads(text)
    except ValueError:
        return None


def loads_exactly(text: bytes) -> Json:
    """Parsed JSON; None where it is none. Not orjson: that rounds whole numbers beyond 64 bits, as in tool input."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None  # no error to chain: it would hold the whole answer


def dumps(value: dict[str, Any]) -> bytes:
    """Compact JSON. Raises UpstreamBroke("garbage") for what UTF-8 JSON cannot hold, such as a lone surrogate."""
    with suppress(TypeError):
        return orjson.dumps(value)
    raise UpstreamBroke("garbage")


def arguments_text(value: dict[str, Any]) -> str:
    """Tool input as the string that chat completions have. Raises UpstreamBroke("garbage") where it is not JSON."""
    with suppress(ValueError, RecursionError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    raise UpstreamBroke("garbage")


def refusal_of(message: JsonObject) -> str | None:
    """Why the vendor's classifier stopped the answer, in its words, where it gives any."""
    details = message.get("stop_details")
    text = details.get("explanation") if isinstance(details, Mapping) else None
    return text if isinstance(text, str) else None


def thinking_block(block: JsonObject) -> dict[str, Any]:
    """A signed block with the fields that have to come back; one that is missing is empty."""
    if block["type"] == "redacted_thinking":
        return {"type": "redacted_thinking", "data": _name(block.get("data"), "")}
    return {
        "type": "thinking",
        "thinking": _name(block.get("thinking"), ""),
        "signature": _name(block.get("signature"), ""),
    }


def _message(body: bytes) -> dict[str, Any]:
    """The message object, checked as far as a reader relies on it."""
    message = loads_exactly(body)
    if (
        not isinstance(message, dict)
        or message.get("type") != "message"
        or not isinstance(message.get("content"), list)
        or not isinstance(message.get("stop_reason"), str)
    ):
        raise UpstreamBroke("garbage")
    return message


class _Answer:
    """Sorts the blocks of one message."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._signed: list[dict[str, Any]] = []

    def add(self, block: Json) -> None:
        match block:
            case {"type": "text", "text": str(text)}:
                self._text.append(text)
            case {"type": "tool_use", "id": str(call_id), "name": str(name), "input": dict(arguments)}:
                function = {"name": name, "arguments": arguments_text(arguments)}
                self.calls.append({"id": call_id, "type": "function", "function": function})
            case {"type": "thinking", "thinking": str(text)}:
                self._reasoning.append(text)
                self._signed.append(thinking_block(block))
            case {"type": "redacted_thinking", "data": str()}:
                self._signed.append(thinking_block(block))
            case _:
                # Blocks of server tools are never asked for; dropping an unknown one would lose part of an answer.
                raise UpstreamBroke("garbage")

    def rendered(self, refusal: str | None) -> dict[str, Any]:
        text = "".join(self._text)
        message: dict[str, Any] = {"role": "assistant", "content": text if text or not self.calls else None}
        message["refusal"] = refusal
        if reasoning := "\n\n".join(text for text in self._reasoning if text):
            message["reasoning_content"] = reasoning
        if self.calls:
            message["tool_calls"] = self.calls
            if signed := [block for block in self._signed if is_signed(block)]:
                message["thinking_blocks"] = signed
        return message


def _name(value: Json, default: str) -> str:
    return value if isinstance(value, str) else default
