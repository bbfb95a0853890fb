"""A whole chat request as a Messages request, judged by the vendor's own types."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from pydantic import SecretStr

from gateway import __version__
from gateway.egress.anthropic import AnthropicFormat
from gateway.egress.anthropic.draft import LEFT_OUT, NO_COUNTERPART, TRANSLATED
from gateway.errors import Untranslatable
from gateway.model import Backend, Caller, Draft, Inbound, WireFormat
from gateway.testing.anthropic_rules import judge

HELLO = {"role": "user", "content": "Hello"}
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
ANSWER = {"type": "object", "properties": {"t": {"type": "string"}}}


def backend(**more: Any) -> Backend:
    values: dict[str, Any] = {
        "name": "claude",
        "format": WireFormat.ANTHROPIC,
        "base_url": "https://api.anthropic.com",
        "models": {"claude": "claude-opus-4-8"},
        "clearance": "internal",
        "api_key": SecretStr("sk-ant-test"),
    }
    return Backend(**values | more)


def inbound(**body: Any) -> Inbound:
    body = {"model": "claude", "messages": [HELLO]} | body
    return Inbound("req_1", Caller("k"), "/v1/chat/completions", body, "claude", bool(body.get("stream")), False, 0)


def draft(model: str = "claude-opus-4-8", to: Backend | None = None, **body: Any) -> Draft:
    return AnthropicFormat().draft(inbound(**body), to or backend(), model)


def sent(model: str = "claude-opus-4-8", to: Backend | None = None, **body: Any) -> dict[str, Any]:
    """The request's body, once the vendor's types and rules have nothing against it."""
    made = draft(model, to, **body)
    parsed: dict[str, Any] = orjson.loads(made.body)
    assert judge(parsed, dict(made.headers)["anthropic-version"], strict=True) is None
    return parsed


def refused(model: str = "claude-opus-4-8", **body: Any) -> Untranslatable:
    with pytest.raises(Untranslatable) as caught:
        draft(model, **body)
    return caught.value


def test_the_smallest_request() -> None:
    """Model, limit and messages are all that the API demands."""
    assert sent() == {
        "model": "claude-opus-4-8",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
    }


def test_a_request_with_everything_is_valid_for_the_vendor() -> None:
    """Every translated field at once, under the vendor's own types."""
    body = sent(
        "claude-opus-4-6",
        messages=[
            {"role": "system", "content": "Be exact."},
            {"role": "user", "content": [
                {"type": "text", "text": "What is in these?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
                {"type": "image_url", "image_url": {"url": "https://example.org/a.jpg"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}},
            ]},
            {"role": "assistant", "content": "One moment.", "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}},
                {"id": "c2", "type": "function", "function": {"name": "weather", "arguments": ""}},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "22"},
            {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "no city"}]},
            {"role": "user", "content": "Go on."},
            {"role": "system", "content": "In French."},
        ],
        tools=[WEATHER],
        tool_choice="auto",
        parallel_tool_calls=False,
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": ANSWER}},
        reasoning_effort="high",
        max_completion_tokens=9000,
        stop=["END"],
        stream=True,
        stream_options={"include_usage": True},
        safety_identifier="u-5f1c",
        service_tier="default",
        user="alice@example.org",
        n=1,
        seed=None,
    )  # fmt: skip
    assert body["stream"] is True
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert body["output_config"]["effort"] == "high"
    assert body["output_config"]["format"]["type"] == "json_schema"
    assert body["thinking"] == {"type": "adaptive"}
    assert body["metadata"] == {"user_id": "u-5f1c"}
    assert body["service_tier"] == "standard_only"
    assert body["stop_sequences"] == ["END"]
    assert len(body["system"]) == 2
    assert "alice" not in str(body)


def test_tools_survive_beside_a_json_schema() -> None:
    """BerriAI/litellm PR#35637 lost them."""
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    body = sent(
        tools=[WEATHER], response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    )
    assert body["tools"][0]["name"] == "weather"
    assert body["output_config"]["format"]["schema"] == schema


