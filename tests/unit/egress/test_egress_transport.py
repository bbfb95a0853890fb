"""The transport: exactly the given request, one origin, the answer as it comes, and one family of errors."""

import asyncio
import ssl
from pathlib import Path

import aiohttp
import aiohttp.client_exceptions
import httpx2
import pytest
from aiohttp.http_exceptions import HttpProcessingError
from egress_support import RawServer, Visit, raw_server, run, say_ok

from gateway.egress.origin import Origin
from gateway.egress.transport import FOREIGN_ERRORS, AiohttpTransport, translated

CERTIFICATE = Path(__file__).with_name("loopback_certificate.pem")
HEADERS = (("content-type", "application/json"), ("X-Odd-Case", "kept"), ("accept", "text/event-stream"))


def request_to(base_url: str, *, body: bytes = b"{}", connect: float = 5.0, method: str = "POST") -> httpx2.Request:
    return httpx2.Request(
        method, base_url + "/x", headers=HEADERS, content=body, extensions={"timeout": {"connect": connect}}
    )


async def exchange(base_url: str, request: httpx2.Request | None = None, **options: object) -> httpx2.Response:
    transport = AiohttpTransport(Origin.of(base_url), **options)  # type: ignore[arg-type]
    async with transport:
        response = await transport.handle_async_request(request or request_to(base_url))
        await response.aread()
        return response


def test_the_request_arrives_as_given_and_nothing_is_added() -> None:
    """Headers in their order and spelling; the only others are host and content-length. No client's headers: F2."""

    async def go() -> RawServer:
        async with raw_server(say_ok) as server:
            await exchange(server.base_url, request_to(server.base_url, body=b'{"a": 1}'))
            return server

    server = run(go())
    lines = server.heads[0].decode().split("\r\n")[:-2]
    assert lines[0] == "POST /v1/x HTTP/1.1"
    assert sorted(lines[1:]) == sorted(
        [f"Host: 127.0.0.1:{server.port}", "Content-Length: 8", *(f"{name}: {value}" for name, value in HEADERS)]
    )
    assert server.bodies == [b'{"a": 1}']


@pytest.mark.parametrize("size", [512 * 1024 - 1, 512 * 1024, 3 * 1024 * 1024])
def test_large_bodies_arrive_whole(size: int) -> None:
    """Bodies around and above the size from which they are written in pieces."""

    async def go() -> list[bytes]:
        async with raw_server(say_ok) as server:
            await exchange(server.base_url, request_to(server.base_url, body=b"x" * size))
            return server.bodies

    assert [len(body) for body in run(go())] == [size]


def test_the_answer_is_relayed_untouched() -> None:
    """Status, every header and the bytes as they came, even where they claim a compression that was not asked for."""

    async def talk(visit: Visit) -> None:
        await visit.answer(418, b"not really gzip", "content-encoding: gzip", "x-one: a", "x-one: b")

    async def go() -> tuple[int, list[str], bytes]:
        async with raw_server(talk) as server:
            transport = AiohttpTransport(Origin.of(server.base_url))
            async with transport:
                response = await transport.handle_async_request(request_to(server.base_url))
                assert isinstance(response.stream, httpx2.AsyncByteStream)
                body = b"".join([piece async for piece in response.stream])
                return response.status_code, response.headers.get_list("x-one"), body

    assert run(go()) == (418, ["a", "b"], b"not really gzip")


def test_redirects_and_cookies_are_not_followed() -> None:
    """A 307 to another host is an answer like any other, and a cookie set once is never sent."""

    async def go() -> tuple[int, int, list[bytes]]:
        async with raw_server(say_ok) as other:

            async def talk(visit: Visit) -> None:
                await visit.answer(307, b"", f"location: {other.base_url}/x", "set-cookie: a=b")

            async with raw_server(talk) as server, AiohttpTransport(Origin.of(server.base_url)) as transport:
                for _ in range(2):
                    response = await transport.handle_async_request(request_to(server.base_url))
                    await response.aread()
                return response.status_code, other.visits, server.heads

    status, visits, heads = run(go())
    assert (status, visits) == (307, 0)
    assert len(heads) == 2
    assert not any(b"cookie" in head.lower() for head in heads)


