"""Whatever the judge does, no text that is in doubt reaches the outside without its word."""

import secrets
import threading
from collections.abc import Iterator

import pytest
from support.gateway_process import EXTERNAL, LOCAL, RunningGateway
from support.judged_gateway import CARD, DOUBT, judged_gateway

from gateway.audit.record import utc_now
from gateway.testing import Behaviour, Break, Delay, Echo, ErrorEvent, Fail, Garbage, Redirect, Say, Stall

HASTY = "{mode: uncertain, timeout_ms: 300}"
IMPATIENT = {LOCAL: {"timeouts": {"first_byte": 1, "idle": 1}}}
GENERAL = Say('{"verdict": "general", "reason": "none"}')


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with judged_gateway(tmp_path_factory.mktemp("judge-leak"), HASTY, backends=IMPATIENT) as running:
        yield running


@pytest.fixture
def hasty(started: RunningGateway) -> RunningGateway:
    """A judge with a third of a second, which has forgotten that it failed before."""
    started.forget()
    bench = started.gateway.chat._answer.__self__.judge.bench  # type: ignore[attr-defined]
    bench._health.succeeded(LOCAL)
    bench._asking.forms.clear()
    return started


def post(running: RunningGateway, text: str, **fields: object) -> int:
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], **fields}
    return running.post(body).status_code


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "behaviour",
    [
        Stall(),
        Stall(after=1),
        Delay(1.0),
        Fail(400),
        Fail(401),
        Fail(404),
        Fail(429),
        Fail(500),
        Fail(503),
        Break(),
        ErrorEvent(),
        Echo(),
        Garbage(),
        Garbage(b'{"verdict": "general"}', "application/json"),
        Garbage(b'{"choices": [{"message": {"content": "gen"}}]}', "application/json"),
        Say("General! Well, mostly."),
        Say('{"verdict": "general", "verdict": "private"}'),
        Say("private"),
    ],
    ids=repr,
)
def test_a_judge_without_the_word_general_lets_nothing_out(
    hasty: RunningGateway, behaviour: Behaviour, stream: bool
) -> None:
    """Two canaries per fault; the local side fails every question, and answers or fails what follows."""
    hasty.local.always(behaviour)
    since = utc_now()
    for _ in range(2):
        canary = secrets.token_hex(12)
        post(hasty, f"{DOUBT} {canary}", stream=stream)
        assert not hasty.external.saw(canary)
    assert not hasty.external.received
    outcomes = {entry.decision.outcome for entry in hasty.entries(since=since, ended=False)}
    assert "sent_external" not in outcomes


def test_a_redirected_question_goes_nowhere(hasty: RunningGateway) -> None:
    """The judge's server points at the vendor: the question is not sent there."""
    canary = secrets.token_hex(12)
    hasty.local.always(Redirect(f"{hasty.external.url}/v1/chat/completions"))
    post(hasty, f"{DOUBT} {canary}")
    assert not hasty.external.saw(canary)
    assert not hasty.external.received


def test_no_question_ever_goes_outside(hasty: RunningGateway) -> None:
    """Not while the local side is well either: what the outside got are requests, never the judge's words."""
    hasty.local.script(GENERAL)
    canary = secrets.token_hex(12)
    assert post(hasty, f"{DOUBT} {canary}") == 200
    assert hasty.external.saw(canary)
    assert not hasty.external.saw("You classify texts")


def test_a_general_verdict_frees_no_card(hasty: RunningGateway) -> None:
    """A card stands beside the doubt, or in another message: the judge's word is about the doubt alone."""
    hasty.local.always(GENERAL)
    post(hasty, f"{DOUBT} {CARD}")
    messages = [{"role": "user", "content": CARD}, {"role": "user", "content": f"{DOUBT} {secrets.token_hex(8)}"}]
    post(hasty, "", messages=messages)
    assert not hasty.external.saw(CARD)
    assert not hasty.external.received


def test_one_failed_text_keeps_the_whole_request(hasty: RunningGateway) -> None:
    """Two doubts, one general and one late."""
    hasty.local.script(GENERAL, Stall())
    canaries = [secrets.token_hex(12) for _ in range(2)]
    messages = [
        {"role": "user", "content": f"{DOUBT} {canaries[0]}"},
        {"role": "assistant", "content": "Go on."},
        {"role": "user", "content": f"{DOUBT} {canaries[1]}"},
    ]
    post(hasty, "", messages=messages)
    assert not hasty.external.received


def test_many_at_once_under_a_failing_judge(hasty: RunningGateway) -> None:
    """Shared questions, full queues and time-outs together."""
    hasty.local.always(Stall())
    since = utc_now()
    canaries = [secrets.token_hex(12) for _ in range(6)]
    texts = [f"{DOUBT} {canary}" for canary in canaries for _ in range(3)]
    threads = [threading.Thread(target=post, args=(hasty, text)) for text in texts]
    for thread in threads:
        thread.start()
    hasty.local.wait_for_requests(6)
    hasty.local.always(Fail(500))
    for thread in threads:
        thread.join(60)
    assert not any(hasty.external.saw(canary) for canary in canaries)
    assert EXTERNAL not in {entry.decision.backend for entry in hasty.entries(since=since, ended=False)}
