"""The messages of a chat as a system prompt and turns.

The Messages API wants: a user turn first; results of one turn's tool calls together at the head of the next user turn;
system text at the top, and on newer models also directly behind a user turn. So:

- Neighbours of one role become one turn, tool results first. (BerriAI/litellm and Portkey-AI/gateway#980 sent several.)
- Leading system and developer messages are the system prompt.
- A later one stands behind the user turn it belongs to where the model takes that. Elsewhere it moves, in order, to the
  end of the system prompt: it keeps its authority and loses its place, as in Anthropic's own OpenAI-compatible API.
- System text that would leave the model nothing to answer (no user turn at all, or none after the last assistant turn)
  is the user turn.

Left out of history on purpose: ``reasoning_content`` without its signature (no server takes it back), ``annotations``
(facts about an earlier answer), and ``name`` of a tool message (its id already says which call it answers).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.egress.anthropic.models import Traits
from gateway.egress.anthropic.parts import (
    Block,
    assistant_blocks,
    cache_control,
    only,
    result_content,
    text_block,
    text_blocks,
    user_blocks,
    wrong,
)
from gateway.egress.anthropic.tools import ToolIds
from gateway.errors import Untranslatable
from gateway.model import Json, JsonObject

_COMMON = ("role", "content", "name", "cache_control")
_ASSISTANT = (*_COMMON, "refusal", "tool_calls", "annotations", "reasoning_content", "reasoning", "thinking_blocks")


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn; the lists grow while the conversation is read."""

    role: str
    results: list[Block] = field(default_factory=list, repr=False)
    blocks: list[Block] = field(default_factory=list, repr=False)
    after: list[Block] = field(default_factory=list, repr=False)
    """System text that stands behind this user turn."""


@dataclass(frozen=True, slots=True)
class Turns:
    """A conversation as the Messages API takes it."""

    system: list[Block] = field(repr=False)
    messages: list[dict[str, Any]] = field(repr=False)
    called: tuple[str, ...] = field(repr=False)
    """Names of the tools that the history calls, in order, without repetition."""


def turns(messages: Json, traits: Traits) -> Turns:
    """Translate the ``messages`` of a chat request. Raises Untranslatable, naming the place."""
    conversation = _Conversation(traits)
    role = ""
    for number, message in enumerate(messages):
        at = f"messages.{number}"
        if not isinstance(message, Mapping):
            raise wrong(at, "an object")
        role = message.get("role", "")
        conversation.add(role, message, at)
    return conversation.finish(ends_with_assistant=role == "assistant")


class _Conversation:
    """Collects turns. Lives for one call of :func:`turns`."""

    def __init__(self, traits: Traits) -> None:
        self._traits = traits
        self._system: list[list[Block]] = []
        """One entry for each system message at the top."""
        self._turns: list[_Turn] = []
        self._waiting: list[Block] = []
        """System text after an assistant turn: where it goes depends on what comes next."""
        self._called: dict[str, None] = {}
        self._ids = ToolIds()

    def add(self, role: Json, message: JsonObject, at: str) -> None:
        """Add one message of any role."""
        match role:
            case "system" | "developer":
                self._add_system(message, at)
            case "user":
                only(message, _COMMON, at)
                if blocks := _marked(
                    _named(message, at) + user_blocks(message.get("content"), f"{at}.content"), message, at
                ):
                    self._turn("user").blocks.extend(blocks)
            case "tool":
                self._turn("user").results.append(_result(message, at, self._ids))
            case "assistant":
                if blocks := self._assistant(message, at):
                    self._turn("assistant").blocks.extend(blocks)
            case _:
                raise wrong(f"{at}.role", "system, developer, user, assistant or tool")

    def finish(self, *, ends_with_assistant: bool) -> Turns:
        """The whole conversation, once every message is in."""
        self._settle_waiting()
        if not self._turns:
            if not self._system:
                raise Untranslatable("messages", "messages holds no text, and the Messages API needs some.")
            self._turns.append(_Turn("user", blocks=self._system.pop()))
        if self._turns[0].role != "user":
            raise Untranslatable("messages", "The Messages API takes no conversation that the assistant begins.")
        if self._turns[-1].role == "assistant":
            self._check_prefill(self._turns[-1].blocks[-1], ends_with_assistant=ends_with_assistant)
        system = [block for blocks in self._system for block in blocks]
        return Turns(system, list(self._messages()), tuple(self._called))

    def _add_system(self, message: JsonObject, at: str) -> None:
        only(message, _COMMON, at)
        blocks = _marked(_named(message, at) + text_blocks(message.get("content"), f"{at}.content"), message, at)
        if not blocks:
            return
        if not self._turns:
            self._system.append(blocks)
        elif self._turns[-1].role == "assistant":
            self._waiting += blocks
        elif self._traits.system_turns:
            self._turns[-1].after.extend(blocks)
        else:
            self._system.append(blocks)

    def _turn(self, role: str) -> _Turn:
        """The turn that a message of ``role`` belongs to: the last one, or a new one."""
        waiting, self._waiting = self._waiting, []
        if waiting and not (role == "user" and self._traits.system_turns):
            self._system.append(waiting)
            waiting = []
        if not self._turns or self._turns[-1].role != role:
            self._turns.append(_Turn(role, after=waiting))
        return self._turns[-1]

    def _settle_waiting(self) -> None:
        if self._waiting:
            self._turns.append(_Turn("user", blocks=self._waiting))
            self._waiting = []

    def _assistant(self, message: JsonObject, at: str) -> list[Block]:
        only(message, _ASSISTANT, at)
        if message.get("name") is not None:
            raise Untranslatable(f"{at}.name", "The Messages API has no names for assistants.")
        blocks = assistant_blocks(message.get("content"), f"{at}.content")
        if (refusal := message.get("refusal")) is not None:
            blocks += assistant_blocks([{"type": "refusal", "refusal": refusal}], f"{at}.refusal")
        for call, where in _objects(message.get("tool_calls"), f"{at}.tool_calls"):
            blocks.append(_tool_use(call, where, self._ids))
            self._called[blocks[-1]["name"]] = None
        thinking = [
            _thinking(block, where)
            for block, where in _objects(message.get("thinking_blocks"), f"{at}.thinking_blocks")
        ]
        return thinking + _marked(blocks, message, at)

    def _check_prefill(self, last: Block, *, ends_with_assistant: bool) -> None:
        """The model goes on writing a final assistant turn; refuse where that is not meant or not possible."""
        if not ends_with_assistant:
            raise Untranslatable(
                "messages", "The last message is empty, and the Messages API would go on with the one before."
            )
        if not self._traits.prefill:
            raise Untranslatable("messages", "This model does not continue a final assistant message.")
        if last["type"] == "text" and last["text"] != last["text"].rstrip():
            raise Untranslatable(
                "messages", "The Messages API takes no final assistant message that ends in white space."
            )

    def _messages(self) -> Iterator[dict[str, Any]]:
        for turn in self._turns:
            yield {"role": turn.role, "content": turn.results + turn.blocks}
            if turn.after:
                yield {"role": "system", "content": turn.after}


