"""What stands outside the body is never forwarded, to either side: headers, cookies, query, path, framing.

Evasions F2 and H3; invariants I1 and I7.
"""

import socket
from collections.abc import Sequence

import orjson
import pytest
from leak_canaries import KINDS, Canary, fresh
from leak_watch import CHAT_PATH, Reply, Watch, echoed, leak, wire_of

GENERAL = orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": "Why is the sky blue?"}]})
SENSITIVE = orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": "charge 4111 1111 1111 1111"}]})
HEADERS = (
    "x-anything", "cookie", "user-agent", "referer", "origin", "accept", "accept-language", "from", "via", "forwarded",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-uri", "x-real-ip", "x-request-id", "x-correlation-id",
    "traceparent", "tracestate", "baggage", "idempotency-key", "openai-organization", "openai-project", "openai-beta",
    "anthropic-beta", "anthropic-version", "x-stainless-lang", "x-stainless-raw-response", "x-portkey-config",
    "x-portkey-custom-host", "x-portkey-provider", "x-litellm-api-base", "x-http-method-override", "x_underscored",
    "proxy-authorization", "x-gateway-label", "x-gateway-backend", "te", "dnt", "if-none-match", "range", "expect-ct",
)  # fmt: skip


def as_header(text: str) -> str:
    """A header holds one line of Latin characters."""
    return text.encode("ascii", "ignore").decode().replace("\n", " ")


def forwarded(canary: Canary, texts: Sequence[str], watch: Watch) -> list[str]:
    """The sides to which any of it came."""
    sides = (watch.running.local, watch.running.external)
    return [side.name for side in sides if leak(canary, texts, side)]


def passes(watch: Watch, canary: Canary, texts: Sequence[str], reply: Reply) -> None:
    assert forwarded(canary, texts, watch) == []
    assert not echoed(canary, texts, reply)
    watch.planted("outside the body", (*canary.needles, *texts))