def test_proxies_and_credentials_of_the_environment_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """HTTP_PROXY and a netrc file cannot divert a request or add a header."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))

    async def go() -> tuple[int, RawServer]:
        async with raw_server(say_ok) as proxy, raw_server(say_ok) as server:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            await exchange(server.base_url)
            return proxy.visits, server

    visits, server = run(go())
    assert visits == 0
    assert b"authorization" not in server.heads[0].lower()


def test_connections_are_reused() -> None:
    """Requests one after the other share a connection, streamed answers read to their end included."""

    async def talk(visit: Visit) -> None:
        await visit.begin_stream()
        await visit.piece(b"data: x\n\n")
        await visit.end_stream()

    async def go() -> int:
        async with raw_server(talk) as server, AiohttpTransport(Origin.of(server.base_url)) as transport:
            for _ in range(3):
                response = await transport.handle_async_request(request_to(server.base_url))
                await response.aread()
                await response.aclose()
            return server.visits

    assert run(go()) == 1


def test_a_unix_socket_is_spoken_to(tmp_path: Path) -> None:
    """``unix:///path.sock/v1`` reaches the server behind the socket, with the path after it."""

    async def go() -> bytes:
        path = str(tmp_path / "model.sock")
        async with raw_server(say_ok, unix=path) as server:
            await exchange(f"unix://{path}/v1")
            return server.heads[0]

    assert run(go()).startswith(b"POST /v1/x HTTP/1.1\r\nHost: localhost\r\n")


def test_another_origin_is_refused_before_anything_is_opened() -> None:
    """A transport belongs to one origin: a second check, below the guard."""

    async def go() -> int:
        async with raw_server(say_ok) as server, raw_server(say_ok) as other:
            transport = AiohttpTransport(Origin.of(server.base_url))
            async with transport:
                with pytest.raises(httpx2.LocalProtocolError):
                    await transport.handle_async_request(request_to(other.base_url))
            return server.visits + other.visits

    assert run(go()) == 0


def test_a_header_that_is_not_ascii_is_refused() -> None:
    """A value that two parties could read differently is not sent."""

    async def go() -> None:
        async with raw_server(say_ok) as server:
            request = httpx2.Request("POST", server.base_url + "/x", headers=[(b"x", b"\xff")], content=b"{}")
            with pytest.raises(httpx2.LocalProtocolError):
                await exchange(server.base_url, request)

    run(go())


def _server_tls() -> ssl.SSLContext:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE)
    return tls


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    """TLS is verified by default, and a failure sends nothing."""

    async def go() -> RawServer:
        async with raw_server(say_ok, tls=_server_tls()) as server:
            base_url = server.base_url.replace("http:", "https:")
            with pytest.raises(httpx2.ConnectError, match="ClientConnectorCertificateError"):
                await exchange(base_url)
            return server

    assert run(go()).heads == []


def test_a_trusted_certificate_is_accepted_only_for_its_own_name() -> None:
    """With the private CA trusted, the host name still has to match."""

    async def go() -> list[bytes]:
        trust = ssl.create_default_context(cafile=CERTIFICATE)
        async with raw_server(say_ok, tls=_server_tls()) as server:
            base_url = server.base_url.replace("http:", "https:")
            await exchange(base_url, tls=trust)
            with pytest.raises(httpx2.ConnectError):
                await exchange(base_url.replace("127.0.0.1", "127.0.0.2"), tls=trust)
            return server.heads

    assert len(run(go())) == 1


def test_nobody_listening_is_a_connect_error() -> None:
    """A refused connection says so, without the address's details."""

    async def go() -> None:
        async with raw_server(say_ok) as server:
            base_url = server.base_url
        with pytest.raises(httpx2.ConnectError) as failed:
            await exchange(base_url)
        assert str(failed.value) == "ClientConnectorError"
        assert failed.value.__context__ is None

    run(go())


def test_a_server_that_accepts_and_never_speaks_tls_is_a_connect_timeout() -> None:
    """The connect limit covers the TLS handshake."""

    async def go() -> None:
        async with raw_server(say_ok) as server:
            base_url = server.base_url.replace("http:", "https:")
            with pytest.raises(httpx2.ConnectTimeout):
                await exchange(base_url, request_to(base_url, connect=0.1))

    run(go())


def test_a_silent_server_is_a_read_timeout_where_one_is_asked_for() -> None:
    """``read`` limits the wait for each piece."""

    async def talk(visit: Visit) -> None:
        await visit.gone()

    async def go() -> None:
        async with raw_server(talk) as server:
            request = request_to(server.base_url)
            request.extensions["timeout"]["read"] = 0.1
            with pytest.raises(httpx2.ReadTimeout):
                await exchange(server.base_url, request)

    run(go())


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "half a body", "half a chunk", "no chunk", "two lengths", "another protocol", "endless header"],
)
def test_a_server_that_breaks_off_or_speaks_nonsense_is_a_transport_error(said: bytes) -> None:
    """Whatever the server does, callers see httpx2's errors alone, and none of its bytes in them."""

    async def talk(visit: Visit) -> None:
        await visit.say(said)
        visit.reset()

    async def go() -> None:
        async with raw_server(talk) as server:
            with pytest.raises(httpx2.TransportError) as failed:
                await exchange(server.base_url)
            assert str(failed.value).isidentifier()

    run(go())