def _named(message: JsonObject, at: str) -> list[Block]:
    """``name`` tells participants of one role apart; the API has no field for it, so it becomes text of its own."""
    name = message.get("name")
    if name is None or name == "":
        return []
    if not isinstance(name, str):
        raise wrong(f"{at}.name", "a string")
    return [text_block(f"[name: {name}]")]


def _marked(blocks: list[Block], message: JsonObject, at: str) -> list[Block]:
    """A cache marker on the message itself belongs to its last block."""
    cache = cache_control(message, at) if message.get("cache_control") is not None else None
    return blocks if cache is None or not blocks else [*blocks[:-1], blocks[-1] | {"cache_control": cache}]


def _result(message: JsonObject, at: str, ids: ToolIds) -> Block:
    only(message, (*_COMMON, "tool_call_id"), at)
    block: Block = {"type": "tool_result", "tool_use_id": ids(message.get("tool_call_id"), f"{at}.tool_call_id")}
    if content := result_content(message.get("content"), f"{at}.content"):
        block["content"] = content
    return _marked([block], message, at)[0]


def _objects(given: Json, path: str) -> list[tuple[JsonObject, str]]:
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(entry, Mapping) for entry in given):
        raise wrong(path, "a list of objects")
    return [(entry, f"{path}.{number}") for number, entry in enumerate(given)]


def _tool_use(call: JsonObject, at: str, ids: ToolIds) -> Block:
    only(call, ("id", "type", "function", "index"), at)
    function = call.get("function")
    if call.get("type", "function") != "function" or not isinstance(function, Mapping):
        raise Untranslatable(f"{at}.type", "The Messages API knows calls of functions alone.")
    only(function, ("name", "arguments"), f"{at}.function")
    if not isinstance(name := function.get("name"), str):
        raise wrong(f"{at}.function.name", "a string")
    arguments = _arguments(function.get("arguments"), f"{at}.function.arguments")
    return {"type": "tool_use", "id": ids(call.get("id"), f"{at}.id"), "name": name, "input": arguments}


def _arguments(given: Json, at: str) -> dict[str, Any]:
    """The JSON object in the string. An empty string, which models send for a tool without parameters, is an empty one.

    Only what can be written again without loss is taken: no duplicate keys, no number JSON or 64 bits cannot hold.
    """
    if given is None or (isinstance(given, str) and not given.strip()):
        return {}
    if not isinstance(given, str):
        raise wrong(at, "a string")
    # Raised out here and not in a handler: a decoding error holds the whole text, and would be chained.
    if (value := _parsed(given)) is None:
        raise wrong(at, "a JSON object in a string")
    return value


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)
        orjson.dumps(value)
    except (ValueError, TypeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("duplicate key")
    return values


def _refuse(_: str) -> None:
    raise ValueError("not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise ValueError("out of range")
    return value


def _thinking(block: JsonObject, at: str) -> Block:
    """A thinking block as an earlier answer gave it out (``thinking_blocks``): signed, so it goes back unchanged."""
    match block.get("type"):
        case "thinking":
            names: tuple[str, ...] = ("thinking", "signature")
        case "redacted_thinking":
            names = ("data",)
        case _:
            raise wrong(f"{at}.type", '"thinking" or "redacted_thinking"')
    only(block, ("type", "index", *names), at)
    for name in names:
        if not isinstance(block.get(name), str):
            raise wrong(f"{at}.{name}", "a string")
    return {"type": block["type"], **{name: block[name] for name in names}}
