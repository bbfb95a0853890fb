"""Whole answers through the real openai-python SDK, with an external side of either vendor's format."""

import asyncio
import json
from typing import Any

import openai
import pytest
from contract_values import (
    ASK_BOTH,
    AUDIO_PART,
    CARD,
    CLOCK,
    GENERAL,
    IMAGE_PART,
    PDF_PART,
    SENSITIVE,
    TOOL_HISTORY,
    WEATHER,
    call,
    called,
    result,
    text,
    tool,
    user,
)
from openai.types.chat import ChatCompletion
from pydantic import BaseModel
from support.gateway_process import RunningGateway


class City(BaseModel):
    """What a structured answer is parsed into."""

    name: str
    inhabitants: int
    districts: list[str]


def ask(running: RunningGateway, messages: Any, **more: Any) -> ChatCompletion:
    """One whole answer to ``auto``."""
    with running.client() as client:
        given = [user(messages)] if isinstance(messages, str) else messages
        answer: ChatCompletion = client.chat.completions.create(**{"model": "auto", "messages": given, **more})
        return answer


def test_a_general_question_is_answered_by_the_vendor(running: RunningGateway) -> None:
    """The SDK reads a complete answer, with its usage, from the external side."""
    answer = ask(running, GENERAL)
    assert "external stand-in" in (answer.choices[0].message.content or "")
    assert answer.model == running.external_model
    assert (answer.object, answer.choices[0].finish_reason) == ("chat.completion", "stop")
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    assert not running.local.received


def test_a_sensitive_question_is_answered_inside(running: RunningGateway) -> None:
    """The main job: the external side receives no byte of it, and the answer says who gave it."""
    answer = ask(running, SENSITIVE)
    assert "local stand-in" in (answer.choices[0].message.content or "")
    assert answer.model == "qwen3:8b"
    assert not running.external.received
    assert not running.external.saw(CARD)


def test_the_asynchronous_client_gets_the_same(running: RunningGateway) -> None:
    """Many requests at once over one client, each answered by the side that its own prompt may go to."""

    async def many() -> list[ChatCompletion]:
        async with running.async_client() as client:
            prompts = [GENERAL, SENSITIVE] * 6
            return await asyncio.gather(
                *(client.chat.completions.create(model="auto", messages=[user(prompt)]) for prompt in prompts)
            )

    assert [answer.model for answer in asyncio.run(many())] == [running.external_model, "qwen3:8b"] * 6
    assert not running.external.saw(CARD)


def test_a_conversation_with_all_text_roles(running: RunningGateway) -> None:
    """System and developer messages, parts and earlier turns arrive; the vendor's own types accept them."""
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [text("Answer in English.")]},
        user([text("Name a colour."), text("Only one.")]),
        {"role": "assistant", "content": "Blue."},
        user("Another one."),
    ]
    assert ask(running, messages).model == running.external_model
    for said in ("Be brief.", "Answer in English.", "Only one.", "Blue.", "Another one."):
        assert running.external.saw(said)


def test_a_card_number_in_an_earlier_turn_keeps_the_conversation_inside(running: RunningGateway) -> None:
    """The whole history is sent again with every turn, so the whole history is read (reported problems 16, 17)."""
    messages = [user(SENSITIVE), {"role": "assistant", "content": "Done."}, user("Thanks! " + GENERAL)]
    assert ask(running, messages).model == "qwen3:8b"
    assert not running.external.received


@pytest.mark.parametrize(
    "messages",
    [
        [user("Pay."), called(call("c1", "pay", json.dumps({"card": CARD}))), result("c1", "paid"), user("Thanks.")],
        [user("Pay."), called(call("c1", "pay", "{}")), result("c1", f"charged {CARD}"), user("Thanks.")],
        [user("Pay."), called(call("c1", "pay", "{}")), result("c1", [text(f"charged {CARD}")])],
        [{**user("Hello."), "name": "card-4111111111111111"}],
        [{"role": "system", "content": f"The customer's card is {CARD}."}, user(GENERAL)],
    ],
    ids=["tool arguments", "tool result", "tool result in parts", "name", "system"],
)
def test_a_card_number_anywhere_in_the_messages_stays_inside(running: RunningGateway, messages: Any) -> None:
    """No place is exempt (reported problems 5, 16; evasion F1)."""
    assert ask(running, messages).model == "qwen3:8b"
    assert not running.external.received


