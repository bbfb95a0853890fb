"""When a side fails: who answers then, who is never asked, and what the SDK's own retries make of it."""

import time
from typing import Any

import openai
import pytest
from contract_values import CARD, GENERAL, IMAGE_PART, PRIVATE_KEY, SENSITIVE, WEATHER, text, user
from support.gateway_process import EXTERNAL, LOCAL, RunningGateway

from gateway.audit.record import Ending, Outcome
from gateway.testing import Behaviour, Fail, Garbage, RecordingServer, Redirect, Stall

FAILING = [429, 500, 502, 503, 529, 408, 401, 403, 404]
"""Statuses that do not blame the request: the vendor's limits and outages, and the gateway's own key and addresses."""
UNSUITED: dict[str, Behaviour] = {
    "stall": Stall(),
    "garbage": Garbage(),
    "half JSON": Garbage(body=b'{"id": "chatcmpl-1", "choices": [', content_type="application/json"),
    "empty": Garbage(body=b""),
}


def ask(client: openai.OpenAI, prompt: str, *, stream: bool = False, **more: Any) -> tuple[str, str]:
    """Text and model of one answer, whole or streamed: a caller must not be able to tell the difference."""
    given = {"model": "auto", "messages": [user(prompt)], **more}
    if not stream:
        answer = client.chat.completions.create(**given)
        return answer.choices[0].message.content or "", answer.model
    chunks = list(client.chat.completions.create(stream=True, **given))
    said = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    return said, chunks[0].model


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("status", FAILING)
def test_a_vendor_that_fails_is_replaced_by_the_local_model(running: RunningGateway, status: int, stream: bool) -> None:
    """One answer for one call of the SDK, whole or streamed alike: the retries are the gateway's (problem 64)."""
    running.external.script(Fail(status, headers=(("retry-after", "1"),)))
    with running.client(max_retries=2) as client:
        said, model = ask(client, GENERAL, stream=stream)
    assert "local stand-in" in said
    assert model == "qwen3:8b"
    assert (len(running.external.received), len(running.local.received)) == (1, 1)


