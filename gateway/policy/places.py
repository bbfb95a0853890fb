"""Where in a request a finding stands, in the words of a policy. Read from its path and role, never from text.

What is inspected is the draft, so one place has several paths: a tool's result is a message of its own for one wire
format and a part of a user's message for another. A finding therefore may stand in more than one place, and one whose
place cannot be told stands in all of them: a rule that asks for a place must not lose it (law 5).
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from gateway.model import Finding

Nearness: TypeAlias = Literal["segment", "message", "request"]

PLACES: Final = frozenset(
    {"system", "developer", "user", "assistant", "tool_arguments", "tool_result", "tool_definition"}
    | {"file", "metadata", "key"}
)
PLACE_OF_ROLE: Final[Mapping[str, str]] = {"tool": "tool_result", "function": "tool_result"}
"""Where a message stands whose role is called otherwise than its place."""

_INSTRUCTIONS: Final = frozenset({"system", "developer"})
_TOOLS: Final = frozenset({"tools", "functions", "tool_choice", "function_call"})
_CALLS: Final = frozenset({"tool_calls", "function_call"})
_FILES: Final = frozenset(
    {"file", "file_data", "file_id", "file_url", "filename", "source", "document", "image", "image_url", "input_audio"}
)


def places(finding: Finding) -> frozenset[str]:
    """The places in which the finding stands. Never empty."""
    return PLACES if finding.start < 0 else _places(finding.path, finding.role)


# Paths are names of known fields and indices, never text of a request: they may be remembered.
@lru_cache(maxsize=4096)
def _places(path: str, role: str) -> frozenset[str]:
    steps = path.removesuffix("#").split(".")
    key = frozenset({"key"} if path.endswith("#") else ())
    match steps[0]:
        case "messages":
            return PLACES if not role else key | _in_message(steps, role)
        case "system" | "instructions":
            return key | _INSTRUCTIONS
        case "prompt" | "input":
            return key | {"user"}
        case "*":
            return PLACES
        case first:
            return key | {"tool_definition" if first in _TOOLS else "metadata"}


def _in_message(steps: list[str], role: str) -> frozenset[str]:
    """``messages.<n>.content.<n>.<field>``: what a field holds is told by its name."""
    found = {PLACE_OF_ROLE.get(role, role)}
    field, inner = steps[2] if len(steps) > 2 else "", steps[4] if len(steps) > 4 else ""
    if field in _CALLS or inner == "input":
        found.add("tool_arguments")
    if inner == "content":
        found.add("tool_result")
    if field == "content" and not _FILES.isdisjoint(steps[4:]):
        found.add("file")
    return frozenset(found)


def divided(found: Mapping[str, tuple[Finding, ...]], near: Nearness) -> Iterator[Mapping[str, tuple[Finding, ...]]]:
    """Findings by type, once for each segment or message. One that spans segments belongs to each of them."""
    groups: dict[str, dict[str, list[Finding]]] = {}
    spanning: dict[str, list[Finding]] = {}
    for kind, findings in found.items():
        for finding in findings:
            group = spanning if finding.start < 0 else groups.setdefault(_group(finding.path, near), {})
            group.setdefault(kind, []).append(finding)
    for group in groups.values() or ({},):
        kinds = group.keys() | spanning.keys()
        yield {kind: (*group.get(kind, ()), *spanning.get(kind, ())) for kind in kinds}


def _group(path: str, near: Nearness) -> str:
    """The message of a path is its first step, with the number behind it."""
    if near == "request":
        return ""
    if near == "segment":
        return path.removesuffix("#")
    first, _, rest = path.partition(".")
    number = rest.partition(".")[0].removesuffix("#")
    return f"{first}.{number}" if number.isdigit() else first.removesuffix("#")
