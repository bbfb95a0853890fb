"""Chat requests that are general in every word, and the planting of a value at any of their keys or leaves."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Any, Final

Json = Any
Step = str | int
Path = tuple[Step, ...]


@dataclass(slots=True)
class Nested:
    """JSON that travels as a string, as tool-call arguments do. Paths lead through it with the step ``"json"``."""

    value: Json


@dataclass(frozen=True, slots=True)
class Raw:
    """A piece of JSON that no Python value is written as: a number with an exponent, a key given twice."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Position:
    """A key or a leaf of a template."""

    template: str
    path: Path
    key: bool

    def __str__(self) -> str:
        return f"{self.template}:{'.'.join(map(str, self.path))}{'#' if self.key else ''}"


MODEL: Final = "the model that is asked for"

CHAT: Final[Json] = {
    "model": MODEL,
    "messages": [
        {"role": "system", "content": "You answer in plain words.", "name": "guide"},
        {"role": "user", "content": "Why is the sky blue?", "name": "reader"},
        {"role": "assistant", "content": "Air scatters short waves of light more than long ones.", "refusal": None},
        {"role": "user", "content": [{"type": "text", "text": "And sunsets?"}, {"type": "text", "text": "Be brief."}]},
    ],
    "temperature": 0.5,
    "top_p": 0.9,
    "max_completion_tokens": 200,
    "stop": ["THE END", "###"],
    "user": "reader-of-the-day",
    "metadata": {"project": "sky", "team": "optics"},
}
TALK: Final[Json] = {
    "model": MODEL,
    "messages": [
        {"role": "system", "content": "You answer in plain words."},
        {"role": "developer", "content": "Two sentences are enough."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Why is the sky blue?"}, {"type": "text", "text": "Well?"}],
        },
        {"role": "assistant", "content": [{"type": "text", "text": "Air scatters short waves of light."}]},
        {"role": "user", "content": "And sunsets?"},
    ],
    "max_completion_tokens": 200,
    "stop": ["THE END", "###"],
    "user": "reader-of-the-day",
    "safety_identifier": "reader",
    "prompt_cache_key": "sky",
    "service_tier": "auto",
    "prediction": {"type": "content", "content": "They are red."},
}
OPTIONS: Final[Json] = {
    "model": MODEL,
    "messages": [
        {"role": "developer", "content": "You write small programs."},
        {"role": "user", "content": "Sort a list in Python."},
    ],
    "frequency_penalty": 0.1,
    "presence_penalty": 0.2,
    "logit_bias": {"1734": 5, "50256": -100},
    "logprobs": True,
    "top_logprobs": 2,
    "n": 1,
    "seed": 7,
    "stop": "DONE",
    "service_tier": "auto",
    "prompt_cache_key": "sorting",
    "safety_identifier": "programmer",
    "reasoning_effort": "low",
    "verbosity": "low",
    "modalities": ["text"],
    "store": False,
    "prediction": {"type": "content", "content": [{"type": "text", "text": "def sort(items): return sorted(items)"}]},
}
TOOLS: Final[Json] = {
    "model": MODEL,
    "messages": [
        {"role": "user", "content": "What is the weather in Paris?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_weather",
                    "type": "function",
                    "function": {
                        "name": "weather",
                        "arguments": Nested(
                            {"city": "Paris", "days": 3, "options": {"unit": "celsius", "parts": ["sun"]}}
                        ),
                    },
                },
                {
                    "id": "call_note",
                    "type": "function",
                    "function": {
                        "name": "note",
                        "arguments": Nested({"entry": Nested({"text": Nested(["rain", "sun"])})}),
                    },
                },
            ],
        },
        {
            "role": "tool",
            "tool_call_id": "call_weather",
            "content": Nested({"sky": "clear", "hours": [6, 7], "wind": {"from": "west"}}),
        },
        {"role": "tool", "tool_call_id": "call_note", "content": [{"type": "text", "text": "Noted."}]},
        {"role": "user", "content": "Then what shall I wear?"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "Looks up the weather of a town.",
                "strict": False,
                "parameters": {
                    "type": "object",
                    "properties": {
                        "city": {"type": "string", "description": "Name of the town", "default": "Paris"},
                        "unit": {"type": "string", "enum": ["celsius", "kelvin"], "title": "Unit"},
                        "days": {"type": "integer", "default": 3, "examples": [1, 5]},
                    },
                    "required": ["city"],
                    "additionalProperties": False,
                },
            },
        },
        {
            "type": "function",
            "function": {
                "name": "note",
                "description": "Keeps a note.",
                "parameters": {"type": "object", "properties": {}},
            },
        },
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}
SCHEMA: Final[Json] = {
    "model": MODEL,
    "messages": [
        {"role": "system", "content": "Answer as JSON."},
        {"role": "user", "content": "Name three colours of the rainbow."},
    ],
    "response_format": {
        "type": "json_schema",
        "json_schema": {
            "name": "colours",
            "description": "A list of colours.",
            "schema": {
                "type": "object",
                "properties": {"colours": {"type": "array", "items": {"type": "string", "enum": ["red", "blue"]}}},
                "required": ["colours"],
                "additionalProperties": False,
            },
        },
    },
}
FUNCTIONS: Final[Json] = {
    "model": MODEL,
    "messages": [
        {"role": "user", "content": "Roll a die."},
        {
            "role": "assistant",
            "content": None,
            "function_call": {"name": "roll", "arguments": Nested({"sides": 6, "say": "softly"})},
        },
        {"role": "function", "name": "roll", "content": "four"},
        {"role": "user", "content": "Again, please."},
    ],
    "functions": [
        {
            "name": "roll",
            "description": "Rolls a die.",
            "parameters": {"type": "object", "properties": {"sides": {"type": "integer"}}},
        }
    ],
    "function_call": {"name": "roll"},
}
EXTRAS: Final[Json] = {
    "model": MODEL,
    "messages": [{"role": "user", "content": "Tell me of the sea.", "mood": {"tone": "calm"}}],
    "chat_template_kwargs": {"style": "short", "flags": ["rhyme"]},
    "x_house": {"deep": [{"deeper": {"deepest": ["waves", {"salt": "much"}]}}], "level": 4},
    "top_k": 40,
}
UNREAD: Final[Json] = {
    "model": MODEL,
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "https://pictures.example.org/cat.png", "detail": "low"}},
                {"type": "file", "file": {"filename": "cat.txt", "file_data": "data:text/plain;base64,YSBjYXQ="}},
                {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
                {"type": "hologram", "hologram": {"caption": "a cat"}},
            ],
        }
    ],
    "web_search_options": {"user_location": {"type": "approximate", "approximate": {"city": "Paris"}}},
    "tools": [{"type": "web_search", "filters": {"allowed_domains": ["example.org"]}}],
    "previous_response_id": "resp_cat",
}

