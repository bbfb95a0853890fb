"""The main job against real model serving: each family of open-weight models answers what must not leave.

The local side is a real llama-server, the external side records every byte. The models are tiny and say one sentence
each (make_models.py); one with real weights shows that nothing hangs on that.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest
from llama_server import LlamaServer, llama_server, real_model, require_llama_server, tiny_model
from make_models import FAMILIES

from tests.support.gateway_process import LOCAL, LOCAL_MODEL, RunningGateway, gateway_process

pytestmark = pytest.mark.e2e

SENTENCES = {family.name: family.sentence for family in FAMILIES if family.name != "qwen-tools"}
CARD = "4111 1111 1111 1111"
SENSITIVE = {
    "a card number": f"Please check this card for me: {CARD}, expires 12/29, CVV 123.",
    "a clinical note": "Patient Margaret Thornbury, born 12 March 1961, was diagnosed with breast cancer last week.",
}
CANARIES = ("4111", "Thornbury")
GENERAL = "Why is the sky blue?"


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway whose local side is a real model."""

    gateway: RunningGateway
    model: str
    server: LlamaServer


def ask(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def nothing_left(served: Served) -> bool:
    """Not one byte reached the external side."""
    external = served.gateway.external
    return not external.received and not any(external.saw(canary) for canary in CANARIES)


@contextmanager
def serving(model: Path, name: str, folder: Path, *, context: int = 8192) -> Iterator[Served]:
    """A llama-server and a gateway in front of it, for as long as the block runs."""
    config = folder / "gateway"
    config.mkdir()
    models = {name: name, LOCAL_MODEL: name}
    with (
        llama_server(model, name, folder, context=context) as server,
        gateway_process(config, backends={LOCAL: {"base_url": server.base_url, "models": models}}) as gateway,
    ):
        yield Served(gateway, name, server)


@pytest.fixture(scope="module", params=SENTENCES)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Each of the four families in turn."""
    require_llama_server()
    with serving(tiny_model(request.param), request.param, tmp_path_factory.mktemp(request.param)) as served:
        yield served


@pytest.fixture(autouse=True)
def _forgotten(request: pytest.FixtureRequest) -> None:
    if "family" in request.fixturenames:
        served: Served = request.getfixturevalue("family")
        served.gateway.forget()


@pytest.mark.parametrize("kind", SENSITIVE)
def test_a_sensitive_prompt_is_answered_by_the_familys_model(family: Served, kind: str) -> None:
    """The answer is the model's own sentence, the headers and the record say why, and nothing left."""
    with family.gateway.client() as client:
        raw = client.chat.completions.with_raw_response.create(model="auto", messages=ask(SENSITIVE[kind]))
    answer = raw.parse()
    assert answer.choices[0].message.content == SENTENCES[family.model]
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.completion_tokens > 5
    assert raw.headers["x-gateway-backend"] == LOCAL
    assert raw.headers["x-gateway-label"] != "public"
    (entry,) = family.gateway.entries(raw.headers["x-request-id"])
    assert entry.decision.outcome == "sent_local"
    assert nothing_left(family)


@pytest.mark.parametrize("kind", SENSITIVE)
def test_a_sensitive_prompt_is_answered_in_a_stream(family: Served, kind: str) -> None:
    """The pieces add up to the same sentence, finish and usage come once, and nothing left."""
    options: Any = {"stream_options": {"include_usage": True}}
    with family.gateway.client() as client:
        chunks = list(
            client.chat.completions.create(model="auto", messages=ask(SENSITIVE[kind]), stream=True, **options)
        )
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == SENTENCES[family.model]
    assert len([piece for piece in pieces if piece]) > 5
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason] == ["stop"]
    assert len([chunk for chunk in chunks if chunk.usage]) == 1
    assert nothing_left(family)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_general_prompt_leaves(family: Served, stream: bool) -> None:
    """The gateway is not a wall: what is not sensitive is answered outside."""
    with family.gateway.client() as client:
        if stream:
            chunks = client.chat.completions.create(model="auto", messages=ask(GENERAL), stream=True)
            text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        else:
            text = client.chat.completions.create(model="auto", messages=ask(GENERAL)).choices[0].message.content or ""
    assert "external stand-in" in text
    assert family.gateway.external.saw(GENERAL)


def test_a_client_may_ask_for_the_family_by_name(family: Served) -> None:
    """Even what could leave stays, when the client names the local model."""
    with family.gateway.client() as client:
        answer = client.chat.completions.create(model=family.model, messages=ask(GENERAL))
    assert answer.choices[0].message.content == SENTENCES[family.model]
    assert answer.model == family.model
    assert nothing_left(family)


