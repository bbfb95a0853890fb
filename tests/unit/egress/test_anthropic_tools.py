"""Function tools and the choice among them."""

from typing import Any

import pytest

from gateway.egress.anthropic.tools import is_forced, tool_fields
from gateway.errors import Untranslatable

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def function(name: str = "weather", **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **more}}


def refused(body: dict[str, Any]) -> Untranslatable:
    with pytest.raises(Untranslatable) as caught:
        tool_fields(body, ())
    return caught.value


def test_a_function_is_a_tool_with_an_input_schema() -> None:
    """Name, description, schema and strictness are carried as they are."""
    fields = tool_fields({"tools": [function(description="d", parameters=SCHEMA, strict=True)]}, ())
    assert fields == {"tools": [{"name": "weather", "description": "d", "input_schema": SCHEMA, "strict": True}]}


@pytest.mark.parametrize(
    ("parameters", "schema"),
    [
        (None, {"type": "object", "properties": {}}),
        ({}, {"type": "object"}),
        ({"properties": {}}, {"type": "object", "properties": {}}),
    ],
)
def test_a_function_without_parameters_takes_an_empty_object(parameters: Any, schema: Any) -> None:
    """The API demands a schema of type object."""
    more = {} if parameters is None else {"parameters": parameters}
    assert tool_fields({"tools": [function(**more)]}, ())["tools"][0]["input_schema"] == schema


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "custom", "custom": {"name": "sql", "format": {"type": "text"}}},
        {"type": "web_search_20260209", "name": "web_search"},
        {"type": "mcp", "server_url": "https://example.org"},
        function(parameters={"type": "array"}),
        function(returns="x"),
        function(description=3),
        function(strict="yes"),
        {"type": "function", "function": {"description": "d"}},
        {"type": "function"},
        {"function": {"name": "f"}},
        "weather",
    ],
)
def test_tools_without_a_counterpart_are_refused(tool: Any) -> None:
    """Custom tools and grammars, and above all tools that the provider would run itself."""
    assert refused({"tools": [tool]}).param.startswith("tools.0")


def test_tools_that_are_no_list_are_refused() -> None:
    """With the field's name."""
    assert refused({"tools": {"name": "f"}}).param == "tools"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("auto", {"type": "auto"}),
        ("required", {"type": "any"}),
        ("none", {"type": "none"}),
        ({"type": "function", "function": {"name": "weather"}}, {"type": "tool", "name": "weather"}),
    ],
)
def test_the_tool_choice_has_a_counterpart(given: Any, sent: Any) -> None:
    """auto, required, none and a named function."""
    assert tool_fields({"tools": [function()], "tool_choice": given}, ())["tool_choice"] == sent


@pytest.mark.parametrize(
    "choice",
    [
        "any",
        3,
        {"type": "custom", "custom": {"name": "x"}},
        {"type": "function"},
        {"type": "allowed_tools", "allowed_tools": {}},
    ],
)
def test_another_tool_choice_is_refused(choice: Any) -> None:
    """Never replaced by a weaker one."""
    assert refused({"tools": [function()], "tool_choice": choice}).param.startswith("tool_choice")


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (None, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", {"type": "any", "disable_parallel_tool_use": True}),
        ("none", {"type": "none"}),
    ],
)
def test_no_parallel_calls_is_part_of_the_choice(choice: Any, sent: Any) -> None:
    """``parallel_tool_calls: false`` needs a choice to stand in, except where no tool may be called."""
    body = {"tools": [function()], "parallel_tool_calls": False} | ({"tool_choice": choice} if choice else {})
    assert tool_fields(body, ())["tool_choice"] == sent


def test_parallel_calls_are_the_default_and_need_no_field() -> None:
    """``true`` and null change nothing."""
    for value in (True, None):
        assert "tool_choice" not in tool_fields({"tools": [function()], "parallel_tool_calls": value}, ())
    assert refused({"tools": [function()], "parallel_tool_calls": 0}).param == "parallel_tool_calls"


def test_a_forced_choice_without_tools_is_refused() -> None:
    """There is nothing to call."""
    assert refused({"tool_choice": "required"}).param == "tool_choice"
    assert tool_fields({"tool_choice": "auto", "tools": []}, ()) == {}


def test_a_history_with_calls_declares_its_tools_and_forbids_them() -> None:
    """The API refuses tool blocks without tools; a client that stopped giving tools wants none called."""
    assert tool_fields({}, ("weather",)) == {
        "tools": [{"name": "weather", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "none"},
    }


def test_a_cache_marker_on_a_tool_is_carried() -> None:
    """Tools are the head of the cached prefix."""
    marker = {"type": "ephemeral"}
    for tool in (function() | {"cache_control": marker}, function(cache_control=marker)):
        assert tool_fields({"tools": [tool]}, ())["tools"][0]["cache_control"] == marker


def test_required_and_named_choices_are_forced() -> None:
    """The two that exclude thinking on older models."""
    choices = {"auto": False, "none": False, "any": True, "tool": True}
    assert {kind: is_forced({"tool_choice": {"type": kind}}) for kind in choices} == choices
    assert not is_forced({})
