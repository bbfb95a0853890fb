"""POST /v1/chat/completions as one pure-ASGI app: from the client's bytes to the client's bytes.

    authenticate → read the body → parse → answer → render, all in one task, under a watch for the client hanging up

Whatever goes wrong ends in one error reply, or in one error event if the stream has begun; after that event the reply
ends without ``[DONE]``. Nothing a client sent is echoed or logged: a defect leaves its type and the line it came from.
"""

import logging
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from gateway.errors import GatewayError, InternalError, MethodNotAllowed, Unavailable, UpstreamBroke
from gateway.ingress import openai_chat, sse
from gateway.ingress.auth import KeyRing
from gateway.ingress.body import ClientGone, read_body
from gateway.ingress.errors import render
from gateway.ingress.limits import IngressLimits
from gateway.ingress.reply import JSON_TYPE, Reply, header_value, send_reply
from gateway.ingress.stream import EventStream
from gateway.ingress.watch import ClientWatch
from gateway.model import Answer, Chunk, Completion, Inbound, Provenance
from gateway.policy.reads import NEVER_READ

HUNG_UP: Final = 499
"""What ``observe`` is told of a client that left before its reply began. Never on the wire."""

_log = logging.getLogger(__name__)


class ChatEndpoint:
    """An ASGI app for one path. ``observe`` is called once per request with the status and its seconds."""

    def __init__(
        self,
        answer: Callable[[Inbound], Awaitable[Answer]],
        keys: KeyRing,
        limits: IngressLimits,
        keep_alive_s: float,
        observe: Callable[[int, float], None],
    ) -> None:
        self._answer = answer
        self._keys = keys
        self._limits = limits
        self._keep_alive_s = keep_alive_s
        self._observe = observe
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        """Requests being handled now."""
        return self._in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        wire = _Wire(send)
        self._in_flight += 1
        try:
            await self._serve(scope, receive, wire)
        except ClientGone:
            pass
        finally:
            self._in_flight -= 1
            self._observe(wire.status or HUNG_UP, time.perf_counter() - started)

    async def _serve(self, scope: Scope, receive: Receive, wire: "_Wire") -> None:
        """Reply to one request, always, unless the client is gone. A reply that has begun reports its own errors."""
        request_id = "req_" + secrets.token_hex(16)
        try:
            await self._exchange(request_id, scope, receive, wire)
        except ClientGone:
            raise
        except GatewayError as error:
            problem = error
        except Exception as error:  # noqa: BLE001  last resort: a defect becomes a fixed 500, and never an answer
            _log_defect(request_id, error)
            problem = InternalError()
        else:
            return
        if not wire.status:
            await send_reply(wire.send, render(problem, request_id, allow="POST"))

    async def _exchange(self, request_id: str, scope: Scope, receive: Receive, wire: "_Wire") -> None:
        if scope["method"] != "POST":
            raise MethodNotAllowed("This path takes POST.")
        headers = scope["headers"]
        caller = self._keys.caller(headers)
        if self._in_flight > self._limits.concurrent:
            raise Unavailable("The gateway is at its limit of requests in flight.", retry_after=1, code="overloaded")
        body = await read_body(headers, receive, self._limits)
        inbound = replace(openai_chat.parse(body, caller, request_id, self._limits), headers=_told(headers))
        async with ClientWatch(receive) as watch:
            answer = await self._answer(inbound)
            if answer.chunks is not None:
                await self._stream(inbound, answer.provenance, answer.chunks, watch, wire)
            elif answer.completion is not None:
                watch.disarm()
                await send_reply(wire.send, _whole(answer.provenance, answer.completion))
            else:
                raise ValueError("an answer needs a completion or chunks")

    async def _stream(
        self,
        inbound: Inbound,
        provenance: Provenance,
        chunks: AsyncGenerator[Chunk, None],
        watch: ClientWatch,
        wire: "_Wire",
    ) -> None:
        try:
            async with EventStream(wire.send, provenance_headers(provenance), self._keep_alive_s) as events:
                last = await _relay(inbound, chunks, events)
                watch.disarm()
                await events.end(last)
        finally:
            await chunks.aclose()  # cancels the upstream request, if it still runs


class _Wire:
    """The server's ``send``, with the status that went out. A connection that fails is a client that is gone."""

    __slots__ = ("_send", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        try:
            await self._send(message)
        except OSError:
            raise ClientGone from None


async def _relay(inbound: Inbound, chunks: AsyncGenerator[Chunk, None], events: EventStream) -> bytes:
    """Pass the chunks on as they come. Returns the last frame: ``[DONE]``, or the error that broke the stream."""
    try:
        async for chunk in chunks:
            if chunk.usage_only and not inbound.wants_usage:
                continue
            await events.write(sse.frame(chunk.data))
    except ClientGone:
        raise
    except UpstreamBroke:
        return sse.error_frame(broken_stream())
    except GatewayError as error:
        return sse.error_frame(error)
    except Exception as error:  # noqa: BLE001  last resort: the client must see that its answer is broken
        _log_defect(inbound.request_id, error)
        return sse.error_frame(InternalError())
    return sse.DONE


def broken_stream() -> GatewayError:
    """What a client is told of a stream that ended before its answer was complete."""
    return Unavailable("The model server broke off its answer; what came before is incomplete.", code="upstream_broke")


def provenance_headers(provenance: Provenance) -> tuple[tuple[bytes, bytes], ...]:
    """Who answered, why, and what the gateway took for it (milliseconds from the request to its sending)."""
    added = () if provenance.added_ms is None else ((b"x-gateway-added-ms", b"%.2f" % provenance.added_ms),)
    return (
        (b"x-request-id", header_value(provenance.request_id)),
        (b"x-gateway-label", header_value(provenance.label)),
        (b"x-gateway-rule", header_value(",".join(provenance.rules) or "-")),
        (b"x-gateway-backend", header_value(provenance.backend)),
        *added,
    )


def _told(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """What a client says about its request in headers. Credentials go no further than this."""
    told = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers)
    return tuple(pair for pair in told if pair[0] not in NEVER_READ)


def _whole(provenance: Provenance, completion: Completion) -> Reply:
    return Reply(200, (JSON_TYPE, *provenance_headers(provenance)), completion.body)


def _log_defect(request_id: str, error: Exception) -> None:
    """Type and place alone: an exception's text and its traceback's locals may hold what the client wrote."""
    place = "unknown"
    traceback = error.__traceback__
    while traceback is not None:
        place = f"{traceback.tb_frame.f_globals.get('__name__', '?')}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    _log.error("request %s failed: %s at %s", request_id, type(error).__name__, place)