def test_a_whole_conversation_with_a_secret_in_its_past_stays(family: Served) -> None:
    """System message, earlier turns and a harmless last question: the first turn decides, through the real template."""
    messages: list[Any] = [
        {"role": "system", "content": "You are brief."},
        {"role": "user", "content": SENSITIVE["a card number"]},
        {"role": "assistant", "content": "It is well formed."},
        {"role": "user", "content": "Thank you. And what is the capital of France?"},
    ]
    with family.gateway.client() as client:
        answer = client.chat.completions.create(model="auto", messages=messages)
    assert answer.choices[0].message.content == SENTENCES[family.model]
    assert nothing_left(family)


def test_a_real_model_calls_a_tool_through_the_gateway(tmp_path: Path) -> None:
    """The server parses the model's call, and it reaches the SDK whole and in a stream."""
    require_llama_server()
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools: list[Any] = [{"type": "function", "function": {"name": "get_weather", "parameters": parameters}}]
    asked: Any = {"model": "auto", "messages": ask(SENSITIVE["a card number"]), "tools": tools}
    with serving(tiny_model("qwen-tools"), "qwen-tools", tmp_path) as served, served.gateway.client() as client:
        whole = client.chat.completions.create(**asked).choices[0]
        with client.chat.completions.stream(**asked) as stream:
            streamed = stream.get_final_completion().choices[0]
        for choice in (whole, streamed):
            (call,) = choice.message.tool_calls or []
            assert call.type == "function"
            assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
            assert choice.finish_reason == "tool_calls"
        assert nothing_left(served)


def test_a_real_model_keeps_to_a_json_schema(tmp_path: Path) -> None:
    """response_format reaches the server, whose grammar enforces it."""
    require_llama_server()
    schema = {
        "type": "object",
        "properties": {"card": {"enum": ["valid"]}},
        "required": ["card"],
        "additionalProperties": False,
    }
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": schema, "strict": True}}
    messages = ask(SENSITIVE["a card number"])
    with serving(tiny_model("qwen"), "qwen", tmp_path) as served, served.gateway.client() as client:
        answer = client.chat.completions.create(model="auto", messages=messages, response_format=wanted, max_tokens=64)
        assert json.loads(answer.choices[0].message.content or "") == {"card": "valid"}
        assert nothing_left(served)


def test_real_weights_answer_what_must_not_leave(tmp_path: Path) -> None:
    """SmolLM2-135M-Instruct, whole and streamed: words, not noise."""
    require_llama_server()
    messages = ask(f"{SENSITIVE['a clinical note']} Say a kind sentence to her.")
    asked: Any = {"model": "auto", "messages": messages, "max_tokens": 24, "temperature": 0}
    with serving(real_model(), "smollm2", tmp_path) as served, served.gateway.client() as client:
        whole = client.chat.completions.create(**asked).choices[0].message.content or ""
        chunks = client.chat.completions.create(**asked, stream=True)
        streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        for text in (whole, streamed):
            assert len(text.split()) > 5
        assert nothing_left(served)


def test_when_the_real_server_dies_the_sensitive_prompt_is_refused_and_the_general_one_leaves(tmp_path: Path) -> None:
    """A local model that is gone never becomes a cloud call (reported problems 60 and 61)."""
    require_llama_server()
    with serving(tiny_model("mistral"), "mistral", tmp_path) as served, served.gateway.client() as client:
        served.server.kill()
        with pytest.raises(openai.InternalServerError) as refused:
            client.chat.completions.create(model="auto", messages=ask(SENSITIVE["a card number"]))
        assert refused.value.status_code == 503
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(model="auto", messages=ask(SENSITIVE["a card number"]), stream=True)
        assert nothing_left(served)
        answer = client.chat.completions.create(model="auto", messages=ask(GENERAL))
        assert "external stand-in" in (answer.choices[0].message.content or "")


def test_a_prompt_too_long_for_the_real_server_is_an_error_and_not_a_cloud_call(tmp_path: Path) -> None:
    """The server's own 400 about its context reaches the client; no other place is tried (reported problem 65)."""
    require_llama_server()
    long = SENSITIVE["a card number"] + " And read this, too." * 400
    with serving(tiny_model("mistral"), "mistral", tmp_path, context=1024) as served, served.gateway.client() as client:
        with pytest.raises(openai.APIStatusError) as refused:
            client.chat.completions.create(model="auto", messages=ask(long))
        assert 400 <= refused.value.status_code < 500
        assert "4111" not in str(refused.value.body)
        assert nothing_left(served)
