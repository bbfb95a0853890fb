"""Segments: every key and string leaf of a draft, and what its structure keeps from being read."""

import json
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.segments import MAX_DEPTH, MAX_NODES, segments
from gateway.model import Segment


def _segments(body: object) -> tuple[Segment, ...]:
    return segments(json.dumps(body).encode(), frozenset({"gpt-test"}))[0]


def _texts(body: object) -> list[str]:
    return [segment.text for segment in _segments(body)]


def _reasons(body: object) -> tuple[str, ...]:
    return segments(body if isinstance(body, bytes) else json.dumps(body).encode())[1]


def _content(*parts: object) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(parts)}]}


EVERY_FIELD = {
    "model": "gpt-test",
    "messages": [
        {"role": "system", "content": "leaf-01", "name": "leaf-02"},
        {"role": "developer", "content": [{"type": "text", "text": "leaf-03"}]},
        {"role": "user", "content": [{"type": "text", "text": "leaf-04", "cache_control": {"type": "leaf-05"}}]},
        {
            "role": "assistant",
            "content": None,
            "refusal": "leaf-06",
            "reasoning_content": "leaf-07",
            "function_call": {"name": "leaf-08", "arguments": "leaf-09"},
            "tool_calls": [
                {"id": "leaf-10", "type": "function", "function": {"name": "leaf-11", "arguments": '{"k": "leaf-12"}'}},
                {"id": "leaf-13", "type": "custom", "custom": {"name": "leaf-14", "input": "leaf-15"}},
            ],
        },
        {"role": "tool", "tool_call_id": "leaf-16", "content": "leaf-17"},
        {"role": "function", "name": "leaf-18", "content": "leaf-19"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "leaf-20",
                "description": "leaf-21",
                "parameters": {
                    "type": "object",
                    "properties": {"leaf-22": {"type": "string", "enum": ["leaf-23"], "default": "leaf-24"}},
                },
            },
        }
    ],
    "functions": [{"name": "leaf-25", "description": "leaf-26", "parameters": {"const": "leaf-27"}}],
    "tool_choice": {"type": "function", "function": {"name": "leaf-28"}},
    "metadata": {"leaf-29": "leaf-30"},
    "user": "leaf-31",
    "safety_identifier": "leaf-32",
    "prompt_cache_key": "leaf-33",
    "stop": ["leaf-34", "leaf-35"],
    "logit_bias": {"1234567": -100},
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "leaf-36", "description": "leaf-37", "schema": {"title": "leaf-38"}},
    },
    "prediction": {"type": "content", "content": [{"type": "text", "text": "leaf-39"}]},
    "x_custom": [{"leaf-40": ["leaf-41", {"leaf-42": None}]}],
    "system": [{"type": "text", "text": "leaf-43"}],
    "stop_sequences": ["leaf-44"],
    "leaf-45": True,
}


def test_every_field_is_read() -> None:
    """Evasion F1, reported problems 3, 5, 13, 14, 17: tools, arguments, history, schemas, any field, keys."""
    found = set(_texts(EVERY_FIELD))
    assert {f"leaf-{number:02}" for number in range(1, 46)} - found == set()
    assert "1234567" in found


def test_each_segment_carries_the_role_of_its_message() -> None:
    """A policy may ask who said it: the role is that of the message, and none outside messages."""
    roles = {segment.text: segment.role for segment in _segments(EVERY_FIELD)}
    assert roles["leaf-01"] == "system"
    assert roles["leaf-04"] == "user"
    assert roles["leaf-12"] == "assistant"
    assert roles["leaf-17"] == "tool"
    assert roles["leaf-21"] == ""
    assert roles["leaf-43"] == "system"


def test_paths_name_known_fields_and_nothing_else() -> None:
    """No text at rest (law 6): a path shows no key that a client chose, and keys are marked."""
    paths = {segment.text: segment.path for segment in _segments(EVERY_FIELD)}
    assert paths["leaf-12"] == "messages.3.tool_calls.0.function.arguments.*"
    assert paths["leaf-29"] == "metadata.*#"
    assert paths["leaf-30"] == "metadata.*"
    assert paths["leaf-41"] == "*.0.*.0"
    assert not [path for path in paths.values() if "leaf" in path]


def test_constants_of_the_formats_are_not_read() -> None:
    """Role names, types and the model that the gateway itself put in are no text of the client."""
    body = {"model": "gpt-test", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}], "n": 1}
    assert _texts(body) == ["hi"]


@pytest.mark.parametrize("field", ["role", "type", "model", "tool_choice", "reasoning_effort"])
def test_a_constant_with_another_value_is_read(field: str) -> None:
    """Evasion F3: a card number in place of a role or a model name is a string like any other."""
    assert "4111111111111111" in _texts({"messages": [{"role": "user", "content": "x", field: "4111111111111111"}]})
    assert "4111111111111111" in _texts({field: "4111111111111111"})


