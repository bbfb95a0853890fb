"""Texts that make work: each shape of text that some view, join or pattern is made for, as long as one likes."""

import base64
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final

from support.inspected import MODEL, message

from gateway.inspection.detectors.base import Match, Views


class Counting:
    """Finds nothing and counts the characters that it is given to read: the work of inspection, in no unit of time."""

    name = "counting"
    version = "1"
    entity_types = frozenset({"NOTHING"})
    views: Views = "all"

    def __init__(self) -> None:
        self.characters = 0

    def find(self, text: str) -> Sequence[Match]:
        self.characters += len(text)
        return []


def _row(piece: str) -> Callable[[int], str]:
    return lambda size: (piece * (size // len(piece) + 1))[:size]


def _base64(times: int) -> Callable[[int], str]:
    def make(size: int) -> str:
        text = _row("the card is 4111 1111 1111 1111 ")(size)
        for _ in range(times):
            text = base64.b64encode(text.encode()).decode()
        return text[:size]

    return make


def _mixed(alphabet: str) -> Callable[[int], str]:
    return lambda size: "".join(Random(size).choices(alphabet, k=size))


def _anything(size: int) -> str:
    random = Random(size)
    ranges = ((32, 127), (0x80, 0x3000), (0x1F000, 0x1FFFF), (0xE0000, 0xE0200))
    return "".join(chr(random.randrange(*random.choice(ranges))) for _ in range(size))


SHAPES: Final[Mapping[str, Callable[[int], str]]] = {
    "prose": _row("the quick brown fox jumps over the lazy dog. "),
    "single digits": _row("1 "),
    "groups of four": _row("4111 "),
    "digits and marks": _mixed("0123456789 -./|\n"),
    "Markdown table": _row("| 4111 | 1111 | 12 |\n"),
    "CSV": _row("4111,1111,1111,1111\n"),
    "narrow CSV": _row("1,2,3,4,5,6,7,8,9\n"),
    "number words": _row("one two three four five six seven eight nine "),
    "Chinese numerals": _row("四一一一"),
    "base64": _base64(1),
    "base64 of base64 of base64": _base64(3),
    "base64 in lines": lambda size: base64.encodebytes(_row("card 4111 1111 1111 1111 x")(size).encode()).decode()[
        :size
    ],
    "many short base64": lambda size: " ".join(
        base64.b64encode(b"card 4111 1111 %d" % number).decode() for number in range(size // 24)
    ),
    "hexadecimal": lambda size: _row("the card ")(size // 2).encode().hex(),
    "hexadecimal pairs": lambda size: _row("the card ")(size // 3).encode().hex(" "),
    "percent": _row("%34%31"),
    "percent of percent": _row("%2525254"),
    "entities": _row("&#52;"),
    "entities of entities": _row("&amp;amp;#52;"),
    "escapes": _row("\\u0034"),
    "octal": _row("\\064\\061"),
    "codes": _row("52,49,49,49,"),
    "binary": _row("00110100 "),
    "groups of base64": _row("bXkg Y2Fy ZCBp "),
    "base85": lambda size: base64.b85encode(_row("the card is 4111 ")(size * 4 // 5).encode()).decode(),
    "wrapped words": _row("AKIA2OGY\n"),
    "wrapped ends": _row("a1b2c3d4 x\ne5f6 g7h8\n"),
    "spelt addresses": _row("a at b dot c "),
    "addresses": _row("ada.lovelace@gmail.com, "),
    "account numbers": _row("DE89 3704 0044 0532 0130 00 "),
    "phones": _row("+49 30 901820 "),
    "zero width": _row("4\u200b"),
    "marks": _row("4\u0338"),
    "tags": _row("a\U000e0034\U000e0031"),
    "ligatures": _row("\ufdfa"),
    "HTML": _row("<b>4</b><i>1</i>"),
    "one word": _row("a"),
    "spaces": _row(" "),
    "lines": _row("\n"),
    "anything": _anything,
    "capitals and digits": _mixed("ABCDEF0123456789"),
    "marks alone": _mixed("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
}


def _turns(count: int) -> dict[str, Any]:
    roles = ("user", "assistant")
    return {"model": MODEL, "messages": [{"role": roles[at % 2], "content": f"4111 {at}"} for at in range(count)]}


BODIES: Final[Mapping[str, Callable[[int], dict[str, Any]]]] = {
    "turns": _turns,
    "turns of one role": lambda count: {"messages": [{"role": "user", "content": "4111"} for _ in range(count)]},
    "parts": lambda count: message([{"type": "text", "text": "41"} for _ in range(count)]),
    "list of strings": lambda count: message("go", metadata={"list": ["411"] * count}),
    "list of numbers": lambda count: message("go", metadata={"list": [4111] * count}),
    "list of long numbers": lambda count: message("go", metadata={"list": [4111111111111111] * count}),
    "fields": lambda count: message("go", metadata={f"name {at}": "4111" for at in range(count)}),
    "objects": lambda count: message("go", rows=[{"id": at, "date": "2024-01-01", "n": 12} for at in range(count)]),
    "nested lists": lambda count: message("go", rows=[[[1, 2], [3, 4]]] * count),
    "calls": lambda count: {
        "messages": [
            {"role": "assistant", "tool_calls": [{"id": f"call_{at}", "function": {"arguments": '{"a": 4111}'}}]}
            for at in range(count)
        ]
    },
}
