"""The last check before the socket: what leaves is byte for byte what was inspected and cleared.

Law 1 at run time. The types say that only a ``Cleared`` can be sent; this file does not trust them. It stands between
the sender and the transport and compares the request itself (method, address, every header, body) with the cleared
draft, directly and by the draft's digest, and it spends the permission: one inspection is worth one request.

Requests without a body (health, model lists) go through :meth:`GuardTransport.look`: fixed paths, nothing of clients.
"""

from enum import StrEnum

import httpx2
from pydantic import SecretStr

from gateway.egress.formats import USER_AGENT
from gateway.egress.origin import Origin, parsed
from gateway.model import Draft, request_digest
from gateway.policy.decision import Cleared

_ADDED_BY_TRANSPORT = {b"host", b"content-length"}
_EXTENSIONS = {"cleared", "timeout"}
"""httpx2 knows others (``target``, ``sni_hostname``) that would change where or what is sent."""


class LeakPrevented(RuntimeError):
    """Something tried to send what was not cleared: a defect of the gateway. Its message is fixed, without content."""


class Look(StrEnum):
    """The paths that may be asked without a permission: they carry nothing but the gateway's own key."""

    MODELS = "/models"
    V1_MODELS = "/v1/models"


class GuardTransport(httpx2.AsyncBaseTransport):
    """Lets a request pass only if it is the one that its ``Cleared`` permits, to this origin, for the first time."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, origin: Origin) -> None:
        self._inner = inner
        self._origin = origin

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a cleared request. Raises LeakPrevented where anything differs, before any connection is opened."""
        cleared = request.extensions.get("cleared")
        if type(cleared) is not Cleared:
            raise LeakPrevented("a request without permission")
        try:
            draft = cleared.spend()
        except RuntimeError:
            draft = None
        if draft is None:
            raise LeakPrevented("a permission is good for one request")
        self._compare(request, draft)
        return await self._inner.handle_async_request(request)

    async def look(
        self, base_url: str, path: Look, *, api_key: SecretStr | None = None, timeout_s: float = 2.0
    ) -> httpx2.Response:
        """GET a fixed path of this origin. No argument can carry a client's text: all of them are configuration."""
        headers = [("accept", "application/json"), ("accept-encoding", "identity"), ("user-agent", USER_AGENT)]
        if api_key is not None:
            # Both spellings, because a look does not know the wire format; each vendor ignores the other's.
            key = api_key.get_secret_value()
            headers += [("authorization", f"Bearer {key}"), ("x-api-key", key)]
        timeout = {"connect": timeout_s, "read": timeout_s}
        url = parsed(base_url.rstrip("/") + path.value)
        if not self._origin.owns(url):
            raise LeakPrevented("a look at another origin")
        return await self._inner.handle_async_request(
            httpx2.Request("GET", url, headers=headers, extensions={"timeout": timeout})
        )

    async def aclose(self) -> None:
        """Close the transport inside."""
        await self._inner.aclose()

    def _compare(self, request: httpx2.Request, draft: Draft) -> None:
        if request.method != "POST" or not request.extensions.keys() <= _EXTENSIONS:
            raise LeakPrevented("method or options differ from what was cleared")
        if request.url != parsed(draft.url) or not self._origin.owns(request.url):
            raise LeakPrevented("the address differs from what was cleared")
        body = _whole_body(request)
        if body != draft.body:
            raise LeakPrevented("the body differs from what was cleared")
        headers = self._own_headers(request, len(body))
        if headers != draft.headers:
            raise LeakPrevented("the headers differ from what was cleared")
        if request_digest(draft.backend.name, draft.url, headers, body) != draft.digest:
            raise LeakPrevented("the draft changed after it was inspected")

    def _own_headers(self, request: httpx2.Request, size: int) -> tuple[tuple[str, str], ...]:
        """The headers that the gateway wrote. The two that the transport adds must say what they have to say."""
        raw = request.headers.raw
        added = [(name.lower(), value) for name, value in raw if name.lower() in _ADDED_BY_TRANSPORT]
        expected = [(b"content-length", str(size).encode())]
        if self._origin.socket is None:
            expected.append((b"host", self._origin.netloc.encode()))
        if sorted(added) != sorted(expected):
            raise LeakPrevented("host or content-length differ from what was cleared")
        return tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in raw
            if name.lower() not in _ADDED_BY_TRANSPORT
        )


def _whole_body(request: httpx2.Request) -> bytes:
    """What a transport would send, whether it takes ``content`` or reads ``stream``: they must be the same."""
    try:
        body = request.content
    except httpx2.RequestNotRead:
        body = None
    if body is None or type(request.stream) is not httpx2.ByteStream:
        raise LeakPrevented("a body that is not plain bytes")
    if b"".join(request.stream) != body:
        raise LeakPrevented("a body that says two things")
    return body
