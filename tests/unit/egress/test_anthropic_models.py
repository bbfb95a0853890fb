"""What each Claude model takes, read from its name."""

import pytest

from gateway.egress.anthropic.models import (
    DEFAULT_API_VERSION,
    NO_SAMPLING_API_VERSION,
    Thinking,
    Traits,
    traits,
)


def of(model: str, version: str = DEFAULT_API_VERSION) -> Traits:
    return traits(model, version)


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("claude-3-5-sonnet-20241022", True),
        ("claude-3-7-sonnet-latest", True),
        ("claude-opus-4-20250514", True),
        ("claude-sonnet-4-5-20250929", True),
        ("claude-haiku-4-5", True),
        ("claude-opus-4-6", True),
        ("us.anthropic.claude-opus-4-6-v1", True),
        ("claude-opus-4-7", False),
        ("claude-opus-4.8", False),
        ("claude-sonnet-5", False),
        ("claude-haiku-5-5", False),
        ("claude-mythos-preview", False),
        ("claude-opus-12-1", False),
        ("Claude-Opus-4-7", False),
        ("qwen3-32b", True),
    ],
)
def test_sampling_ends_with_the_4_7_generation(model: str, takes: bool) -> None:
    """From 4.7 on every Claude refuses temperature; an unknown Claude counts as new, another model as free."""
    assert of(model).sampling is takes


@pytest.mark.parametrize("model", ["claude-opus-4-6", "qwen3-32b", "claude-3-5-haiku-20241022"])
def test_the_api_version_of_october_2026_takes_no_sampling_from_any_model(model: str) -> None:
    """The version decides before the model does."""
    assert not of(model, NO_SAMPLING_API_VERSION).sampling


@pytest.mark.parametrize(
    ("model", "form"),
    [
        ("claude-3-5-sonnet-20241022", Thinking.NONE),
        ("claude-3-7-sonnet-20250219", Thinking.BUDGET),
        ("claude-opus-4-5", Thinking.BUDGET),
        ("claude-sonnet-4-6", Thinking.ADAPTIVE),
        ("claude-fable-5-2", Thinking.ADAPTIVE),
        ("claude-next", Thinking.ADAPTIVE),
        ("llama-4", Thinking.UNKNOWN),
    ],
)
def test_the_form_of_thinking_follows_the_generation(model: str, form: Thinking) -> None:
    """None before 3.7, a budget up to 4.5, adaptive from 4.6 on."""
    assert of(model).thinking is form


def test_only_fable_and_mythos_cannot_stop_thinking() -> None:
    """Disabling it there is a 400."""
    assert not of("claude-fable-5").can_stop_thinking
    assert not of("claude-mythos-5-1").can_stop_thinking
    assert of("claude-opus-5-5").can_stop_thinking


@pytest.mark.parametrize(
    ("model", "takes"),
    [("claude-opus-4-7", False), ("claude-opus-4-8", True), ("claude-sonnet-5", True), ("gemma", False)],
)
def test_system_turns_begin_with_opus_4_8(model: str, takes: bool) -> None:
    """Elsewhere "role 'system' is not supported on this model" (wire table E, anthropics/claude-code#77698)."""
    assert of(model).system_turns is takes


def test_older_models_keep_what_newer_ones_lost_and_lack_what_they_gained() -> None:
    """Prefill ended with 4.6, native JSON schemas began with 4.5, one sampler at a time is the rule since 4.1."""
    old, new = of("claude-3-5-sonnet-20241022"), of("claude-opus-5")
    assert (old.prefill, old.json_schema, old.one_sampler) == (True, False, False)
    assert (new.prefill, new.json_schema, new.one_sampler) == (False, True, True)
    assert of("claude-opus-4-5").prefill
    assert not of("claude-opus-4-6").prefill
    assert "xhigh" not in of("claude-opus-4-6").efforts
    assert "xhigh" in of("claude-opus-4-7").efforts
