"""Limits, sampling, stop strings, reasoning and answer formats: the fields beside messages and tools.

Law: a field is translated, or it is at a value that changes nothing, or the request is Untranslatable with the field's
name. An effort is the one thing that is rounded: a model without the rung asked gets the highest one below it.
"""

from collections.abc import Mapping
from typing import Any

from gateway.egress.anthropic.models import Thinking, Traits
from gateway.egress.anthropic.parts import only, wrong
from gateway.errors import Untranslatable
from gateway.model import Json, JsonObject

_BUDGETS: Mapping[str, int] = {"low": 1024, "medium": 4096, "high": 16384, "xhigh": 32768, "max": 32768}
_SMALLEST_BUDGET = 1024
_EFFORTS = ("none", "minimal", *_BUDGETS)
_THINKING_FIELDS = ("type", "budget_tokens", "display")


def max_tokens(body: JsonObject, default: int) -> int:
    """The limit of the answer in tokens, which the API demands: the client's, else ``default`` (the backend's)."""
    limits = []
    for name in ("max_completion_tokens", "max_tokens"):
        if (value := body.get(name)) is None:
            continue
        # 0 has a meaning of its own at Anthropic (it fills the cache and answers nothing).
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise wrong(name, "a whole number of at least 1")
        limits.append(value)
    if len(limits) == 2 and limits[0] != limits[1]:
        raise Untranslatable("max_tokens", "max_tokens and max_completion_tokens differ.")
    return limits[0] if limits else default


def sampling(body: JsonObject, traits: Traits, *, thinks: bool) -> dict[str, float]:
    """``temperature`` and ``top_p``. 1 is the default of both vendors, so it may be left out where it is not taken."""
    values = {name: _number(body[name], name) for name in ("temperature", "top_p") if body.get(name) is not None}
    if values.get("temperature", 0) > 1:
        raise Untranslatable("temperature", "The Messages API takes a temperature from 0 to 1.")
    if traits.sampling and not (traits.one_sampler and len(values) == 2):
        kept = values
    else:
        kept = {name: value for name, value in values.items() if value != 1}
    if kept and not traits.sampling:
        name = next(iter(kept))
        raise Untranslatable(name, f"This model, or this API version, takes no {name} other than 1.")
    if len(kept) == 2 and traits.one_sampler:
        raise Untranslatable("top_p", "This model takes temperature or top_p, not both.")
    if thinks and kept.get("temperature", 1) != 1:
        raise Untranslatable("temperature", "A model that is asked to think takes no temperature other than 1.")
    return kept


def _number(value: Json, name: str) -> float:
    top = 2 if name == "temperature" else 1
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= top:
        raise wrong(name, f"a number from 0 to {top}")
    return value


def stop_sequences(given: Json) -> list[str]:
    """``stop``: a string or a list. White space alone is refused by the API, and ``""`` means nothing to it."""
    if given is None:
        return []
    stops = [given] if isinstance(given, str) else given
    if not isinstance(stops, list) or not all(isinstance(stop, str) and stop.strip() for stop in stops):
        raise wrong("stop", "a string or a list of strings, none of them only white space,")
    return stops


def reasoning(
    body: JsonObject, traits: Traits, limit: int, *, forced: bool
) -> tuple[dict[str, Any] | None, str | None]:
    """``thinking`` and the effort, from ``reasoning_effort`` and Anthropic's own ``thinking``; None: leave it out.

    ``limit``: max_tokens, which thinking counts towards. ``forced``: the model has to call a tool.
    """
    effort, own = body.get("reasoning_effort"), body.get("thinking")
    if own is not None:
        if not isinstance(own, Mapping):
            raise wrong("thinking", "an object")
        only(own, _THINKING_FIELDS, "thinking")
        own = {name: value for name, value in own.items() if value is not None}
    if effort is None:
        return own, None
    if effort not in _EFFORTS:
        raise wrong("reasoning_effort", "one of " + ", ".join(_EFFORTS))
    if own is not None:
        if effort == "none" or traits.thinking in {Thinking.NONE, Thinking.BUDGET}:
            raise Untranslatable("reasoning_effort", "reasoning_effort and thinking contradict each other.")
        return own, _rung(effort, traits.efforts)
    return _no_thinking(traits) if effort == "none" else _thinking(effort, traits, limit, forced=forced)


