"""The ASGI app: the hot path is one pure-ASGI endpoint; everything else is a FastAPI route around it.

FastAPI's route layer costs about as much CPU as the rest of a proxied request (docs/adr/0003-hot-path.md), so the
POST path is looked up before it. There is no wildcard: a path that is not listed here is a 404 in the client's format.
"""

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import __version__
from gateway.errors import GatewayError, InternalError, Malformed, MethodNotAllowed, NotFound
from gateway.ingress import docs_page, models
from gateway.ingress.errors import render
from gateway.wiring import Gateway

CHAT = "/v1/chat/completions"
DESCRIPTION = (
    "OpenAI-compatible. Each prompt is inspected: what is sensitive is answered by a model that this organisation "
    "hosts, everything else by a proprietary API. The x-gateway-* headers of an answer say who answered and why."
)
EXAMPLE = """curl -s http://127.0.0.1:8080/v1/chat/completions \\
  -H "authorization: Bearer $CLIENT_KEY" -H "content-type: application/json" \\
  -d '{"model": "auto", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}' -i"""

_log = logging.getLogger(__name__)


class Front:
    """Hot paths first, by exact match on the raw path; the rest goes to FastAPI."""

    def __init__(self, hot: dict[str, ASGIApp], rest: FastAPI) -> None:
        self.hot = hot
        self.rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.hot.get(scope["path"], self._rarely)(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self.rest(scope, receive, send)
        else:
            # No WebSocket is served until its frames are inspected: the handshake is refused.
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _rarely(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.rest(scope, receive, send)
        except Exception as error:  # noqa: BLE001  the 500 is out; the server would log the traceback, and text with it
            _log.error("a request beside the hot path failed: %s", type(error).__name__)


def build(gateway: Gateway) -> Front:
    """The app around an assembled gateway, which it starts and closes with the server."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await gateway.start()
        try:
            yield
        finally:
            await gateway.close()

    api = FastAPI(
        title="Hybrid LLM routing gateway",
        description=DESCRIPTION,
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    _errors(api)
    _operations(api, gateway)
    _models(api, gateway)
    _describe(api)
    return Front({CHAT: gateway.chat}, api)


def _error(error: GatewayError) -> Response:
    reply = render(error, "req_" + secrets.token_hex(16), allow="GET")
    answer = Response(reply.body, status_code=reply.status)
    answer.raw_headers = [*reply.headers, (b"content-length", str(len(reply.body)).encode())]
    return answer


def _errors(api: FastAPI) -> None:
    """Every error leaves in the OpenAI shape. FastAPI's own would echo the offending input."""

    @api.exception_handler(GatewayError)
    async def gateway_error(_: Request, error: Exception) -> Response:
        return _error(error if isinstance(error, GatewayError) else InternalError())

    @api.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: Exception) -> Response:
        return _error(Malformed("A parameter of the request is not valid."))

    @api.exception_handler(HTTPException)
    async def http_error(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 405:
            return _error(MethodNotAllowed("This path does not take that method; see /docs."))
        if status == 404:
            return _error(NotFound("There is no such path here; /docs lists what this gateway serves."))
        return _error(InternalError())

    @api.exception_handler(Exception)
    async def defect(_: Request, error: Exception) -> Response:
        return _error(InternalError())


def _operations(api: FastAPI, gateway: Gateway) -> None:
    @api.get("/healthz", summary="The process is alive", tags=["operations"])
    async def healthz() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    @api.head("/healthz", include_in_schema=False)
    async def alive() -> Response:
        return Response()

    @api.get("/readyz", summary="Ready: inspection, policy and a local backend work", tags=["operations"])
    async def readyz() -> JSONResponse:
        checks = await gateway.readiness()
        ready = all(check.ok for check in checks)
        content = {
            "status": "ready" if ready else "not ready",
            "checks": {check.name: {"ok": check.ok, "detail": check.detail} for check in checks},
        }
        return JSONResponse(content, status_code=200 if ready else 503)

    @api.get("/metrics", summary="Prometheus metrics: counts and durations, never text", tags=["operations"])
    async def metrics() -> Response:
        return Response(gateway.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @api.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page.page(api.openapi(), EXAMPLE))


def _models(api: FastAPI, gateway: Gateway) -> None:
    @api.get("/v1/models", summary="Model names this gateway answers to", tags=["models"])
    async def list_models(request: Request) -> Response:
        gateway.keys.caller(request.scope["headers"])
        return Response(models.render_list(gateway.model_cards()), media_type="application/json")

    @api.get("/v1/models/{model:path}", summary="One model", tags=["models"])
    async def one_model(model: str, request: Request) -> Response:
        gateway.keys.caller(request.scope["headers"])
        return Response(models.render_one(gateway.model_cards(), model), media_type="application/json")


def _describe(api: FastAPI) -> None:
    """Add the hot path, which FastAPI does not serve, to the description that it renders."""
    schema: dict[str, Any] = api.openapi()
    operation = {
        "tags": ["chat"],
        "summary": "Chat completion, streamed or not, in OpenAI's format",
        "description": "Every parameter of OpenAI's API. model: 'auto', an alias or a model name; a preference, never "
        "an override. Errors have OpenAI's shape.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {
            "200": {
                "description": "chat.completion, or server-sent chat.completion.chunk events",
                "headers": {
                    f"x-{name}": {"schema": {"type": "string"}}
                    for name in ("request-id", "gateway-label", "gateway-rule", "gateway-backend", "gateway-added-ms")
                },
            },
            **{str(code): {"description": "OpenAI error object"} for code in (400, 401, 403, 408, 413, 415, 503)},
        },
    }
    schema["paths"] = {CHAT: {"post": operation}, **schema["paths"]}
