"""Parsing a chat request: known fields have their types, everything else is carried, and errors only name places."""

import json
from typing import Any

import pytest

from gateway.errors import Malformed
from gateway.ingress.limits import IngressLimits
from gateway.ingress.openai_chat import parse
from gateway.model import Caller, Inbound

USER = {"role": "user", "content": "hello"}
CANARY = "canary4012888888881881"


def parsed(**body: Any) -> Inbound:
    """Parse a request with a model, one message and ``body`` over them."""
    request = {"model": "auto", "messages": [USER], **body}
    return parse(json.dumps(request).encode(), Caller("ada"), "req_1", IngressLimits())


def refused(**body: Any) -> Malformed:
    """The error such a request is refused with."""
    with pytest.raises(Malformed) as caught:
        parsed(**body)
    return caught.value


def test_a_request_becomes_an_inbound() -> None:
    """Everything later stages ask of a request is there, and the body is the whole object."""
    body = b'{"model":"auto","messages":[{"role":"user","content":"hi"}],"stream":true}'
    inbound = parse(body, Caller("ada"), "req_1", IngressLimits())
    assert inbound.body == json.loads(body)
    assert (inbound.request_id, inbound.caller, inbound.endpoint) == ("req_1", Caller("ada"), "/v1/chat/completions")
    assert (inbound.wanted_model, inbound.stream, inbound.wants_usage, inbound.size) == ("auto", True, False, len(body))


@pytest.mark.parametrize(
    ("fields", "stream", "wants_usage"),
    [
        ({}, False, False),
        ({"stream": None, "stream_options": None}, False, False),
        ({"stream": False}, False, False),
        ({"stream": True, "stream_options": {}}, True, False),
        ({"stream": True, "stream_options": {"include_usage": None}}, True, False),
        ({"stream": True, "stream_options": {"include_usage": False}}, True, False),
        ({"stream": True, "stream_options": {"include_usage": True}}, True, True),
    ],
)
def test_stream_and_usage_are_read(fields: dict[str, Any], stream: bool, wants_usage: bool) -> None:
    """SDKs send true, false, null or nothing."""
    inbound = parsed(**fields)
    assert (inbound.stream, inbound.wants_usage) == (stream, wants_usage)


def test_what_is_not_known_is_carried() -> None:
    """Unknown fields, part types and case variants are not the parser's to judge: inspection sees them all."""
    extra = {
        "x_custom": {"deep": [1, 2]},
        "Messages": [],
        "chat_template_kwargs": {"enable_thinking": False},
        "n": 2,
        "logit_bias": {"50256": -100},
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]},
            {"role": "user", "content": [{"type": "hologram", "data": "x"}], "mood": {"sad": True}},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "telepathy"}]},
            {"role": "tool", "tool_call_id": "1", "content": ""},
            {"role": "developer", "content": ""},
            {"role": "function", "name": "f", "content": None},
            {"role": "assistant"},
        ],
    }
    inbound = parsed(**extra)
    assert inbound.body == {"model": "auto", **extra}


@pytest.mark.parametrize(
    "name", ["temperature", "tools", "stop", "user", "metadata", "seed", "store", "stream_options"]
)
def test_null_is_absence(name: str) -> None:
    """The vendor takes null for its optional fields, and SDKs in some languages always send it."""
    assert parsed(**{name: None}).body[name] is None


@pytest.mark.parametrize("model", [None, "", 7, ["gpt"], {"gpt": 1}, "m" * 257, True])
def test_a_model_is_a_name(model: Any) -> None:
    """Evasion F3: null, lists and over-long names are refused."""
    assert refused(model=model).param == "model"


