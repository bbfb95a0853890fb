"""Function tools, tool choice, the ids of calls, and what the history needs declared."""

import re
from collections.abc import Mapping
from typing import Any

from gateway.egress.anthropic.parts import Block, cache_control, only, wrong
from gateway.errors import Untranslatable
from gateway.model import Json, JsonObject

_CHOICES: Mapping[str, str] = {"auto": "auto", "required": "any", "none": "none"}


_TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")


class ToolIds:
    """Ids the API takes: letters, digits, ``_`` and ``-``. Others (``functions.f:0``) become numbers.

    Call and result carry the same id, so they stay together; the client never sees the replacement. It is a number, not
    a digest: what is sent must tell nothing of text that inspection does not see in it. Earlier calls keep their
    numbers as a conversation grows, so prompt caches still match.
    """

    def __init__(self) -> None:
        self._replaced: dict[str, str] = {}

    def __call__(self, given: Json, path: str) -> str:
        """The id to send. Raises Untranslatable unless ``given`` is a string."""
        if not isinstance(given, str):
            raise wrong(path, "a string")
        if _TOOL_ID.fullmatch(given):
            return given
        return self._replaced.setdefault(given, f"toolu_gateway_{len(self._replaced)}")


def tool_fields(body: JsonObject, called: tuple[str, ...]) -> dict[str, Any]:
    """``tools`` and ``tool_choice`` of the request, where there are any. Raises Untranslatable.

    ``called``: tools that the history calls. The API refuses a history with calls and no tools, so a request without
    tools declares those by name and forbids their use.
    """
    given = body.get("tools")
    if given is not None and not isinstance(given, list):
        raise wrong("tools", "a list")
    choice = _choice(body.get("tool_choice"))
    if not given:
        if choice is not None and choice["type"] in {"any", "tool"}:
            raise wrong("tool_choice", "left out where there are no tools")
        declared = [{"name": name, "input_schema": {"type": "object"}} for name in called]
        return {"tools": declared, "tool_choice": {"type": "none"}} if declared else {}
    fields: dict[str, Any] = {"tools": [_tool(tool, f"tools.{number}") for number, tool in enumerate(given)]}
    parallel = body.get("parallel_tool_calls")
    if parallel is not None and not isinstance(parallel, bool):
        raise wrong("parallel_tool_calls", "true or false")
    if parallel is False:
        choice = choice or {"type": "auto"}
        if choice["type"] != "none":
            choice["disable_parallel_tool_use"] = True
    return fields | ({"tool_choice": choice} if choice is not None else {})


def is_forced(fields: Mapping[str, Any]) -> bool:
    """The model has to call a tool. Older models refuse to think then (mastra-ai/mastra#7507, BerriAI/litellm#8901)."""
    return (fields.get("tool_choice") or {}).get("type") in {"any", "tool"}


def _choice(given: Json) -> dict[str, Any] | None:
    if given is None:
        return None
    if isinstance(given, str) and given in _CHOICES:
        return {"type": _CHOICES[given]}
    if not isinstance(given, Mapping) or given.get("type") != "function":
        raise Untranslatable("tool_choice", "The Messages API knows auto, required, none and one named function.")
    only(given, ("type", "function"), "tool_choice")
    function = given.get("function")
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise wrong("tool_choice.function", "an object with a name")
    only(function, ("name",), "tool_choice.function")
    return {"type": "tool", "name": function["name"]}


def _tool(tool: Json, at: str) -> Block:
    if not isinstance(tool, Mapping):
        raise wrong(at, "an object")
    if tool.get("type") != "function":
        raise Untranslatable(f"{at}.type", "The Messages API has no counterpart for tools other than functions.")
    only(tool, ("type", "function", "cache_control"), at)
    function = tool.get("function")
    if not isinstance(function, Mapping):
        raise wrong(f"{at}.function", "an object")
    only(function, ("name", "description", "parameters", "strict", "cache_control"), f"{at}.function")
    if not isinstance(name := function.get("name"), str):
        raise wrong(f"{at}.function.name", "a string")
    block: Block = {"name": name, "input_schema": _schema(function.get("parameters"), f"{at}.function.parameters")}
    if (description := function.get("description")) is not None:
        if not isinstance(description, str):
            raise wrong(f"{at}.function.description", "a string")
        block["description"] = description
    if (strict := function.get("strict")) is not None:
        if not isinstance(strict, bool):
            raise wrong(f"{at}.function.strict", "true or false")
        if strict:
            block["strict"] = True
    cache = cache_control(tool, at) or cache_control(function, f"{at}.function")
    return block if cache is None else block | {"cache_control": cache}


def _schema(given: Json, at: str) -> dict[str, Any]:
    """The parameters; none at all is a function that takes none, and ``type`` is only added where it is missing."""
    if given is None:
        return {"type": "object", "properties": {}}
    if not isinstance(given, Mapping) or given.get("type", "object") != "object":
        raise wrong(at, 'a JSON schema of type "object"')
    return {"type": "object", **given}
