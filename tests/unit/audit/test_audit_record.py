"""A record holds what its closed forms allow, and no text."""

import dataclasses
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from audit_support import SENT, completion, decision
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.record import (
    MAX_PLACES,
    UNLISTED,
    CompletionRecord,
    Considered,
    DecisionRecord,
    Ending,
    fingerprint,
    listed_model,
    places,
    utc_now,
)
from gateway.inspection import paths
from gateway.model import Coverage, Finding, Report, Usage

PROMPT = "My name is Ada Lovelace and my card is 4111 1111 1111 1111."
TEXTS = [name for name, value in SENT.items() if isinstance(value, str)]


@pytest.mark.parametrize("field", TEXTS)
def test_no_field_takes_a_prompt(field: str) -> None:
    """Reported problem 53: text cannot slip into a record, whichever field it is put into by mistake."""
    with pytest.raises(ValueError, match=f"DecisionRecord.{field} does not have the form") as caught:
        decision(**{field: PROMPT})
    assert "Ada" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"rules": (PROMPT,)},
        {"rules": ["a-list"]},
        {"findings": {PROMPT: 1}},
        {"findings": {"credit_card": 1}},
        {"findings": {"CREDIT_CARD": PROMPT}},
        {"findings": {"CREDIT_CARD": -1}},
        {"places": {PROMPT: 1}},
        {"places": {"messages.0.Lovelace": 1}},
        {"places": {"messages.4111111111111111": 1}},
        {"coverage": (PROMPT,)},
        {"considered": ((PROMPT, PROMPT),)},
        {"detectors": ((PROMPT, "1"),)},
        {"detectors": (("cards", PROMPT),)},
        {"attempt": True},
        {"attempt": -1},
        {"attempt": "4111111111111111"},
        {"body_bytes": 1.5},
        {"body_fingerprint": "hunter2"},
        {"inspection_ms": float("nan")},
        {"inspection_ms": -1.0},
        {"outcome": "sent_local"},
        {"stream": 1},
        {"time": "2026-11-23T21:22:05Z"},
        {"request_id": "4111111111111111"},
        {"endpoint": "/v1/chat/completions?name=ada"},
    ],
    ids=lambda change: f"{next(iter(change))}={type(next(iter(change.values()))).__name__}",
)
def test_a_value_outside_its_closed_form_is_refused(change: dict[str, Any]) -> None:
    """Collections, numbers and enumerations are closed as well, and the error names the field alone."""
    with pytest.raises(ValueError, match="does not have the form") as caught:
        decision(**change)
    assert "4111" not in str(caught.value)
    assert "Ada" not in str(caught.value)


@given(text=st.text(max_size=300), field=st.sampled_from(sorted(SENT)))
def test_whatever_text_is_put_anywhere_either_fits_the_form_or_is_refused(text: str, field: str) -> None:
    """No field takes white space, quotes or letters beyond ASCII, so no sentence of any language fits."""
    try:
        record = decision(**{field: text})
    except ValueError:
        return
    assert re.fullmatch(r"[!-~]*", getattr(record, field))
    assert not set(text) & set(" \t\n\"'<>;,=&?%!()")


@pytest.mark.parametrize("change", [{"status": 42}, {"outcome": PROMPT}, {"total_ms": -1.0}, {"request_id": PROMPT}])
def test_a_completion_record_is_closed_too(change: dict[str, Any]) -> None:
    """What the gateway says itself has a closed form here as well."""
    with pytest.raises(ValueError, match="CompletionRecord"):
        completion(**change)


@given(reason=st.text(max_size=60), tokens=st.integers(-(10**30), 10**30))
def test_what_a_backend_says_of_itself_can_neither_break_a_record_nor_write_into_it(reason: str, tokens: int) -> None:
    """The answer is on its way already when this is written: odd finish reasons and counts are replaced, not raised."""
    record = completion(finish_reason=reason, usage=Usage(tokens, 1, 0))
    assert record.finish_reason in {"stop", "length", "tool_calls", "content_filter", "function_call", "other"}
    assert record.usage is None or record.usage.prompt == tokens >= 0


def test_a_considered_backend_is_closed_too() -> None:
    """A verdict is a fixed word and what it is about."""
    assert Considered("gpt", "incapable:tools").verdict == "incapable:tools"
    with pytest.raises(ValueError, match="verdict"):
        Considered("gpt", PROMPT)


@given(st.lists(st.one_of(st.text(max_size=20), st.integers(0, 10**9)), min_size=1, max_size=60))
def test_every_path_that_inspection_writes_can_be_recorded(steps: list[str | int]) -> None:
    """Odd keys and deep nesting never make a record impossible, which would be a denial of service."""
    path = ""
    for step in steps:
        path = paths.element(path, step) if isinstance(step, int) else paths.field(path, step)
    decision(places={path: 1, paths.key(path, "messages"): 1, paths.ANYWHERE: 1})


def test_records_are_frozen_inside_too() -> None:
    """What was recorded cannot be changed on its way to the disk."""
    findings = {"CREDIT_CARD": 1}
    record = decision(findings=findings)
    findings["PERSON"] = 1
    assert dict(record.findings) == {"CREDIT_CARD": 1}
    with pytest.raises(TypeError):
        record.findings["PERSON"] = 1  # type: ignore[index]  # the point of the test
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.label = "public"  # type: ignore[misc]  # the point of the test


def test_a_wanted_model_is_named_only_if_the_configuration_names_it() -> None:
    """The model field of a request is the client's text like any other."""
    assert listed_model("gpt-5", {"gpt-5"}) == "gpt-5"
    assert listed_model(PROMPT, {"gpt-5"}) == UNLISTED
    assert listed_model(PROMPT, {PROMPT}) == UNLISTED


def test_a_fingerprint_is_keyed() -> None:
    """Equal bodies match under one secret; without it a guess proves nothing (unkeyed hashes are reversible)."""
    one, other = b"a" * 32, b"b" * 32
    assert fingerprint(one, b"body") == fingerprint(one, b"body")
    assert fingerprint(one, b"body") != fingerprint(other, b"body")
    assert fingerprint(one, b"body") != fingerprint(one, b"bodz")
    decision(body_fingerprint=fingerprint(one, b"body"))


def test_the_time_is_utc_with_microseconds() -> None:
    """Records sort by their time as text."""
    assert abs(datetime.fromisoformat(utc_now()) - datetime.now(UTC)).total_seconds() < 60
    decision(time=utc_now())


def test_places_are_counted_and_bounded() -> None:
    """A request with a finding in every message makes a bounded record, and no count is lost."""
    findings = tuple(Finding("PERSON", 1.0, f"messages.{n}.content", "user", 0, 1, "ner") for n in range(200)) * 2
    counts = places(Report(b"", findings, Coverage()))
    assert len(counts) == MAX_PLACES + 1
    assert counts["messages.0.content"] == 2
    assert sum(counts.values()) == 400
    decision(places=counts)


def test_every_field_has_a_closed_form() -> None:
    """A field that is added without saying what it may hold fails at once, not silently open."""
    decision()
    completion()
    assert {field.name for field in dataclasses.fields(DecisionRecord)} >= {"label", "places"}
    assert completion(outcome=Ending.FAILED, usage=None, first_byte_ms=None, finish_reason=None).usage is None
    assert {field.name for field in dataclasses.fields(CompletionRecord)} >= {"status", "usage"}