def test_a_mid_conversation_system_message_is_valid_on_the_models_that_take_it() -> None:
    """And never first, never two in a row, always behind a user turn."""
    messages = [HELLO, {"role": "system", "content": "a"}, {"role": "developer", "content": "b"}]
    assert [each["role"] for each in sent(messages=messages)["messages"]] == ["user", "system"]
    assert [each["role"] for each in sent("claude-sonnet-4-5", messages=messages)["messages"]] == ["user"]


def test_a_forced_tool_and_an_effort_are_valid_together() -> None:
    """mastra-ai/mastra#7507, BerriAI/litellm#8901, #9594."""
    body = sent(tools=[WEATHER], tool_choice="required", reasoning_effort="high")
    assert "thinking" not in body
    assert body["output_config"] == {"effort": "high"}


def test_a_history_of_calls_without_tools_is_valid() -> None:
    """The last answer is wanted in words, and the API wants the tools declared."""
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    messages = [
        HELLO,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "2"},
    ]
    assert sent(messages=messages)["tool_choice"] == {"type": "none"}


# Headers and address


def test_the_request_is_built_by_the_gateway_alone() -> None:
    """Address, key, version and user agent come from configuration; nothing of the client's headers is in it."""
    made = draft(to=backend(base_url="https://api.anthropic.com/"))
    assert made.url == "https://api.anthropic.com/v1/messages"
    assert dict(made.headers) == {
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": f"hybrid-llm-gateway/{__version__}",
        "anthropic-version": "2023-06-01",
        "x-api-key": "sk-ant-test",
    }
    assert (made.model, made.stream, made.backend.name) == ("claude-opus-4-8", False, "claude")


def test_a_stream_is_asked_for_in_body_and_header() -> None:
    """A whole answer is asked for by saying nothing."""
    assert dict(draft(stream=True).headers)["accept"] == "text/event-stream"
    assert "stream" not in sent(stream=False)


def test_a_server_without_a_key_gets_no_key_header() -> None:
    """A local server that speaks this format needs none."""
    assert "x-api-key" not in dict(draft(to=backend(api_key=None)).headers)


def test_the_configured_version_rules_what_is_sent() -> None:
    """Under 2026-10-21 sampling is a 400, so it is refused before."""
    newer = backend(api_version="2026-10-21")
    assert dict(draft(to=newer).headers)["anthropic-version"] == "2026-10-21"
    assert sent("claude-sonnet-4-5", temperature=0.5)["temperature"] == 0.5
    with pytest.raises(Untranslatable):
        draft("claude-sonnet-4-5", newer, temperature=0.5)


def test_the_draft_is_a_function_of_the_request() -> None:
    """Same input, same digest: what was inspected is what is sent. The client's object is not changed."""
    request = inbound(
        tools=[WEATHER], response_format={"type": "json_schema", "json_schema": {"schema": {"properties": {"a": {}}}}}
    )
    before = orjson.dumps(request.body)
    first, second = (AnthropicFormat().draft(request, backend(), "claude-opus-5") for _ in range(2))
    assert first.digest == second.digest
    assert orjson.dumps(request.body) == before


# Fields


@pytest.mark.parametrize(
    "field",
    [
        {"n": 2},
        {"seed": 7},
        {"logprobs": True},
        {"top_logprobs": 3},
        {"frequency_penalty": 0.1},
        {"presence_penalty": -1},
        {"logit_bias": {"50256": -100}},
        {"modalities": ["text", "audio"]},
        {"audio": {"voice": "a", "format": "wav"}},
        {"web_search_options": {}},
        {"functions": [{"name": "f"}]},
        {"function_call": "auto"},
        {"store": True},
        {"metadata": {"case": "x"}},
        {"moderation": {"model": "m"}},
        {"verbosity": "low"},
    ],
)
def test_a_field_without_counterpart_is_refused_by_name(field: dict[str, Any]) -> None:
    """n, seed, logprobs, penalties and the rest: never silence (wire table E)."""
    assert refused(**field).param == next(iter(field))


def test_such_a_field_is_fine_where_it_changes_nothing() -> None:
    """Null, and the value that is the default."""
    for name, harmless in NO_COUNTERPART.items():
        for value in (None, *harmless):
            assert name not in sent(**{name: value})


