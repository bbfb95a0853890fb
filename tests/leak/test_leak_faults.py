"""Each stage raises, hangs or answers nonsense, for sensitive and for general requests: still nothing sensitive leaves.

Invariants I3, I6 and I9. A defect of the gateway itself is a 500 with a fixed message; every other fault ends inside,
with a 4xx or with a 503.
"""

import http.client
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import orjson
import pytest
from leak_bodies import Json
from leak_canaries import Canary, fresh
from leak_faults import SAID, Fault, broken, faults
from leak_watch import Reply, Watch, echoed, leak, wire_of
from support.gateway_process import gateway_process

import gateway.inspection.scanner
import gateway.pipeline
from gateway.errors import InternalError
from gateway.ingress.strict_json import parse_object
from gateway.testing import RecordingServer

PATIENCE_S = 1.0
"""How long the client waits where no end can come."""
BOUND_S = 30.0
"""A generous bound on every request that ends by itself: deadlines here are about a second each."""
REAL = {
    "parse": parse_object,
    "facts": gateway.pipeline.facts_of,
    "segments": gateway.inspection.scanner.segments,
    "decide": gateway.pipeline.decide,
}
FAULTS = faults(REAL, "http://127.0.0.1:9")
HURRIED = {"timeouts": {"connect": 1.0, "first_byte": 1.0, "idle": 1.0}}


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """A gateway that gives its backends and its record a second each, so that what hangs is given up soon."""
    backends = {"vendor": HURRIED, "inside": HURRIED}
    # Names are read in threads here: faults are put in place of detectors. What breaks processes has tests of its own.
    settings = {"audit": {"timeout_ms": 1000}, "inspection": {"timeout_ms": 60_000, "ner_processes": 0}}
    with gateway_process(tmp_path_factory.mktemp("hurried"), settings=settings, backends=backends) as running:
        yield Watch(running, "openai")


@pytest.fixture(autouse=True)
def _fresh(hurried: Watch) -> None:
    hurried.running.forget()


def request(text: str, *, stream: bool) -> bytes:
    """One prompt, as a chat request."""
    body: Json = {"model": "auto", "messages": [{"role": "user", "content": text}], "stream": stream}
    return orjson.dumps(body)


def ask(watch: Watch, text: str, *, stream: bool, fault: Fault) -> Reply | None:
    """The answer; None where there is none before the client loses patience, which is right for such faults alone."""
    started = time.monotonic()
    try:
        return watch.send(request(text, stream=stream), timeout_s=BOUND_S if fault.ends else PATIENCE_S)
    except (TimeoutError, http.client.HTTPException, ConnectionError):
        assert not fault.ends, f"{fault}: no end within {time.monotonic() - started:.0f} s"
        return None


def posts(side: RecordingServer) -> int:
    """How many requests with a body arrived."""
    return sum(received.method == "POST" for received in side.received)


def judge(watch: Watch, reply: Reply | None, fault: Fault) -> None:
    """What holds for every answer under every fault."""
    running = watch.running
    if not fault.sends:
        assert posts(running.local) + posts(running.external) == 0, f"{fault}: something was sent"
    for _ in range(100):  # a client that left early is noticed a moment later
        if running.gateway.chat._in_flight == 0:
            break
        time.sleep(0.05)
    assert running.gateway.chat._in_flight == 0, f"{fault}: the request goes on for nobody"
    assert SAID not in running.logs.text, f"{fault}: an exception's text in the log"
    assert "Traceback" not in running.logs.text, f"{fault}: a traceback in the log"
    if reply is None:
        return
    assert reply.status in {200, 400, 403, 413, 500, 503}, f"{fault}: status {reply.status}"
    told = [word for word in (SAID, "Traceback", "RuntimeError") if word.encode() in reply.body]
    assert not told, f"{fault}: the answer tells internals: {told}"
    if reply.status != 200:
        error = reply.error()
        if reply.status == 500:
            assert error["code"] == "internal_error"
            assert error["message"] == InternalError().message


