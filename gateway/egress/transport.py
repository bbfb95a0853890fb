"""The one place that opens connections: httpx2's transport interface over aiohttp's client.

httpx2 is the interface because the SDKs speak it and a test can stand in for it; aiohttp is underneath because it costs
a fifth of the CPU per request. Nothing is inherited from aiohttp's comforts: no environment proxy, no redirects, no
cookies, no decompression, no headers of its own.
"""

import io
import ssl
from collections.abc import AsyncIterator

import aiohttp
import httpx2
from aiohttp.abc import AbstractResolver
from aiohttp.client_exceptions import UnixClientConnectorError
from aiohttp.http_exceptions import HttpProcessingError

from gateway.egress.origin import Origin

KEEP_ALIVE_LOCAL_S = 4.0
"""uvicorn, so vLLM too, closes idle connections after 5 s, and a POST on a closing connection is not repeated."""
KEEP_ALIVE_REMOTE_S = 30.0
"""Below the 60 to 75 s of the usual load balancers; long enough to spare most requests a TLS handshake."""

_SKIP = ("accept", "accept-encoding", "content-type", "user-agent")
_BYTES_AS_THEY_ARE = 512 * 1024
"""aiohttp wants larger bodies as a file, which it writes in pieces, and warns otherwise from 1 MiB on."""

FOREIGN_ERRORS: dict[type[BaseException], type[httpx2.TransportError]] = {
    aiohttp.ConnectionTimeoutError: httpx2.ConnectTimeout,
    aiohttp.SocketTimeoutError: httpx2.ReadTimeout,
    aiohttp.ServerTimeoutError: httpx2.ReadTimeout,
    aiohttp.ServerFingerprintMismatch: httpx2.ConnectError,
    aiohttp.ServerDisconnectedError: httpx2.RemoteProtocolError,
    aiohttp.ServerConnectionError: httpx2.ReadError,
    aiohttp.ClientProxyConnectionError: httpx2.ProxyError,
    aiohttp.ClientConnectorCertificateError: httpx2.ConnectError,
    aiohttp.ClientConnectorSSLError: httpx2.ConnectError,
    aiohttp.ClientSSLError: httpx2.ConnectError,
    aiohttp.ClientConnectorDNSError: httpx2.ConnectError,
    UnixClientConnectorError: httpx2.ConnectError,
    aiohttp.ClientConnectorError: httpx2.ConnectError,
    aiohttp.ClientConnectionResetError: httpx2.WriteError,
    aiohttp.ClientOSError: httpx2.ReadError,
    aiohttp.ClientConnectionError: httpx2.NetworkError,
    aiohttp.UploadAbortedError: httpx2.WriteError,
    aiohttp.ClientPayloadError: httpx2.RemoteProtocolError,
    aiohttp.ContentTypeError: httpx2.RemoteProtocolError,
    aiohttp.WSServerHandshakeError: httpx2.RemoteProtocolError,
    aiohttp.ClientHttpProxyError: httpx2.ProxyError,
    aiohttp.TooManyRedirects: httpx2.RemoteProtocolError,
    aiohttp.ClientResponseError: httpx2.RemoteProtocolError,
    aiohttp.InvalidUrlRedirectClientError: httpx2.UnsupportedProtocol,
    aiohttp.NonHttpUrlRedirectClientError: httpx2.UnsupportedProtocol,
    aiohttp.RedirectClientError: httpx2.UnsupportedProtocol,
    aiohttp.InvalidUrlClientError: httpx2.UnsupportedProtocol,
    aiohttp.NonHttpUrlClientError: httpx2.UnsupportedProtocol,
    aiohttp.InvalidURL: httpx2.UnsupportedProtocol,
    aiohttp.ClientError: httpx2.TransportError,
    HttpProcessingError: httpx2.RemoteProtocolError,
    TimeoutError: httpx2.ReadTimeout,
    OSError: httpx2.NetworkError,
}
"""Every error of the lower library, each by its own line. A test fails when aiohttp grows one that is not listed."""

_FOREIGN = (aiohttp.ClientError, HttpProcessingError, OSError)


def translated(error: BaseException) -> httpx2.TransportError:
    """The httpx2 error for a foreign one. Carries the foreign error's type alone: its fields hold headers and keys."""
    for kind in type(error).__mro__:
        if kind in FOREIGN_ERRORS:
            return FOREIGN_ERRORS[kind](type(error).__name__)
    return httpx2.TransportError(type(error).__name__)


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Pooled connections to one origin. Raises httpx2.TransportError alone; cancelling a call closes its connection.

    ``extensions["timeout"]`` is httpx2's own: seconds for ``connect`` (names, TCP and TLS together) and ``read``.
    """

    def __init__(
        self, origin: Origin, *, resolver: AbstractResolver | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._origin = origin
        self._resolver = resolver
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send ``request`` as it is and return once the head of the answer is there; the body is read by the caller."""
        if self._closed:
            raise httpx2.NetworkError("closed")
        seconds = request.extensions.get("timeout", {})
        timeout = aiohttp.ClientTimeout(connect=seconds.get("connect"), sock_read=seconds.get("read"))
        try:
            target = self._origin.target(str(request.url))
            headers = [(name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw]
        except ValueError:
            target = None
        if target is None:
            raise httpx2.LocalProtocolError("the request is not for this origin, or its headers are not ASCII")
        body = request.content
        try:
            answer = await self._open_session().request(
                request.method,
                target,
                data=(body if len(body) < _BYTES_AS_THEY_ARE else io.BytesIO(body)) or None,
                headers=headers,
                skip_auto_headers=_SKIP,
                allow_redirects=False,
                timeout=timeout,
            )
        except _FOREIGN as error:
            failure = translated(error)
        else:
            return httpx2.Response(answer.status, headers=answer.raw_headers, stream=AnswerStream(answer))
        raise failure  # outside the handler: the foreign error, which may hold a key, is not chained

    async def aclose(self) -> None:
        """Close every connection. Later requests fail."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        # Made at the first request, not in __init__: a session belongs to the running loop.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session

    def _connector(self) -> aiohttp.BaseConnector:
        # limit=0: how many requests run at once is decided where clients come in; a second queue would only hide it.
        if self._origin.socket is not None:
            return aiohttp.UnixConnector(self._origin.socket, limit=0, keepalive_timeout=KEEP_ALIVE_LOCAL_S)
        remote = self._origin.scheme == "https" and self._resolver is None
        return aiohttp.TCPConnector(
            limit=0,
            ssl=self._tls or True,
            resolver=self._resolver,
            keepalive_timeout=KEEP_ALIVE_REMOTE_S if remote else KEEP_ALIVE_LOCAL_S,
        )


class AnswerStream(httpx2.AsyncByteStream, AsyncIterator[bytes]):
    """The body of an answer, piece by piece as it arrives. Reading slowly slows the server down (128 kB buffer)."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        # No generator: one that is dropped midway would be finalised in a task of its own.
        try:
            piece = await self._answer.content.readany()
        except _FOREIGN as error:
            failure = translated(error)
        else:
            if piece:
                return piece
            raise StopAsyncIteration
        raise failure

    async def aclose(self) -> None:
        """Give the connection back if the body was read to its end, else close it, which tells the server to stop."""
        self._answer.close()
