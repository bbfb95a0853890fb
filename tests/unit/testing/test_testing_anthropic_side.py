"""The Anthropic half of the stand-in, judged by the real anthropic SDK."""

import sys
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from gateway.testing import ErrorEvent, Fail, RecordingServer, Say
from gateway.testing.anthropic_rules import judge

HELLO: list[Any] = [{"role": "user", "content": "Hello there"}]
TOOLS: list[Any] = [
    {
        "name": name,
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
    for name in ("get_weather", "get_time")
]
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"}


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with RecordingServer("external", needs_key=True) as running:
        yield running


@pytest.fixture
def client(server: RecordingServer) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=server.anthropic_base_url, api_key="test", max_retries=0) as made:
        yield made


def test_a_question_is_answered_by_name_with_usage(client: anthropic.Anthropic) -> None:
    """The answer says which side gave it."""
    answer = client.messages.create(model="claude", max_tokens=99, messages=HELLO)
    (block,) = answer.content
    assert isinstance(block, anthropic.types.TextBlock)
    assert "external stand-in" in block.text
    assert answer.stop_reason == "end_turn"
    assert answer.usage.output_tokens > 1


def asked(**changes: Any) -> dict[str, Any]:
    return {"model": "claude", "max_tokens": 99, "messages": HELLO, **changes}


def contents(message: anthropic.types.Message) -> list[Any]:
    """The text of each text block and the name and input of each tool call."""
    return [
        block.text if block.type == "text" else (block.name, block.input)
        for block in message.content
        if block.type in {"text", "tool_use"}
    ]


def test_a_stream_adds_up_to_the_whole_message(client: anthropic.Anthropic) -> None:
    """Text and parallel tool calls of the stream equal those of the whole answer."""
    for text in ("Hello there", "get weather, get time"):
        question: Any = asked(messages=[{"role": "user", "content": text}], tools=TOOLS)
        whole = client.messages.create(**question)
        with client.messages.stream(**question) as stream:
            streamed = stream.get_final_message()
        assert contents(streamed) == contents(whole)
        assert (streamed.stop_reason, streamed.usage) == (whole.stop_reason, whole.usage)


def test_tools_are_called_with_valid_input_and_their_results_answered(client: anthropic.Anthropic) -> None:
    """A conversation with two parallel calls comes to an end."""
    messages: list[Any] = [{"role": "user", "content": "get weather, get time"}]
    answer = client.messages.create(model="claude", max_tokens=99, messages=messages, tools=TOOLS)
    calls = [block for block in answer.content if block.type == "tool_use"]
    assert [(call.name, call.input) for call in calls] == [("get_weather", {"city": "x"}), ("get_time", {"city": "x"})]
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "fine"} for call in calls]
    messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]
    last = client.messages.create(model="claude", max_tokens=99, messages=messages, tools=TOOLS)
    assert "2 tool result" in next(block.text for block in last.content if block.type == "text")


def test_limits_stop_sequences_and_schemas_are_honoured(client: anthropic.Anthropic, server: RecordingServer) -> None:
    """Stop reasons are max_tokens and stop_sequence; an output schema gets its instance."""
    server.script(Say("one two three four"), Say("one two three four"))
    short = client.messages.create(model="claude", max_tokens=2, messages=HELLO)
    assert short.stop_reason == "max_tokens"
    stopped = client.messages.create(model="claude", max_tokens=9, messages=HELLO, stop_sequences=[" three"])
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", " three")
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    output: Any = {"format": {"type": "json_schema", "schema": schema}}
    shaped = client.messages.create(model="claude", max_tokens=99, messages=HELLO, output_config=output)
    assert next(block.text for block in shaped.content if block.type == "text") == '{"ok":true}'


def test_tokens_are_counted(client: anthropic.Anthropic) -> None:
    """The counting endpoint answers a number."""
    assert client.messages.count_tokens(model="claude", messages=HELLO).input_tokens > 0


