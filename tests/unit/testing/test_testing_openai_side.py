"""The OpenAI half of the stand-in, judged by the real openai SDK."""

from collections.abc import Iterator
from typing import Any

import openai
import orjson
import pytest
from pydantic import BaseModel

from gateway.testing import Echo, ErrorEvent, RecordingServer, Say

HELLO: list[Any] = [{"role": "user", "content": "Hello there"}]


def function(name: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with RecordingServer("external") as running:
        yield running


@pytest.fixture
def client(server: RecordingServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.openai_base_url, api_key="test", max_retries=0) as made:
        yield made


def test_a_question_is_answered_by_name_with_usage(client: openai.OpenAI) -> None:
    """The answer says which side gave it and repeats nothing of the question."""
    answer = client.chat.completions.create(model="gpt", messages=HELLO)
    text = answer.choices[0].message.content or ""
    assert "external stand-in" in text
    assert "there" not in text
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "gpt"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@pytest.mark.parametrize("wants_usage", [True, False])
def test_a_stream_carries_the_same_text_and_usage_only_when_asked(client: openai.OpenAI, wants_usage: bool) -> None:
    """The words of the stream put together are the whole answer; the usage event has no choices."""
    whole = client.chat.completions.create(model="gpt", messages=HELLO).choices[0].message.content
    options: Any = {"stream_options": {"include_usage": True}} if wants_usage else {}
    chunks = list(client.chat.completions.create(model="gpt", messages=HELLO, stream=True, **options))
    with_choices = [chunk for chunk in chunks if chunk.choices]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in with_choices) == whole
    assert with_choices[-1].choices[0].finish_reason == "stop"
    assert [chunk.usage is not None for chunk in chunks if not chunk.choices] == [True] * wants_usage


