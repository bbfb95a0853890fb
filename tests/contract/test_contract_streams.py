"""Streamed answers through the real openai-python SDK, and as they look on the wire."""

import asyncio
from typing import Any

import httpx2
import openai
import orjson
import pytest
from contract_values import ASK_BOTH, CARD, CLOCK, GENERAL, SENSITIVE, TOOL_HISTORY, WEATHER, user
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel
from support.gateway_process import EXTERNAL, LOCAL, RunningGateway

from gateway.testing import Pace, Say, Stall

USAGE = {"include_usage": True}


class City(BaseModel):
    """What a structured answer is parsed into."""

    name: str
    inhabitants: int


def chunks(running: RunningGateway, prompt: str, **more: Any) -> list[ChatCompletionChunk]:
    """Every chunk of one streamed answer to ``auto``."""
    with running.client() as client:
        return list(client.chat.completions.create(model="auto", messages=[user(prompt)], stream=True, **more))


def text_of(answer: list[ChatCompletionChunk], index: int = 0) -> str:
    """The text of one choice."""
    choices = [choice for chunk in answer for choice in chunk.choices if choice.index == index]
    return "".join(choice.delta.content or "" for choice in choices)


def raw(running: RunningGateway, **body: Any) -> tuple[httpx2.Headers, bytes]:
    """Headers and bytes of one streamed answer."""
    answer = running.post({"model": "auto", "messages": [user(GENERAL)], "stream": True, **body})
    return answer.headers, answer.content


def payloads(stream: bytes) -> list[bytes]:
    """The data of every event, comments left out."""
    events = [event for event in stream.split(b"\n\n") if event and not event.startswith(b":")]
    assert all(event.startswith(b"data: ") and b"\n" not in event for event in events)
    return [event.removeprefix(b"data: ") for event in events]


def test_a_stream_says_what_the_whole_answer_says(running: RunningGateway) -> None:
    """Text, role first, one finish reason last, and the same model and id on every chunk."""
    answer = chunks(running, GENERAL)
    assert text_of(answer) == "Hello from the external stand-in. I read 1 message(s). How can I help further?"
    assert answer[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in answer if chunk.choices[0].finish_reason] == ["stop"]
    assert {chunk.model for chunk in answer} == {running.external_model}
    assert len({chunk.id for chunk in answer}) == 1
    assert len(answer) > 5
    assert not running.local.received


def test_a_sensitive_stream_comes_from_inside(running: RunningGateway) -> None:
    """Streaming takes no other way (reported problem 64)."""
    answer = chunks(running, SENSITIVE)
    assert "local stand-in" in text_of(answer)
    assert {chunk.model for chunk in answer} == {"qwen3:8b"}
    assert not running.external.received


def test_usage_comes_only_when_asked_for(running: RunningGateway) -> None:
    """With include_usage a last chunk without choices; without it none, though the gateway itself always counts."""
    for prompt, backend in ((GENERAL, EXTERNAL), (SENSITIVE, LOCAL)):
        unasked = chunks(running, prompt)
        assert all(chunk.choices and not chunk.usage for chunk in unasked)
        asked = chunks(running, prompt, stream_options=USAGE)
        assert [chunk.usage is not None for chunk in asked] == [False] * (len(asked) - 1) + [True]
        assert asked[-1].choices == []
        spent = asked[-1].usage
        assert spent is not None
        counted = [entry.completion for entry in running.entries()[-2:] if entry.decision.backend == backend]
        assert [one.usage and (one.usage.prompt, one.usage.completion) for one in counted if one] == [
            (spent.prompt_tokens, spent.completion_tokens)
        ] * 2


def test_the_asynchronous_client_streams(running: RunningGateway) -> None:
    """Several streams at once over one client do not mix."""

    async def one(client: openai.AsyncOpenAI, prompt: str) -> str:
        stream = await client.chat.completions.create(model="auto", messages=[user(prompt)], stream=True)
        return text_of([chunk async for chunk in stream])

    async def many() -> list[str]:
        async with running.async_client() as client:
            return await asyncio.gather(*(one(client, prompt) for prompt in [GENERAL, SENSITIVE] * 5))

    told = asyncio.run(many())
    assert [("external" in text, "local" in text) for text in told] == [(True, False), (False, True)] * 5
    assert not running.external.saw(CARD)


def test_the_stream_helper_builds_the_whole_answer(running: RunningGateway) -> None:
    """``client.chat.completions.stream()`` with its events, snapshot and final completion."""
    with (
        running.client() as client,
        client.chat.completions.stream(model="auto", messages=[user(GENERAL)], stream_options=USAGE) as stream,
    ):
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert (final.choices[0].message.content or "").startswith("Hello from the external")
    assert final.usage is not None


def test_tool_calls_are_streamed_in_pieces(running: RunningGateway) -> None:
    """Parallel calls keep their index, id and name, and their arguments join to JSON."""
    for prompt, model in ((ASK_BOTH, running.external_model), (f"{ASK_BOTH} My card: {CARD}", "qwen3:8b")):
        with (
            running.client() as client,
            client.chat.completions.stream(model="auto", messages=[user(prompt)], tools=[WEATHER, CLOCK]) as stream,
        ):
            final = stream.get_final_completion()
        (choice,) = final.choices
        calls = choice.message.tool_calls or []
        assert [one.function.name for one in calls] == ["get_weather", "get_time"]
        assert [list(orjson.loads(one.function.arguments)) for one in calls] == [["city"], ["city"]]
        assert len({one.id for one in calls}) == 2
        assert (choice.finish_reason, final.model) == ("tool_calls", model)