TEMPLATES: Final[Mapping[str, Json]] = {
    "chat": CHAT,
    "talk": TALK,
    "options": OPTIONS,
    "tools": TOOLS,
    "schema": SCHEMA,
    "functions": FUNCTIONS,
    "extras": EXTRAS,
    "unread": UNREAD,
}
GENERAL: Final = {
    "openai": ("chat", "talk", "options", "tools", "schema", "functions", "extras"),
    "anthropic": ("talk", "tools", "schema"),
}
"""Templates that leave as they are, by the external side's format: elsewhere planting would prove nothing."""


def positions(name: str) -> list[Position]:
    """Every key and every leaf of a template, JSON inside strings included."""
    return [Position(name, path, key) for path, key in _walk(TEMPLATES[name], ())]


def _walk(value: Json, path: Path) -> Iterator[tuple[Path, bool]]:
    if isinstance(value, Nested):
        yield path, False
        yield from _walk(value.value, (*path, "json"))
    elif isinstance(value, dict):
        for name, inner in value.items():
            if (*path, name) != ("messages",):
                yield (*path, name), True
            yield from _walk(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*path, index))
    else:
        yield path, False


_FREE: Final = frozenset({"json", "parameters", "schema", "metadata", "x_house", "chat_template_kwargs", "mood"})


def is_free(position: Position) -> bool:
    """May any JSON stand there? Elsewhere a value that is no string makes the request wrong, and proves little."""
    return not position.key and not _FREE.isdisjoint(position.path)


def planted(position: Position, value: Json) -> Json:
    """The template with ``value`` in place of that key or leaf."""
    body = copy.deepcopy(TEMPLATES[position.template])
    return plant(body, position.path, value, key=position.key)


def plant(body: Json, path: Path, value: Json, *, key: bool = False) -> Json:
    """Put ``value`` in place of the key or value at ``path``. Changes ``body`` and returns it."""
    holder: Json = body
    for step in path[:-1]:
        holder = _step(holder, step)
    last = path[-1]
    if isinstance(holder, Nested):
        holder.value = value
    elif key:
        items = list(holder.items())
        holder.clear()
        holder.update((value if name == last else name, inner) for name, inner in items)
    else:
        holder[last] = value
    return body


def _step(holder: Json, step: Step) -> Json:
    return holder.value if isinstance(holder, Nested) else holder[step]


def dumped(body: Json, *, model: str, stream: bool = False, ascii_only: bool = False) -> bytes:
    """The body as bytes, with the model asked for. ``ascii_only``: other characters as JSON escapes."""
    whole = {**body, "model": model} if body.get("model") == MODEL else dict(body)
    if stream:
        whole["stream"] = True
    raws: list[str] = []
    text = json.dumps(_plain(whole, raws, ascii_only=ascii_only), ensure_ascii=ascii_only)
    for number, raw in enumerate(raws):
        text = text.replace(f'"@raw {number}@"', raw).replace(f'\\"@raw {number}@\\"', raw)
    return text.encode()