def test_errors_have_the_vendors_shape(client: anthropic.Anthropic, server: RecordingServer) -> None:
    """Overload, an error event midway and a missing key raise the SDK's own errors."""
    server.script(Fail(529), ErrorEvent(after=3))
    with pytest.raises(anthropic.APIStatusError) as overloaded:
        client.messages.create(model="claude", max_tokens=9, messages=HELLO)
    assert (overloaded.value.status_code, overloaded.value.type) == (529, "overloaded_error")
    with (
        pytest.raises(anthropic.APIStatusError, match="Overloaded"),
        client.messages.stream(model="claude", max_tokens=9, messages=HELLO) as stream,
    ):
        stream.get_final_message()
    with pytest.raises(anthropic.AuthenticationError):
        client.messages.create(
            model="claude", max_tokens=9, messages=HELLO, extra_headers={"Authorization": anthropic.Omit()}
        )


def turns(*contents: Any) -> list[Any]:
    roles = ("user", "assistant")
    return [{"role": roles[number % 2], "content": content} for number, content in enumerate(contents)]


@pytest.mark.parametrize(
    ("version", "body", "wrong"),
    [
        (None, asked(), "anthropic-version"),
        ("2019-01-01", asked(), "anthropic-version"),
        ("2023-06-01", {"model": "claude", "messages": HELLO}, "max_tokens"),
        ("2023-06-01", asked(max_tokens=0), "max_tokens"),
        ("2023-06-01", asked(seed=1), "seed"),
        ("2023-06-01", asked(messages=[]), "at least one"),
        ("2023-06-01", asked(messages=[{"role": "assistant", "content": "x"}]), "first message"),
        ("2023-06-01", asked(messages=[{"role": "system", "content": "x"}]), "first message"),
        ("2023-06-01", asked(messages=turns([{"type": "hologram"}])), "messages"),
        ("2023-06-01", asked(messages=turns([{"type": "text", "text": " "}])), "non-whitespace"),
        ("2023-06-01", asked(messages=turns("")), None),
        ("2023-06-01", asked(messages=turns("x", "", "y")), "non-empty"),
        ("2023-06-01", asked(messages=turns("x", [CALL], "y")), "without tool_result"),
        ("2023-06-01", asked(messages=turns("x", "y", [RESULT])), "unexpected tool_use_id"),
        ("2023-06-01", asked(messages=turns("x", [CALL], [{"type": "text", "text": "y"}, RESULT])), "come first"),
        ("2023-06-01", asked(messages=turns("x", [CALL], [RESULT, {"type": "text", "text": "y"}])), None),
        ("2023-06-01", asked(temperature=1.5), "temperature"),
        ("2023-06-01", asked(temperature="hot"), "temperature"),
        ("2023-06-01", asked(temperature=0.5, top_p=1, top_k=40), None),
        ("2026-10-21", asked(temperature=0.5), "not supported"),
        ("2026-10-21", asked(), None),
        ("2023-06-01", asked(stop_sequences=["\n"]), "non-whitespace"),
        ("2023-06-01", asked(tool_choice={"type": "any"}), "while providing tools"),
        ("2023-06-01", asked(tool_choice={"type": "any"}, tools=TOOLS, thinking={"type": "adaptive"}), "Thinking"),
        ("2023-06-01", asked(thinking={"type": "enabled", "budget_tokens": 5}), "budget_tokens"),
    ],
)
def test_what_anthropic_would_refuse_is_refused(version: str | None, body: dict[str, Any], wrong: str | None) -> None:
    """The rules that the SDK's types cannot say, each with its neighbour that is taken (wire facts, table E)."""
    message = judge(body, version, strict=True)
    assert (message is None) if wrong is None else (message is not None and wrong in message)


def test_the_demo_needs_no_anthropic_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK is a test dependency; without it the stand-in still knows what a request cannot do without."""
    monkeypatch.setitem(sys.modules, "anthropic.types.message_create_params", None)
    assert judge(asked(), "2023-06-01", strict=True) is None
    assert judge({"model": "claude", "messages": HELLO}, "2023-06-01", strict=True) == "max_tokens: Field required"


def test_a_lax_server_judges_types_alone() -> None:
    """vLLM's and llama.cpp's Messages endpoints take any version and field."""
    assert judge(asked(seed=1, temperature=2), "tomorrow", strict=False) is None
    assert judge(asked(messages=4), "tomorrow", strict=False) is not None
