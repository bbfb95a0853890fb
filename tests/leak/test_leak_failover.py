"""A sensitive request never becomes an external one: whatever the inside does, whatever the client asks for.

Invariants I4 and I5; evasions F3, F4 and T3.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from leak_canaries import Canary, fresh
from leak_watch import Reply, Watch, echoed, leak, wire_of
from support.gateway_process import LOCAL, LOCAL_MODEL, gateway_process

from gateway.testing import Behaviour, Break, Cut, Echo, ErrorEvent, Fail, Garbage, RecordingServer, Redirect, Stall

SHORT = {"timeouts": {"connect": 2.0, "first_byte": 2.0, "idle": 2.0}}
_COUNTER = itertools.count()


@pytest.fixture(scope="module", params=["openai", "anthropic"])
def sides(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """A gateway that gives its backends two seconds each."""
    with gateway_process(
        tmp_path_factory.mktemp("failover"), external=request.param, backends={"vendor": SHORT, "inside": SHORT}
    ) as running:
        yield Watch(running, request.param)


@pytest.fixture(autouse=True)
def _healthy(sides: Watch) -> None:
    sides.running.forget()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[RecordingServer]:
    """A server that is nobody's backend."""
    with RecordingServer("elsewhere", strict=False) as server:
        yield server


def sensitive(**fields: Any) -> tuple[Canary, bytes]:
    """A prompt with a card number that no test has used before."""
    canary = fresh("card", next(_COUNTER))
    text = f"please refund {canary.text} today"
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], **fields}
    return canary, orjson.dumps(body)


def stays(watch: Watch, canary: Canary, reply: Reply) -> None:
    """Nothing external, nothing repeated, an honest status."""
    assert wire_of(watch.running.external) == b""
    assert leak(canary, [canary.text], watch.running.external) is None
    assert reply.backend in {"", LOCAL}
    assert not any(text in watch.running.logs.text for text in (canary.text, *canary.needles))
    watch.planted("failover", (canary.text, *canary.needles))


FAILURES: dict[str, Behaviour] = {
    "500": Fail(500),
    "503 with its wish": Fail(503, headers=(("retry-after", "1"),)),
    "429": Fail(429),
    "401": Fail(401),
    "404": Fail(404),
    "400": Fail(400),
    "a page": Garbage(),
    "silence": Stall(),
    "hanging up": Break(0),
    "a cut": Cut(1),
    "an error midway": ErrorEvent(1),
    "another place": Redirect("http://127.0.0.1:9/v1/chat/completions"),
}


@pytest.mark.parametrize("behaviour", FAILURES.values(), ids=FAILURES.keys())
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_inside_fails_and_nothing_leaves(sides: Watch, behaviour: Behaviour, stream: bool) -> None:
    """Evasion T3, peers' most likely failure: no failure of a local model makes a sensitive prompt an external one."""
    sides.running.local.always(behaviour)
    models = ("auto", sides.running.external_model, LOCAL_MODEL)
    for model in models[:1] if isinstance(behaviour, Stall) else models:
        canary, body = sensitive(model=model, stream=stream)
        reply = sides.send(body)
        stays(sides, canary, reply)
        # 200: an answer that began and broke off, or that a lenient reader takes for whole.
        assert reply.status in {200, 400, 503}
        if reply.status != 200:
            assert not echoed(canary, [canary.text], reply)
            reply.error()
    assert sides.at_rest() == []


def test_the_inside_is_down_and_nothing_leaves(tmp_path: Path) -> None:
    """Nobody listens at the local address: 503, nothing sent; a general prompt still goes out."""
    with RecordingServer("gone") as gone:
        port = gone.port
    with gateway_process(tmp_path, backends={LOCAL: {"base_url": f"http://127.0.0.1:{port}/v1"}}) as running:
        watch = Watch(running, "openai")
        for stream in (False, True):
            canary, body = sensitive(stream=stream)
            reply = watch.send(body)
            stays(watch, canary, reply)
            assert reply.status == 503
            assert reply.headers["x-should-retry"] == "true"
        general = orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": "Why is the sky blue?"}]})
        assert watch.send(general).backend == "vendor"


def test_what_the_inside_repeats_of_a_prompt_is_kept_nowhere(sides: Watch) -> None:
    """A local server that quotes the prompt in its error tells the client alone: no log, no record, no metric."""
    for status in (400, 500):
        canary, body = sensitive()
        sides.running.local.always(Fail(status, message=f"cannot do: {canary.text}"))
        stays(sides, canary, sides.send(body))
    sides.running.local.always(Echo())
    for stream in (False, True):
        canary, body = sensitive(stream=stream)
        reply = sides.send(body)
        stays(sides, canary, reply)
        assert reply.status == 200
    assert sides.at_rest() == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("side", ["local", "external"])
