"""Limits, sampling, stop strings, reasoning and answer formats."""

from typing import Any

import pytest

from gateway.egress.anthropic.models import Traits, traits
from gateway.egress.anthropic.options import (
    answer_format,
    max_tokens,
    reasoning,
    sampling,
    service_tier,
    stop_sequences,
)
from gateway.errors import Untranslatable


def of(model: str) -> Traits:
    return traits(model, "2023-06-01")


SONNET_35, SONNET_45, OPUS_46, OPUS_47 = (
    of("claude-3-5-sonnet-20241022"),
    of("claude-sonnet-4-5"),
    of("claude-opus-4-6"),
    of("claude-opus-4-7"),
)
OPUS_5, FABLE_5, QWEN = of("claude-opus-5"), of("claude-fable-5"), of("qwen3")


def param_of(call: Any) -> str:
    with pytest.raises(Untranslatable) as caught:
        call()
    return caught.value.param


# Limits


def test_the_limit_is_the_clients_or_the_backends() -> None:
    """max_tokens is required at Anthropic; both of OpenAI's names are taken."""
    assert max_tokens({"max_completion_tokens": 7}, 4096) == 7
    assert max_tokens({"max_tokens": 8, "max_completion_tokens": None}, 4096) == 8
    assert max_tokens({"max_tokens": 8, "max_completion_tokens": 8}, 4096) == 8
    assert max_tokens({}, 4096) == 4096


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "100"])
def test_a_limit_that_is_none_is_refused(value: Any) -> None:
    """0 would fill Anthropic's cache and answer nothing."""
    assert param_of(lambda: max_tokens({"max_tokens": value}, 1)) == "max_tokens"


def test_two_limits_that_differ_are_refused() -> None:
    """Which one the client means is not ours to guess."""
    assert param_of(lambda: max_tokens({"max_tokens": 1, "max_completion_tokens": 2}, 1)) == "max_tokens"


# Sampling


@pytest.mark.parametrize("body", [{"temperature": 0}, {"temperature": 0.7}, {"top_p": 0.9}, {"temperature": 1}])
def test_sampling_is_carried_where_the_model_takes_it(body: Any) -> None:
    """0 to 1 means the same at both."""
    assert sampling(body, SONNET_45, thinks=False) == body


@pytest.mark.parametrize("model", [SONNET_35, OPUS_47, QWEN])
def test_a_temperature_above_one_is_refused(model: Traits) -> None:
    """OpenAI's range ends at 2, Anthropic's at 1; a clamp would be another request."""
    assert param_of(lambda: sampling({"temperature": 1.2}, model, thinks=False)) == "temperature"


@pytest.mark.parametrize("model", [OPUS_47, OPUS_5, traits("claude-sonnet-4-5", "2026-10-21")])
def test_sampling_is_refused_where_it_would_be_a_400_and_left_out_at_its_default(model: Traits) -> None:
    """1 is the default of both vendors; anything else has no counterpart and is not dropped in silence."""
    assert sampling({"temperature": 1, "top_p": 1.0}, model, thinks=False) == {}
    assert param_of(lambda: sampling({"temperature": 0}, model, thinks=False)) == "temperature"
    assert param_of(lambda: sampling({"top_p": 0.5}, model, thinks=False)) == "top_p"


def test_models_that_take_one_sampler_get_the_one_that_matters() -> None:
    """Both are a 400 since Opus 4.1 (open-webui/functions#9); older models take both."""
    assert sampling({"temperature": 0.2, "top_p": 1}, SONNET_45, thinks=False) == {"temperature": 0.2}
    assert sampling({"temperature": 1, "top_p": 0.4}, SONNET_45, thinks=False) == {"top_p": 0.4}
    both = {"temperature": 0.2, "top_p": 0.4}
    assert param_of(lambda: sampling(both, SONNET_45, thinks=False)) == "top_p"
    assert sampling(both, SONNET_35, thinks=False) == both