def test_each_attempt_is_decided_afresh_and_on_record(running: RunningGateway) -> None:
    """The failover is inspected and recorded like a first attempt (reported problem 63)."""
    running.external.script(Fail(500))
    answer = running.post({"model": "auto", "messages": [user(GENERAL)]})
    first, second = [entry.decision for entry in running.entries(answer.headers["x-request-id"])]
    assert (first.attempt, first.outcome, first.backend) == (0, Outcome.SENT_EXTERNAL, EXTERNAL)
    assert (second.attempt, second.outcome, second.backend) == (1, Outcome.SENT_LOCAL, LOCAL)
    assert second.detectors == first.detectors != ()
    assert [one.verdict for one in second.considered] == ["cleared", "unavailable:status_500", "cleared"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("how", UNSUITED)
def test_a_vendor_that_answers_nonsense_or_nothing_is_replaced(running: RunningGateway, how: str, stream: bool) -> None:
    """Under status 200 as well."""
    running.external.script(UNSUITED[how])
    with running.client() as client:
        assert ask(client, GENERAL, stream=stream)[1] == "qwen3:8b"


def test_a_redirect_is_never_followed(running: RunningGateway) -> None:
    """The vendors' own SDKs follow a 307 to another host and send the prompt there again."""
    with RecordingServer("elsewhere") as elsewhere:
        running.external.script(Redirect(f"{elsewhere.openai_base_url}/chat/completions"))
        with running.client() as client:
            assert ask(client, GENERAL)[1] == "qwen3:8b"
        assert elsewhere.connections == 0


def test_a_vendor_that_cannot_be_reached_is_replaced(external_down: RunningGateway) -> None:
    """Nobody listens there: the local model answers at the first call of the SDK, whole and streamed."""
    with external_down.client(max_retries=2) as client:
        for stream in (False, True):
            assert ask(client, GENERAL, stream=stream)[1] == "qwen3"
    assert len(external_down.local.received) == 2


def test_a_vendor_that_is_down_is_not_asked_every_time(external_down: RunningGateway) -> None:
    """After some failures the working side comes first, and the records say who was asked."""
    with external_down.client() as client:
        for _ in range(5):
            ask(client, GENERAL)
    considered = [entry.decision.considered[0].backend for entry in external_down.entries()]
    assert considered[-1] == LOCAL


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_local_model_that_is_down_never_becomes_a_cloud_call(local_down: RunningGateway, stream: bool) -> None:
    """503 that may be tried again, after which the SDK gives up; the vendor hears nothing (reported problem 60)."""
    with local_down.client(max_retries=1) as client, pytest.raises(openai.InternalServerError) as caught:
        ask(client, SENSITIVE, stream=stream)
    error = caught.value
    assert error.status_code == 503
    assert error.response.headers["x-should-retry"] == "true"
    assert error.code == "no_backend_available"
    assert LOCAL in error.message
    assert "Nothing was sent elsewhere" in error.message
    assert not local_down.external.received
    assert not local_down.external.saw(CARD)


def test_with_the_local_model_down_general_questions_are_still_answered(local_down: RunningGateway) -> None:
    """Closed, and still available."""
    with local_down.client() as client:
        assert ask(client, GENERAL)[1] == "gpt-5"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_local_model_that_fails_never_becomes_a_cloud_call(running: RunningGateway, status: int) -> None:
    """The same where it answers, but with an error."""
    running.local.script(Fail(status))
    with running.client() as client, pytest.raises(openai.InternalServerError):
        ask(client, SENSITIVE)
    assert not running.external.received
    entries = running.entries()[-2:]
    assert [entry.decision.outcome for entry in entries] == [Outcome.SENT_LOCAL, Outcome.UNAVAILABLE]
    assert entries[-1].completion is not None
    assert (entries[-1].completion.status, entries[-1].completion.outcome) == (503, Ending.FAILED)


def test_retry_after_is_passed_on_and_obeyed(running: RunningGateway) -> None:
    """What the only possible backend asks for, the SDK waits for; its second call is answered."""
    running.local.script(Fail(429, headers=(("retry-after", "1"),)))
    started = time.monotonic()
    with running.client(max_retries=1) as client:
        assert ask(client, SENSITIVE)[1] == "qwen3:8b"
    assert time.monotonic() - started >= 1
    running.local.script(Fail(503, headers=(("retry-after", "7"),)))
    answer = running.post({"model": "auto", "messages": [user(SENSITIVE)]})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["x-should-retry"] == "true"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_the_vendor_finds_wrong_is_not_sent_to_another(
    running: RunningGateway, status: int, stream: bool
) -> None:
    """The client's own mistake is told to the client, once, in the vendor's words (reported problem 62)."""
    running.external.script(Fail(status, "Your schema is not valid."))
    with running.client(max_retries=2) as client, pytest.raises(openai.APIStatusError) as caught:
        ask(client, GENERAL, stream=stream)
    assert caught.value.status_code == status
    assert "Your schema is not valid." in caught.value.message
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert caught.value.type == "invalid_request_error"
    assert len(running.external.received) == 1
    assert not running.local.received
    completion = running.entries()[-1].completion
    assert completion is not None
    assert completion.outcome is Ending.REJECTED


def test_a_content_policy_refusal_of_the_vendor_is_final(with_gpt: RunningGateway) -> None:
    """No other vendor is asked to do what the first refused (reported problem 62)."""
    refusal = b'{"error": {"message": "Refused.", "type": "invalid_request_error", "code": "content_policy_violation"}}'
    for status in (400, 403):
        with_gpt.external.script(Fail(status, body=refusal))
        with with_gpt.client(max_retries=2) as client, pytest.raises(openai.APIStatusError) as caught:
            ask(client, GENERAL)
        assert (caught.value.status_code, caught.value.code) == (status, "content_policy_violation")
    assert len(with_gpt.external.received) == 2
    assert not with_gpt.local.received


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_refusal_of_the_policy_is_final(running: RunningGateway, stream: bool) -> None:
    """A blocked request calls no model, is not retried by the SDK, and is billed to nobody (reported problem 22)."""
    before = len(running.entries())
    with running.client(max_retries=2) as client, pytest.raises(openai.PermissionDeniedError) as caught:
        ask(client, PRIVATE_KEY, stream=stream)
    error = caught.value
    assert (error.status_code, error.type, error.code) == (403, "policy_error", "private_key")
    assert "private key" in error.message
    assert error.response.headers["x-should-retry"] == "false"
    assert not running.external.received
    assert not running.local.received
    (entry,) = running.entries()[before:]
    assert entry.decision.outcome is Outcome.REFUSED
    assert entry.completion is not None
    assert (entry.completion.status, entry.completion.outcome) == (403, Ending.FAILED)


def test_a_prompt_beyond_the_vendors_context_goes_to_the_larger_one(running: RunningGateway) -> None:
    """Known before anything is sent, so no vendor's error has to be interpreted (reported problem 65)."""
    with running.client() as client:
        assert ask(client, "Summarise: " + "the sky is blue. " * 1200)[1] == "qwen3:8b"
        assert ask(client, GENERAL, max_completion_tokens=5000)[1] == "qwen3:8b"
    assert not running.external.received


@pytest.mark.parametrize(
    ("more", "lacks"),
    [
        ({"tools": [WEATHER]}, "tools"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}}, "json_schema"),
        ({"messages": [user([text(SENSITIVE), IMAGE_PART])]}, "vision"),
        ({"messages": [user(SENSITIVE + " the sky is blue" * 600)]}, "context"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_permitted_model_can_do_is_said(limited_local: RunningGateway, more: Any, lacks: str) -> None:
    """The local model lacks a capability and the vendor may not see the prompt: 400, and why (reported problem 65)."""
    with limited_local.client(max_retries=2) as client, pytest.raises(openai.BadRequestError) as caught:
        ask(client, SENSITIVE, **more)
    assert caught.value.code == "unsupported_by_backends"
    assert f"{LOCAL} ({lacks})" in caught.value.message
    assert CARD not in caught.value.message
    assert not limited_local.external.received