def test_a_redirect_is_never_followed(sides: Watch, elsewhere: RecordingServer, side: str, status: int) -> None:
    """Both vendors' SDKs follow a 307 to another host and send the prompt again there. The gateway does not."""
    elsewhere.clear()
    getattr(sides.running, side).always(Redirect(f"{elsewhere.url}/v1/chat/completions", status))
    for stream in (False, True):
        canary, body = sensitive(stream=stream)
        general = orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": "Why?"}], "stream": stream})
        stays(sides, canary, sides.send(body))
        assert sides.send(general).status in {200, 503}
        sides.running.external.clear()
        getattr(sides.running, side).always(Redirect(f"{elsewhere.url}/v1/chat/completions", status))
    assert wire_of(elsewhere) == b""


def test_a_general_request_that_fails_outside_is_decided_afresh(sides: Watch) -> None:
    """The other direction is allowed: what was to go out may be answered inside, and each attempt is on record."""
    sides.running.external.always(Fail(500))
    body = orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": "Why do cats purr?"}]})
    reply = sides.send(body)
    assert (reply.status, reply.backend) == (200, LOCAL)
    outcomes = [entry.decision.outcome.value for entry in sides.running.entries(reply.headers["x-request-id"])]
    assert outcomes == ["sent_external", "sent_local"]


WISHES = (
    "auto",
    "best",
    "fast",
    "private",
    "gpt-5",
    "claude-opus-4-8",
    "openai/gpt-5",
    "vendor/gpt-5",
    "vendor",
    "GPT-5",
)


@pytest.mark.parametrize("model", WISHES)
def test_a_wish_for_an_external_model_forces_nothing(sides: Watch, model: str) -> None:
    """Evasion F3: the model's name is a preference. It is answered inside, or there is no such model."""
    for stream in (False, True):
        canary, body = sensitive(model=model, stream=stream)
        reply = sides.send(body)
        stays(sides, canary, reply)
        assert reply.status in {200, 404}


def test_a_wish_for_a_local_model_is_granted(sides: Watch) -> None:
    """A client may always ask for the inside, with a general prompt as well."""
    for model in (LOCAL_MODEL, "private"):
        body = orjson.dumps({"model": model, "messages": [{"role": "user", "content": "Why is the sky blue?"}]})
        assert sides.send(body).backend == LOCAL
    assert wire_of(sides.running.external) == b""


def knobs(url: str) -> list[dict[str, Any]]:
    """Fields by which clients of other gateways choose address, provider, key, fallbacks and guardrails."""
    return [
        {"api_base": url}, {"base_url": url}, {"api_key": "sk-other"}, {"custom_llm_provider": "openai"},
        {"fallbacks": ["gpt-5"]}, {"context_window_fallbacks": [{"auto": ["gpt-5"]}]}, {"models": ["gpt-5", "best"]},
        {"provider": {"order": ["openai"], "allow_fallbacks": True}}, {"route": "fallback"}, {"guardrails": []},
        {"no-log": True}, {"metadata": {"guardrails": [], "tags": ["public"]}}, {"extra_body": {"api_base": url}},
        {"extra_headers": {"x-portkey-custom-host": url}}, {"litellm_params": {"api_base": url}}, {"proxy": url},
        {"organization": "org-1"}, {"mock_response": "done"}, {"transforms": []}, {"plugins": [{"id": "web"}]},
        {"clearance": "restricted"}, {"label": "public"}, {"backend": "vendor"}, {"policy": "open"},
        {"x-gateway": {"label": "public"}},
    ]  # fmt: skip


def switches(url: str) -> list[tuple[str, str]]:
    """Headers of the same kind."""
    return [
        ("x-portkey-config", orjson.dumps({"provider": "openai", "custom_host": url}).decode()),
        ("x-portkey-provider", "openai"), ("x-portkey-custom-host", url), ("x-portkey-virtual-key", "open"),
        ("x-litellm-api-base", url), ("x-litellm-disable-logging", "true"), ("x-api-base", url), ("x-openai-host", url),
        ("openai-base-url", url), ("host", url.removeprefix("http://")), ("x-forwarded-host", url),
        ("x-original-url", url), ("x-original-host", url),
        ("x-http-method-override", "GET"), ("x-gateway-label", "public"), ("x-gateway-backend", "vendor"),
        ("x-gateway-rule", "-"), ("x-gateway-policy", "open"), ("x-sensitivity", "public"), ("x-no-scan", "1"),
        ("helicone-target-url", url), ("cf-aig-skip-cache", "true"), ("x-target-url", url), ("x-upstream", url),
    ]  # fmt: skip


