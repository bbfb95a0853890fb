"""Every way into the gateway is listed here, and every other is closed: no request meets a model but by the pipeline.

Invariants I9 and I12; evasions E1 and T4.
"""

import socket
from collections.abc import Iterator

import orjson
import pytest
from leak_canaries import fresh
from leak_watch import CHAT_PATH, Watch, wire_of
from starlette.routing import Route
from support.gateway_process import gateway_process

from gateway.app import CHAT, Front, build
from gateway.ingress.endpoint import ChatEndpoint

READ_ONLY = {"/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/v1/models", "/v1/models/{model:path}"}
"""Paths that answer GET and HEAD, from what the gateway knows by itself. A new one must be added here on purpose."""
CANARY = fresh("card", 4242)
PROMPT = f"please refund {CANARY.text} today"
BODY = orjson.dumps(
    {"model": "auto", "messages": [{"role": "user", "content": PROMPT}], "input": PROMPT, "prompt": PROMPT}
)
OTHER_PATHS = (
    "/v1/responses",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/audio/speech",
    "/v1/audio/transcriptions",
    "/v1/files",
    "/v1/uploads",
    "/v1/batches",
    "/v1/assistants",
    "/v1/threads",
    "/v1/threads/runs",
    "/v1/vector_stores",
    "/v1/fine_tuning/jobs",
    "/v1/realtime",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/messages/batches",
    "/v1/chat",
    "/v1/chat/completions/chatcmpl-1",
    "/v1/rerank",
    "/v1/engines/gpt-5/completions",
    "/v1beta/models/gemini-3:generateContent",
    "/v1/score",
    "/v1/tokenize",
    "/openai/deployments/gpt-5/chat/completions",
    "/api/chat",
    "/api/generate",
    "/api/embed",
    "/api/tags",
    "/chat/completions",
    "/completions",
    "/completion",
    "/infill",
    "/tokenize",
    "/props",
    "/slots",
    "/key/generate",
    "/config",
    "/admin",
    "/mcp",
    "/v1",
    "/",
    "",
    "/favicon.ico",
    "/redoc",
    "/openapi.json/",
    "/static/../v1/chat/completions",
)
TRICKS = (
    "//v1/chat/completions",
    "/v1//chat/completions",
    "/v1/chat//completions",
    "/v1/chat/completions/",
    "/./v1/chat/completions",
    "/v1/./chat/completions",
    "/v1/x/../chat/completions",
    "/v1/chat/completions/..",
    "/V1/chat/completions",
    "/v1/Chat/Completions",
    "/v1/chat/completions%00",
    "/v1/chat/completions%20",
    "/v1/chat/completions;a=b",
    "/v1/chat/completions%3Fa=b",
    "/v1/chat/completions%2F",
    "/v1/chat/completions%0A",
    "/v1\\chat\\completions",
    "/v1/chat/completions%252F",
    "/%76%31/messages",
    "/v1/ch%C3%A4t/completions",
    "/v1/chat/c\u043empletions",
)
SAME = (
    "/v1%2Fchat%2Fcompletions",
    "/v1/chat/%63ompletions",
    "/%76%31/chat/completions",
    "/v1/chat/completions?a=/../..",
    "/v1/chat/completions?",
)
"""Other spellings of the one path (RFC 3986, section 6.2.2.2). They may be answered, by the pipeline alone."""
METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "post", "FOO")


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    with gateway_process(tmp_path_factory.mktemp("routes")) as running:
        yield Watch(running, "openai")


@pytest.fixture(autouse=True)
def _fresh(closed: Watch) -> Iterator[None]:
    """Nothing that is not a chat completion reaches any model."""
    closed.running.forget()
    yield
    assert wire_of(closed.running.external) == b""


def routes(closed: Watch) -> tuple[Front, list[Route]]:
    front = build(closed.running.gateway)
    return front, [route for route in front.rest.routes if isinstance(route, Route)]


def test_every_route_is_known_and_only_one_takes_a_body(closed: Watch) -> None:
    """Invariant I12: a route that is added without a decision about it fails here."""
    front, listed = routes(closed)
    assert len(listed) == len(front.rest.routes), "something is mounted that is no plain route"
    assert set(front.hot) == {CHAT} == {CHAT_PATH}
    assert {route.path for route in listed} <= READ_ONLY
    for route in listed:
        assert route.methods is not None
        assert route.methods <= {"GET", "HEAD"}, f"{route.path} takes {sorted(route.methods)}"


def test_the_route_that_takes_a_body_is_the_pipeline(closed: Watch) -> None:
    """What answers there is the endpoint whose only source of answers is the pipeline of this gateway."""
    front, _ = routes(closed)
    endpoint = front.hot[CHAT]
    assert isinstance(endpoint, ChatEndpoint)
    assert endpoint is closed.running.gateway.chat
    assert type(endpoint._answer.__self__).__name__ == "Pipeline"  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", OTHER_PATHS)
