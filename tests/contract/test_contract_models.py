"""Model names: what is listed can be asked for; a name is a preference and never a way out."""

import asyncio

import openai
import pytest
from contract_values import CARD, GENERAL, SENSITIVE, user
from support.gateway_process import EXTERNAL, LOCAL, RunningGateway

LISTED = {"auto", "m", "fast", "private", "best", "qwen3", "meta/llama-3"}


def outside(running: RunningGateway) -> set[str]:
    """The models of the external side."""
    return {model for backend in running.gateway.backends if not backend.local for model in backend.models}


def answered(running: RunningGateway, model: str, prompt: str = GENERAL) -> tuple[str, str]:
    """Backend and model that answered when ``model`` was asked for."""
    with running.client() as client:
        raw = client.chat.completions.with_raw_response.create(model=model, messages=[user(prompt)])
        return raw.headers["x-gateway-backend"], raw.parse().model


def test_the_list_names_what_can_be_asked_for(running: RunningGateway) -> None:
    """auto, the aliases and every backend's models, as the SDK's own model objects."""
    with running.client() as client:
        models = list(client.models.list())
    assert {model.id for model in models} == LISTED | outside(running)
    assert {model.object for model in models} == {"model"}
    owners = {model.id: model.owned_by for model in models}
    assert (owners["auto"], owners["qwen3"], owners[running.external_model]) == ("gateway", LOCAL, EXTERNAL)


def test_every_listed_model_can_be_retrieved_and_asked(running: RunningGateway) -> None:
    """The list makes no empty promise, also for names with a slash."""
    with running.client() as client:
        for name in LISTED | outside(running):
            assert client.models.retrieve(name).id == name
            assert client.chat.completions.create(model=name, messages=[user(GENERAL)]).choices


def test_the_asynchronous_client_lists_models(running: RunningGateway) -> None:
    """Paging ends after the one page."""

    async def names() -> set[str]:
        async with running.async_client() as client:
            return {model.id async for model in client.models.list()}

    assert "auto" in asyncio.run(names())


@pytest.mark.parametrize("name", ["auto", "m", "fast"])
def test_auto_and_its_aliases_leave_the_choice_to_the_policy(running: RunningGateway, name: str) -> None:
    """An alias of auto is for applications whose model name is fixed."""
    assert answered(running, name) == (EXTERNAL, running.external_model)
    assert answered(running, name, SENSITIVE) == (LOCAL, "qwen3:8b")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("qwen3", "qwen3:8b"),
        (f"{LOCAL}/qwen3", "qwen3:8b"),
        ("private", "qwen3:8b"),
        ("meta/llama-3", "llama-3"),
        (f"{LOCAL}/meta/llama-3", "llama-3"),
    ],
)
def test_a_local_model_can_always_be_asked_for(running: RunningGateway, name: str, model: str) -> None:
    """The external side stands first in the policy, and still receives nothing."""
    assert answered(running, name) == (LOCAL, model)
    assert answered(running, name, SENSITIVE) == (LOCAL, model)
    assert not running.external.received


def test_asking_for_a_local_model_stays_local_when_that_fails(local_down: RunningGateway) -> None:
    """Who asked for a local model gets an error rather than the cloud (reported problems 60, 61)."""
    with local_down.client() as client, pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model="qwen3", messages=[user(GENERAL)])
    assert not local_down.external.received


@pytest.mark.parametrize("name", ["{model}", EXTERNAL + "/{model}", "best"])
def test_an_external_model_can_be_preferred_and_never_forced(running: RunningGateway, name: str) -> None:
    """It answers what it may see; a sensitive prompt is answered inside, and the answer says so."""
    wanted = name.format(model=running.external_model)
    assert answered(running, wanted) == (EXTERNAL, running.external_model)
    assert answered(running, wanted, SENSITIVE) == (LOCAL, "qwen3:8b")
    assert not running.external.saw(CARD)


@pytest.mark.parametrize("name", ["gpt-9", "GPT-5", "vendor", "vendor/qwen3", "local", "external", "auto ", "/"])
def test_an_unknown_model_is_not_found(running: RunningGateway, name: str) -> None:
    """404 as OpenAI answers it; nothing is guessed, sent or put on record."""
    before = len(running.entries())
    with running.client(max_retries=2) as client:
        with pytest.raises(openai.NotFoundError) as caught:
            client.chat.completions.create(model=name, messages=[user(GENERAL)])
        assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
        assert "GET /v1/models" in caught.value.message
    assert len(running.entries()) == before
    assert not running.external.received
    assert not running.local.received


def test_an_unknown_model_cannot_be_retrieved(running: RunningGateway) -> None:
    """The same error, and the name is not repeated."""
    with running.client() as client, pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("canary-model")
    assert caught.value.code == "model_not_found"
    assert "canary" not in caught.value.message


def test_a_name_on_record_is_one_of_the_configuration(running: RunningGateway) -> None:
    """A record names the wanted model where it is listed; a client cannot write text into it."""
    answered(running, "best")
    assert running.entries()[-1].decision.wanted_model == "best"
    answered(running, f"{LOCAL}/qwen3")
    assert running.entries()[-1].decision.wanted_model == f"{LOCAL}/qwen3"
