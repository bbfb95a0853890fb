"""The app around the hot path, over real connections: operations, models, description, and errors in one shape."""

import asyncio
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from starlette.exceptions import HTTPException
from support.gateway_process import EXTERNAL, LOCAL, LOCAL_MODEL, RunningGateway, gateway_process

from gateway import __version__
from gateway.app import CHAT, Front, _errors, build
from gateway.errors import NotFound

QUICK = {"inspection": {"ner": False}}
CANARY = "canary-4111111111111111"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """One gateway for this file, with patterns only."""
    with gateway_process(tmp_path_factory.mktemp("app"), settings=QUICK) as gateway:
        yield gateway


def ask(running: RunningGateway, method: str, path: str, *, key: bool = True, **options: Any) -> httpx2.Response:
    headers = {"authorization": f"Bearer {running.key}"} if key else {}
    with httpx2.Client(trust_env=False, timeout=60) as http:
        return http.request(method, running.origin + path, headers={**headers, **options.pop("headers", {})}, **options)


def assert_openai_error(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Status, shape and headers of an error; returns the error object."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert re.fullmatch(r"req_[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.headers["x-should-retry"] in {"true", "false"}
    body = answer.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    assert body["error"]["code"] == code
    return dict(body["error"])


def test_alive_is_a_matter_of_the_process_alone(running: RunningGateway) -> None:
    """No key, no backend: an orchestrator restarts what does not answer this."""
    answer = ask(running, "GET", "/healthz", key=False)
    assert answer.json() == {"status": "ok", "version": __version__}


def test_ready_names_every_check(running: RunningGateway) -> None:
    """200 with each check's word; no key is needed and no text is in it."""
    answer = ask(running, "GET", "/readyz", key=False)
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ready"
    assert body["checks"].keys() == {"inspection", "policy", "local backend"}
    assert all(check["ok"] for check in body["checks"].values())


def test_not_ready_while_the_local_backend_is_down(tmp_path: Any) -> None:
    """503 takes the instance out of service before a sensitive prompt finds nobody; the process stays alive."""
    nowhere = {LOCAL: {"base_url": "http://127.0.0.1:9/v1"}}
    with gateway_process(tmp_path, settings=QUICK, backends=nowhere) as running:
        answer = ask(running, "GET", "/readyz", key=False)
        assert answer.status_code == 503
        assert answer.json()["status"] == "not ready"
        assert answer.json()["checks"]["local backend"] == {"ok": False, "detail": f"none of {LOCAL} answers"}
        assert answer.json()["checks"]["inspection"]["ok"]
        assert ask(running, "GET", "/healthz", key=False).status_code == 200


def test_not_ready_when_inspection_stops_working_or_has_no_rules(tmp_path: Any) -> None:
    """Either keeps everything local, which is safe and not what anybody wants to run."""
    policy = "version: 1\nname: empty\nlabels: [public, internal, confidential, restricted]\nroute:\n  - to: [local]\n"
    with gateway_process(tmp_path, settings=QUICK, policy=policy) as running:
        checks = ask(running, "GET", "/readyz", key=False).json()["checks"]
        assert (checks["policy"]["ok"], checks["inspection"]["ok"]) == (False, True)
        running.gateway.scanner.close()
        answer = ask(running, "GET", "/readyz", key=False)
        assert answer.status_code == 503
        assert not answer.json()["checks"]["inspection"]["ok"]


def test_metrics_count_a_request(running: RunningGateway) -> None:
    """The counters of one request, under names from the configuration, in the format that Prometheus reads."""
    with running.client() as client:
        client.chat.completions.create(model="auto", messages=[{"role": "user", "content": "Why is the sky blue?"}])
    answer = ask(running, "GET", "/metrics", key=False)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    decision = (("backend", EXTERNAL), ("label", "public"), ("outcome", "sent_external"))
    assert samples["gateway_decisions_total", decision] >= 1
    assert samples["gateway_responses_total", (("status", "200"),)] >= 1
    assert samples["gateway_endings_total", (("backend", EXTERNAL), ("ending", "completed"))] >= 1
    assert samples["gateway_inspection_seconds_count", ()] >= 1
    assert samples["gateway_in_flight", ()] == 0


def test_models_are_listed_for_known_clients(running: RunningGateway) -> None:
    """auto, aliases and public names, as OpenAI's client reads them; one that nobody serves is a 404."""
    with running.client() as client:
        names = [model.id for model in client.models.list()]
        assert names[0] == "auto"
        assert {"fast", "private", "best", LOCAL_MODEL, running.external_model} <= set(names)
        assert client.models.retrieve(LOCAL_MODEL).owned_by == LOCAL
    error = assert_openai_error(ask(running, "GET", f"/v1/models/{CANARY}"), 404, "model_not_found")
    assert CANARY not in json.dumps(error)


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/auto"])
def test_strangers_are_told_no_model_names(running: RunningGateway, path: str) -> None:
    """Names of models say what an organisation uses."""
    answer = ask(running, "GET", path, key=False)
    assert_openai_error(answer, 401, "invalid_api_key")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert LOCAL_MODEL not in answer.text


class References(HTMLParser):
    """Everything that a browser would fetch or run because of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "action", "srcset", "data"}]


def test_the_docs_page_fetches_nothing_from_elsewhere(running: RunningGateway) -> None:
    """A closed network can show it, and opening it tells nobody: no script, font, style or image of another host."""
    answer = ask(running, "GET", "/docs", key=False)
    assert answer.headers["content-type"].startswith("text/html")
    found = References()
    found.feed(answer.text)
    assert found.links == ["/openapi.json"]
    assert not found.tags & {"script", "link", "img", "iframe", "object", "embed", "base"}
    assert "url(" not in answer.text
    assert "@import" not in answer.text
    assert CHAT in answer.text


def test_the_description_lists_the_hot_path_and_every_other(running: RunningGateway) -> None:
    """What FastAPI does not serve is described all the same."""
    schema = ask(running, "GET", "/openapi.json", key=False).json()
    assert schema["info"]["version"] == __version__
    assert next(iter(schema["paths"])) == CHAT
    assert {CHAT, "/healthz", "/readyz", "/metrics", "/v1/models", "/v1/models/{model}"} == set(schema["paths"])
    assert "post" in schema["paths"][CHAT]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/completions",
        "/v1/chat/completions/",
        "/v1/chat/completions/x",
        "//v1/chat/completions",
        "/v1/responses",
        "/v1/embeddings",
        "/redoc",
        "/docs/",
        f"/{CANARY}",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_there_is_no_other_path(running: RunningGateway, method: str, path: str) -> None:
    """No wildcard and no redirect: a path that is not inspected does not exist, and is not repeated."""
    running.forget()
    answer = ask(running, method, path, **({"json": {"messages": CANARY}} if method == "POST" else {}))
    assert_openai_error(answer, 404, "not_found")
    assert CANARY not in answer.text
    assert not running.external.received
    assert not running.local.received


def test_the_routes_are_these_and_no_others(running: RunningGateway) -> None:
    """A viewer that a framework adds by itself would fetch scripts from elsewhere; a new path is a decision."""
    front = build(running.gateway)
    assert front.hot.keys() == {CHAT}
    routes = {getattr(route, "path", "") for route in front.rest.routes}
    assert routes == {
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
        "/docs",
        "/v1/models",
        "/v1/models/{model:path}",
    }


@pytest.mark.parametrize("path", ["/%76%31/chat/completions", "/v1/chat%2Fcompletions", "/v1/../v1/chat/completions"])
def test_other_spellings_of_the_hot_path_are_it_or_nothing(running: RunningGateway, path: str) -> None:
    """Either the inspected endpoint answers (without a key: 401), or there is no such path. Never anything between."""
    answer = ask(running, "POST", path, key=False, content=b"{}")
    assert answer.status_code in {401, 404}


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", CHAT, "POST"),
        ("DELETE", CHAT, "POST"),
        ("POST", "/v1/models", "GET"),
        ("POST", "/healthz", "GET"),
        ("PUT", "/metrics", "GET"),
        ("DELETE", "/readyz", "GET"),
        ("PATCH", "/docs", "GET"),
    ],
)
def test_another_method_is_a_405_that_names_the_right_one(
    running: RunningGateway, method: str, path: str, allow: str
) -> None:
    """In OpenAI's shape, with Allow and a request id."""
    answer = ask(running, method, path)
    assert_openai_error(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allow


def test_a_head_request_has_no_body_and_breaks_nothing(running: RunningGateway) -> None:
    """Probes of load balancers use it; the connection stays usable."""
    with httpx2.Client(trust_env=False, timeout=60) as http:
        assert http.head(running.origin + "/healthz").content == b""
        assert http.get(running.origin + "/healthz").status_code == 200


def raw(application: Any, scope: dict[str, Any], *events: dict[str, Any]) -> list[dict[str, Any]]:
    """What an ASGI app sends for one scope. After the given events, its client is gone."""
    sent: list[dict[str, Any]] = []
    queue = list(events)

    async def receive() -> dict[str, Any]:
        return queue.pop(0) if queue else {"type": f"{scope['type']}.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(application(scope, receive, send))
    return sent


def test_a_websocket_is_refused(running: RunningGateway) -> None:
    """Nothing would inspect its frames. The handshake is closed before it is accepted, on any path."""
    application = build(running.gateway)
    for path in (CHAT, "/v1/realtime"):
        sent = raw(application, {"type": "websocket", "path": path, "headers": []}, {"type": "websocket.connect"})
        assert sent == [{"type": "websocket.close", "code": 1008}]


def test_an_upgrade_over_the_wire_is_no_way_around(running: RunningGateway) -> None:
    """A client that asks for a websocket gets plain HTTP's answer, never 101."""
    upgrade = {
        "connection": "upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert ask(running, "GET", CHAT, headers=upgrade).status_code == 405
    assert ask(running, "GET", "/v1/realtime", headers=upgrade).status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/n/{CANARY}", 400, "malformed_request"),
        ("/defect", 500, "internal_error"),
        ("/gateway", 404, "not_found"),
        ("/status", 500, "internal_error"),
    ],
)
def test_no_error_of_a_route_echoes_or_logs_anything(
    path: str, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """FastAPI's 422 repeats what was sent, and a server logs the tracebacks of defects: here neither happens."""
    api = FastAPI()
    _errors(api)

    @api.get("/n/{number}")
    async def number(number: int) -> int:
        return number

    @api.get("/defect")
    async def defect() -> None:
        raise RuntimeError(CANARY)

    @api.get("/gateway")
    async def gateway_error() -> None:
        raise NotFound("There is none.")

    @api.get("/status")
    async def unusual() -> None:
        raise HTTPException(418, CANARY)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    start, *bodies = raw(Front({}, api), scope, {"type": "http.request"})
    body = b"".join(each["body"] for each in bodies)
    assert (start["status"], json.loads(body)["error"]["code"]) == (status, code)
    assert dict(start["headers"])[b"x-request-id"].startswith(b"req_")
    assert CANARY.encode() not in body
    assert CANARY not in caplog.text


def test_the_server_says_nothing_of_itself_and_logs_no_path(running: RunningGateway) -> None:
    """No server header; no access log: paths and queries are the client's."""
    running.forget()
    answer = ask(running, "GET", f"/healthz?q={CANARY}", headers={"user-agent": CANARY})
    assert answer.status_code == 200
    assert "server" not in answer.headers
    assert CANARY not in running.logs.text