def test_each_piece_of_a_tool_call_names_its_index(running: RunningGateway) -> None:
    """The first piece has id, type and name; later ones only arguments (what naive clients rely on)."""
    answer = chunks(running, ASK_BOTH, tools=[WEATHER, CLOCK])
    pieces = [piece for chunk in answer for choice in chunk.choices for piece in choice.delta.tool_calls or ()]
    assert {piece.index for piece in pieces} == {0, 1}
    for index in (0, 1):
        first, *later = [piece for piece in pieces if piece.index == index]
        assert first.id
        assert first.type == "function"
        assert first.function is not None
        assert first.function.name
        assert later
        assert all(piece.function is not None and not piece.function.name for piece in later)
    assert [chunk.choices[0].finish_reason for chunk in answer][-1] == "tool_calls"


def test_tool_results_are_answered_in_a_stream(running: RunningGateway) -> None:
    """The second half of an agent's turn."""
    with running.client() as client:
        stream = client.chat.completions.create(
            model="auto", messages=TOOL_HISTORY, tools=[WEATHER, CLOCK], stream=True
        )
        assert "I read 2 tool result(s)" in text_of(list(stream))


def test_a_schema_is_met_in_a_stream(running: RunningGateway) -> None:
    """The stream helper parses the pydantic model at the end."""
    with (
        running.client() as client,
        client.chat.completions.stream(model="auto", messages=[user(GENERAL)], response_format=City) as stream,
    ):
        final = stream.get_final_completion()
    assert isinstance(final.choices[0].message.parsed, City)
    assert final.model == running.external_model


def test_several_choices_are_streamed_side_by_side(with_gpt: RunningGateway) -> None:
    """n=2: both texts arrive whole, each with its own finish reason."""
    answer = chunks(with_gpt, GENERAL, n=2)
    assert text_of(answer, 0) == text_of(answer, 1) != ""
    finished = [choice.index for chunk in answer for choice in chunk.choices if choice.finish_reason]
    assert sorted(finished) == [0, 1]


def test_the_stream_says_who_answers_before_its_first_word(running: RunningGateway) -> None:
    """The headers are there when the stream opens, also through ``with_streaming_response``."""
    with (
        running.client() as client,
        client.chat.completions.with_streaming_response.create(
            model="auto", messages=[user(SENSITIVE)], stream=True
        ) as answer,
    ):
        assert answer.headers["x-gateway-backend"] == LOCAL
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        assert text_of(list(answer.parse()))


def test_done_comes_once_and_last(running: RunningGateway) -> None:
    """``[DONE]`` ends the stream, exactly once, whether or not usage was asked for."""
    for options in ({}, {"stream_options": USAGE}, {"tools": [WEATHER], "tool_choice": "required"}):
        _, stream = raw(running, **options)
        assert payloads(stream)[-1] == b"[DONE]"
        assert stream.count(b"[DONE]") == 1
        assert stream.endswith(b"data: [DONE]\n\n")
        assert all(isinstance(orjson.loads(data), dict) for data in payloads(stream)[:-1])


def test_a_stream_is_relayed_as_it_comes(running: RunningGateway) -> None:
    """What the vendor has said is at the client although the vendor has not finished."""
    answered = running.external.answered
    running.external.script(Stall(after=6))
    with running.client() as client:
        stream = client.chat.completions.create(model="auto", messages=[user(GENERAL)], stream=True)
        said = ""
        for chunk in stream:
            said += chunk.choices[0].delta.content or ""
            if said.startswith("Hello from "):
                break
        assert running.external.answered == answered
        stream.close()


def test_every_token_arrives_once(running: RunningGateway) -> None:
    """A long answer with any characters is neither lost, doubled nor reordered."""
    words = " ".join(f'{number}✓é\u2028"\\' for number in range(1200))
    running.external.script(Say(words))
    assert text_of(chunks(running, GENERAL)) == words


def test_comments_fill_a_long_silence(running: RunningGateway) -> None:
    """Proxies close silent connections: a comment goes out, and neither SDK nor framing minds it."""
    running.external.script(Pace(0.3), Pace(0.3))
    _, stream = raw(running, max_completion_tokens=3)
    assert stream.count(b": keep-alive\n\n") >= 2
    assert payloads(stream)[-1] == b"[DONE]"
    assert text_of(chunks(running, GENERAL, max_completion_tokens=3)).split() == ["Hello", "from", "the"]


@pytest.mark.parametrize("given", [None, False])
def test_a_stream_that_is_not_asked_for_is_none(running: RunningGateway, given: Any) -> None:
    """``stream: null`` and ``stream: false`` get a whole answer."""
    answer = running.post({"model": "auto", "messages": [user(GENERAL)], "stream": given})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["object"] == "chat.completion"