def test_small_parameters_are_not_text_and_long_numbers_are() -> None:
    """Numbers of seven digits and more are read wherever they stand; a temperature is not."""
    assert _texts({"temperature": 0.5, "max_tokens": 4096}) == []
    assert _texts({"seed": 4111111111111111}) == ["4111111111111111"]
    assert _texts({"metadata": {"title": 1234}}) == ["1234"]


def test_json_in_strings_is_opened_with_all_its_pairs() -> None:
    """Evasion J1 and J3: of two equal keys both values are read."""
    assert _texts(_content({"type": "text", "text": '{"a": "one", "a": "two"}'}))[-3:] == ["one", "a", "two"]


def test_what_only_looks_like_json_is_read_as_it_stands() -> None:
    """A brace at either end makes no JSON; nothing may get lost on a failed try."""
    assert _texts(_content({"type": "text", "text": "{not json}"})) == ["{not json}"]


UNREAD = {
    "part:image": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "QUJD" * 40}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD" * 40}},
        {"type": "text", "text": "see", "image_url": {"url": "https://pictures.example/1.png"}},
    ],
    "part:audio": [{"type": "input_audio", "input_audio": {"data": "QUJD" * 40, "format": "wav"}}],
    "part:file": [{"type": "file", "file": {"file_data": "data:application/pdf;base64," + "QUJD" * 40}}],
    "part:document": [{"type": "document", "source": {"type": "base64", "data": "QUJD" * 40}}],
    "part:redacted_thinking": [{"type": "redacted_thinking", "data": "QUJD"}],
    "part:unknown": [{"type": "hologram", "text": "x"}, {"text": "no type"}, {"type": 7}, 5, ["x"]],
    "reference:url": [{"type": "image_url", "image_url": {"url": "https://pictures.example/1.png"}}],
    "reference:file_id": [{"type": "file", "file": {"file_id": "file-1"}}],
}


@pytest.mark.parametrize(("reason", "part"), [(reason, part) for reason, found in UNREAD.items() for part in found])
def test_a_part_that_nobody_reads_is_said(reason: str, part: object) -> None:
    """Evasion O1, reported problem 19: pictures, audio, files and unknown parts; also inside tool results."""
    assert reason in _reasons(_content({"type": "text", "text": "see"}, part))
    assert reason in _reasons(_content({"type": "tool_result", "tool_use_id": "t", "content": [part]}))


def test_the_bytes_of_a_picture_are_not_read_but_what_stands_beside_them_is() -> None:
    """A picture costs no scan; a text in its fields is still found."""
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "QUJD" * 40, "detail": "Jane Roe"}}
    assert _texts(_content(part)) == ["Jane Roe"]


def test_a_text_in_place_of_a_picture_is_read() -> None:
    """What is no base64 in a data field is a text."""
    said = "Jane Roe was seen on Monday " * 4
    assert _texts(_content({"type": "image", "source": {"type": "base64", "data": said}})) == [said]


