"""The scanner never raises and never fails inside, whatever bytes it is given: what it cannot read it says."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from properties_changes import values
from properties_profile import PROPERTIES
from support.inspected import Inspected, message
from support.sensitive_values import Value

_NAMES = """
    messages content role text type tool_calls function arguments name model tools parameters metadata stop input
    image_url url file data audio id logit_bias prompt system enum json_schema
"""
NAMES = st.sampled_from(_NAMES.split())
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["user", "assistant", "text", "image_url", "[1, 2", '{"a": "4111 1111 1111 1111"}', "\ud800"])
)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def survives(inspected: Inspected, body: bytes) -> None:
    """``error`` is what the scanner says of a defect of its own."""
    outcome = inspected(body)
    assert "error" not in outcome.reasons
    assert not any(reason.startswith("detector_error") for reason in outcome.reasons)


@PROPERTIES
@given(body=st.binary(max_size=300))
@example(body=b"")
@example(body=b"\xff\xfe\x00")
@example(body=b"[" * 100_000)
@example(body=b'{"messages":' * 5_000)
@example(body=b'{"a": 1e999999999}')
@example(body=b'{"a": ' + b"9" * 10_000 + b"}")
@example(body=b'{"a": "\\ud800"}')
@example(body=b'{"a": NaN}')
def test_any_bytes(inspected: Inspected, body: bytes) -> None:
    """Not even JSON."""
    survives(inspected, body)


@PROPERTIES
@given(body=trees)
def test_any_json(inspected: Inspected, body: Any) -> None:
    """Of any shape, most of it with the names that a chat request has."""
    survives(inspected, json.dumps(body).encode())


@PROPERTIES
@given(of=values, where=st.floats(0, 1), noise=st.binary(max_size=8), drop=st.integers(0, 8))
def test_a_damaged_request(inspected: Inspected, of: Value, where: float, noise: bytes, drop: int) -> None:
    """A request with bytes put in and taken out at any place."""
    body = json.dumps(message(of.text, metadata={"a": [1, 2, {"b": of.core}]})).encode()
    at = int(where * len(body))
    survives(inspected, body[:at] + noise + body[at + drop :])


@PROPERTIES
@given(text=st.text())
def test_any_text(inspected: Inspected, text: str) -> None:
    """As a message, as a key and as the arguments of a call."""
    call = {"id": text, "type": "function", "function": {"name": text, "arguments": text}}
    said = [{"role": "user", "content": text}, {"role": "assistant", "tool_calls": [call]}]
    survives(inspected, json.dumps({"messages": said, text: {text: text}}).encode())
