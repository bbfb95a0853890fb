"""What a stand-in says, whatever the wire format: a short friendly text, tool calls where asked for, or JSON."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import orjson

from gateway.model import Json, JsonObject
from gateway.testing.behaviour import Echo, Say
from gateway.testing.schema_instance import instance

Finish = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked, read from either wire format."""

    last_text: str = field(repr=False)
    """The text of the last message."""
    tool_results: int = 0
    """How many tool results end the conversation; no tool is called on them."""
    messages: int = 0
    characters: int = 0
    tools: Mapping[str, JsonObject] = field(default_factory=dict, repr=False)
    """Name of each tool to the schema of its arguments."""
    must_call: bool = False
    named: str | None = None
    """The tool that the client insists on."""
    parallel: bool = True
    schema: JsonObject | None = field(default=None, repr=False)
    """The schema that the answer has to fit; an empty one where any JSON object will do."""
    limit: int | None = None
    """Tokens of the answer; a token is a word here."""
    stop: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call."""

    id: str
    name: str
    arguments: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer in words and calls."""

    words: tuple[str, ...] = field(repr=False)
    """The text, cut where a stream is cut: each with its following space."""
    calls: tuple[Call, ...]
    finish: Finish
    prompt_tokens: int
    stopped_by: str | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        return "".join(self.words)

    @property
    def completion_tokens(self) -> int:
        return max(1, len(self.words) + sum(len(orjson.dumps(call.arguments)) // 4 + 1 for call in self.calls))


def compose(name: str, ask: Ask, say: Say | Echo | None) -> Reply:
    """The answer of the stand-in called ``name``. It calls a tool that the client insists on or the text names."""
    prompt_tokens = max(1, ask.characters // 4)
    calls = () if ask.tool_results and not ask.must_call else tuple(_calls(ask))
    if calls and say is None:
        return Reply((), calls, "tool_calls", prompt_tokens)
    text, stopped_by = _stopped(_text(name, ask, say), ask.stop)
    words = tuple(re.findall(r"\S+\s*|\s+", text))
    if ask.limit is not None and len(words) > ask.limit:
        return Reply(words[: ask.limit], (), "length", prompt_tokens)
    return Reply(words, (), "stop", prompt_tokens, stopped_by)


def _text(name: str, ask: Ask, say: Say | Echo | None) -> str:
    match say:
        case Say(text):
            return text
        case Echo():
            return ask.last_text
        case None if ask.schema is not None:
            return orjson.dumps(instance(ask.schema)).decode()
        case None if ask.tool_results:
            return f"Hello from the {name} stand-in. I read {ask.tool_results} tool result(s). How can I help further?"
        case None:
            return f"Hello from the {name} stand-in. I read {ask.messages} message(s). How can I help further?"


def _stopped(text: str, stops: tuple[str, ...]) -> tuple[str, str | None]:
    """Cut the text at the first stop sequence, which is not part of the answer."""
    hits = [(at, stop) for stop in stops if stop and (at := text.find(stop)) >= 0]
    if not hits:
        return text, None
    at, stop = min(hits)
    return text[:at], stop


def _calls(ask: Ask) -> Iterator[Call]:
    """The tools to call: the one insisted on, else those that the last message names, else (if one must) the first."""
    spoken = ask.last_text.lower()
    named = [ask.named] if ask.named else [name for name in ask.tools if _says(spoken, name)]
    if not named and ask.must_call:
        named = [*ask.tools][:1]
    for number, name in zip(itertools.count(1), named if ask.parallel else named[:1]):
        yield Call(f"call_{number:04}", name, instance(ask.tools.get(name, {})))


def _says(spoken: str, tool: str) -> bool:
    return tool.lower() in spoken or re.sub(r"[_-]+", " ", tool.lower()) in spoken