def test_closing_an_answer_midway_hangs_up() -> None:
    """The server learns within the same moment that nobody listens any more."""
    gone = asyncio.Event()

    async def talk(visit: Visit) -> None:
        await visit.begin_stream()
        await visit.piece(b"data: x\n\n")
        await visit.gone()
        gone.set()

    async def go() -> None:
        async with raw_server(talk) as server, AiohttpTransport(Origin.of(server.base_url)) as transport:
            response = await transport.handle_async_request(request_to(server.base_url))
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            assert await anext(aiter(response.stream)) == b"data: x\n\n"
            await response.aclose()
            async with asyncio.timeout(1):
                await gone.wait()

    run(go())


def test_cancelling_a_request_hangs_up() -> None:
    """Before the answer's head, too."""
    asked, gone = asyncio.Event(), asyncio.Event()

    async def talk(visit: Visit) -> None:
        asked.set()
        await visit.gone()
        gone.set()

    async def go() -> None:
        async with raw_server(talk) as server, AiohttpTransport(Origin.of(server.base_url)) as transport:
            task = asyncio.get_running_loop().create_task(transport.handle_async_request(request_to(server.base_url)))
            await asked.wait()
            task.cancel()
            async with asyncio.timeout(1):
                await gone.wait()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(go())


def test_a_slow_reader_slows_the_server_down() -> None:
    """Back-pressure: what nobody reads is not collected in memory."""
    sent = 0

    async def talk(visit: Visit) -> None:
        nonlocal sent
        await visit.begin_stream()
        for _ in range(400):
            await visit.piece(b"x" * 65536)
            sent += 65536
        await visit.end_stream()

    async def go() -> tuple[int, int]:
        async with raw_server(talk) as server, AiohttpTransport(Origin.of(server.base_url)) as transport:
            response = await transport.handle_async_request(request_to(server.base_url))
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            before = -1
            while sent != before:  # until the server can put nothing more into the pipe
                before = sent
                await asyncio.sleep(0.2)
            read = sum([len(piece) async for piece in response.stream])
            return before, read

    stuck, read = run(go())
    assert stuck < 16 * 1024 * 1024  # kernel buffers of both ends and 128 kB here, of 25 MB
    assert read == 400 * 65536


def test_a_closed_transport_sends_nothing() -> None:
    """After ``aclose`` there is no way to open a connection again."""

    async def go() -> int:
        async with raw_server(say_ok) as server:
            transport = AiohttpTransport(Origin.of(server.base_url))
            await transport.aclose()
            with pytest.raises(httpx2.NetworkError):
                await transport.handle_async_request(request_to(server.base_url))
            return server.visits

    assert run(go()) == 0


def _kinds(kind: type[BaseException]) -> set[type[BaseException]]:
    return {kind}.union(*(_kinds(each) for each in kind.__subclasses__()))


def test_every_error_of_the_lower_library_is_mapped() -> None:
    """Fails when aiohttp grows a client error that has no line in the table."""
    theirs = {kind for kind in _kinds(aiohttp.ClientError) if kind.__module__.startswith("aiohttp.")}
    assert len(theirs) > 20
    assert theirs - set(FOREIGN_ERRORS) == set()
    for module in (aiohttp, aiohttp.client_exceptions):
        exported = {kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Exception)}
        own = {kind for kind in exported if issubclass(kind, aiohttp.ClientError | OSError | HttpProcessingError)}
        assert {kind for kind in own if kind.__module__.startswith("aiohttp.")} <= set(FOREIGN_ERRORS)


def test_a_translated_error_keeps_the_type_of_the_foreign_one_and_nothing_else() -> None:
    """aiohttp's errors hold the request with its authorization header; the translated one must not."""

    class Grown(aiohttp.ClientPayloadError):
        pass

    error = translated(Grown("a secret"))
    assert type(error) is httpx2.RemoteProtocolError
    assert str(error) == "Grown"
    assert type(translated(ValueError("a secret"))) is httpx2.TransportError