FIELDS = {
    "reference:previous_response_id": {"previous_response_id": "resp_1"},
    "reference:conversation": {"conversation": "conv_1"},
    "reference:container": {"container": {"id": "c_1"}},
    "reference:prompt": {"prompt": {"id": "pmpt_1", "version": "2"}},
    "reference:audio": {"messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]},
    "reference:encrypted_content": {"input": [{"type": "reasoning", "encrypted_content": "x"}]},
    "provider_tool:web_search": {"web_search_options": {"search_context_size": "low"}},
    "provider_tool:mcp": {"tools": [{"type": "mcp", "server_url": "https://x.example"}]},
    "provider_tool:web_fetch": {"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]},
    "provider_tool:unknown": {"tools": [{"type": "teleport"}]},
    "delegation:fallbacks": {"fallbacks": [{"model": "other"}]},
    "delegation:api_base": {"api_base": "https://elsewhere.example"},
    "delegation:guardrails": {"guardrails": ["none"]},
    "tokens": {"prompt": [9906, 1917]},
    "json:key_case": {"Messages": [{"Role": "user"}]},
}


@pytest.mark.parametrize(("reason", "body"), FIELDS.items(), ids=FIELDS.keys())
def test_a_field_that_says_more_than_the_request_holds_is_said(reason: str, body: object) -> None:
    """Evasions E2, E3, F4, J2: stored state, token ids, provider-run tools, redirections, case variants."""
    assert reason in _reasons(body)


@pytest.mark.parametrize(
    ("reason", "body"),
    [
        ("provider_tool:web_search", {"web_search_options": {}}),
        ("provider_tool:web_search", {"search_parameters": {"mode": "on"}}),
        ("provider_tool:web_search", {"enable_search": True}),
        ("provider_tool:web_search", {"extra_body": {"web_search_options": {}}}),
        ("provider_tool:file_search", {"data_sources": [{"parameters": {"endpoint": "https://search.example"}}]}),
        ("provider_tool:unknown", {"tools": [{"google_search": {}}]}),
        ("provider_tool:mcp", {"extra_body": {"tools": [{"type": "mcp"}]}}),
        ("provider_tool:unknown", {"tools": [{"type": "function_of_the_server"}]}),
        ("delegation:api_base", {"extra_body": {"api_base": "https://elsewhere.example"}}),
        ("delegation:callbacks", {"callbacks": ["log"]}),
        ("tokens", {"prompt": ["x", [9906, 1917]]}),
    ],
)
def test_what_vendors_do_by_themselves_has_many_spellings(reason: str, body: object) -> None:
    """Evasion F4: an empty object switches a search on, tools come without a type, routers merge ``extra_body``."""
    assert reason in _reasons(body)


@pytest.mark.parametrize(
    "body",
    [
        {"stop": [[4111], [1111], [1111], [1111]]},
        {"stop": [4111, 1111, 1111, 1111, "x"]},
        {"messages": [{"role": "user", "id": 4111, "text": 1111, "title": 1111, "city": 1111}]},
        {"prediction": {"content": "x", "id": 4111, "source": 1111, "url": 1111, "path": 1111}},
    ],
)
def test_small_numbers_are_read_where_no_quantity_belongs(body: object) -> None:
    """Evasion S4: a value in pieces of four digits, in arrays of any form and in fields that hold text by rights."""
    assert "4111111111111111" in "".join(text for text in _texts(body) if text.strip().isdigit()).replace(" ", "")


def test_nested_token_ids_are_tokens() -> None:
    """Evasion E3: batches of token ids are text in disguise, too."""
    assert "tokens" in _reasons({"input": [[9906, 1917], [1]]})


def test_ordinary_requests_have_complete_structure() -> None:
    """Benign control: functions, schemas with a property named like a reference, and empty fields give no reason."""
    schema = {"type": "object", "properties": {"file_id": {"type": "string"}, "Content": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    own = {"name": "f", "input_schema": schema}
    body = {**_content({"type": "text", "text": "hi"}), "tools": [tool, own], "container": None, "models": []}
    assert _reasons(body) == ()


def test_token_ids_of_a_bias_are_one_text() -> None:
    """Three hundred biases are one segment, not three hundred."""
    assert _texts({"logit_bias": {"50256": -100, "11": 1}}) == ["50256 11"]


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": 1}x', b"\xff\xfe{}", b"[]x", b'{"a": "\xff"}'])
def test_a_body_that_cannot_be_read_is_said(body: bytes) -> None:
    """A failure to parse is never an empty, clean request."""
    assert segments(body) == ((), ("json:unreadable",))


def test_a_body_that_is_no_object_is_read_and_said() -> None:
    """Reported problem 12: a bare string is inspected and not vouched for."""
    found, reasons = segments(b'"Jane Roe"')
    assert [segment.text for segment in found] == ["Jane Roe"]
    assert reasons == ("json:unreadable",)


def test_equal_keys_are_said() -> None:
    """Evasion J1: whatever translated the request, two equal keys in the draft are no clean draft."""
    assert "json:duplicate_key" in _reasons(b'{"messages": [], "user": "a", "user": "b"}')


def test_limits_are_said() -> None:
    """Evasion J5: too deep or too wide is incomplete, never cut off in silence."""
    deep: Any = "x"
    for _ in range(MAX_DEPTH + 2):
        deep = [deep]
    assert "json:depth" in _reasons({"x": deep})
    assert "json:depth" in _reasons(b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    assert "json:nodes" in _reasons({"x": [[] for _ in range(MAX_NODES + 1)]})


def test_long_arrays_of_long_numbers_are_said() -> None:
    """A vector can carry anything; its numbers are not read one by one as card numbers."""
    assert "opaque:numbers" in _reasons({"metadata": {"v": [0.123456789 + index for index in range(32)]}})
    assert _reasons({"metadata": {"v": [1.5, 2.25, 3.125] * 40}}) == ()


_LEAVES = st.text(string.ascii_letters + string.digits + 'äж漢 .-_{}[]"\\', min_size=1).filter(
    lambda text: not text.isspace()
)
_JSON = st.recursive(
    _LEAVES | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_LEAVES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(value=_JSON, place=st.sampled_from(["metadata", "x_any", "user", "arguments", "content", "tools", "system"]))
def test_a_canary_anywhere_is_read(value: Any, place: str) -> None:
    """Law 3: planted as a leaf and as a key below any JSON in any place, it stands in a segment."""
    planted = {"canary leaf": [value, "canary-4821-leaf"], "canary-4821-key": value}
    if place == "arguments":
        call = {"type": "function", "function": {"name": "f", "arguments": json.dumps(planted)}}
        body: dict[str, Any] = {"messages": [{"role": "assistant", "tool_calls": [call]}]}
    elif place == "content":
        body = {"messages": [{"role": "user", "content": planted}]}
    else:
        body = {place: planted}
    texts = _texts(body)
    assert "canary-4821-leaf" in texts
    assert "canary-4821-key" in texts


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_said(body: bytes) -> None:
    """Evasion J5: no body raises; every path is fit for records."""
    found, reasons = segments(body)
    assert found or reasons or body.strip() == b"{}" or not any(char.isalnum() for char in body.decode())
    for segment in found:
        assert set(segment.path) <= set(string.ascii_lowercase + string.digits + "_.*#")