@pytest.mark.parametrize("model", ["auto", "gpt-4o", "openai/gpt-4o", "m" * 256, "ü", "4012888888881881"])
def test_any_name_may_be_wished_for(model: str) -> None:
    """What a name means is decided later."""
    assert parsed(model=model).wanted_model == model


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        (None, "messages"),
        ([], "messages"),
        ("hello", "messages"),
        ({"0": USER}, "messages"),
        ([USER, "hello"], "messages.1"),
        ([USER, None], "messages.1"),
        ([{"content": "x"}], "messages.0.role"),
        ([{"role": "User", "content": "x"}], "messages.0.role"),
        ([{"role": ["user"], "content": "x"}], "messages.0.role"),
        ([{"role": "user"}], "messages.0.content"),
        ([{"role": "user", "content": None}], "messages.0.content"),
        ([{"role": "system", "content": None}], "messages.0.content"),
        ([USER, USER, {"role": "user", "content": 4012888888881881}], "messages.2.content"),
        ([{"role": "user", "content": {"type": "text", "text": "x"}}], "messages.0.content"),
        ([{"role": "user", "content": True}], "messages.0.content"),
        ([{"role": "user", "content": ["x"]}], "messages.0.content.0"),
        ([{"role": "user", "content": [{"text": "x"}]}], "messages.0.content.0.type"),
        ([{"role": "user", "content": [{"type": ["text"]}]}], "messages.0.content.0.type"),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages.0.content.0.text"),
        ([{"role": "user", "content": [{"type": "text", "text": ["x"]}]}], "messages.0.content.0.text"),
        ([{"role": "user", "content": "x", "name": 3}], "messages.0.name"),
        ([{"role": "tool", "content": "x", "tool_call_id": 3}], "messages.0.tool_call_id"),
        ([{"role": "assistant", "tool_calls": {}}], "messages.0.tool_calls"),
        ([{"role": "assistant", "tool_calls": ["x"]}], "messages.0.tool_calls.0"),
        ([{"role": "assistant", "tool_calls": [{"id": 1}]}], "messages.0.tool_calls.0.id"),
        ([{"role": "assistant", "tool_calls": [{"function": "f"}]}], "messages.0.tool_calls.0.function"),
        (
            [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}],
            "messages.0.tool_calls.0.function.arguments",
        ),
        ([{"role": "assistant", "tool_calls": [{"custom": {"input": 1}}]}], "messages.0.tool_calls.0.custom.input"),
        ([{"role": "assistant", "refusal": []}], "messages.0.refusal"),
        ([{"role": "assistant", "function_call": "f"}], "messages.0.function_call"),
    ],
)
def test_a_wrong_message_is_named_by_its_place(messages: Any, param: str) -> None:
    """The error's param is an index path that a developer can follow."""
    error = refused(messages=messages)
    assert error.param == param
    assert error.message.startswith(f"{param} must be ")


@pytest.mark.parametrize(
    ("fields", "param", "expected"),
    [
        ({"stream": "true"}, "stream", "true or false"),
        ({"stream": 1}, "stream", "true or false"),
        ({"n": "2"}, "n", "an integer"),
        ({"n": 2.0}, "n", "an integer"),
        ({"max_tokens": True}, "max_tokens", "an integer"),
        ({"max_completion_tokens": 1e3}, "max_completion_tokens", "an integer"),
        ({"temperature": "hot"}, "temperature", "a number"),
        ({"top_p": False}, "top_p", "a number"),
        ({"stop": 3}, "stop", "a string or a list"),
        ({"tools": {}}, "tools", "a list"),
        ({"tools": ["x"]}, "tools.0", "an object"),
        ({"tools": [{"type": "function", "function": "f"}]}, "tools.0.function", "an object"),
        ({"tool_choice": []}, "tool_choice", "a string or an object"),
        ({"response_format": "json"}, "response_format", "an object"),
        ({"metadata": []}, "metadata", "an object"),
        ({"user": {}}, "user", "a string"),
        ({"stream_options": []}, "stream_options", "an object"),
        ({"stream_options": {"include_usage": "yes"}}, "stream_options.include_usage", "true or false"),
    ],
)
def test_a_wrong_field_is_named_with_the_type_it_wants(fields: dict[str, Any], param: str, expected: str) -> None:
    """A string for a flag, a float for a count, true for a number: each is refused, never coerced."""
    error = refused(**fields)
    assert (error.param, error.message) == (param, f"{param} must be {expected}.")


def test_errors_repeat_neither_values_nor_invented_keys() -> None:
    """Evasion J5: the canary is in the place that is wrong, and in none of the errors."""
    for fields in (
        {"model": [CANARY]},
        {"stream": CANARY},
        {"messages": [{"role": CANARY, "content": CANARY}]},
        {"messages": [{"role": "user", "content": {CANARY: CANARY}}]},
        {"messages": [{"role": "user", "content": [CANARY]}]},
        {"messages": {CANARY: 1}},
        {"tools": [CANARY]},
        {"stream_options": {"include_usage": CANARY}},
    ):
        error = refused(**fields)
        assert CANARY not in f"{error!r} {error.message} {error.param}"


def test_the_repr_of_an_inbound_shows_no_content() -> None:
    """It may stand in a log line."""
    assert CANARY not in repr(parsed(messages=[{"role": "user", "content": CANARY}], model=CANARY))
