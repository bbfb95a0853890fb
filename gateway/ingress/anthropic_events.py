"""Chat completion chunks as the event stream of the Messages API: the other direction of a translation.

Laws, each of which an existing gateway broke:
- Every event has its ``event:`` line; without it the SDKs yield nothing at all, and no error.
- A block is opened by its first piece and closed before the next one; they are numbered 0..n (maximhq/bifrost and
  BerriAI/litellm#27442 sent -1). Empty pieces, such as ``content: ""`` or ``tool_calls: []``, open nothing
  (BerriAI/litellm#29286, #34692).
- An answer with tool calls ends in ``tool_use`` (BerriAI/litellm#34692 said ``end_turn``).
- ``message_stop`` comes once, and only after a finish reason; an answer that broke ends in ``error``.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Iterator, Mapping

import orjson

from gateway.errors import UpstreamBroke
from gateway.model import Chunk, Json, JsonObject

STOP_REASONS: Mapping[str, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


def frame(event: JsonObject) -> bytes:
    """One event on the wire. ``event`` has a ``type``."""
    return b"event: %s\ndata: %s\n\n" % (event["type"].encode(), orjson.dumps(event))


def error_event(kind: str, message: str) -> bytes:
    """The event that ends a broken stream. ``kind``: an error type of the Messages API, such as ``api_error``."""
    return frame({"type": "error", "error": {"type": kind, "message": message}})


def ping() -> bytes:
    """The event for long silences; SDKs swallow it."""
    return frame({"type": "ping"})


async def render(chunks: AsyncIterable[Chunk], message_id: str, model: str) -> AsyncGenerator[bytes]:
    """The whole stream, as it arrives. Raises what ``chunks`` raises, and UpstreamBroke as :class:`AnthropicEvents`."""
    events = AnthropicEvents(message_id, model)
    async for chunk in chunks:
        if rendered := events.feed(orjson.loads(chunk.data)):
            yield rendered
    yield events.finish()


class AnthropicEvents:
    """Chunks in, bytes out; no I/O. One instance for each stream.

    ``message_id`` (``msg_…``) and ``model`` are what the client is told; a chunk's own are not used.
    """

    def __init__(self, message_id: str, model: str) -> None:
        self._id = message_id
        self._model = model
        self._started = False
        self._index = -1
        """Number of the newest block."""
        self._open: tuple[str, Json] | None = None
        """Kind of the open block and, for a tool call, its number in the chunks."""
        self._called: set[int] = set()
        self._finish: str | None = None
        self._usage = {"input_tokens": 0, "output_tokens": 0, "cache_read_input_tokens": 0}
        self._done = False

    def feed(self, chunk: JsonObject) -> bytes:
        """The events of one parsed chunk, framed; ``b""`` where it says nothing. Raises UpstreamBroke.

        Only one choice can be told: a second one, or a piece of a call whose block is closed, is UpstreamBroke.
        """
        return b"".join(map(frame, self._events(chunk)))

    def finish(self) -> bytes:
        """The end: stop reason, usage, ``message_stop``; ``b""`` when repeated.

        Raises UpstreamBroke where no chunk had a finish reason.
        """
        if self._done:
            return b""
        if self._finish is None:
            raise UpstreamBroke("ended_early")
        self._done = True
        reason = STOP_REASONS.get(self._finish, "max_tokens")
        if self._called and reason == "end_turn":
            reason = "tool_use"
        delta = {"stop_reason": reason, "stop_sequence": None}
        end = ({"type": "message_delta", "delta": delta, "usage": self._usage}, {"type": "message_stop"})
        return b"".join(map(frame, (*self._close(), *end)))

    def _events(self, chunk: JsonObject) -> Iterator[JsonObject]:
        if not self._started:
            self._started = True
            yield {"type": "message_start", "message": self._message()}
        self._take_usage(chunk.get("usage"))
        for choice in _objects(chunk.get("choices")):
            if choice.get("index", 0) != 0:
                raise UpstreamBroke("several_choices")
            for delta in _objects([choice.get("delta") or {}]):
                yield from self._delta(delta)
            self._finish = _text(choice, "finish_reason") or self._finish

    def _message(self) -> JsonObject:
        return {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 0, "output_tokens": 0},
        }

    def _take_usage(self, usage: Json) -> None:
        """OpenAI's prompt tokens include the cached ones, Anthropic's input tokens do not."""
        if not isinstance(usage, Mapping):
            return
        details = usage.get("prompt_tokens_details")
        cached = _count(details, "cached_tokens")
        self._usage = {
            "input_tokens": max(0, _count(usage, "prompt_tokens") - cached),
            "output_tokens": _count(usage, "completion_tokens"),
            "cache_read_input_tokens": cached,
        }

    def _delta(self, delta: JsonObject) -> Iterator[JsonObject]:
        # vLLM says ``reasoning``, others ``reasoning_content``.
        if text := _text(delta, "reasoning_content") or _text(delta, "reasoning"):
            yield from self._enter("thinking", {"type": "thinking", "thinking": "", "signature": ""})
            yield self._piece({"type": "thinking_delta", "thinking": text})
        # A refusal is text to a reader of messages; that it is one, the stop reason says.
        for name in ("content", "refusal"):
            if text := _text(delta, name):
                yield from self._enter("text", {"type": "text", "text": ""})
                yield self._piece({"type": "text_delta", "text": text})
        for call in _objects(delta.get("tool_calls")):
            yield from self._call(call)

    def _call(self, call: JsonObject) -> Iterator[JsonObject]:
        number, (function,) = call.get("index", 0), _objects([call.get("function") or {}])
        if not isinstance(number, int):
            raise UpstreamBroke("garbage")
        if self._open != ("tool_use", number):
            if number in self._called:
                raise UpstreamBroke("interleaved_calls")
            if not (call_id := _text(call, "id")) or not (name := _text(function, "name")):
                raise UpstreamBroke("garbage")
            self._called.add(number)
            block = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
            yield from self._enter("tool_use", block, number)
        if part := _text(function, "arguments"):
            yield self._piece({"type": "input_json_delta", "partial_json": part})

    def _enter(self, kind: str, block: JsonObject, number: Json = None) -> Iterator[JsonObject]:
        """Open a block of ``kind`` unless it is the open one."""
        if self._open == (kind, number):
            return
        yield from self._close()
        self._open = (kind, number)
        self._index += 1
        yield {"type": "content_block_start", "index": self._index, "content_block": block}

    def _piece(self, delta: JsonObject) -> JsonObject:
        return {"type": "content_block_delta", "index": self._index, "delta": delta}

    def _close(self) -> Iterator[JsonObject]:
        if self._open is not None:
            self._open = None
            yield {"type": "content_block_stop", "index": self._index}


def _objects(given: Json) -> list[JsonObject]:
    """A list of objects; null is empty. Chunks come from a server, so anything else is UpstreamBroke."""
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(entry, Mapping) for entry in given):
        raise UpstreamBroke("garbage")
    return given


def _text(given: JsonObject, name: str) -> str:
    """The string under ``name``; ``""`` for null. Raises UpstreamBroke for any other type."""
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise UpstreamBroke("garbage")
    return value or ""


def _count(given: Json, name: str) -> int:
    value = given.get(name) if isinstance(given, Mapping) else None
    return value if isinstance(value, int) else 0
