"""Sends what was cleared, and says in one of three ways how it went.

An answer (whole, or a stream whose first event is there); ``BackendUnavailable``: nothing of an answer was seen, so
the pipeline may try its next candidate; ``UpstreamRejected``: the request is wrong or refused, so nobody else is asked.
The guard and the transport are called directly: no client object that could follow redirects, keep cookies or retry.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

import httpx2

from gateway.egress.answer import LiveStream, PacedBody, read_whole
from gateway.egress.formats import BackendFormat, blames_content
from gateway.egress.guard import GuardTransport, LeakPrevented
from gateway.egress.locality import LocalResolver
from gateway.egress.origin import Origin, parsed
from gateway.egress.reach import Reach, reach
from gateway.egress.retry_after import retry_after
from gateway.egress.transport import AiohttpTransport
from gateway.errors import BackendUnavailable, ConfigError, Problem, UpstreamBroke
from gateway.model import Backend, Chunk, Completion, Draft, WireFormat
from gateway.policy.decision import Cleared

_NOT_THE_CLIENT = frozenset({401, 402, 403, 404, 405, 407, 408, 409, 421, 425, 426, 429})
"""4xx that blame the gateway's key, account, address or timing. 404: model and path come from configuration."""
_MAX_ERROR_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Line:
    """What leads to one backend."""

    backend: Backend
    guard: GuardTransport
    format: BackendFormat


class Egress:
    """The way out: one guarded, pooled transport per backend. Make it once; close it with ``aclose``.

    ``listed_hosts``: hosts of local backends that the configuration declares to be inside. ``tls``: another trust store
    than the system's. Raises ConfigError for a base_url or key that cannot be used.
    """

    def __init__(
        self,
        backends: Iterable[Backend],
        formats: Mapping[WireFormat, BackendFormat],
        *,
        listed_hosts: Collection[str] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._lines = {
            backend.name: _Line(backend, guarded(backend, listed_hosts=listed_hosts, tls=tls), formats[backend.format])
            for backend in backends
        }

    async def send(self, cleared: Cleared) -> Completion | AsyncGenerator[Chunk, None]:
        """Send the draft that ``cleared`` permits, and spend the permission.

        Streamed: returns when status and first event are there; the chunks raise UpstreamBroke when the rest fails, and
        ``aclose()`` cancels the upstream request. Raises BackendUnavailable or UpstreamRejected, and LeakPrevented
        where the guard finds a difference.
        """
        draft = cleared.draft
        line = self._lines.get(draft.backend.name)
        if line is None or line.backend != draft.backend:
            raise LeakPrevented("a draft for a backend that is not configured")
        limits = draft.backend.timeouts
        request = httpx2.Request(
            "POST",
            parsed(draft.url),
            headers=draft.headers,
            content=draft.body,
            extensions={"cleared": cleared, "timeout": {"connect": limits.connect}},
        )
        try:
            return await self._exchange(line, draft, request)
        except TimeoutError:
            failure = BackendUnavailable("timeout")
        except httpx2.ConnectTimeout:
            failure = BackendUnavailable("connect_timeout")
        except httpx2.TimeoutException:
            failure = BackendUnavailable("timeout")
        except httpx2.ConnectError:
            failure = BackendUnavailable("connect")
        except httpx2.TransportError:
            failure = BackendUnavailable("connection_lost")
        except UpstreamBroke as broke:
            failure = BackendUnavailable(broke.reason)
        raise failure  # outside the handlers: what went wrong below may hold text, and is not chained

    async def look(self, name: str, *, timeout_s: float = 2.0) -> Reach:
        """Does the backend ``name`` answer, and take our key? Sends nothing of a client's."""
        line = self._lines[name]
        return await reach(line.guard, line.backend, timeout_s=timeout_s)

    async def aclose(self) -> None:
        """Close every connection."""
        for line in self._lines.values():
            await line.guard.aclose()

    async def _exchange(
        self, line: _Line, draft: Draft, request: httpx2.Request
    ) -> Completion | AsyncGenerator[Chunk, None]:
        limits = draft.backend.timeouts
        response: httpx2.Response | None = None
        handed_over = False
        try:
            async with asyncio.timeout(limits.first_byte):
                response = await line.guard.handle_async_request(request)
                body = PacedBody(response)
                if draft.stream and response.is_success:
                    chunks = line.format.read_stream(draft, body)
                    live = LiveStream(await anext(chunks), chunks, body)
                    body.idle_s = limits.idle
                    handed_over = True
                    return live
            body.idle_s = limits.idle
            if not response.is_success:
                await _refuse(line.format, draft, response, body)
            return line.format.read(draft, await read_whole(body))
        except StopAsyncIteration:
            raise UpstreamBroke("empty_stream") from None
        finally:
            if response is not None and not handed_over:
                await response.aclose()


def guarded(
    backend: Backend, *, listed_hosts: Collection[str] = (), tls: ssl.SSLContext | None = None
) -> GuardTransport:
    """The only way to a backend: its own connections, behind the guard. ConfigError where they cannot be made."""
    try:
        origin = Origin.of(backend.base_url)
    except ValueError as error:
        problem = Problem(f"backend {backend.name}: {error}", "Correct the backend's base_url.")
        raise ConfigError((problem,)) from None
    key = backend.api_key.get_secret_value() if backend.api_key is not None else "-"
    if not (key and key.isascii() and key.isprintable() and " " not in key):
        problem = Problem(f"backend {backend.name}: its API key is not plain ASCII text", "Correct the key's source.")
        raise ConfigError((problem,))
    resolver = LocalResolver(listed_hosts) if backend.local else None
    return GuardTransport(AiohttpTransport(origin, resolver=resolver, tls=tls), origin)


async def _refuse(format_: BackendFormat, draft: Draft, response: httpx2.Response, body: PacedBody) -> NoReturn:
    """Raise for an answer that is none: whose fault is it?"""
    status = response.status_code
    if 300 <= status < 400:
        raise BackendUnavailable("redirect", status=status)
    if status in _NOT_THE_CLIENT or not 400 <= status < 500:
        if status == 403 and blames_content(refusal := await _error_body(body)):
            raise format_.read_error(draft, status, refusal)
        raise BackendUnavailable(f"status_{status}", status=status, retry_after=retry_after(response.headers))
    text = await _error_body(body)
    if b'"API_KEY_INVALID"' in text:  # Gemini says 400 where it means 401
        raise BackendUnavailable("status_401", status=401)
    raise format_.read_error(draft, status, text)


async def _error_body(body: PacedBody) -> bytes:
    """The body of an error answer, cut at a bound; what arrived if the rest does not."""
    return await read_whole(body, limit=_MAX_ERROR_BYTES, tolerant=True)