@pytest.mark.parametrize("body", [GENERAL, SENSITIVE], ids=["general", "sensitive"])
def test_no_header_of_a_client_is_forwarded(watch: Watch, body: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """Evasion F2: every header that clients, SDKs, proxies and other gateways' users send, with a value in it."""
    for number, name in enumerate(HEADERS):
        canary = fresh(sorted(KINDS)[number % len(KINDS)], number)
        watch.forget()
        reply = watch.send(body, headers=[(name, as_header(canary.text))])
        assert reply.status == 200, name
        assert reply.backend == ("vendor" if body is GENERAL else "inside"), name
        passes(watch, canary, [as_header(canary.text)], reply)
    assert watch.at_rest("".join(capfd.readouterr())) == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_name_of_a_header_is_forwarded(watch: Watch, kind: str) -> None:
    """A value can be the name of a header, too."""
    canary = fresh(kind, 1)
    name = "x-" + "".join(char if char.isalnum() else "-" for char in canary.text).lower()
    watch.forget()
    reply = watch.send(GENERAL, headers=[(name, "1")])
    assert reply.status == 200
    passes(watch, canary, [name], reply)


@pytest.mark.parametrize(
    "headers",
    [
        [("authorization", "Bearer {}")],
        [("authorization", "{}")],
        [("authorization", "Basic {}")],
        [("x-api-key", "{}"), ("authorization", "")],
        [("authorization", "Bearer {}"), ("x-api-key", "another")],
        [("api-key", "{}"), ("authorization", "Bearer ")],
    ],
)
def test_a_wrong_key_goes_nowhere(
    watch: Watch, headers: list[tuple[str, str]], capfd: pytest.CaptureFixture[str]
) -> None:
    """Somebody sends a vendor's key, or anything else, as the gateway's: 401, nothing sent, nothing kept."""
    for kind in sorted(KINDS):
        canary = fresh(kind, 2)
        text = as_header(canary.text)
        watch.forget()
        reply = watch.send(GENERAL, headers=[(name, value.format(text)) for name, value in headers])
        assert reply.status == 401
        assert reply.error()["type"] == "authentication_error"
        passes(watch, canary, [text], reply)
        assert wire_of(watch.running.local) == wire_of(watch.running.external) == b""
    assert watch.at_rest("".join(capfd.readouterr())) == []


def test_the_clients_key_is_not_forwarded(watch: Watch) -> None:
    """The gateway's key opens the gateway; the vendor sees the vendor's."""
    watch.forget()
    for body in (GENERAL, SENSITIVE):
        assert watch.send(body).status == 200
    key = watch.running.key.encode()
    assert key not in wire_of(watch.running.external)
    assert key not in wire_of(watch.running.local)
    assert key.decode() not in watch.running.logs.text


@pytest.mark.parametrize("template", ["{path}?q={text}", "{path}?{text}=1", "{path}?model={text}&api_base={text}"])
def test_no_query_is_forwarded(watch: Watch, template: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Evasion F2: the query is dropped; the request is answered as if it were not there."""
    for kind in sorted(KINDS):
        canary = fresh(kind, 3)
        text = "".join(char if char.isalnum() else "%%%02X" % ord(char) for char in canary.text)  # noqa: UP031
        watch.forget()
        reply = watch.send(GENERAL, path=template.format(path=CHAT_PATH, text=text))
        assert (reply.status, reply.backend) == (200, "vendor")
        passes(watch, canary, [text, canary.text], reply)
    assert watch.at_rest("".join(capfd.readouterr())) == []


@pytest.mark.parametrize("template", ["/v1/{}", "/v1/chat/completions/{}", "/{}/v1/chat/completions", "/v1/models/{}"])
def test_no_path_is_forwarded_or_repeated(watch: Watch, template: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A value in the path is a 404 that does not say what was not found."""
    for kind in sorted(KINDS):
        canary = fresh(kind, 4)
        text = "".join(char if char.isalnum() else "%%%02X" % ord(char) for char in canary.text)  # noqa: UP031
        method = "GET" if "models" in template else "POST"
        watch.forget()
        reply = watch.send(GENERAL, path=template.format(text), method=method)
        assert reply.status == 404
        reply.error()
        passes(watch, canary, [text, canary.text], reply)
    assert watch.at_rest("".join(capfd.readouterr())) == []


def raw(watch: Watch, data: bytes) -> bytes:
    """What the gateway answers to these bytes, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", watch._port), timeout=20) as connection:
        connection.sendall(data)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def test_nothing_in_the_framing_is_forwarded(watch: Watch, capfd: pytest.CaptureFixture[str]) -> None:
    """Evasions F2 and H3: chunk extensions, trailers, an absolute URI, the host, a multipart preamble."""
    canary = fresh("iban", 5)
    text = canary.needles[0]
    size, half = len(GENERAL), len(GENERAL) // 2
    pieces = (GENERAL[:half], GENERAL[half:])
    chunks = b"".join(b"%x;note=%s\r\n%s\r\n" % (len(piece), text.encode(), piece) for piece in pieces)
    head = f"authorization: Bearer {watch.running.key}\r\ncontent-type: application/json\r\nconnection: close\r\n"
    start = f"POST {CHAT_PATH} HTTP/1.1\r\nhost: {text}.test\r\n{head}"
    absolute = f"POST http://{text}.test{CHAT_PATH}?{text} HTTP/1.1\r\nhost: a\r\n{head}"
    chunked = f"{start}transfer-encoding: chunked\r\ntrailer: x-note\r\n\r\n"
    requests = [
        chunked.encode() + chunks + f"0\r\nx-note: {text}\r\n\r\n".encode(),
        f"{start}content-length: {size}\r\n\r\n".encode() + GENERAL,
        f"{absolute}content-length: {size}\r\n\r\n".encode() + GENERAL,
        f"{start}content-length: {size}\r\n\r\n".encode() + GENERAL + text.encode(),
        f"{start}content-length: {size}\r\ncontent-length: {size + 9}\r\n\r\n".encode() + GENERAL + text.encode(),
        f"{start}content-length: {size}\r\ntransfer-encoding: chunked\r\n\r\n".encode() + GENERAL + text.encode(),
        f"{start}content-length: {size}\r\nx-folded: a\r\n {text}\r\n\r\n".encode() + GENERAL,
    ]
    for data in requests:
        watch.forget()
        answer = raw(watch, data)
        assert answer[:12] in {b"HTTP/1.1 200", b"HTTP/1.1 400", b"HTTP/1.1 404"}, answer[:40]
        assert text.encode() not in answer
        assert forwarded(canary, [text], watch) == []
    watch.planted("the framing", [text])
    assert watch.at_rest("".join(capfd.readouterr())) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("content-type", "text/plain")], 415),
        ([("content-type", "multipart/form-data; boundary={}")], 415),
        ([("content-type", "application/json; charset={}")], 415),
        ([("content-encoding", "gzip")], 415),
        ([("content-encoding", "{}")], 415),
    ],
)
def test_a_body_of_another_kind_is_refused_unread(watch: Watch, headers: list[tuple[str, str]], status: int) -> None:
    """Evasions H1 and H2: what is not plain JSON is refused, in fixed words."""
    for kind in sorted(KINDS):
        canary = fresh(kind, 6)
        text = as_header(canary.text)
        body = orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": canary.text}]})
        watch.forget()
        reply = watch.send(body, headers=[(name, value.format(text)) for name, value in headers])
        assert reply.status == status
        reply.error()
        passes(watch, canary, [text], reply)
        assert wire_of(watch.running.local) == wire_of(watch.running.external) == b""


BROKEN = {
    "cut off": '{{"model": "auto", "messages": [{{"role": "user", "content": "{}"',
    "a key twice": '{{"model": "auto", "messages": [], "messages": [{{"role": "user", "content": "{}"}}]}}',
    "a hidden key twice": '{{"model": "auto", "user": "a", "us\\u0065r": "{}", "messages": []}}',
    "not a number": '{{"model": "auto", "x": NaN, "messages": [{{"role": "user", "content": "{}"}}]}}',
    "a list": '["{}"]',
    "words": "{}",
    "a model of that name": '{{"model": "{}", "messages": [{{"role": "user", "content": "Hello."}}]}}',
    "a role of that name": '{{"model": "auto", "messages": [{{"role": "{}", "content": "Hello."}}]}}',
    "a wrong type": '{{"model": "auto", "messages": {{"{}": 1}}}}',
    "a temperature of that name": '{{"model": "auto", "temperature": "{}", "messages": []}}',
    "a lone surrogate": '{{"model": "auto", "messages": [{{"role": "user", "content": "\\ud800 {}"}}]}}',
    "two objects": '{{"model": "auto", "messages": [{{"role": "user", "content": "a"}}]}} "{}"',
}  # fmt: skip


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_body_that_is_wrong_is_refused_without_an_echo(
    watch: Watch, body: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Evasions J1 and J4: strict JSON or 400, in words that name places and never values; nothing is sent."""
    for kind in sorted(KINDS):
        canary = fresh(kind, 7)
        watch.forget()
        reply = watch.send(body.format(canary.text.replace("\n", " ")).encode())
        assert reply.status in {400, 404}
        reply.error()
        passes(watch, canary, [canary.text], reply)
        assert wire_of(watch.running.local) == wire_of(watch.running.external) == b""
    assert watch.at_rest("".join(capfd.readouterr())) == []