def test_no_field_overrides_where_a_request_goes(sides: Watch, elsewhere: RecordingServer) -> None:
    """Evasion F4 and peers' CVE-2024-6587: no field of a body selects host, provider, key, label or fallback."""
    elsewhere.clear()
    for knob in knobs(f"{elsewhere.url}/v1"):
        canary, body = sensitive(**knob)
        sides.forget()
        reply = sides.send(body)
        stays(sides, canary, reply)
        assert reply.status in {200, 400}, knob
        general = orjson.dumps(
            {"model": "auto", "messages": [{"role": "user", "content": "Why do cats purr?"}], **knob}
        )
        assert sides.send(general).status in {200, 400}, knob
    assert wire_of(elsewhere) == b""


def test_no_header_overrides_where_a_request_goes(sides: Watch, elsewhere: RecordingServer) -> None:
    """Evasion F4: headers select nothing either."""
    elsewhere.clear()
    for switch in switches(elsewhere.url):
        canary, body = sensitive()
        sides.forget()
        reply = sides.send(body, headers=[switch])
        stays(sides, canary, reply)
        assert (reply.status, reply.backend, reply.headers["x-gateway-label"]) == (200, LOCAL, "restricted"), switch
    assert wire_of(elsewhere) == b""


def test_the_environment_proxies_nothing(
    tmp_path: Path, elsewhere: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No proxy variable and no SDK variable of the environment leads a request anywhere."""
    elsewhere.clear()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, elsewhere.url)
    for name in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.setenv(name, f"{elsewhere.url}/v1")
    with gateway_process(tmp_path) as running:
        watch = Watch(running, "openai")
        canary, body = sensitive()
        reply = watch.send(body)
        stays(watch, canary, reply)
        assert reply.backend == LOCAL
        general = orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": "Why is the sky blue?"}]})
        assert watch.send(general).backend == "vendor"
    assert wire_of(elsewhere) == b""


def test_a_failure_never_crosses_a_clearance(tmp_path: Path) -> None:
    """Three zones: what a partner may have and the vendor may not goes from the failing partner to the inside."""
    with (
        RecordingServer("vendor", strict=False) as vendor,
        RecordingServer("partner", strict=False) as partner,
        RecordingServer("inside", strict=False) as inside,
    ):
        clearances = {"vendor": "internal", "partner": "confidential", LOCAL: "restricted"}
        servers = {"vendor": vendor, "partner": partner, LOCAL: inside}
        backends = [
            {"name": name, "format": "openai", "base_url": servers[name].openai_base_url, "models": [f"{name}-model"],
             "clearance": clearance}
            for name, clearance in clearances.items()
        ]  # fmt: skip
        settings = {"backends": backends, "models": {"aliases": {"fast": "auto", "private": "auto", "best": "auto"}}}
        with gateway_process(tmp_path, settings=settings) as running:
            watch = Watch(running, "openai")
            text = "Elena Kowalski (elena.kowalski77@gmail.com) was diagnosed with lymphoma."
            body = {"messages": [{"role": "user", "content": text}]}
            for stream, model in itertools.product((False, True), ("auto", "vendor-model", "partner-model")):
                asked = orjson.dumps({**body, "model": model, "stream": stream})
                assert watch.send(asked).backend == "partner"
                partner.script(Fail(500))
                running.health.succeeded("partner")
                reply = watch.send(asked)
                assert (reply.status, reply.backend) == (200, LOCAL)
                running.health.succeeded("partner")
            assert wire_of(vendor) == b""


def test_every_request_has_one_record_for_everything_that_arrived(sides: Watch) -> None:
    """Invariant I6: what the sides received is what the record says was sent, request by request."""
    sides.running.local.script(Fail(500), Fail(500))
    sides.running.external.script(Fail(500))
    texts = [
        "Why is the sky blue?",
        "card 4111 1111 1111 1111",
        "What do owls eat?",
        "mail jane.miller@gmail.com, she has cancer",
    ]
    sent = {"sent_local": 0, "sent_external": 0}
    for text in texts:
        reply = sides.send(orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": text}]}))
        entries = sides.running.entries(reply.headers["x-request-id"])
        assert entries, "a request without a record"
        assert len({entry.decision.attempt for entry in entries}) == len(entries)
        for entry in entries:
            if entry.decision.outcome.value in sent:
                sent[entry.decision.outcome.value] += 1
    assert sum(received.method == "POST" for received in sides.running.local.received) == sent["sent_local"]
    assert sum(received.method == "POST" for received in sides.running.external.received) == sent["sent_external"]
