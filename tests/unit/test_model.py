"""The values that travel: frozen, bound to their bytes, and silent about what they hold."""

import dataclasses
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway import model
from gateway.model import (
    Answer,
    Backend,
    Caller,
    Chunk,
    Completion,
    Coverage,
    Draft,
    Facts,
    Finding,
    Inbound,
    Provenance,
    Report,
    Segment,
    Usage,
    WireFormat,
    request_digest,
)

CANARY = "canary-Margaret-4111111111111111"
BACKEND = Backend(
    "gpt", WireFormat.OPENAI, "https://h/v1", {"fast": "gpt-5", "slow": "o9"}, "internal", api_key=SecretStr(CANARY)
)
VALUES = [cls for _, cls in inspect.getmembers(model, inspect.isclass) if dataclasses.is_dataclass(cls)]

Pairs = tuple[tuple[str, str], ...]
texts = st.text("ab", max_size=3)
pairs = st.lists(st.tuples(texts, texts), max_size=2).map(tuple)
requests = st.tuples(texts, texts, pairs, st.binary(max_size=2))


@pytest.mark.parametrize(
    "value",
    [
        Inbound("req_1", Caller("a"), "/v1/chat/completions", {"messages": CANARY}, CANARY, False, False, 1),
        Draft(BACKEND, "https://h/v1", (("authorization", CANARY),), CANARY.encode(), "gpt-5", False),
        Segment("messages.0.content", "user", CANARY),
        Facts("a", CANARY, False, 1, False, False, False, False, False),
        Completion(CANARY.encode(), "gpt-5", Usage(1, 2), "stop"),
        Chunk(CANARY.encode()),
        Answer(
            Provenance("req_1", "public", (), "gpt", "gpt-5"), completion=Completion(CANARY.encode(), "m", None, None)
        ),
        Report(CANARY.encode(), (), Coverage()),
        BACKEND,
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_repr_shows_content_or_keys(value: object) -> None:
    """Law 6: a value that ends up in a log or a traceback tells nothing."""
    assert CANARY not in repr(value)
    assert CANARY not in str(value)


@pytest.mark.parametrize("cls", VALUES, ids=lambda cls: cls.__name__)
def test_every_value_is_frozen_and_slotted(cls: type) -> None:
    """Nothing that was inspected can change before it is sent."""
    assert cls.__dataclass_params__.frozen  # type: ignore[attr-defined]  # every dataclass has it
    assert hasattr(cls, "__slots__")


def test_the_first_model_is_the_default() -> None:
    """The order of the configuration means something."""
    assert BACKEND.default_model == "gpt-5"


def test_coverage_without_a_reason_is_complete() -> None:
    """Any reason at all makes it incomplete."""
    assert Coverage().complete
    assert not Coverage(("timeout",)).complete


def test_a_report_counts_by_entity_type() -> None:
    """Numbers for records and metrics, whatever the order."""
    found = [Finding(kind, 1.0, "p", "user", 0, 1, "d") for kind in ("PERSON", "CREDIT_CARD", "PERSON")]
    assert Report(b"", tuple(found), Coverage()).counts() == {"PERSON": 2, "CREDIT_CARD": 1}
    assert Report(b"", (), Coverage()).counts() == {}


def test_a_draft_carries_the_digest_of_what_would_leave() -> None:
    """Same bytes, same digest; it cannot be given from outside."""
    draft = Draft(BACKEND, "https://h/v1", (("a", "b"),), b"{}", "gpt-5", False)
    assert draft.digest == request_digest("gpt", "https://h/v1", (("a", "b"),), b"{}")
    with pytest.raises(TypeError):
        Draft(BACKEND, "https://h/v1", (), b"{}", "gpt-5", False, digest=b"other")  # type: ignore[call-arg]  # the point
    with pytest.raises(dataclasses.FrozenInstanceError):
        draft.body = b"other"  # type: ignore[misc]  # the point


@given(requests, requests)
def test_different_requests_have_different_digests(
    one: tuple[str, str, Pairs, bytes], other: tuple[str, str, Pairs, bytes]
) -> None:
    """No part can imitate another: not a header that looks like a URL, nor a body that begins with a header."""
    assert (request_digest(*one) == request_digest(*other)) == (one == other)


@given(texts, st.text(min_size=1, max_size=6), st.binary(max_size=8))
def test_moving_text_between_parts_changes_the_digest(left: str, right: str, body: bytes) -> None:
    """Length prefixes: the same characters, cut elsewhere, are another request."""
    digests = {
        request_digest(left + right, "", (), body),
        request_digest(left, right, (), body),
        request_digest(left, "", ((right, ""),), body),
        request_digest(left, "", (("", right),), body),
        request_digest(left, "", (), right.encode() + body),
    }
    assert len(digests) == 5 - (left + right == left)