def test_a_thinking_model_takes_no_temperature() -> None:
    """It is a 400 at Anthropic."""
    assert param_of(lambda: sampling({"temperature": 0.2}, OPUS_46, thinks=True)) == "temperature"
    assert sampling({"temperature": 1}, OPUS_46, thinks=True) == {"temperature": 1}


@pytest.mark.parametrize(
    "body", [{"temperature": -0.1}, {"temperature": 2.1}, {"top_p": 1.1}, {"top_p": True}, {"temperature": "0"}]
)
def test_sampling_values_out_of_range_are_refused(body: Any) -> None:
    """With the field's name."""
    assert param_of(lambda: sampling(body, SONNET_45, thinks=False)) in body


# Stop strings


def test_stop_is_a_string_or_a_list() -> None:
    """Always a list at Anthropic."""
    assert stop_sequences("END") == ["END"]
    assert stop_sequences(["a", "b"]) == ["a", "b"]
    assert stop_sequences(None) == stop_sequences([]) == []


@pytest.mark.parametrize("stop", ["\n", "", ["a", " "], [1], {"a": 1}])
def test_stop_strings_of_white_space_are_refused(stop: Any) -> None:
    """The API answers 400, and dropping one would let the answer run on."""
    assert param_of(lambda: stop_sequences(stop)) == "stop"


# Reasoning


@pytest.mark.parametrize(
    ("effort", "model", "thinking", "sent"),
    [
        ("minimal", OPUS_5, {"type": "adaptive"}, "low"),
        ("medium", OPUS_5, {"type": "adaptive"}, "medium"),
        ("xhigh", OPUS_5, {"type": "adaptive"}, "xhigh"),
        ("xhigh", OPUS_46, {"type": "adaptive"}, "high"),
        ("max", OPUS_46, {"type": "adaptive"}, "max"),
        ("none", OPUS_5, {"type": "disabled"}, None),
        ("none", SONNET_45, None, None),
        ("low", SONNET_45, {"type": "enabled", "budget_tokens": 1024}, None),
        ("high", SONNET_45, {"type": "enabled", "budget_tokens": 4000}, None),
        ("high", QWEN, None, "high"),
        (None, OPUS_5, None, None),
    ],
)
def test_reasoning_effort_becomes_what_the_model_takes(effort: Any, model: Traits, thinking: Any, sent: Any) -> None:
    """Adaptive thinking with an effort from 4.6 on, a budget below half the limit before."""
    assert reasoning({"reasoning_effort": effort}, model, 8000, forced=False) == (thinking, sent)


def test_a_forced_tool_excludes_thinking() -> None:
    """The API answers 400 (mastra-ai/mastra#7507, BerriAI/litellm#8901, #9594): the effort alone is sent."""
    assert reasoning({"reasoning_effort": "high"}, OPUS_46, 8000, forced=True) == (None, "high")
    assert param_of(lambda: reasoning({"reasoning_effort": "high"}, SONNET_45, 8000, forced=True)) == "tool_choice"


def test_what_a_model_cannot_think_is_refused() -> None:
    """No thinking, always thinking, or no room for the smallest budget of 1024 tokens."""
    assert param_of(lambda: reasoning({"reasoning_effort": "low"}, SONNET_35, 8000, forced=False)) == "reasoning_effort"
    assert param_of(lambda: reasoning({"reasoning_effort": "none"}, FABLE_5, 8000, forced=False)) == "reasoning_effort"
    assert (
        param_of(lambda: reasoning({"reasoning_effort": "low"}, SONNET_45, 2047, forced=False))
        == "max_completion_tokens"
    )
    assert (
        param_of(lambda: reasoning({"reasoning_effort": "extreme"}, OPUS_5, 8000, forced=False)) == "reasoning_effort"
    )


def test_anthropics_own_thinking_is_carried() -> None:
    """Clients of Claude send it as an extra field; an effort beside it is kept where both are possible."""
    own = {"type": "enabled", "budget_tokens": 2000, "display": None}
    assert reasoning({"thinking": own}, SONNET_45, 8000, forced=False) == (
        {"type": "enabled", "budget_tokens": 2000},
        None,
    )
    adaptive = {"type": "adaptive", "display": "summarized"}
    assert reasoning({"thinking": adaptive, "reasoning_effort": "low"}, OPUS_5, 8000, forced=False) == (adaptive, "low")


