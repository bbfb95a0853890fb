"""What a request needs of a backend, and how long it is. Reported problem 65 is why these are asked before routing."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.ingress.facts import TOKENS_PER_MEDIA_PART
from gateway.ingress.limits import IngressLimits
from gateway.ingress.openai_chat import facts, parse
from gateway.model import Caller, Facts
from gateway.policy.reads import Reads

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
PDF = {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}


def facts_of(content: Any = "hello", **body: Any) -> Facts:
    """The facts of a request with one user message and ``body`` over it."""
    request = {"model": "auto", "messages": [{"role": "user", "content": content}], **body}
    return facts(parse(json.dumps(request).encode(), Caller("ada"), "req_1", IngressLimits()))


def needs(found: Facts) -> set[str]:
    """Names of what is needed."""
    return {name for name in ("tools", "vision", "documents", "audio", "json_schema") if getattr(found, name)}


def test_a_plain_request_needs_nothing() -> None:
    """No tools, no media, no schema; caller, model and stream are passed on."""
    found = facts_of(stream=True)
    assert needs(found) == set()
    assert (found.key_id, found.wanted_model, found.stream) == ("ada", "auto", True)


@pytest.mark.parametrize(
    ("content", "need"),
    [
        ([IMAGE], "vision"),
        ([{"type": "text", "text": "look"}, IMAGE], "vision"),
        ([{"type": "image", "source": {}}], "vision"),
        ([{"type": "text", "text": "x", "image_url": {"url": "http://a/b"}}], "vision"),
        ([PDF], "documents"),
        ([{"type": "document", "source": {}}], "documents"),
        ([SOUND], "audio"),
        ([{"type": "tool_result", "content": [{"type": "text", "text": "x"}, IMAGE]}], "vision"),
    ],
)
def test_media_is_seen_wherever_it_is(content: Any, need: str) -> None:
    """A part of a known kind counts at any depth, and so does its payload under another type."""
    assert needs(facts_of(content)) == {need}


def test_media_in_older_messages_counts() -> None:
    """The whole conversation is sent again with each turn, pictures included."""
    found = facts_of(messages=[{"role": "user", "content": [IMAGE, PDF]}, {"role": "user", "content": "and now?"}])
    assert needs(found) == {"vision", "documents"}


@pytest.mark.parametrize(
    ("body", "need"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"functions": [{"name": "f"}]}, "tools"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}]}, "tools"),
        ({"messages": [{"role": "tool", "content": "42"}]}, "tools"),
        ({"messages": [{"role": "assistant", "function_call": {"name": "f"}}]}, "tools"),
        ({"modalities": ["text", "audio"]}, "audio"),
        ({"audio": {"voice": "x"}}, "audio"),
        ({"messages": [{"role": "assistant", "audio": {"id": "a1"}}]}, "audio"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, "json_schema"),
    ],
)
def test_fields_that_need_a_capability(body: dict[str, Any], need: str) -> None:
    """Offered and earlier tools, spoken answers, schemas."""
    assert needs(facts_of(**body)) == {need}


@pytest.mark.parametrize(
    "body",
    [
        {"tools": [], "functions": [], "modalities": ["text"]},
        {"tools": None, "modalities": None, "audio": None, "response_format": None},
        {"response_format": {"type": "json_object"}},
        {"messages": [{"role": "assistant", "content": "x", "tool_calls": []}]},
        {"messages": [{"role": "user", "content": 'the word image_url, {"type": "image_url"}'}]},
    ],
)
def test_fields_that_need_nothing(body: dict[str, Any]) -> None:
    """Empty lists, null, json_object, and words about media."""
    assert needs(facts_of(**body)) == set()


def test_tokens_are_a_quarter_of_the_bytes_and_the_answers_limit() -> None:
    """An estimate for the context check: text by its bytes, the answer by what the client allows."""
    short, long = facts_of("x"), facts_of("x" * 4001)
    assert long.tokens - short.tokens == 1000
    assert facts_of("x", max_tokens=500).tokens - short.tokens in range(500, 510)
    assert facts_of("x", max_tokens=500, max_completion_tokens=700).tokens - short.tokens in range(700, 730)
    assert facts_of("x", max_tokens=None).tokens - short.tokens < 10
    assert facts_of("x", max_tokens=-5).tokens >= short.tokens


def test_a_picture_costs_a_flat_figure_whatever_its_bytes() -> None:
    """Base64 is no text: a photo of a megabyte does not rule out every model for its context."""
    photo = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1_000_000}}
    found = facts_of([photo, photo])
    assert 2 * TOKENS_PER_MEDIA_PART <= found.tokens < 2 * TOKENS_PER_MEDIA_PART + 200


def test_who_asks_and_when_are_facts() -> None:
    """Team and application of the key, one instant, tools by name, instructions."""
    request = {
        "model": "auto",
        "messages": [{"role": "developer", "content": "Be brief."}],
        "tools": [{"type": "function", "function": {"name": "look"}}],
    }
    before = datetime.now(UTC)
    found = facts(parse(json.dumps(request).encode(), Caller("ada", "legal", "search"), "req_1", IngressLimits()))
    assert (found.team, found.app, found.tool_names, found.system_prompt) == ("legal", "search", ("look",), True)
    assert found.at is not None
    assert before <= found.at <= datetime.now(UTC)
    assert (facts_of().team, facts_of().system_prompt) == ("", False)


def test_only_what_a_policy_reads_is_taken_of_headers_and_metadata() -> None:
    """By name; a list in one line counts as the line and as its entries. Nothing of it is shown."""
    request = {"model": "auto", "messages": [{"role": "user", "content": "x"}], "metadata": {"case": "c1", "b": "hush"}}
    inbound = replace(
        parse(json.dumps(request).encode(), Caller("ada"), "req_1", IngressLimits()),
        headers=(("x-a", "hr, it"), ("x-b", "hush"), ("x-a", "legal")),
    )
    found = facts(inbound, Reads(frozenset({"x-a"}), frozenset({"case"})))
    assert found.headers == {"x-a": ("hr, it", "hr", "it", "legal")}
    assert found.metadata == {"case": "c1"}
    assert facts(inbound).headers == facts(inbound).metadata == {}
    assert "legal" not in repr(found) + repr(inbound)