@pytest.mark.parametrize(
    "field",
    ["fallbacks", "mcp_servers", "container", "betas", "thread", "context_management", "x_custom", "cache_control"],
)
def test_an_unknown_field_is_refused_and_not_named(field: str) -> None:
    """Some are another way out: ``fallbacks`` names models, ``mcp_servers`` servers that the vendor would call."""
    error = refused(**{field: [{"url": "https://example.org"}]})
    assert error.param == "*"
    assert field not in error.message
    assert sent(**{field: None})


def test_hints_that_cannot_change_the_answer_are_left_out() -> None:
    """And ``user``, which is often a name: Anthropic asks not to be sent one."""
    body = sent(
        user="Jane Roe",
        prompt_cache_key="k",
        prompt_cache_retention="24h",
        prediction={"type": "content", "content": "x"},
    )
    assert set(body) == {"model", "max_tokens", "messages"}


@pytest.mark.parametrize(
    "field", [{"safety_identifier": 3}, {"stream_options": "x"}, {"stream_options": {"include_secrets": 1}}]
)
def test_known_fields_of_another_form_are_refused(field: Any) -> None:
    """With the place."""
    assert refused(**field).param.startswith(next(iter(field)))


def test_every_field_of_the_openai_sdk_is_in_one_of_the_three_sets() -> None:
    """A field that a newer SDK adds fails here, so that somebody decides about it."""
    known = set(CompletionCreateParamsBase.__annotations__)
    assert known - TRANSLATED - LEFT_OUT - set(NO_COUNTERPART) == set()
    assert not TRANSLATED & LEFT_OUT
    assert not (TRANSLATED | LEFT_OUT) & set(NO_COUNTERPART)


def test_a_value_that_json_cannot_carry_is_refused() -> None:
    """A lone surrogate, should one ever come this far."""
    error = refused(messages=[{"role": "user", "content": "\ud800"}])
    assert error.param == "messages"
    assert error.__context__ is None


# The law: what the client wrote arrives, or the request is refused

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
contents = st.one_of(words, st.lists(words.map(lambda text: {"type": "text", "text": text}), min_size=1, max_size=3))
spoken = st.builds(
    lambda role, content: {"role": role, "content": content},
    st.sampled_from(["system", "developer", "user", "assistant"]),
    contents,
)
arguments = st.dictionaries(words, st.one_of(words, st.integers(-(2**53), 2**53), st.booleans(), st.none()), max_size=3)


@st.composite
def exchanges(make: st.DrawFn) -> list[dict[str, Any]]:
    """Tool calls and their results, in any order of results."""
    count = make(st.integers(1, 3))
    base = make(words)
    calls = [
        {
            "id": f"{base}{number}",
            "type": "function",
            "function": {"name": "f", "arguments": orjson.dumps(make(arguments)).decode()},
        }
        for number in range(count)
    ]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": make(contents)} for call in calls]
    return [{"role": "assistant", "content": None, "tool_calls": calls}, *make(st.permutations(results))]


histories = st.lists(st.one_of(spoken.map(lambda one: [one]), exchanges()), min_size=1, max_size=6).map(
    lambda groups: [message for group in groups for message in group]
)


def leaves(value: Any) -> list[str]:
    """Every string leaf and key."""
    if isinstance(value, dict):
        return [*value, *(leaf for child in value.values() for leaf in leaves(child))]
    if isinstance(value, list):
        return [leaf for child in value for leaf in leaves(child)]
    return [value] if isinstance(value, str) else []


@given(messages=histories, model=st.sampled_from(["claude-sonnet-4-5", "claude-opus-4-8", "claude-opus-5-5"]))
def test_no_text_is_lost_and_the_vendor_takes_the_result(messages: list[dict[str, Any]], model: str) -> None:
    """Each text, argument and result of a conversation is in the draft, and the draft is valid; or it is refused."""
    try:
        body = sent(model, messages=messages)
    except Untranslatable:
        return
    found = leaves(body)
    for message in messages:
        for text in (
            message["content"],
            *(part["text"] for part in message["content"] or () if isinstance(part, dict)),
        ):
            assert not isinstance(text, str) or text in found
        for call in message.get("tool_calls", ()):
            assert set(leaves(orjson.loads(call["function"]["arguments"]))) <= set(found)
