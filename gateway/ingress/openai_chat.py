"""POST /v1/chat/completions: the client's bytes as an Inbound, and the facts a policy and a backend go by.

Known fields have to have their types; what is not known is carried as it is, for inspection to judge. Errors name the
place as an index path (``messages.2.content``) and types, never a value and never a key that the client made up.
"""

from collections.abc import Mapping
from typing import Final

from gateway.errors import Malformed
from gateway.ingress.facts import facts
from gateway.ingress.limits import IngressLimits
from gateway.ingress.strict_json import parse_object
from gateway.model import Caller, Inbound, Json, JsonObject

__all__ = ["ENDPOINT", "LONGEST_MODEL", "facts", "parse"]

ENDPOINT: Final = "/v1/chat/completions"
LONGEST_MODEL: Final = 256

_STRING = (str,)
_BOOLEAN = (bool,)
_INTEGER = (int,)
_NUMBER = (int, float)
_LIST = (list,)
_OBJECT = (dict,)

_BODY_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "audio": _OBJECT,
    "frequency_penalty": _NUMBER,
    "function_call": (str, dict),
    "functions": _LIST,
    "logit_bias": _OBJECT,
    "logprobs": _BOOLEAN,
    "max_completion_tokens": _INTEGER,
    "max_tokens": _INTEGER,
    "metadata": _OBJECT,
    "modalities": _LIST,
    "n": _INTEGER,
    "parallel_tool_calls": _BOOLEAN,
    "prediction": _OBJECT,
    "presence_penalty": _NUMBER,
    "prompt_cache_key": _STRING,
    "reasoning_effort": _STRING,
    "response_format": _OBJECT,
    "safety_identifier": _STRING,
    "seed": _INTEGER,
    "service_tier": _STRING,
    "stop": (str, list),
    "store": _BOOLEAN,
    "stream": _BOOLEAN,
    "stream_options": _OBJECT,
    "temperature": _NUMBER,
    "tool_choice": (str, dict),
    "tools": _LIST,
    "top_logprobs": _INTEGER,
    "top_p": _NUMBER,
    "user": _STRING,
}
"""Optional fields of the body. null is taken for each, as the vendor does; bool is not an integer here."""

_MESSAGE_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "audio": _OBJECT,
    "content": (str, list),
    "function_call": _OBJECT,
    "name": _STRING,
    "refusal": _STRING,
    "tool_call_id": _STRING,
    "tool_calls": _LIST,
}

_ROLES: Final = frozenset({"developer", "system", "user", "assistant", "tool", "function"})
_MAY_BE_SILENT: Final = frozenset({"assistant", "tool", "function"})
"""Roles whose content may be null or absent."""

_TYPE_NAMES: Final[Mapping[type, str]] = {
    bool: "true or false",
    dict: "an object",
    int: "an integer",
    list: "a list",
    str: "a string",
}


def parse(body: bytes, caller: Caller, request_id: str, limits: IngressLimits) -> Inbound:
    """Read ``body`` strictly. Raises Malformed (with ``param``) or TooLarge."""
    request = parse_object(body, limits)
    model = request.get("model")
    if not isinstance(model, str) or not 0 < len(model) <= LONGEST_MODEL:
        raise _wrong("model", f"a string of 1 to {LONGEST_MODEL} characters")
    _check_types(request, _BODY_TYPES, "")
    _check_messages(request.get("messages"))
    _check_tools(request.get("tools"))
    options = request.get("stream_options") or {}
    _check_types(options, {"include_usage": _BOOLEAN}, "stream_options.")
    return Inbound(
        request_id=request_id,
        caller=caller,
        endpoint=ENDPOINT,
        body=request,
        wanted_model=model,
        stream=request.get("stream") is True,
        wants_usage=options.get("include_usage") is True,
        size=len(body),
    )


def _check_messages(messages: Json) -> None:
    if type(messages) is not list or not messages:
        raise _wrong("messages", "a list of at least one message")
    for index, message in enumerate(messages):
        place = f"messages.{index}"
        if type(message) is not dict:
            raise _wrong(place, "an object")
        role = message.get("role")
        if type(role) is not str or role not in _ROLES:
            raise _wrong(f"{place}.role", "one of developer, system, user, assistant, tool, function")
        _check_types(message, _MESSAGE_TYPES, f"{place}.")
        content = message.get("content")
        if content is None and role not in _MAY_BE_SILENT:
            raise _wrong(f"{place}.content", "a string or a list")
        if type(content) is list:
            _check_parts(content, f"{place}.content")
        if message.get("tool_calls"):
            _check_calls(message["tool_calls"], f"{place}.tool_calls")


def _check_parts(parts: list[Json], place: str) -> None:
    for index, part in enumerate(parts):
        if type(part) is not dict:
            raise _wrong(f"{place}.{index}", "an object")
        if type(part.get("type")) is not str:
            raise _wrong(f"{place}.{index}.type", "a string")
        if part["type"] == "text" and type(part.get("text")) is not str:
            raise _wrong(f"{place}.{index}.text", "a string")


def _check_calls(calls: list[Json], place: str) -> None:
    for index, call in enumerate(calls):
        if type(call) is not dict:
            raise _wrong(f"{place}.{index}", "an object")
        _check_types(
            call, {"id": _STRING, "type": _STRING, "function": _OBJECT, "custom": _OBJECT}, f"{place}.{index}."
        )
        function, custom = call.get("function"), call.get("custom")
        if function is not None:
            _check_types(function, {"name": _STRING, "arguments": _STRING}, f"{place}.{index}.function.")
        if custom is not None:
            _check_types(custom, {"name": _STRING, "input": _STRING}, f"{place}.{index}.custom.")


def _check_tools(tools: Json) -> None:
    for index, tool in enumerate(tools or ()):
        if type(tool) is not dict:
            raise _wrong(f"tools.{index}", "an object")
        _check_types(tool, {"type": _STRING, "function": _OBJECT, "custom": _OBJECT}, f"tools.{index}.")


def _check_types(fields: JsonObject, types: Mapping[str, tuple[type, ...]], place: str) -> None:
    """Known optional fields are null or have their type. The type itself, not a subclass: true is no integer."""
    for name, value in fields.items():
        allowed = types.get(name)
        if allowed is not None and value is not None and type(value) not in allowed:
            raise _wrong(place + name, _named(allowed))


def _named(kinds: tuple[type, ...]) -> str:
    return "a number" if kinds == _NUMBER else " or ".join(_TYPE_NAMES[kind] for kind in kinds)


def _wrong(param: str, expected: str) -> Malformed:
    return Malformed(f"{param} must be {expected}.", param=param)