def test_several_choices_are_streamed_side_by_side(client: openai.OpenAI) -> None:
    """n=2 gives two choices, each with its own finish."""
    chunks = list(client.chat.completions.create(model="gpt", messages=HELLO, n=2, stream=True))
    finished = [choice.index for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert finished == [0, 1]


@pytest.mark.parametrize(
    ("asked", "choice", "parallel", "called"),
    [
        ("Please get weather and get_time.", "auto", True, ["get_weather", "get_time"]),
        ("Please get weather and get_time.", "auto", False, ["get_weather"]),
        ("Nothing of the kind.", "auto", True, []),
        ("Nothing of the kind.", "required", True, ["get_weather"]),
        ("Nothing of the kind.", {"type": "function", "function": {"name": "get_time"}}, True, ["get_time"]),
        ("Please get weather.", "none", True, []),
    ],
)
def test_tools_are_called_when_asked_for(
    client: openai.OpenAI, asked: str, choice: Any, parallel: bool, called: list[str]
) -> None:
    """Tools named in the text or insisted on are called, in parallel unless forbidden, with valid arguments."""
    messages: list[Any] = [{"role": "user", "content": asked}]
    tools: list[Any] = [function("get_weather"), function("get_time")]
    answer = client.chat.completions.create(
        model="gpt", messages=messages, tools=tools, tool_choice=choice, parallel_tool_calls=parallel
    )
    calls = answer.choices[0].message.tool_calls or []
    assert [call.function.name for call in calls if call.type == "function"] == called
    assert all(orjson.loads(call.function.arguments) == {"city": "x"} for call in calls if call.type == "function")
    assert answer.choices[0].finish_reason == ("tool_calls" if called else "stop")


def test_streamed_tool_calls_add_up_to_the_whole_ones(client: openai.OpenAI) -> None:
    """Each call keeps its index while its arguments arrive in pieces."""
    tools: list[Any] = [function("get_weather"), function("get_time")]
    messages: list[Any] = [{"role": "user", "content": "get weather, get time"}]
    with client.chat.completions.stream(model="gpt", messages=messages, tools=tools) as stream:
        message = stream.get_final_completion().choices[0].message
    assert [(call.function.name, call.function.arguments) for call in message.tool_calls or []] == [
        ("get_weather", '{"city":"x"}'),
        ("get_time", '{"city":"x"}'),
    ]


def test_a_tool_result_is_answered_with_text(client: openai.OpenAI) -> None:
    """A conversation with tools comes to an end."""
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    messages: list[Any] = [
        {"role": "user", "content": "get weather"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ]
    answer = client.chat.completions.create(model="gpt", messages=messages, tools=[function("get_weather")])  # type: ignore[list-item]
    assert "1 tool result" in (answer.choices[0].message.content or "")


def test_a_json_schema_is_met(client: openai.OpenAI) -> None:
    """The SDK parses the answer into the model that it derived the schema from."""

    class Person(BaseModel):
        name: str
        age: int
        tags: list[str]

    parsed = client.chat.completions.parse(model="gpt", messages=HELLO, response_format=Person)
    assert parsed.choices[0].message.parsed == Person(name="x", age=0, tags=[])


def test_a_limit_cuts_and_a_stop_sequence_ends_the_answer(client: openai.OpenAI, server: RecordingServer) -> None:
    """Finish reasons are length and stop."""
    server.script(Say("one two three four"), Say("one two three four"))
    short = client.chat.completions.create(model="gpt", messages=HELLO, max_completion_tokens=2)
    assert (short.choices[0].message.content, short.choices[0].finish_reason) == ("one two ", "length")
    stopped = client.chat.completions.create(model="gpt", messages=HELLO, stop=[" three"])
    assert (stopped.choices[0].message.content, stopped.choices[0].finish_reason) == ("one two", "stop")


def test_an_echo_repeats_the_question(client: openai.OpenAI, server: RecordingServer) -> None:
    """What a model may do with a prompt, for tests of what the gateway then does with the answer."""
    server.script(Echo())
    assert client.chat.completions.create(model="gpt", messages=HELLO).choices[0].message.content == "Hello there"


@pytest.mark.parametrize(
    "body",
    [
        {"messages": []},
        {"messages": [{"role": "nobody", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": 4}]}]},
        {"messages": [{"role": "user", "content": [{"type": "hologram"}]}]},
        {"messages": [{"role": "tool", "tool_call_id": "call_9", "content": "x"}]},
        {"temperature": "hot"},
        {"x_unknown": 1},
        {"stream_options": {"include_usage": True}},
        {"tools": [{"type": "function"}]},
    ],
    ids=",".join,
)
def test_what_openai_would_refuse_is_refused_in_its_words(client: openai.OpenAI, body: dict[str, Any]) -> None:
    """A gateway that emits a wrong request finds out here and not at the vendor."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="gpt", messages=HELLO, extra_body=body)
    assert refused.value.type == "invalid_request_error"


def test_a_calling_turn_must_be_followed_by_its_results(client: openai.OpenAI) -> None:
    """History with an unanswered call is refused."""
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    messages: list[Any] = [*HELLO, {"role": "assistant", "content": None, "tool_calls": [call]}, *HELLO]
    with pytest.raises(openai.BadRequestError, match="must be followed by tool messages"):
        client.chat.completions.create(model="gpt", messages=messages)


def test_a_lax_server_takes_unknown_fields_as_open_weight_servers_do() -> None:
    """vLLM and llama.cpp ignore what they do not know."""
    with (
        RecordingServer("local", strict=False) as server,
        openai.OpenAI(base_url=server.openai_base_url, api_key="test", max_retries=0) as client,
    ):
        answer = client.chat.completions.create(model="qwen", messages=HELLO, extra_body={"x_unknown": 1})
    assert "local stand-in" in (answer.choices[0].message.content or "")


def test_a_key_is_demanded_where_the_vendor_would() -> None:
    """A gateway that forgets its own key is told so with 401."""
    with (
        RecordingServer("external", needs_key=True) as server,
        openai.OpenAI(base_url=server.openai_base_url, api_key="test", max_retries=0) as client,
    ):
        client.chat.completions.create(model="gpt", messages=HELLO)
        with pytest.raises(openai.AuthenticationError):
            client.chat.completions.create(model="gpt", messages=HELLO, extra_headers={"Authorization": openai.Omit()})


def test_models_are_listed_and_other_paths_are_not_found(client: openai.OpenAI, server: RecordingServer) -> None:
    """The listing is what a gateway asks to find out who is there."""
    assert [model.id for model in client.models.list()] == ["stand-in"]
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="gpt", input="x")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt")
    assert len(server.received) == 3


def test_an_error_event_reaches_the_sdk(client: openai.OpenAI, server: RecordingServer) -> None:
    """A stream that fails midway raises in the SDK; a whole answer becomes a 500."""
    server.script(ErrorEvent(after=2), ErrorEvent())
    with pytest.raises(openai.APIError, match="Overloaded"):
        list(client.chat.completions.create(model="gpt", messages=HELLO, stream=True))
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model="gpt", messages=HELLO)
