"""Is a backend there, and does it take our key? Asked at readiness and by ``gateway check``, never for routing."""

import asyncio
from enum import StrEnum

import httpx2

from gateway.egress.guard import GuardTransport, Look
from gateway.model import Backend, WireFormat


class Reach(StrEnum):
    """What a look at a backend found."""

    UP = "up"
    KEY_REJECTED = "key rejected"
    """It answers, with 401 or 403: every request to it would fail."""
    DOWN = "down"


async def reach(guard: GuardTransport, backend: Backend, *, timeout_s: float) -> Reach:
    """Ask for the model list. A server without one (404) is up: it answers. Sends nothing of a client's."""
    path = Look.V1_MODELS if backend.format is WireFormat.ANTHROPIC else Look.MODELS
    try:
        async with asyncio.timeout(timeout_s):
            response = await guard.look(backend.base_url, path, api_key=backend.api_key, timeout_s=timeout_s)
    except (httpx2.TransportError, TimeoutError):
        return Reach.DOWN
    await response.aclose()
    if response.status_code in (401, 403):
        return Reach.KEY_REJECTED
    return Reach.UP if response.status_code < 500 else Reach.DOWN