@pytest.mark.parametrize(
    "extra",
    [
        {"tools": [tool("pay", "card", default=CARD)]},
        {"metadata": {"note": CARD}},
        {"user": "4111111111111111"},
        {"prediction": {"type": "content", "content": f"The card {CARD} was refunded."}},
        {"stop": [CARD]},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x", "schema": {"type": "object", "description": CARD}},
            }
        },
        {"extra_body": {"x_custom": {"deep": [CARD]}}},
        {"extra_body": {"documents": [{"text": f"card {CARD}"}]}},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_a_card_number_beside_the_messages_stays_inside(running: RunningGateway, extra: dict[str, Any]) -> None:
    """Every field that would be sent is read, known or not (reported problem 13).

    ``user`` and ``prediction`` are no part of a request to Anthropic, so there the question itself may leave.
    """
    answer = ask(running, GENERAL, **extra)
    stays_behind = running.external_model != "gpt-5" and not extra.keys().isdisjoint({"user", "prediction"})
    assert answer.model == (running.external_model if stays_behind else "qwen3:8b")
    assert not running.external.saw(CARD)
    assert not running.external.saw(CARD.replace(" ", ""))


@pytest.mark.parametrize(
    "extra",
    [
        {"metadata": {"guardrails": "none"}},
        {"extra_body": {"guardrails": []}},
        {"extra_body": {"guardrails": ["another"], "disable_guardrails": True, "block": False}},
        {"extra_body": {"fallbacks": ["gpt-5"], "models": ["gpt-5"]}},
        {"extra_headers": {"x-gateway-label": "public", "x-guardrails": "off", "x-gateway-backend": "vendor"}},
        {"extra_query": {"guardrails": "off", "model": "gpt-5"}},
    ],
    ids=["metadata", "guardrails", "disable", "fallbacks", "headers", "query"],
)
def test_no_client_can_switch_inspection_off(running: RunningGateway, extra: dict[str, Any]) -> None:
    """Whatever a request says about guards, labels or targets (reported problem 21; evasions F2 to F4)."""
    assert ask(running, SENSITIVE, **extra).model == "qwen3:8b"
    assert not running.external.received


def test_nothing_of_the_clients_headers_or_query_goes_upstream(running: RunningGateway) -> None:
    """Each side gets headers that the gateway wrote: its own key, and none of the client's (evasion F2)."""
    headers = {"x-tag": "canary-header", "openai-organization": "canary-org", "cookie": "session=canary"}
    for prompt in (GENERAL, SENSITIVE):
        ask(running, prompt, extra_headers=headers, extra_query={"q": "canary-query"})
    for side in (running.external, running.local):
        (received,) = side.received
        assert not side.saw("canary")
        assert not side.saw(running.key)
        assert "?" not in received.path
        assert (received.header("user-agent") or "").startswith("hybrid-llm-gateway/")


def test_unknown_fields_reach_a_local_model_that_takes_them(with_gpt: RunningGateway) -> None:
    """vLLM's and llama.cpp's own parameters are not lost on the way."""
    extra = {"chat_template_kwargs": {"enable_thinking": False}, "guided_json": {"type": "object"}, "top_k": 20}
    ask(with_gpt, SENSITIVE, extra_body=extra)
    (received,) = with_gpt.local.received
    assert {name: received.json()[name] for name in extra} == extra


