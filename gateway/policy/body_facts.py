"""Facts that stand in a chat request's body: read the same way for clients and for probes."""

from collections.abc import Iterable

from gateway.model import Json, JsonObject


def tool_names(body: JsonObject) -> tuple[str, ...] | None:
    """The names of the tools that are offered; the type of those that a provider runs. None: one cannot be read."""
    offered: list[Json] = [*_list(body.get("tools")), *_list(body.get("functions"))]
    names = [_tool_name(tool) for tool in offered]
    readable = tuple(name for name in names if name is not None)
    return readable if len(readable) == len(names) else None


def has_system_prompt(body: JsonObject) -> bool:
    """Is there a message of the role system or developer?"""
    messages = _list(body.get("messages"))
    return any(type(one) is dict and one.get("role") in ("system", "developer") for one in messages)


def metadata(body: JsonObject, names: Iterable[str]) -> dict[str, str | None]:
    """The values of these keys of ``metadata`` that the client gave. None: a value that is no text."""
    given = body.get("metadata")
    if given is None:
        return {}
    if type(given) is not dict:
        return dict.fromkeys(names)
    return {name: given[name] if type(given[name]) is str else None for name in names if name in given}


def _list(value: Json) -> list[Json]:
    return value if type(value) is list else []


def _tool_name(tool: Json) -> str | None:
    if type(tool) is not dict:
        return None
    kind = tool.get("type")
    inner = tool.get(kind) if kind in {"function", "custom"} else tool.get("function") or tool.get("custom")
    name = inner.get("name") if type(inner) is dict else tool.get("name")
    if name is None and inner is None and kind not in {"function", "custom"}:
        name = kind
    return name if type(name) is str and name else None
