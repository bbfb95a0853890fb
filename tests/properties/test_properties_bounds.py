"""No view explodes: how many there are, and how much there is to read, is linear in what was sent (invariant I10)."""

import asyncio
import base64
import html
import json
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties_profile import PROPERTIES
from properties_work import BODIES, SHAPES, Counting
from support.inspected import message

from gateway.inspection.all_views import MAX_VIEWS, all_views
from gateway.inspection.scanner import Scanner
from gateway.model import Backend, Draft, WireFormat

MOST_VIEWS: Final = MAX_VIEWS * 5
"""Each as it is, put together, read aloud, down its columns and over its line breaks."""
TIMES: Final = 64
"""Characters of all views of one text, for each of its own; 40 were the most seen."""
TIMES_OF_A_BODY: Final = 3 * TIMES
"""Of all units and joins of one body, for each of its bytes."""
SPARE: Final = 8192

_LAYERS: Final[Mapping[str, Callable[[str], str]]] = {
    "base64": lambda text: base64.b64encode(text.encode("utf-8", "replace")).decode(),
    "base32": lambda text: base64.b32encode(text.encode("utf-8", "replace")).decode(),
    "base85": lambda text: base64.b85encode(text.encode("utf-8", "replace")).decode(),
    "hex": lambda text: text.encode("utf-8", "replace").hex(),
    "hex pairs": lambda text: text.encode("utf-8", "replace").hex(" "),
    "percent": lambda text: urllib.parse.quote(text.encode("utf-8", "replace"), safe=""),
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "named": html.escape,
    "escapes": lambda text: json.dumps(text)[1:-1],
    "twice": lambda text: f"{text} {text}",
    "quoted": lambda text: "".join(f"={byte:02X}" for byte in text.encode("utf-8", "replace")),
    "lines": lambda text: "\n".join(text[at : at + 20] for at in range(0, len(text), 20)),
}
_seeds = st.text(max_size=60) | st.sampled_from(sorted(SHAPES)).map(lambda name: SHAPES[name](200))


def _layers(text: str, layers: list[str]) -> str:
    for layer in layers:
        text = _LAYERS[layer](text)[:20_000]
    return text


layered = st.builds(_layers, _seeds, st.lists(st.sampled_from(sorted(_LAYERS)), max_size=6))


def bounded(text: str) -> None:
    views, _ = all_views(text)
    assert len(views) <= MOST_VIEWS
    assert sum(len(view.text) for view in views) <= TIMES * len(text) + SPARE


@PROPERTIES
@given(text=layered)
def test_nested_encodings_make_few_views(text: str) -> None:
    """Any encoding of any encoding, six deep, with anything inside."""
    bounded(text)


@PROPERTIES
@given(parts=st.lists(layered, max_size=5))
def test_encodings_beside_each_other_make_few_views(parts: list[str]) -> None:
    """Different ones in one text share its bounds."""
    bounded("\n".join(parts))


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_long_texts_of_every_shape_make_few_views(shape: str) -> None:
    """Twenty thousand characters of what some view is made for."""
    bounded(SHAPES[shape](20_000))


def work(body: dict[str, Any]) -> tuple[int, int]:
    """Characters that a detector is given to read for this body, and the body's bytes."""
    counting = Counting()
    raw = json.dumps(body).encode()
    backend = Backend("nowhere", WireFormat.OPENAI, "http://127.0.0.1:9", {"m": "m"}, "public")
    draft = Draft(backend, backend.base_url, (), raw, "m", stream=False)
    scanner = Scanner([counting], timeout_s=300, cache_entries=1)
    try:
        report = asyncio.run(scanner.scan(draft))
    finally:
        scanner.close()
    assert not {"error", "timeout", "overload"} & set(report.coverage.reasons)
    return counting.characters, len(raw)


@pytest.mark.parametrize("name", sorted(BODIES))
def test_the_work_of_a_body_grows_with_its_size_alone(name: str) -> None:
    """Four times as many turns, parts, fields or numbers: at most four times as much to read, and some."""
    small, size = work(BODIES[name](400))
    large, _ = work(BODIES[name](1600))
    assert small <= TIMES_OF_A_BODY * size + SPARE
    assert large <= 5 * small + SPARE


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_the_work_of_a_text_grows_with_its_size_alone(shape: str) -> None:
    """Units overlap and views repeat, but four times the text is no more than five times the work."""
    small, _ = work(message(SHAPES[shape](10_000)))
    large, size = work(message(SHAPES[shape](40_000)))
    assert large <= 5 * small + SPARE
    assert large <= TIMES_OF_A_BODY * size + SPARE
