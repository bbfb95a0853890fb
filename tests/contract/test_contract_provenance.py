"""Who answered and why: headers, records and metrics tell the same story."""

import asyncio

import httpx2
import pytest
from contract_values import CARD, GENERAL, IMAGE_PART, PRIVATE_KEY, SENSITIVE, text, user
from support.gateway_process import EXTERNAL, LOCAL, RunningGateway

from gateway.audit.record import Ending, Outcome


def headers_of(running: RunningGateway, content: object, **more: object) -> dict[str, str]:
    """The headers of a whole answer, through the SDK's raw response."""
    with running.client() as client:
        raw = client.chat.completions.with_raw_response.create(
            **{"model": "auto", "messages": [user(content)], **more}  # type: ignore[call-overload]
        )
        assert raw.http_response.status_code == 200
        return {name: value for name, value in raw.headers.items() if name.startswith(("x-", "content"))}


def test_the_headers_say_who_answered_and_why(running: RunningGateway) -> None:
    """Label, rules, backend, request id and what the gateway took."""
    general, sensitive = headers_of(running, GENERAL), headers_of(running, SENSITIVE)
    assert (general["x-gateway-label"], general["x-gateway-rule"], general["x-gateway-backend"]) == (
        "public",
        "-",
        EXTERNAL,
    )
    assert sensitive["x-gateway-label"] == "restricted"
    assert sensitive["x-gateway-backend"] == LOCAL
    assert "personal-numbers" in sensitive["x-gateway-rule"].split(",")
    for headers in (general, sensitive):
        assert headers["x-request-id"].startswith("req_")
        assert 0 < float(headers["x-gateway-added-ms"]) < 60_000
        assert headers["content-type"] == "application/json"


def test_unread_parts_are_named_as_a_reason(running: RunningGateway) -> None:
    """A picture keeps a harmless question inside, and the record says that it was the picture."""
    headers = headers_of(running, [text(GENERAL), IMAGE_PART])
    assert headers["x-gateway-label"] == "restricted"
    (entry,) = running.entries(headers["x-request-id"])
    assert "part:image" in entry.decision.coverage


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_record_tells_what_the_headers_told(running: RunningGateway, stream: bool) -> None:
    """By request id: same label, rules and backend, the usage, and no text."""
    for prompt, outcome in ((GENERAL, Outcome.SENT_EXTERNAL), (SENSITIVE, Outcome.SENT_LOCAL)):
        answer = running.post({"model": "auto", "messages": [user(prompt)], "stream": stream})
        (entry,) = running.entries(answer.headers["x-request-id"])
        decision, completion = entry.decision, entry.completion
        assert decision.label == answer.headers["x-gateway-label"]
        assert ",".join(decision.rules) or answer.headers["x-gateway-rule"] == "-"
        assert decision.backend == answer.headers["x-gateway-backend"]
        assert (decision.outcome, decision.key_id, decision.stream) == (outcome, "tests", stream)
        assert completion is not None
        assert (completion.outcome, completion.status, completion.finish_reason) == (Ending.COMPLETED, 200, "stop")
        assert completion.usage is not None
        assert completion.usage.completion > 0
    assert decision.findings["CREDIT_CARD"] == 1
    assert decision.places["messages.0.content"] >= 1


def test_what_arrived_is_what_was_decided_about(running: RunningGateway) -> None:
    """The record's size is that of the bytes which arrived: what was inspected is what was sent."""
    for prompt, side in ((GENERAL, running.external), (SENSITIVE, running.local)):
        request_id = headers_of(running, prompt)["x-request-id"]
        (entry,) = running.entries(request_id)
        assert entry.decision.body_bytes == len(side.received[-1].body)
        assert entry.decision.body_fingerprint


def test_a_burst_of_requests_leaves_one_record_each(running: RunningGateway) -> None:
    """Forty at once: every answer has an id of its own, and one decision and one ending under it."""

    async def burst() -> list[str]:
        async with running.async_client() as client:
            answers = await asyncio.gather(
                *(
                    client.chat.completions.with_raw_response.create(model="auto", messages=[user(prompt)])
                    for prompt in [GENERAL, SENSITIVE] * 20
                )
            )
            return [answer.headers["x-request-id"] for answer in answers]

    ids = asyncio.run(burst())
    assert len(set(ids)) == 40
    for request_id in ids:
        (entry,) = running.entries(request_id)
        assert entry.completion is not None
    assert (len(running.external.received), len(running.local.received)) == (20, 20)


def test_no_text_is_kept_anywhere(running: RunningGateway) -> None:
    """Neither prompt nor answer nor key is in the log, the metrics or the records' files."""
    headers_of(running, SENSITIVE)
    headers_of(running, "Tell me about the canary island of Fuerteventura.")
    running.entries()
    files = b"".join(file.read_bytes() for file in running.records.parent.iterdir() if file.is_file())
    for text_ in (CARD, CARD.replace(" ", ""), "Fuerteventura", "stand-in", running.key, "sk-external-of-the-tests"):
        assert text_ not in running.logs.text
        assert text_ not in running.metrics()
        assert text_.encode() not in files


def test_the_metrics_count_what_the_records_hold(running: RunningGateway) -> None:
    """Requests by outcome, label and backend, as Prometheus reads them."""

    def count(outcome: str, backend: str) -> float:
        lines = [
            line
            for line in running.metrics().splitlines()
            if line.startswith("gateway_decisions_total") and f'"{outcome}"' in line and f'"{backend}"' in line
        ]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    before = count("sent_local", LOCAL), count("sent_external", EXTERNAL), count("refused", "")
    headers_of(running, GENERAL)
    headers_of(running, SENSITIVE)
    running.post({"model": "auto", "messages": [user(PRIVATE_KEY)]})
    after = count("sent_local", LOCAL), count("sent_external", EXTERNAL), count("refused", "")
    assert [later - earlier for earlier, later in zip(before, after, strict=True)] == [1, 1, 1]


def test_health_readiness_metrics_and_docs_are_served(with_gpt: RunningGateway) -> None:
    """Operations need no client key, and readiness has run a real detection."""
    with httpx2.Client(base_url=with_gpt.origin, trust_env=False, timeout=30) as http:
        assert http.get("/healthz").json()["status"] == "ok"
        ready = http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        assert http.get("/metrics").text.startswith("# HELP")
        assert "/v1/chat/completions" in http.get("/docs").text


def test_not_ready_without_a_local_model(local_down: RunningGateway) -> None:
    """A gateway that could not answer a sensitive prompt says so to its load balancer."""
    with httpx2.Client(base_url=local_down.origin, trust_env=False, timeout=30) as http:
        answer = http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["local backend"]["ok"] is False
        assert http.get("/healthz").status_code == 200
