"""Places of findings in the words of a policy, whichever wire format the draft has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Finding
from gateway.policy.places import PLACES, divided, places


def at(path: str, role: str = "", *, start: int = 0) -> Finding:
    return Finding("CREDIT_CARD", 0.9, path, role, start, start + 4 if start >= 0 else -1, "test")


@pytest.mark.parametrize(
    ("path", "role", "expected"),
    [
        ("messages.0.content", "user", {"user"}),
        ("messages.3.content.1.text", "system", {"system"}),
        ("messages.1.tool_calls.0.function.arguments.*", "assistant", {"assistant", "tool_arguments"}),
        ("messages.1.content.0.input.*", "assistant", {"assistant", "tool_arguments"}),
        ("messages.2.content", "tool", {"tool_result"}),
        ("messages.2.content", "function", {"tool_result"}),
        ("messages.2.content.0.content.0.text", "user", {"user", "tool_result"}),
        ("messages.0.content.1.file.filename", "user", {"user", "file"}),
        ("messages.0.content.1.source.data", "user", {"user", "file"}),
        ("system", "system", {"system", "developer"}),
        ("system.0.text", "system", {"system", "developer"}),
        ("tools.0.function.description", "", {"tool_definition"}),
        ("metadata.*", "", {"metadata"}),
        ("user", "", {"metadata"}),
        ("metadata.*#", "", {"metadata", "key"}),
        ("messages.0.content.*#", "user", {"user", "key"}),
    ],
)
def test_a_path_tells_the_place(path: str, role: str, expected: set[str]) -> None:
    """For both wire formats: the same thing has another path in each."""
    assert places(at(path, role)) == expected


@pytest.mark.parametrize("found", [at("messages.0.content", "user", start=-1), at("*"), at("messages.0.content", "")])
def test_what_has_no_certain_place_stands_in_all_of_them(found: Finding) -> None:
    """A rule that asks for a place must not lose a value that is spread over several."""
    assert places(found) == PLACES


@given(st.text(max_size=40), st.text(max_size=10))
def test_every_finding_stands_somewhere(path: str, role: str) -> None:
    """Whatever the path is, some rule by place can reach it."""
    assert places(at(path, role))


def test_findings_are_divided_by_string_and_by_message() -> None:
    """Two parts of one message are two segments; a spread value belongs to every group."""
    found = {
        "A": (at("messages.0.content.0.text", "user"), at("messages.1.content", "user")),
        "B": (at("messages.0.content.1.text", "user"), at("messages.0.content", "user", start=-1)),
    }
    assert [{kind: len(some) for kind, some in group.items()} for group in divided(found, "message")] == [
        {"A": 1, "B": 2},
        {"A": 1, "B": 1},
    ]
    assert len(list(divided(found, "segment"))) == 3
    assert list(divided({}, "segment")) == [{}]
