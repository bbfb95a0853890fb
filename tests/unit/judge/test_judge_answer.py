"""What a model says, and what it is taken for. The tables are the tests."""

import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.judge.answer import read
from gateway.judge.verdicts import Failure, Ruling, Verdict, together
from gateway.model import Completion

GENERAL = Verdict(Ruling.GENERAL)


def said(content: Any, **choice: Any) -> Verdict | None:
    body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}, **choice}]}
    return read(Completion(orjson.dumps(body), "model", None, "stop"))


@pytest.mark.parametrize(
    "content",
    [
        '{"verdict":"general","reason":"none"}',
        '{"verdict": "general"}',
        '```json\n{"verdict": "general", "reason": "none"}\n```',
        '<think>\n\n</think>\n\n{"verdict":"general","reason":"none"}',
        "general",
        " General.",
        "**general**",
        "general none",
    ],
)
def test_general_is_taken_where_nothing_else_is_said(content: str) -> None:
    assert said(content) == GENERAL


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"verdict":"private","reason":"health"}', "health"),
        ('{"reason":"money","verdict":"private"}', "money"),
        ('{"verdict":"private","reason":"Jane Roe, 12 Example Street"}', "other"),
        ('{"verdict":"private","reason":["health"]}', "other"),
        ('{"verdict":"private"}', "other"),
        ("private", "other"),
        ("Private: legal.", "legal"),
        ("private (school)", "school"),
        ("private because it is general", "other"),
    ],
)
def test_private_is_taken_at_a_word_and_its_reason_is_of_the_list(content: str, reason: str) -> None:
    """A model's own words become ``other``: nothing that it read can get into a record."""
    assert said(content) == Verdict(Ruling.PRIVATE, reason)


@pytest.mark.parametrize(
    "content",
    [
        "",
        None,
        7,
        "yes",
        "general practitioner",
        "general, although the writer's name is given",
        "It is general.",
        "not general",
        "generally private",
        '{"verdict":"general","reason":"health"}',
        '{"verdict":"general","verdict":"private"}',
        '{"verdict":"general","confidence":0.9}',
        '{"verdict":"General"}',
        '{"verdict":"general"',
        '{"verdict":"general"} or {"verdict":"private"}',
        '{"verdict":["general"]}',
        "{}",
        "[]",
        '["general"]',
        "{" * 500,
        "<think>general</think> hm",
        "<think>it is general",
        "privately speaking, no",
        "general" * 200,
    ],
)
def test_anything_else_is_no_verdict(content: Any) -> None:
    assert said(content) is None


@pytest.mark.parametrize("body", [b"{}", b'{"choices": []}', b"[]", b'{"choices": [1]}', b'{"choices": [{}, {}]}'])
def test_an_answer_of_another_shape_is_no_verdict(body: bytes) -> None:
    assert read(Completion(body, "model", None, "stop")) is None


def logprobs(**shares: float) -> dict[str, Any]:
    offered = [{"token": token, "logprob": math.log(share)} for token, share in shares.items()]
    return {"content": [{"token": "general", "logprob": -0.1, "top_logprobs": offered}]}


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        ({"general": 0.9, "private": 0.1}, GENERAL),
        ({" General": 0.5, "general": 0.4, "priv": 0.1}, GENERAL),
        ({"gen": 0.8}, GENERAL),
        ({"general": 0.6, "private": 0.4}, None),
        ({"general": 0.5, "private": 0.3, "Pri": 0.2}, None),
        ({"no": 0.9, "yes": 0.1}, None),
    ],
)
def test_general_has_to_be_clearly_likelier_where_the_server_says_how_likely(
    shares: dict[str, float], verdict: Verdict | None
) -> None:
    assert said("general", logprobs=logprobs(**shares)) == verdict


@pytest.mark.parametrize("odd", [None, {}, {"content": None}, {"content": [3]}, {"content": [{"top_logprobs": []}]}])
def test_probabilities_that_nobody_gives_are_not_asked_for(odd: Any) -> None:
    assert said("general", logprobs=odd) == GENERAL


@given(st.text(max_size=60))
def test_no_text_raises_or_becomes_a_reason(content: str) -> None:
    verdict = said(content)
    assert verdict is None or verdict.reason in {"", "other"} or verdict.reason in content.lower()


def test_pieces_are_general_only_together() -> None:
    private = Verdict(Ruling.PRIVATE, "legal")
    assert together([GENERAL, GENERAL]) == GENERAL
    assert together([GENERAL, Failure.TIMEOUT, private]) == private
    assert together([GENERAL, Failure.TIMEOUT]) is Failure.TIMEOUT
    assert together([]) is Failure.ERROR
