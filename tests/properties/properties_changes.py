"""What may be done to a text that holds a value, without the value being any less there."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from hypothesis import strategies as st
from support.inspected import MODEL, message
from support.sensitive_values import KINDS, Value, value

SNIPPETS: Final = (
    "", "Please look at this:", "The order 7 of 12", "a,b,c,4,", '{"x":', "x = 5", "| a | b |", "Grüße aus Köln,", "12",
    "2024-05-01,", "id=", "(", "3.14", "0x1f", "<td>", "# Notes", "1234", "- item", "No.", "f(", "'", "`", "e\u0301",
    "\u200d", "\N{GRINNING FACE}", "Москва", "价格", "don't", "1/2", "https://example.org/a?b=1&c=2",
    "def f(x): return 1",     "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "SGVsbG8gd29ybGQsIGhlbGxvIQ==", "&amp;", "%20",
    "\\u0041", "=3D", "\x1b[31m", "v1.2.3", "10.0.0.1", "12:30:45", "+", "$5.00", "50%", "call me", "card", "\t", "\0",
)  # fmt: skip
"""What stands before and after: other words, numbers, markup, encodings, scripts."""
GAPS: Final = (" ", "\n", "\n\n", "\t", "  ", "\r\n")
AFTER: Final = (*GAPS, ". ", ", ", "; ", "\u00a0", "\u3000")
LINE_BREAKS: Final = ("\n", "\r\n", "\n    ", "\n> ")

values: Final = st.builds(value, st.sampled_from(KINDS), st.integers(0, 2**32))
paddings: Final = st.sampled_from(SNIPPETS) | st.text(max_size=40) | st.lists(st.sampled_from(SNIPPETS)).map(" ".join)


@st.composite
def padded(draw: st.DrawFn, of: Value) -> tuple[str, int]:
    """A text with the value in it, and where its core starts. White space sets it off, or the end of a sentence."""
    before = draw(paddings)
    before += draw(st.sampled_from(GAPS)) if before else ""
    after = draw(paddings)
    text = f"{before}{of.text}{draw(st.sampled_from(AFTER)) + after if after else ''}"
    return text, len(before) + len(of.label)


def _parts(pieces: list[str]) -> dict[str, Any]:
    return message([{"type": "text", "text": piece} for piece in pieces])


def _turns(pieces: list[str]) -> dict[str, Any]:
    said: list[dict[str, Any]] = []
    for piece in pieces:
        said += ({"role": "user", "content": piece}, {"role": "assistant", "content": "ok"})
    return {"model": MODEL, "messages": said[:-1]}


def _call(arguments: object) -> dict[str, Any]:
    call = {"id": "call_1", "type": "function", "function": {"name": "note", "arguments": json.dumps(arguments)}}
    messages = [{"role": "user", "content": "Go."}, {"role": "assistant", "content": None, "tool_calls": [call]}]
    return {"model": MODEL, "messages": messages}


def _result(content: object) -> dict[str, Any]:
    body = _call({})
    body["messages"].append({"role": "tool", "tool_call_id": "call_1", "content": json.dumps(content)})
    return body


SPREADS: Final[Mapping[str, Callable[[list[str]], dict[str, Any]]]] = {
    "parts": _parts,
    "turns": _turns,
    "fields of an argument": lambda pieces: _call(dict(zip("abcdef", pieces, strict=False))),
    "a list in an argument": lambda pieces: _call({"list": pieces}),
    "fields of a result": lambda pieces: _result(dict(zip("abcdef", pieces, strict=False))),
    "metadata": lambda pieces: message("Go on.", metadata=dict(zip("abcdef", pieces, strict=False))),
}
"""Ways in which a text is spread over several strings of one request."""


def places_to_break(of: Value) -> list[int]:
    """Where a line may break: anywhere in a value of one word, between the groups of others, before the value.

    A number with a plus breaks after its country code at the earliest. Within the words of a label lines do not break.
    """
    core = of.core
    start = len(of.label)
    if of.kind == "phone":
        return [start + at + 1 for at, char in enumerate(core) if char in " -"]
    if " " in core or (of.numeric and "-" in core):
        inside = [start + at + 1 for at, char in enumerate(core) if char in " -"]
    else:
        inside = [start + at for at in range(1, len(core))]
    return [*([start] if of.label else []), *inside]
