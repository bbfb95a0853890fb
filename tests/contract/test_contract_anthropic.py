"""What an OpenAI client's request becomes on Anthropic's wire. The stand-in judges it by the vendor's own types."""

from typing import Any

import openai
import pytest
from contract_values import (
    ASK_BOTH,
    CARD,
    CLOCK,
    GENERAL,
    IMAGE_PART,
    PDF,
    PDF_PART,
    PNG,
    TOOL_HISTORY,
    WEATHER,
    call,
    called,
    result,
    text,
    user,
)
from openai.types.chat import ChatCompletion
from support.gateway_process import EXTERNAL, RunningGateway

from gateway.testing import Fail

NEWEST = "claude-opus-4-8"


def ask(running: RunningGateway, messages: Any, **more: Any) -> ChatCompletion:
    """One whole answer to ``auto``."""
    with running.client() as client:
        answer: ChatCompletion = client.chat.completions.create(**{"model": "auto", "messages": messages, **more})
        return answer


def sent(running: RunningGateway) -> dict[str, Any]:
    """The last Messages request that arrived."""
    received = running.external.received[-1]
    assert (received.method, received.path) == ("POST", "/v1/messages")
    body: dict[str, Any] = received.json()
    return body


def test_the_headers_are_anthropics(with_claude: RunningGateway) -> None:
    """Key, version and content type; no bearer token and nothing of the client's."""
    ask(with_claude, [user(GENERAL)])
    (received,) = with_claude.external.received
    assert received.header("x-api-key") == "sk-external-of-the-tests"
    assert received.header("anthropic-version") == "2023-06-01"
    assert received.header("authorization") is None


def test_system_messages_go_where_the_api_takes_them(with_claude: RunningGateway) -> None:
    """Leading ones become ``system``, in order; a later one is not lost."""
    messages = [
        {"role": "system", "content": "First."},
        {"role": "developer", "content": "Second."},
        user(GENERAL),
        {"role": "assistant", "content": "Because."},
        {"role": "system", "content": "Be brief from now on."},
        user("And at night?"),
    ]
    ask(with_claude, messages)
    body = sent(with_claude)
    assert [block["text"] for block in body["system"]] == ["First.", "Second.", "Be brief from now on."]
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]


def test_the_newest_models_take_a_system_message_in_its_place(with_claude: RunningGateway) -> None:
    """From Opus 4.8 on, behind a user turn."""
    messages = [user(GENERAL), {"role": "system", "content": "Be brief."}]
    assert ask(with_claude, messages, model=NEWEST).model == NEWEST
    assert [message["role"] for message in sent(with_claude)["messages"]] == ["user", "system"]


