"""The event stream of the Messages API as chat completion chunks, as it arrives.

Laws:
- ``message_stop`` alone ends an answer. A stream that stops before it, or says ``error``, is UpstreamBroke; the finish
  reason is held back until then, so a client never sees an end that was none (BerriAI/litellm#4562, Portkey#1399).
- A delta is what its own type says, whatever block it stands in (BerriAI/litellm#33224).
- Tool calls are numbered in the order in which their blocks open, and keep that number (Portkey-AI/gateway#1275).
- ``ping`` and events newer than this file are dropped, as the vendor asks of clients.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from typing import Any

from gateway.egress.anthropic.answer import (
    Tally,
    arguments_text,
    dumps,
    finish_reason,
    is_signed,
    loads,
    loads_exactly,
    refusal_of,
    thinking_block,
)
from gateway.egress.anthropic.errors import broke, rejected_in_stream
from gateway.egress.sse import SseDecoder
from gateway.errors import UpstreamBroke
from gateway.model import Chunk, Draft, Json, JsonObject

_AFTER_START = frozenset(
    {"content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"}
)


async def read_stream(draft: Draft, body: AsyncIterator[bytes], created: int) -> AsyncGenerator[Chunk]:
    """Chunks until ``message_stop``; the last one has the usage and no choices. ``created`` in seconds since 1970.

    Raises UpstreamBroke when the stream ends early, is not one or reports an error, and UpstreamRejected when its first
    event says that the client's request is wrong.
    """
    decoder, reader = SseDecoder(), ChunkReader(draft, created)
    async for piece in body:
        for event in decoder.feed(piece):
            for chunk in reader.feed(event.data):
                yield chunk
            if reader.complete:
                return
    raise UpstreamBroke("ended_early")


class _Block:
    """One open content block."""

    __slots__ = ("arguments", "call", "input", "signature", "signed", "thinking")

    def __init__(self, *, call: int = -1, whole: Json = None, signed: dict[str, Any] | None = None) -> None:
        self.call = call
        """Number of the tool call; -1 for other blocks."""
        self.input = whole
        """Input that came with the opening event."""
        self.arguments = False
        """A piece of the arguments was sent."""
        self.signed = signed or {}
        """A thinking block as it began."""
        self.thinking: list[str] = []
        self.signature: list[str] = []

    def thought(self) -> dict[str, Any]:
        """The whole thinking block as it has to come back; empty for other blocks."""
        if self.signed.get("type") != "thinking":
            return self.signed
        return self.signed | {
            "thinking": "".join([self.signed["thinking"], *self.thinking]),
            "signature": "".join([self.signed["signature"], *self.signature]),
        }


class ChunkReader:
    """Event payloads in, chunks out; no I/O. One instance for each stream."""

    def __init__(self, draft: Draft, created: int) -> None:
        self.complete = False
        """``message_stop`` was read."""
        self._draft = draft
        self._head: dict[str, Any] = {
            "id": "",
            "object": "chat.completion.chunk",
            "created": created,
            "model": draft.model,
        }
        self._started = False
        self._tally = Tally()
        self._blocks: dict[int, _Block] = {}
        self._signed: list[dict[str, Any]] = []
        self._calls = 0
        self._stop_reason: str | None = None
        self._refusal: str | None = None

    def feed(self, payload: bytes) -> Iterator[Chunk]:
        """The chunks of one event. Raises UpstreamBroke."""
        event = _event(payload)
        kind = event["type"]
        if kind == "error":
            raise broke(event) if self._started else rejected_in_stream(self._draft, event) or broke(event)
        if kind == "message_start":
            yield from self._start(event.get("message"))
        elif kind in _AFTER_START:
            if not self._started:
                raise UpstreamBroke("garbage")
            yield from self._after_start(event)

    def _after_start(self, event: JsonObject) -> Iterator[Chunk]:
        match event["type"]:
            case "content_block_start":
                yield from self._open(event)
            case "content_block_delta":
                yield from self._delta(event)
            case "content_block_stop":
                self._block(event)
                yield from self._close(event["index"])
            case "message_delta":
                self._message_delta(event)
            case "message_stop":
                yield from self._stop()

    def _start(self, message: Json) -> Iterator[Chunk]:
        if self._started or not isinstance(message, Mapping):
            raise UpstreamBroke("garbage")
        self._started = True
        for name in ("id", "model"):
            if isinstance(message.get(name), str):
                self._head[name] = message[name]
        self._tally.update(message.get("usage"))
        yield self._chunk({"role": "assistant", "content": ""})

    def _open(self, event: JsonObject) -> Iterator[Chunk]:
        index, content = event.get("index"), event.get("content_block")
        if not isinstance(index, int) or index in self._blocks or not isinstance(content, Mapping):
            raise UpstreamBroke("garbage")
        kind = content.get("type")
        if kind == "tool_use":
            yield self._open_call(index, content)
        elif kind == "text":
            self._blocks[index] = _Block()
            yield from self._say("content", content.get("text"))
        elif kind == "thinking":
            self._blocks[index] = _Block(signed=thinking_block(content))
            yield from self._say("reasoning_content", content.get("thinking"))
        elif kind == "redacted_thinking":
            self._blocks[index] = _Block(signed=thinking_block(content))
        else:
            # Blocks of server tools are never asked for; dropping an unknown one would lose part of an answer.
            raise UpstreamBroke("garbage")

    def _open_call(self, index: int, content: JsonObject) -> Chunk:
        if not isinstance(content.get("id"), str) or not isinstance(content.get("name"), str):
            raise UpstreamBroke("garbage")
        self._blocks[index] = _Block(call=self._calls, whole=content.get("input"))
        self._calls += 1
        function = {"name": content["name"], "arguments": ""}
        call = {"index": self._calls - 1, "id": content["id"], "type": "function", "function": function}
        return self._chunk({"tool_calls": [call]})

    def _delta(self, event: JsonObject) -> Iterator[Chunk]:
        block, delta = self._block(event), event.get("delta")
        match delta:
            case {"type": "text_delta", "text": str(text)}:
                yield from self._say("content", text)
            case {"type": "thinking_delta", "thinking": str(text)}:
                block.thinking.append(text)
                yield from self._say("reasoning_content", text)
            case {"type": "signature_delta", "signature": str(signature)}:
                block.signature.append(signature)
            case {"type": "input_json_delta", "partial_json": str(part)} if block.call >= 0:
                if part:
                    block.arguments = True
                    yield self._arguments(block, part)
            case {"type": "citations_delta"}:
                pass  # facts about the text, which chat completions have no place for
            case _:
                raise UpstreamBroke("garbage")

    def _close(self, index: int) -> Iterator[Chunk]:
        block = self._blocks.pop(index)
        if is_signed(thought := block.thought()):
            self._signed.append(thought)
        if block.call >= 0 and not block.arguments:
            # No pieces came: all of the input came with the opening event, or the tool takes none. Clients parse
            # the arguments as JSON, and "" is not (BerriAI/litellm#25836).
            whole = block.input if isinstance(block.input, dict) else {}
            yield self._arguments(block, arguments_text(whole))

    def _block(self, event: JsonObject) -> _Block:
        index = event.get("index")
        if not isinstance(index, int) or index not in self._blocks:
            raise UpstreamBroke("garbage")
        return self._blocks[index]

    def _message_delta(self, event: JsonObject) -> None:
        delta = event.get("delta")
        if isinstance(delta, Mapping):
            if isinstance(delta.get("stop_reason"), str):
                self._stop_reason = delta["stop_reason"]
            self._refusal = refusal_of(delta) or self._refusal
        self._tally.update(event.get("usage"))

    def _stop(self) -> Iterator[Chunk]:
        if self._stop_reason is None:
            raise UpstreamBroke("ended_early")
        self.complete = True
        for index in list(self._blocks):  # some servers do not close the last one
            yield from self._close(index)
        if self._refusal is not None:
            yield self._chunk({"refusal": self._refusal})
        delta: dict[str, Any] = {}
        if self._calls and self._signed:
            # With an index, as the SDK's own accumulation of deltas needs for every list of objects.
            delta["thinking_blocks"] = [{"index": number, **block} for number, block in enumerate(self._signed)]
        yield self._chunk(delta, finish=finish_reason(self._stop_reason, calls=self._calls > 0))
        if (usage := self._tally.rendered()) is not None:
            data = dumps({**self._head, "choices": [], "usage": usage})
            yield Chunk(data=data, usage=self._tally.usage(), usage_only=True)

    def _say(self, name: str, text: Json) -> Iterator[Chunk]:
        if isinstance(text, str) and text:
            yield self._chunk({name: text})

    def _arguments(self, block: _Block, part: str) -> Chunk:
        return self._chunk({"tool_calls": [{"index": block.call, "function": {"arguments": part}}]})

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> Chunk:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return Chunk(data=dumps({**self._head, "choices": [choice]}), finish_reason=finish)


def _event(payload: bytes) -> dict[str, Any]:
    """The event as an object. Events carry text and fragments of it, but for input that is sent whole."""
    event = loads(payload)
    if isinstance(event, dict) and event.get("type") == "content_block_start":
        event = loads_exactly(payload)
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise UpstreamBroke("garbage")
    return event