def _no_thinking(traits: Traits) -> tuple[dict[str, Any] | None, None]:
    if traits.thinking in {Thinking.NONE, Thinking.BUDGET}:
        return None, None  # they think only when asked to
    if not traits.can_stop_thinking:
        raise Untranslatable("reasoning_effort", "This model always thinks.")
    return {"type": "disabled"}, None


def _thinking(effort: str, traits: Traits, limit: int, *, forced: bool) -> tuple[dict[str, Any] | None, str | None]:
    match traits.thinking:
        case Thinking.NONE:
            raise Untranslatable("reasoning_effort", "This model does not think.")
        case Thinking.UNKNOWN:
            return None, _rung(effort, traits.efforts)
        case Thinking.ADAPTIVE:
            # Asked for together with a forced tool, thinking is a 400 on most models. The effort alone is not.
            return None if forced else {"type": "adaptive"}, _rung(effort, traits.efforts)
        case Thinking.BUDGET:
            if forced:
                raise Untranslatable("tool_choice", "This model does not think where it is forced to call a tool.")
            budget = min(_BUDGETS[_rung(effort, traits.efforts)], limit // 2)
            if budget < _SMALLEST_BUDGET:
                raise Untranslatable("max_completion_tokens", "Thinking needs a limit of at least 2048 tokens.")
            return {"type": "enabled", "budget_tokens": budget}, None


def _rung(effort: str, efforts: tuple[str, ...]) -> str:
    """The highest of ``efforts`` that is not above ``effort``; the lowest where all are."""
    wanted = _EFFORTS.index(effort)
    return next((rung for rung in reversed(efforts) if _EFFORTS.index(rung) <= wanted), efforts[0])


def answer_format(given: Json, traits: Traits) -> dict[str, Any] | None:
    """``response_format`` as ``output_config.format``. The schema's ``name`` has no counterpart and no effect.

    ``json_object`` is refused: the API has nothing that guarantees JSON without a schema, and a promise in the prompt
    would not be one.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise wrong("response_format", "an object")
    match given.get("type"):
        case "text":
            only(given, ("type",), "response_format")
            return None
        case "json_schema" if traits.json_schema:
            only(given, ("type", "json_schema"), "response_format")
            return {"type": "json_schema", "schema": _schema(given.get("json_schema"))}
        case "json_object":
            raise Untranslatable("response_format", "The Messages API has no json_object. Ask for a json_schema.")
        case _:
            raise Untranslatable("response_format", "This model takes text or, from Claude 4.5 on, json_schema.")


def _schema(given: Json) -> dict[str, Any]:
    at = "response_format.json_schema"
    if not isinstance(given, Mapping) or not isinstance(schema := given.get("schema"), Mapping):
        raise wrong(at, "an object with a schema")
    only(given, ("name", "description", "schema", "strict"), at)
    closed = _closed(schema)
    if (description := given.get("description")) is not None:
        if not isinstance(description, str):
            raise wrong(f"{at}.description", "a string")
        closed["description"] = "\n\n".join(text for text in (description, closed.get("description")) if text)
    return closed


def _closed(schema: JsonObject) -> dict[str, Any]:
    """The schema with ``additionalProperties: false``, which the API demands, where an object says nothing about it.

    What fits the closed schema fits the client's. An object that lists no properties stays as it is: closing it would
    leave only ``{}``. ``allOf`` is not entered, because closed parts of one object exclude each other.
    """
    closed = dict(schema)
    for name in ("properties", "$defs", "definitions"):
        if isinstance(parts := closed.get(name), Mapping):
            closed[name] = {key: _closed(part) if isinstance(part, Mapping) else part for key, part in parts.items()}
    for name in ("anyOf", "oneOf"):
        if isinstance(choices := closed.get(name), list):
            closed[name] = [_closed(part) if isinstance(part, Mapping) else part for part in choices]
    if isinstance(items := closed.get("items"), Mapping):
        closed["items"] = _closed(items)
    if closed.get("properties"):
        closed.setdefault("additionalProperties", False)
    return closed


def service_tier(given: Json) -> str | None:
    """OpenAI's ``default`` is standard processing; ``auto`` is what the API does unasked."""
    if given is None or given == "auto":
        return None
    if given == "default":
        return "standard_only"
    raise Untranslatable("service_tier", "The Messages API has no counterpart for this service tier.")
