"""Makers of disguises: what cannot be written in the data file because it is invisible, encoded or a whole body."""

import base64
import codecs
import gzip
import html
import json
import quopri
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, Final

CARD: Final = "4111111111111111"
GROUPS: Final = "4111 1111 1111 1111"
_DIGIT_WORDS: Final = "zero one two three four five six seven eight nine".split()  # noqa: SIM905 - reads as a row
_MORSE: Final = "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.".split()  # noqa: SIM905 - likewise


def _script(zero: str) -> str:
    return "".join(chr(ord(zero) + int(digit)) for digit in CARD)


def _said(content: Any, **fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}], **fields}


def _talk(*turns: str) -> dict[str, Any]:
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[at % 2], "content": said} for at, said in enumerate(turns)]}


def _call(arguments: str) -> dict[str, Any]:
    call = {"id": "call_1", "type": "function", "function": {"name": "pay", "arguments": arguments}}
    return {
        "messages": [{"role": "user", "content": "Go."}, {"role": "assistant", "content": None, "tool_calls": [call]}]
    }


def _coded(times: int, text: str = f"the card is {GROUPS}") -> str:
    for _ in range(times):
        text = base64.b64encode(text.encode()).decode()
    return text


def _nested(times: int) -> str:
    text = CARD
    for _ in range(times):
        text = json.dumps({"inner": text})
    return text


