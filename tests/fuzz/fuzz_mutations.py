"""A corpus of texts that inspection is made for, and mutations of them."""

import base64
import html
import json
import urllib.parse
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import yaml
from evasions.evasions_made import MADE
from properties.properties_benign import benign
from properties.properties_work import SHAPES
from support.sensitive_values import KINDS, value

from gateway.inspection.detectors.catalogue import detector_files
from gateway.inspection.detectors.rules import fill

ROOT: Final = Path(__file__).parents[2]
_SPECIAL: Final = (
    "\u200b\u00ad\u202e\u2066\u0336\u20e3\ufe0f\u00a0\u3164\uff11\u0661\u4e00\ufffd\0\x1b\ud7ff\U000e0034\U0001f600"
    "\ufdfa\u0130\u1e9e\u00df\u0149\u2028\x85"
)
_GLUE: Final = (
    "",
    " ",
    "\n",
    "\r\n",
    "\n> ",
    ", ",
    "|",
    ".",
    "-",
    "/",
    "_",
    "=",
    "%",
    "&",
    "\\",
    "\t",
    "<b>",
    "\u200b",
)


def corpus(folder: Path | None = None) -> list[str]:
    """Examples of every rule, values of every kind, evasions, benign texts; and the rows of a folder of JSON lines."""
    texts: list[str] = []
    for path in sorted(detector_files().glob("*.yaml")):
        rules: Any = yaml.safe_load(path.read_text("utf-8")).get("rules", ())
        for rule in rules if isinstance(rules, list) else ():
            texts += [fill(str(example)) for example in (*rule.get("match", ()), *rule.get("no_match", ()))]
    texts += [value(kind, seed).text for kind in KINDS for seed in range(4)]
    rows: Any = yaml.safe_load((ROOT / "tests/evasions/evasions.yaml").read_text("utf-8"))["rows"]
    for case in (case for row in rows for case in row.get("cases", ())):
        made = case["text"] if "text" in case else MADE[case["make"][0]](*case["make"][1:])
        texts.append(made if isinstance(made, str) else str(made))
    texts += [text[:1500] for _, text, _ in benign()]
    texts += [make(400) for make in SHAPES.values()]
    for path in sorted(folder.glob("*.jsonl")) if folder else ():
        texts += [json.loads(line)["text"][:1500] for line in path.read_text("utf-8").splitlines()]
    return texts


def _place(text: str, random: Random) -> int:
    return random.randrange(len(text) + 1)


def _span(text: str, random: Random) -> tuple[int, int]:
    start = _place(text, random)
    return start, min(len(text), start + random.choice((1, 1, 2, 4, 16, 64)))


def _insert(text: str, random: Random) -> str:
    at = _place(text, random)
    return text[:at] + random.choice(_SPECIAL) + text[at:]


def _drop(text: str, random: Random) -> str:
    start, end = _span(text, random)
    return text[:start] + text[end:]


def _repeat(text: str, random: Random) -> str:
    start, end = _span(text, random)
    return text[:end] + text[start:end] * random.choice((1, 2, 8, 40)) + text[end:]


def _any_character(text: str, random: Random) -> str:
    at = _place(text, random)
    code = random.choice(
        (random.randrange(32, 127), random.randrange(0x80, 0xD800), random.randrange(0xE000, 0x110000))
    )
    return text[:at] + chr(code) + text[at + 1 :]


def _digit(text: str, random: Random) -> str:
    places = [at for at, char in enumerate(text) if char.isdecimal()]
    at = random.choice(places) if places else 0
    return text[:at] + str(random.randrange(10)) + text[at + 1 :] if places else text


def _break(text: str, random: Random) -> str:
    at = _place(text, random)
    return text[:at] + random.choice(_GLUE) + text[at:]


def _swap(text: str, random: Random) -> str:
    start, end = _span(text, random)
    at = _place(text, random)
    rest = text[:start] + text[end:]
    return rest[:at] + text[start:end] + rest[at:]


def _case(text: str, random: Random) -> str:
    return random.choice((text.upper, text.lower, text.swapcase, text.title))()


def _between_all(text: str, random: Random) -> str:
    start, end = _span(text, random)
    return text[:start] + random.choice(_GLUE + tuple(_SPECIAL)).join(text[start:end]) + text[end:]


def _encode(text: str, random: Random) -> str:
    start = _place(text, random)
    raw = text[start:].encode("utf-8", "replace")
    said = random.choice(
        (
            lambda: base64.b64encode(raw).decode(),
            lambda: base64.b32encode(raw).decode(),
            raw.hex,
            lambda: raw.hex(" "),
            lambda: urllib.parse.quote(raw),
            lambda: html.escape(text[start:]),
            lambda: json.dumps(text[start:]),
            lambda: "".join(f"&#{ord(char)};" for char in text[start:]),
        )
    )()
    return text[:start] + said


MUTATIONS: Final[Sequence[Callable[[str, Random], str]]] = (
    _insert, _drop, _repeat, _any_character, _digit, _break, _swap, _case, _between_all, _encode,
)  # fmt: skip


def mutated(texts: Sequence[str], random: Random, most: int) -> str:
    """One text, or two with something between, after some mutations; ``most`` characters at most."""
    text = random.choice(texts)
    if random.random() < 0.4:
        text += random.choice(_GLUE) + random.choice(texts)
    for _ in range(random.choice((0, 1, 1, 2, 3, 6))):
        text = random.choice(MUTATIONS)(text, random)[:most]
    return text[:most].encode("utf-8", "replace").decode()