def test_parameters_arrive_as_they_were_sent(with_gpt: RunningGateway) -> None:
    """What OpenAI's API takes is passed to an OpenAI side unchanged; only the model is the server's own name."""
    given: dict[str, Any] = {
        "temperature": 1.5,
        "top_p": 0.9,
        "seed": 7,
        "stop": ["END", "STOP"],
        "max_completion_tokens": 64,
        "presence_penalty": 0.5,
        "frequency_penalty": -0.5,
        "logprobs": True,
        "top_logprobs": 2,
        "logit_bias": {"50256": -100},
        "reasoning_effort": "low",
        "verbosity": "low",
        "service_tier": "auto",
        "store": False,
        "user": "u1",
        "metadata": {"team": "docs"},
        "modalities": ["text"],
        "prompt_cache_key": "docs",
    }
    ask(with_gpt, GENERAL, **given)
    (received,) = with_gpt.external.received
    assert received.json() == {"model": "gpt-5", "messages": [user(GENERAL)], **given}


def test_limits_and_stops_hold_on_both_formats(running: RunningGateway) -> None:
    """A token limit ends with ``length``, a stop string with ``stop`` and without the string."""
    short = ask(running, GENERAL, max_completion_tokens=3, temperature=0.5, top_p=1)
    assert short.model == running.external_model
    assert short.choices[0].finish_reason == "length"
    assert len((short.choices[0].message.content or "").split()) == 3
    stopped = ask(running, GENERAL, stop="stand-in")
    assert stopped.choices[0].finish_reason == "stop"
    assert stopped.choices[0].message.content == "Hello from the external "
    assert ask(running, GENERAL, stop=["never", "stand-in"]).choices[0].message.content == "Hello from the external "


def test_several_choices(running: RunningGateway) -> None:
    """n is honoured: by the vendor where its API has it, else by the local model, never by silence."""
    answer = ask(running, GENERAL, n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    vendor_has_it = running.external_model == "gpt-5"
    assert answer.model == ("gpt-5" if vendor_has_it else "qwen3:8b")


def test_a_tool_is_called(running: RunningGateway) -> None:
    """Arguments are a JSON string, the finish reason says so, and the content is null as with OpenAI."""
    answer = ask(running, "Use get_weather for Paris.", tools=[WEATHER, CLOCK])
    (choice,) = answer.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    ((one),) = choice.message.tool_calls or []
    assert one.type == "function"
    assert (one.function.name, list(json.loads(one.function.arguments))) == ("get_weather", ["city"])


def test_tools_are_called_in_parallel_unless_forbidden(running: RunningGateway) -> None:
    """Two calls with ids of their own; one where parallel_tool_calls is false."""
    calls = ask(running, ASK_BOTH, tools=[WEATHER, CLOCK]).choices[0].message.tool_calls or []
    assert [one.function.name for one in calls if one.type == "function"] == ["get_weather", "get_time"]
    assert len({one.id for one in calls}) == 2
    alone = ask(running, ASK_BOTH, tools=[WEATHER, CLOCK], parallel_tool_calls=False).choices[0].message.tool_calls
    assert len(alone or []) == 1


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("auto", []),
        ("required", ["get_weather"]),
        ({"type": "function", "function": {"name": "get_time"}}, ["get_time"]),
        ("none", []),
    ],
    ids=["auto", "required", "named", "none"],
)
def test_the_tool_choice_is_obeyed(running: RunningGateway, choice: Any, names: list[str]) -> None:
    """auto, required, a named tool, none."""
    answer = ask(running, GENERAL, tools=[WEATHER, CLOCK], tool_choice=choice)
    calls = answer.choices[0].message.tool_calls or []
    assert [one.function.name for one in calls if one.type == "function"] == names
    assert answer.model == running.external_model


def test_tool_results_are_read(running: RunningGateway) -> None:
    """Two parallel results, one of them in parts, come back to the model that asked for them."""
    answer = ask(running, TOOL_HISTORY, tools=[WEATHER, CLOCK])
    assert "I read 2 tool result(s)" in (answer.choices[0].message.content or "")
    assert answer.model == running.external_model