@pytest.mark.parametrize(
    ("body", "model"),
    [
        ({"thinking": "on"}, OPUS_5),
        ({"thinking": {"type": "adaptive", "secret": 1}}, OPUS_5),
        ({"thinking": {"type": "enabled"}, "reasoning_effort": "low"}, SONNET_45),
        ({"thinking": {"type": "adaptive"}, "reasoning_effort": "none"}, OPUS_5),
    ],
)
def test_thinking_of_another_form_or_against_the_effort_is_refused(body: Any, model: Traits) -> None:
    """Two fields that contradict each other are not silently ranked."""
    assert param_of(lambda: reasoning(body, model, 8000, forced=False)) in {
        "thinking",
        "thinking.*",
        "reasoning_effort",
    }


# Answer formats


def schema_of(schema: Any, **more: Any) -> Any:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, **more}}


def test_a_json_schema_is_native() -> None:
    """``response_format`` becomes ``output_config.format`` (BerriAI/litellm#8901: no longer a forced tool)."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    assert answer_format(schema_of(schema, strict=True), OPUS_5) == {"type": "json_schema", "schema": schema}
    assert answer_format({"type": "text"}, OPUS_5) is None
    assert answer_format(None, OPUS_5) is None


def test_objects_are_closed_as_the_api_demands() -> None:
    """What fits the closed schema fits the client's; words that are no schemas are not touched."""
    item = {"type": "object", "properties": {"properties": {"type": "string"}}}
    closed_item = item | {"additionalProperties": False}
    schema = {
        "type": "object",
        "properties": {
            "list": {"type": "array", "items": item},
            "either": {"anyOf": [item, {"type": "null"}]},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
            "both": {"allOf": [item, item]},
            "any": {"type": "object"},
            "enum": {"enum": [{"properties": {"x": 1}}]},
        },
        "$defs": {"item": item},
    }
    sent = answer_format(schema_of(schema), OPUS_5)["schema"]  # type: ignore[index]
    assert sent["additionalProperties"] is False
    assert sent["properties"]["list"]["items"] == closed_item
    assert sent["properties"]["either"]["anyOf"] == [closed_item, {"type": "null"}]
    assert sent["$defs"]["item"] == closed_item
    assert {name: sent["properties"][name] for name in ("map", "both", "any", "enum")} == {
        name: schema["properties"][name]
        for name in ("map", "both", "any", "enum")  # type: ignore[index]
    }
    assert "additionalProperties" not in schema, "the client's own object is never changed"


def test_the_description_of_a_schema_is_kept() -> None:
    """OpenAI has it beside the schema, Anthropic inside."""
    schema = {"type": "string", "description": "b"}
    assert answer_format(schema_of(schema, description="a"), OPUS_5)["schema"]["description"] == "a\n\nb"  # type: ignore[index]


@pytest.mark.parametrize(
    "given",
    [
        {"type": "json_object"},
        {"type": "grammar"},
        {"type": "json_schema"},
        schema_of("x"),
        schema_of({}, description=1),
        "json",
    ],
)
def test_other_formats_are_refused(given: Any) -> None:
    """json_object most of all: nothing at Anthropic guarantees JSON without a schema."""
    assert param_of(lambda: answer_format(given, OPUS_5)).startswith("response_format")


def test_a_model_without_native_schemas_gets_none() -> None:
    """Before 4.5 the promise could not be kept."""
    assert param_of(lambda: answer_format(schema_of({"type": "object"}), SONNET_35)) == "response_format"


def test_service_tiers() -> None:
    """auto is what happens anyway, default is standard; the others cost or wait differently."""
    assert service_tier("auto") is service_tier(None) is None
    assert service_tier("default") == "standard_only"
    assert param_of(lambda: service_tier("flex")) == "service_tier"
