"""A gateway with a judge, as its clients, its auditor and its operator see it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.gateway_process import EXTERNAL, LOCAL, RunningGateway
from support.judged_gateway import CARD, DOUBT, judged_gateway

from gateway.errors import ConfigError
from gateway.testing import Fail, Say

GENERAL = Say('{"verdict": "general", "reason": "none"}')
PRIVATE = Say('{"verdict": "private", "reason": "intimate"}')


@pytest.fixture(scope="module", params=["openai", "anthropic"])
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp(f"judged-{request.param}")
    with judged_gateway(folder, external=request.param) as running:
        yield running


@pytest.fixture
def judged(started: RunningGateway) -> RunningGateway:
    started.forget()
    return started


def ask(running: RunningGateway, text: str, *, stream: bool = False) -> tuple[str, dict[str, str]]:
    """Who answered, and the headers of the answer."""
    with running.client() as client:
        raw = client.chat.completions.with_raw_response.create(
            model="auto", messages=[{"role": "user", "content": text}], stream=stream
        )
    return raw.headers["x-gateway-backend"], dict(raw.headers)


@pytest.mark.parametrize("stream", [False, True])
def test_a_verdict_decides_where_the_answer_comes_from(judged: RunningGateway, stream: bool) -> None:
    """General goes out, private stays; the client sees no more of it than of any other rule."""
    judged.local.script(GENERAL)
    backend, headers = ask(judged, f"{DOUBT} general {stream}", stream=stream)
    assert (backend, headers["x-gateway-label"]) == (EXTERNAL, "public")
    judged.local.script(PRIVATE)
    backend, headers = ask(judged, f"{DOUBT} private {stream}", stream=stream)
    assert (backend, headers["x-gateway-label"], headers["x-gateway-rule"]) == (LOCAL, "confidential", "private-matter")
    assert not any("judge" in name or "judge" in value for name, value in headers.items())
    assert not judged.external.saw("private")


def test_every_question_is_on_record_as_it_arrived(judged: RunningGateway) -> None:
    """What reached the local side is a question of the judge or an answered request, and both are written down."""
    judged.local.script(GENERAL)
    _, headers = ask(judged, f"{DOUBT} on record")
    asked, sent = judged.entries(headers["x-request-id"])
    assert (asked.decision.outcome, asked.decision.backend, asked.decision.attempt) == ("asked_judge", LOCAL, 0)
    assert (sent.decision.outcome, sent.decision.backend, sent.decision.attempt) == ("sent_external", EXTERNAL, 1)
    (question,) = judged.local.received
    assert asked.decision.body_bytes == len(question.body)
    assert sent.decision.judged is not None
    assert (sent.decision.judged.general, sent.decision.judged.backend) == (1, LOCAL)
    assert sent.decision.coverage == ()


def test_a_text_is_asked_about_once(judged: RunningGateway) -> None:
    judged.local.script(GENERAL)
    for _ in range(3):
        assert ask(judged, f"{DOUBT} once")[0] == EXTERNAL
    assert len(judged.local.received) == 1


@pytest.mark.parametrize("text", ["Why is the sky blue?", f"{DOUBT} my card: {CARD}"])
def test_nothing_is_asked_without_need(judged: RunningGateway, text: str) -> None:
    ask(judged, text)
    assert not any(b"You classify texts" in one.body for one in judged.local.received)


def test_the_answer_of_a_failed_judge_is_local_and_says_why_on_record(judged: RunningGateway) -> None:
    judged.local.script(Fail(500))
    backend, headers = ask(judged, f"{DOUBT} failed")
    assert (backend, headers["x-gateway-label"]) == (LOCAL, "restricted")
    *_, last = judged.entries(headers["x-request-id"])
    assert last.decision.coverage == ("judge:error",)
    assert 'gateway_judge_total{source="asked",verdict="error"}' in judged.metrics()


def test_neither_question_nor_verdict_is_logged(judged: RunningGateway) -> None:
    judged.local.script(PRIVATE)
    ask(judged, f"{DOUBT} zanzibar")
    assert "zanzibar" not in judged.logs.text
    assert "zanzibar" not in judged.metrics()
    assert b"zanzibar" not in b"".join(path.read_bytes() for path in judged.records.parent.glob("audit.sqlite3*"))


def test_a_judge_outside_stops_the_start(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="not local with the top clearance"),
        judged_gateway(tmp_path, "{mode: uncertain, backend: vendor}"),
    ):
        pass