def test_tools_and_their_choice(with_claude: RunningGateway) -> None:
    """Schemas, required as any, one call at a time."""
    ask(with_claude, [user(GENERAL)], tools=[WEATHER, CLOCK], tool_choice="required", parallel_tool_calls=False)
    body = sent(with_claude)
    assert [tool["name"] for tool in body["tools"]] == ["get_weather", "get_time"]
    assert body["tools"][0]["input_schema"] == WEATHER["function"]["parameters"]
    assert body["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}


def test_parallel_results_are_one_user_message(with_claude: RunningGateway) -> None:
    """Results first and together, arguments as an object, the next question behind them."""
    ask(with_claude, [*TOOL_HISTORY, user("Which is nicer?")], tools=[WEATHER, CLOCK])
    messages = sent(with_claude)["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    calls = [block for block in messages[1]["content"] if block["type"] == "tool_use"]
    assert [(one["id"], one["name"], one["input"]) for one in calls] == [
        ("call_a", "get_weather", {"city": "Paris"}),
        ("call_b", "get_time", {"city": "Paris"}),
    ]
    assert [block["type"] for block in messages[2]["content"]] == ["tool_result", "tool_result", "text"]
    assert [block.get("tool_use_id") for block in messages[2]["content"]] == ["call_a", "call_b", None]


def test_odd_but_usual_tool_histories(with_claude: RunningGateway) -> None:
    """Empty arguments, ids of other vendors, a tool's name on its result, no tools in the last request."""
    messages = [
        user("Look."),
        called(call("functions.look:0", "look", ""), content=""),
        {**result("functions.look:0", "nothing"), "name": "look"},
        user("Thanks."),
    ]
    assert ask(with_claude, messages).model == with_claude.external_model
    body = sent(with_claude)
    (use,) = body["messages"][1]["content"]
    assert use["input"] == {}
    assert body["messages"][2]["content"][0]["tool_use_id"] == use["id"]
    assert [tool["name"] for tool in body["tools"]] == ["look"]


def test_a_schema_becomes_the_output_format(with_claude: RunningGateway) -> None:
    """response_format json_schema, beside tools."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    ask(with_claude, [user(GENERAL)], response_format=wanted, tools=[WEATHER])
    body = sent(with_claude)
    assert body["output_config"]["format"] == {"type": "json_schema", "schema": schema}
    assert body["tools"]


def test_limits_sampling_and_stops(with_claude: RunningGateway) -> None:
    """The limit that the API demands is the client's, or the backend's where the client gave none."""
    ask(with_claude, [user(GENERAL)], max_tokens=50, temperature=0.3, stop=["END"])
    body = sent(with_claude)
    assert (body["max_tokens"], body["temperature"], body["stop_sequences"]) == (50, 0.3, ["END"])
    ask(with_claude, [user(GENERAL)])
    assert sent(with_claude)["max_tokens"] == 4096


def test_reasoning_effort_is_thinking(with_claude: RunningGateway) -> None:
    """Adaptive with an effort on the newest models, a budget on others."""
    ask(with_claude, [user(GENERAL)], model=NEWEST, reasoning_effort="high")
    body = sent(with_claude)
    assert (body["thinking"], body["output_config"]) == ({"type": "adaptive"}, {"effort": "high"})
    ask(with_claude, [user(GENERAL)], reasoning_effort="low", max_completion_tokens=3000)
    assert sent(with_claude)["thinking"] == {"type": "enabled", "budget_tokens": 1024}


@pytest.mark.parametrize(
    "more",
    [
        {"seed": 7},
        {"logprobs": True},
        {"logit_bias": {"50256": -100}},
        {"presence_penalty": 0.5},
        {"temperature": 1.7},
        {"extra_body": {"x_custom": 1}},
    ],
    ids=lambda more: next(iter(more)),
)
def test_what_the_api_cannot_say_is_answered_by_who_can(with_claude: RunningGateway, more: dict[str, Any]) -> None:
    """No field is dropped in silence: the local model takes the request, and gets the field."""
    answer = ask(with_claude, [user(GENERAL)], **more)
    assert answer.model == "qwen3:8b"
    assert not with_claude.external.received
    (received,) = with_claude.local.received
    assert more.get("extra_body", more).items() <= received.json().items()
    first = with_claude.entries()[-1].decision.considered[0]
    assert (first.backend, first.verdict) == (EXTERNAL, "incapable:format")


def test_images_and_documents_are_translated_where_the_policy_lets_them_leave(files_to_claude: RunningGateway) -> None:
    """Data URIs as base64 sources, a web image as a URL, a PDF as a document with its name."""
    web = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
    answer = ask(files_to_claude, [user([text("Compare."), IMAGE_PART, web, PDF_PART])])
    assert answer.model == files_to_claude.external_model
    words, image, cat, document = sent(files_to_claude)["messages"][0]["content"]
    assert words == {"type": "text", "text": "Compare."}
    assert image["source"] == {"type": "base64", "media_type": "image/png", "data": PNG.partition(",")[2]}
    assert cat["source"] == {"type": "url", "url": "https://example.com/cat.png"}
    assert document["source"] == {"type": "base64", "media_type": "application/pdf", "data": PDF.partition(",")[2]}
    assert document["title"] == "notes.pdf"


def test_the_text_beside_a_file_is_still_read(files_to_claude: RunningGateway) -> None:
    """To accept files is not to accept card numbers, not even in a file's name."""
    named = {"type": "file", "file": {**PDF_PART["file"], "filename": f"card {CARD}.pdf"}}
    for content in ([text(f"My card is {CARD}."), PDF_PART], [text("Summarise."), named]):
        assert ask(files_to_claude, [user(content)]).model == "qwen3"
    assert not files_to_claude.external.received


@pytest.mark.parametrize(
    ("status", "kind", "raised"),
    [
        (400, "invalid_request_error", openai.BadRequestError),
        (413, "request_too_large", openai.APIStatusError),
        (422, "invalid_request_error", openai.UnprocessableEntityError),
    ],
)
def test_the_vendors_errors_are_openai_errors(
    with_claude: RunningGateway, status: int, kind: str, raised: type[openai.APIStatusError]
) -> None:
    """Message and status of the vendor in OpenAI's shape, once."""
    with_claude.external.script(Fail(status, "max_tokens: too large for this model"))
    with with_claude.client(max_retries=2) as client, pytest.raises(raised) as caught:
        client.chat.completions.create(model="auto", messages=[user(GENERAL)])
    assert (caught.value.status_code, caught.value.type) == (status, "invalid_request_error")
    assert "max_tokens: too large" in caught.value.message
    assert caught.value.code == kind
    assert len(with_claude.external.received) == 1


def test_too_long_a_prompt_has_openais_code(with_claude: RunningGateway) -> None:
    """Applications act on context_length_exceeded."""
    with_claude.external.script(Fail(400, "prompt is too long: 200001 tokens > 200000 maximum"))
    with with_claude.client() as client, pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="auto", messages=[user(GENERAL)])
    assert caught.value.code == "context_length_exceeded"


def test_a_conversation_with_tools_to_its_end(with_claude: RunningGateway) -> None:
    """Question, parallel calls, results, answer: streamed and whole turns mixed, every request valid at the vendor."""
    history: list[Any] = [user(ASK_BOTH)]
    with with_claude.client() as client:
        with client.chat.completions.stream(model="auto", messages=history, tools=[WEATHER, CLOCK]) as stream:
            message = stream.get_final_completion().choices[0].message
        history.append(message.model_dump(exclude_none=True, exclude={"parsed"}))
        history.extend(result(one.id, "42") for one in message.tool_calls or ())
        answer = client.chat.completions.create(model="auto", messages=history, tools=[WEATHER, CLOCK])
    assert "I read 2 tool result(s)" in (answer.choices[0].message.content or "")
    assert len(with_claude.external.received) == 2