def test_other_endpoints_are_closed(closed: Watch, path: str) -> None:
    """Evasion E1: what vendors and servers of open weights serve beside chat completions is a 404 here."""
    for method in ("POST", "PUT", "GET"):
        reply = closed.send(BODY if method != "GET" else b"", path=path or "/", method=method)
        assert reply.status in {404, 405}, f"{method} {path}: {reply.status}"
        assert CANARY.needles[0] not in str(reply.error())
    assert wire_of(closed.running.local) == b""


@pytest.mark.parametrize("path", TRICKS)
def test_other_spellings_of_the_path_are_closed(closed: Watch, path: str) -> None:
    """Evasion E1: doubled slashes, dots, case, trailing slashes, escapes: no second door."""
    answer = raw(closed, request("POST", path, BODY))
    assert answer[:12] in {b"HTTP/1.1 404", b"HTTP/1.1 405", b"HTTP/1.1 400"}, answer[:60]
    assert wire_of(closed.running.local) == b""


@pytest.mark.parametrize("path", SAME)
def test_the_same_path_written_otherwise_is_the_same_door(closed: Watch, path: str) -> None:
    """An escaped spelling of the path itself: closed, or inspected like the plain one."""
    answer = raw(closed, request("POST", path, BODY))
    if answer.startswith(b"HTTP/1.1 200"):
        assert b"x-gateway-label: restricted" in answer
        assert b"x-gateway-backend: inside" in answer
    else:
        assert answer.startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("method", METHODS)
def test_other_methods_are_closed(closed: Watch, method: str) -> None:
    """The chat path takes POST alone, whatever an override header says."""
    for path in (CHAT_PATH, "/v1/models", "/healthz"):
        if method in {"GET", "HEAD"} and path != CHAT_PATH:
            continue
        answer = raw(closed, request(method, path, BODY, "x-http-method-override: POST\r\n"))
        assert answer[:10] == b"HTTP/1.1 4", answer[:60]
    assert wire_of(closed.running.local) == b""


@pytest.mark.parametrize("path", sorted(READ_ONLY - {"/v1/models/{model:path}"}))
def test_what_is_read_only_sends_nothing(closed: Watch, path: str) -> None:
    """Pages, metrics and model lists use no body, and no text of a client goes anywhere by them."""
    reply = closed.send(BODY, path=path, method="GET")
    assert reply.status in {200, 404, 503}
    assert not closed.running.local.saw(CANARY.needles[0])
    reply = closed.send(BODY, path=path)
    assert reply.status in {404, 405}
    reply.error()


UPGRADES = {
    "a websocket": "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
    "HTTP/2": "upgrade: h2c\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n",
    "anything": "upgrade: anything\r\nconnection: upgrade\r\n",
}


@pytest.mark.parametrize("upgrade", UPGRADES.values(), ids=UPGRADES.keys())
@pytest.mark.parametrize("path", ["/v1/realtime", CHAT_PATH])
def test_no_connection_is_upgraded(closed: Watch, path: str, upgrade: str) -> None:
    """Evasion T4: no WebSocket and no other protocol until its frames are inspected."""
    answer = raw(closed, request("GET", path, b"", upgrade))
    assert answer[:10] == b"HTTP/1.1 4", answer[:60]
    assert wire_of(closed.running.local) == b""


def test_two_requests_on_one_connection_are_two_decisions(closed: Watch) -> None:
    """Pipelined and kept-alive requests are judged one by one: the second is not the first one's passenger."""
    general = orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": "Why is the sky blue?"}]})
    first = request("POST", CHAT_PATH, general).replace(b"connection: close\r\n", b"")
    answer = raw_with_key(closed, first, request("POST", CHAT_PATH, BODY))
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.count(b"x-gateway-backend: vendor") == answer.count(b"x-gateway-backend: inside") == 1
    assert not closed.running.external.saw(CANARY.needles[0])
    assert not closed.running.external.saw(CANARY.text)
    closed.running.external.clear()


def request(method: str, path: str, body: bytes, headers: str = "") -> bytes:
    """A request as it stands on the wire. ``KEY`` stands for the client's key."""
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer KEY\r\ncontent-type: application/json\r\n"
    )
    return f"{head}{headers}connection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def raw(closed: Watch, data: bytes) -> bytes:
    """What the gateway answers to these bytes."""
    return raw_with_key(closed, data)


def raw_with_key(closed: Watch, *requests: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", closed._port), timeout=20) as connection:
        connection.sendall(b"".join(one.replace(b"KEY", closed.running.key.encode(), 1) for one in requests))
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer
