"""What is read off a request's body for policies."""

from typing import Any

import pytest

from gateway.policy.body_facts import has_system_prompt, metadata, tool_names


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ()),
        ({"tools": None, "functions": []}, ()),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, ("f",)),
        ({"tools": [{"type": "custom", "custom": {"name": "c"}}], "functions": [{"name": "g"}]}, ("c", "g")),
        ({"tools": [{"type": "web_search"}]}, ("web_search",)),
        ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, ("bash",)),
        ({"tools": [{"function": {"name": "f"}}]}, ("f",)),
    ],
)
def test_tools_are_known_by_their_names(body: dict[str, Any], expected: tuple[str, ...]) -> None:
    """In every form that a client may write."""
    assert tool_names(body) == expected


@pytest.mark.parametrize(
    "tool", ["f", {}, {"type": "function"}, {"type": "function", "function": {"name": 5}}, {"function": {"name": ""}}]
)
def test_a_tool_without_a_readable_name_may_be_any_tool(tool: Any) -> None:
    """So the names are not known."""
    assert tool_names({"tools": [{"type": "web_search"}, tool]}) is None


@pytest.mark.parametrize(("role", "expected"), [("system", True), ("developer", True), ("user", False)])
def test_instructions_of_an_application_are_a_system_prompt(role: str, expected: bool) -> None:
    """By either name."""
    assert has_system_prompt({"messages": [{"role": role, "content": "Be brief."}]}) is expected
    assert not has_system_prompt({"messages": "none"})


def test_metadata_is_read_by_name() -> None:
    """What is no text is there and not known."""
    body = {"metadata": {"case": "A 17", "n": 5, "other": "x"}}
    assert metadata(body, ["case", "n", "none"]) == {"case": "A 17", "n": None}
    assert metadata({}, ["case"]) == metadata({"metadata": None}, ["case"]) == {}
    assert metadata({"metadata": "text"}, ["case"]) == {"case": None}