def recorded(watch: Watch, reply: Reply | None) -> None:
    """Whatever arrived at a side has a decision on record that says so."""
    sent = {"sent_local": 0, "sent_external": 0}
    request_id = reply.headers.get("x-request-id") if reply is not None else None
    for entry in watch.running.entries(request_id, ended=False):
        outcome = entry.decision.outcome.value
        sent[outcome] = sent.get(outcome, 0) + 1
    assert posts(watch.running.local) <= sent["sent_local"], "a request arrived inside without a record"
    assert posts(watch.running.external) <= sent["sent_external"], "a request left without a record"


def _id(fault: Fault) -> str:
    return str(fault).replace(" ", "-")


@pytest.mark.parametrize("fault", FAULTS, ids=_id)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_sensitive_request_stays_inside_whatever_breaks(hurried: Watch, fault: Fault, stream: bool) -> None:
    """Invariant I3: no byte of it reaches the external side."""
    canary: Canary = fresh("card", crc32(f"{fault} {stream}".encode()))
    text = f"please charge {canary.text} for the hotel"
    with broken(hurried.running, fault):
        reply = ask(hurried, text, stream=stream, fault=fault)
        judge(hurried, reply, fault)
    assert wire_of(hurried.running.external) == b"", f"{fault}: the external side received something"
    assert leak(canary, [text], hurried.running.external) is None
    assert reply is None or not echoed(canary, [text], reply)
    assert reply is None or reply.backend in {"", "inside"}
    if fault.keeps_inside:
        assert reply is not None, f"{fault}: no answer"
        assert (reply.status, reply.backend) == (200, "inside"), f"{fault}: closed, but not available"
    assert not any(needle in hurried.running.logs.text for needle in (*canary.needles, canary.text))
    recorded(hurried, reply)


@pytest.mark.parametrize("fault", FAULTS, ids=_id)
def test_a_general_request_ends_well_whatever_breaks(hurried: Watch, fault: Fault) -> None:
    """Invariants I6 and I9: an answer from somewhere or an error in OpenAI's shape, and a record of what was sent."""
    stream = crc32(str(fault).encode()) % 2 == 0
    with broken(hurried.running, fault):
        reply = ask(hurried, "Why do leaves turn red?", stream=stream, fault=fault)
        judge(hurried, reply, fault)
    if fault.keeps_inside:
        assert reply is not None, f"{fault}: no answer"
        assert (reply.status, reply.backend) == (200, "inside"), f"{fault}: what was not read was not kept inside"
    recorded(hurried, reply)


def test_the_gateway_works_again_after_all_that(hurried: Watch) -> None:
    """The faults above were in replaced parts: the assembled gateway sends general requests out as before."""
    reply = hurried.send(request("Why do leaves turn red?", stream=False))
    assert (reply.status, reply.backend) == (200, "vendor")


def test_a_locked_record_stops_everything(hurried: Watch) -> None:
    """Another process that holds the file of records keeps every request from being sent, inside as well."""
    blocker = sqlite3.connect(hurried.running.records, isolation_level=None)
    try:
        blocker.execute("BEGIN EXCLUSIVE")
        for text in ("Why do leaves turn red?", "please charge 4111 1111 1111 1111"):
            reply = hurried.send(request(text, stream=False))
            assert reply.status == 503
            assert reply.error()["code"] == "audit_unavailable"
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
    assert posts(hurried.running.local) + posts(hurried.running.external) == 0


def test_a_record_that_cannot_be_written_any_more_stops_everything(tmp_path: Path) -> None:
    """Once the log is closed (shutdown, a dead writer) nothing is sent."""
    with gateway_process(tmp_path) as running:
        watch = Watch(running, "openai")
        log = running.gateway.log
        with log._changed:
            log._closing = True
            log._changed.notify()
        log._thread.join(timeout=10)
        reply = watch.send(request("Why do leaves turn red?", stream=False))
        assert reply.status == 503
        assert posts(running.local) + posts(running.external) == 0