def test_the_answer_of_one_turn_is_history_of_the_next(running: RunningGateway) -> None:
    """What the SDK got as a message is sent back as it is, calls and ids included, by whoever answered first."""
    for prompt, side in ((ASK_BOTH, running.external), (f"{ASK_BOTH} My card is {CARD}.", running.local)):
        first = ask(running, prompt, tools=[WEATHER, CLOCK]).choices[0].message
        results = [result(one.id, "42") for one in first.tool_calls or []]
        history = [user(prompt), first.model_dump(exclude_none=True), *results]
        second = ask(running, history, tools=[WEATHER, CLOCK])
        assert "I read 2 tool result(s)" in (second.choices[0].message.content or "")
        assert len(side.received) == 2


@pytest.mark.parametrize(
    "shape",
    ["call_{:x<24}", "toolu_01A09q90qw90lq917835l{}Zb", "chatcmpl-tool-0f1e2d3c4b5a69788796a5b4c3d2e1f{}", "{}"],
    ids=["OpenAI", "Anthropic", "vLLM", "short"],
)
def test_the_later_turns_of_an_agent_may_leave(running: RunningGateway, shape: str) -> None:
    """Ids drawn by lot and results full of numbers are sent with every turn, and hide nothing."""
    ids = [shape.format(start + number) for number, start in enumerate((4111, 1111, 1111))]
    ids = [one.replace("xxxx", "Lk9Q") for one in ids]
    history: list[dict[str, Any]] = [user("How is the weather?"), called(*(call(one, "get_weather") for one in ids))]
    weather = '{"temperature": 12.5, "humidity": 81, "wind": {"kph": 23, "from": 240}}'
    history += [result(one, weather) for one in ids]
    assert ask(running, history, tools=[WEATHER, CLOCK]).model == running.external_model


def test_a_schema_is_met_and_parsed(running: RunningGateway) -> None:
    """``.parse()`` with a pydantic model, on either side."""
    with running.client() as client:
        for prompt, model in ((GENERAL, running.external_model), (SENSITIVE, "qwen3:8b")):
            answer = client.chat.completions.parse(model="auto", messages=[user(prompt)], response_format=City)
            assert isinstance(answer.choices[0].message.parsed, City)
            assert answer.model == model


def test_a_tool_is_parsed(running: RunningGateway) -> None:
    """Strict tools made from a pydantic model, as ``openai.pydantic_function_tool`` writes them."""
    with running.client() as client:
        answer = client.chat.completions.parse(
            model="auto",
            messages=[user("Call city.")],
            tools=[openai.pydantic_function_tool(City, name="city")],
            tool_choice="required",
        )
    ((one),) = answer.choices[0].message.tool_calls or []
    assert isinstance(one.function.parsed_arguments, City)
    assert answer.model == running.external_model


def test_json_without_a_schema(running: RunningGateway) -> None:
    """json_object: the vendor's where it has that, else the local model's; either way an object."""
    answer = ask(running, "Answer in JSON.", response_format={"type": "json_object"})
    assert isinstance(json.loads(answer.choices[0].message.content or ""), dict)
    assert answer.model == ("gpt-5" if running.external_model == "gpt-5" else "qwen3:8b")


@pytest.mark.parametrize("part", [IMAGE_PART, PDF_PART, AUDIO_PART], ids=["image", "PDF", "audio"])
def test_what_nobody_can_read_stays_inside(running: RunningGateway, part: dict[str, Any]) -> None:
    """No extractor reads images, files or sound yet, so a model inside answers, and gets them unchanged."""
    content = [text("What does this show?"), part]
    assert ask(running, [user(content)]).model == "qwen3:8b"
    assert not running.external.received
    (received,) = running.local.received
    assert received.json()["messages"] == [user(content)]


def test_a_stored_file_or_a_picture_by_url_stays_inside(running: RunningGateway) -> None:
    """What the provider would fetch was not read here (reported problem 19)."""
    for part in (
        {"type": "file", "file": {"file_id": "file-abc"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}},
    ):
        assert ask(running, [user([text("Summarise."), part])]).model == "qwen3:8b"
    assert not running.external.received