_PART: Final = {"type": "text", "text": "What is this?"}
MADE: Final[Mapping[str, Callable[..., Any]]] = {
    # Texts
    "between": lambda with_: codecs.decode(with_, "unicode_escape").join(CARD),
    "groups": lambda with_: codecs.decode(with_, "unicode_escape").join(GROUPS.split()),
    "after each": lambda with_: "".join(digit + codecs.decode(with_, "unicode_escape") for digit in CARD),
    "script": lambda zero: _script(codecs.decode(zero, "unicode_escape")),
    "shifted": lambda to: "hi " + "".join(chr(int(to, 16) + ord(char)) for char in CARD),
    "each": lambda format_: "".join(format_ % ord(char) for char in CARD),
    "reversed": lambda: "\u202e" + CARD[::-1] + "\u202c",
    "ones": lambda one, four: CARD.replace("4", four).replace("1", one),
    "words": lambda: " ".join(_DIGIT_WORDS[int(digit)] for digit in CARD),
    "morse": lambda: " ".join(_MORSE[int(digit)] for digit in CARD),
    "look-alikes": lambda: "write to аdа.lоvеlасе@gmail.com",
    "base64": lambda: base64.b64encode(f"card {GROUPS}".encode()).decode(),
    "base64 without padding": lambda: base64.b64encode(f"my card {GROUPS}".encode()).decode().rstrip("="),
    "base64 for URLs": lambda: base64.urlsafe_b64encode(b"\xc3\xbc? card " + CARD.encode()).decode(),
    "base64 with an offset": lambda: "xy" + base64.b64encode(f"card {GROUPS}".encode()).decode(),
    "base64 layers": _coded,
    "base64 in lines": lambda: base64.encodebytes(b"a long text before it, and then: " * 4 + CARD.encode()).decode(),
    "base32": lambda: base64.b32encode(CARD.encode()).decode(),
    "base85": lambda: base64.b85encode(f"the card is {CARD}".encode()).decode(),
    "hex": lambda with_="": CARD.encode().hex(with_) if with_ else CARD.encode().hex(),
    "percent twice": lambda: urllib.parse.quote("".join(f"%{ord(char):02X}" for char in CARD)),
    "quoted-printable": lambda: quopri.encodestring(("x" * 70 + CARD).encode()).decode(),
    "escaped HTML": lambda: html.escape("<b>card</b> & co: ") + GROUPS.replace(" ", "&nbsp;"),
    "binary digits": lambda: " ".join(f"{ord(char):08b}" for char in CARD),
    "character codes": lambda: f"String.fromCharCode({','.join(str(ord(char)) for char in CARD)})",
    "data URI": lambda: f"data:text/plain;base64,{base64.b64encode(CARD.encode()).decode()}",
    "gzip": lambda: base64.b64encode(gzip.compress(f"the card is {CARD}".encode(), mtime=0)).decode(),
    "random": lambda: "kJ9x2LqW7vTz4RmB8cYp3NdFs6HgA1eU",
    "rot13 words": lambda: codecs.encode(" ".join(_DIGIT_WORDS[int(digit)] for digit in CARD), "rot13"),
    "vertical": lambda: "\n".join(CARD),
    "Markdown column": lambda: "\n| a | 4111 |\n| b | 1111 |\n| c | 1111 |\n| d | 1111 |\n",
    "CSV column": lambda: "\na,4111\nb,1111\nc,1111\nd,1111\n",
    "replacement characters": lambda: "\ufffd" * 12 + "PNG",
    "binary as text": lambda: bytes(range(128, 200)).decode("latin-1") * 2,
    # Bodies
    "parts": lambda: _said([{"type": "text", "text": "4111 1111"}, {"type": "text", "text": " 1111 1111"}]),
    "turns": lambda: _talk("remember 41111111 for me", "Done.", "now append 11111111 to it"),
    "question and answer": lambda: _talk("Hello", "Your social security number, please?", "219099999"),
    "label and value": lambda: _said([{"type": "text", "text": "MRN"}, {"type": "text", "text": ": 04857211"}]),
    "wrapped key": lambda: "the key AKIA2OGYBAH6\nSTMMNXNN is in use",
    "fields": lambda: _said("go", metadata={"a": "4111", "b": "1111", "c": "1111", "d": "1111"}),
    "digits": lambda: _said("go", metadata={"card": [int(digit) for digit in CARD]}),
    "codes": lambda: _said("go", metadata={"card": [ord(digit) for digit in CARD]}),
    "characters": lambda: _said("go", metadata={"card": list(CARD)}),
    "arguments": lambda: _call(json.dumps({"card": CARD})),
    "arguments twice": lambda: _call(json.dumps(json.dumps({"card": CARD}))),
    "arguments in fields": lambda: _call(json.dumps({"a": "DE89 3704 0", "b": "044 0532 0130 00"})),
    "deep JSON": lambda times: _said(_nested(times)),
    "duplicate keys": lambda: b'{"messages": [], "x": "4111111111111111", "x": "y"}',
    "escaped key name": lambda: b'{"messages": [], "c\\u0061rd": "4111111111111111"}',
    "case of a key": lambda: {"Messages": [{"role": "user", "Content": "hello"}]},
    "field": lambda name: _said("go", **{name: f"note {CARD}"}),
    "description of a tool": lambda: _said(
        "go", tools=[{"type": "function", "function": {"name": "pay", "description": f"charges {CARD}"}}]
    ),
    "name of a message": lambda: {"messages": [{"role": "user", "name": f"card-{CARD}", "content": "go"}]},
    "system message": lambda: {"messages": [{"role": "system", "content": f"charge {CARD}"}]},
    "key": lambda: _said("go", metadata={CARD: 1}),
    "number": lambda: b'{"messages": [], "x": 4.111111111111111e15}',
    "token bias": lambda: _said("go", logit_bias={CARD: 1}),
    "schema": lambda: _said("go", response_format={"type": "json_schema", "json_schema": {"schema": {"enum": [CARD]}}}),
    "elsewhere by request": lambda name: _said("go", **{name: "https://elsewhere.example"}),
    "reference": lambda name: _said("go", **{name: "id_123"}),
    "token ids": lambda: {"prompt": [[1212, 318, 257, 1332]]},
    "image": lambda: _said([_PART, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]),
    "file": lambda: _said([_PART, {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}}]),
    "audio": lambda: _said([_PART, {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}]),
    "unknown part": lambda: _said([_PART, {"type": "hologram", "hologram": {"caption": "a cat"}}]),
}