def _plain(value: Json, raws: list[str], *, ascii_only: bool) -> Json:
    if isinstance(value, Nested):
        return json.dumps(_plain(value.value, raws, ascii_only=ascii_only), ensure_ascii=ascii_only)
    if isinstance(value, Raw):
        raws.append(value.text)
        return f"@raw {len(raws) - 1}@"
    if isinstance(value, dict):
        return {name: _plain(inner, raws, ascii_only=ascii_only) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, raws, ascii_only=ascii_only) for inner in value]
    return value


# Shapes: what stands in place of a leaf besides a plain string.

CARRIERS: Final = (
    "{}",
    "Please note: {} and nothing else.",
    "first\n{}\nlast",
    '"{}"',
    "<td>{}</td>",
    "https://pay.test/?ref={}&x=1",
    "`{}`",
    "({})",
    "value={};",
    "| note | {} |",
    "Re: {}, as agreed",
    "{} 12/27 123",
    "7 {} 19.99",
    "2024-05-01,{},3",
    "{}|12|2027|123",
    "No. {} of 12",
)
"""What stands around a value: words, marks, and other numbers."""

Shape = Callable[[str, Random], Json]

SHAPES: Final[Mapping[str, Shape]] = {
    "text": lambda text, random: random.choice(CARRIERS).format(text),
    "object": lambda text, _: {"note": text},
    "key": lambda text, _: {text: True},
    "list": lambda text, _: ["first", text],
    "JSON": lambda text, _: Nested({"note": text}),
    "JSON key": lambda text, _: Nested({"notes": {text: 1}}),
    "JSON twice": lambda text, _: Nested(Nested({"note": [text]})),
    "JSON escapes": lambda text, _: Nested(Nested(text)),
    "characters": lambda text, _: list(text),
    "codes": lambda text, _: [ord(char) for char in text],
}
"""Of any canary."""
NUMBER_SHAPES: Final[Mapping[str, Shape]] = {
    "number": lambda digits, _: int(digits),
    "exponent": lambda digits, _: Raw(f"{digits[0]}.{digits[1:]}e{len(digits) - 1}"),
    "fraction": lambda digits, _: Raw(f"{digits}.0"),
    "digits": lambda digits, _: [int(digit) for digit in digits],
    "groups": lambda digits, _: groups(digits),
    "JSON number": lambda digits, _: Nested({"pay": int(digits)}),
    "fields": lambda digits, _: dict(zip("abcd", groups(digits), strict=False)),
}
"""Of canaries that are numbers."""


def groups(digits: str) -> list[str]:
    """A card's digits in the groups that stand on it: four and four, or American Express's four, six and five."""
    sizes = (4, 6, 5) if len(digits) == 15 else (4,) * (len(digits) // 4)
    ends = list(accumulate(sizes))
    return [digits[end - size : end] for size, end in zip(sizes, ends, strict=True)]


SPLITS: Final[Mapping[str, Callable[[list[str]], Json]]] = {
    "parts": lambda pieces: _said([{"type": "text", "text": piece} for piece in pieces]),
    "turns": lambda pieces: _talk([("user", piece) for piece in pieces]),
    "turns with answers": lambda pieces: _talk(
        [turn for piece in pieces for turn in (("user", piece), ("assistant", "ok"))]
    ),
    "stop": lambda pieces: {**_said("Go on."), "stop": pieces},
    "metadata": lambda pieces: {**_said("Go on."), "metadata": dict(zip("abcd", pieces, strict=False))},
    "enum": lambda pieces: plant(
        copy.deepcopy(TOOLS), ("tools", 0, "function", "parameters", "properties", "unit", "enum"), pieces
    ),
    "arguments": lambda pieces: plant(
        copy.deepcopy(TOOLS), ("messages", 1, "tool_calls", 0, "function", "arguments"), Nested({"list": pieces})
    ),
}
"""One value in pieces over several strings of one request."""
NUMBER_SPLITS: Final[Mapping[str, Callable[[list[str]], Json]]] = {
    "turns with words": lambda pieces: _talk([("user", f"it goes on {piece}") for piece in pieces]),
    "roles": lambda pieces: _talk(list(zip(("system", "user", "assistant", "user"), pieces, strict=False))),
}
"""Ways in which a number in its groups is followed even where other words or speakers stand between."""
LONGEST_PIECE: Final = 60


def _said(content: Json) -> dict[str, Json]:
    return {"model": MODEL, "messages": [{"role": "user", "content": content}]}


def _talk(turns: list[tuple[str, str]]) -> dict[str, Json]:
    if turns[-1][0] == "assistant":
        turns = [*turns, ("user", "Go on.")]
    return {"model": MODEL, "messages": [{"role": role, "content": said} for role, said in turns]}


def cut(text: str, pieces: int) -> list[str]:
    """``text`` in that many pieces of about the same length."""
    size = -(-len(text) // pieces)
    return [text[at : at + size] for at in range(0, len(text), size)]
