"""Which model servers run on this machine? For the demo and for ``gateway check``, never for routing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import httpx2
import orjson

from gateway.egress.answer import PacedBody, read_whole
from gateway.egress.guard import GuardTransport, Look
from gateway.egress.origin import Origin
from gateway.egress.transport import AiohttpTransport
from gateway.errors import UpstreamBroke

USUAL_PORTS: Mapping[str, int] = MappingProxyType({"ollama": 11434, "vllm": 8000, "llama-server": 8081})
_MAX_LIST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Discovered:
    """A model server on loopback that lists at least one model."""

    name: str
    base_url: str
    """What a backend's ``base_url`` is to be, ending in /v1."""
    models: tuple[str, ...]


async def discover(ports: Mapping[str, int] = USUAL_PORTS, *, timeout_s: float = 0.5) -> tuple[Discovered, ...]:
    """The usual servers that answer ``GET /v1/models`` on 127.0.0.1 within ``timeout_s``, in the order given."""
    found = await asyncio.gather(*(_look(name, port, timeout_s) for name, port in ports.items()))
    return tuple(server for server in found if server is not None)


async def _look(name: str, port: int, timeout_s: float) -> Discovered | None:
    base_url = f"http://127.0.0.1:{port}/v1"
    models = await models_at(base_url, timeout_s=timeout_s)
    return Discovered(name, base_url, models) if models else None


async def models_at(base_url: str, *, timeout_s: float = 2.0) -> tuple[str, ...]:
    """What the server at ``base_url`` lists; empty where none answers in time, or with something else."""
    origin = Origin.of(base_url)
    guard = GuardTransport(AiohttpTransport(origin), origin)
    try:
        async with asyncio.timeout(timeout_s):
            body = await _listing(guard, base_url, timeout_s)
    except (httpx2.TransportError, UpstreamBroke, TimeoutError):
        return ()
    finally:
        await guard.aclose()
    return _names(body)


async def _listing(guard: GuardTransport, base_url: str, timeout_s: float) -> bytes:
    """The body of a model list; empty where the server answers with anything but success."""
    response = await guard.look(base_url, Look.MODELS, timeout_s=timeout_s)
    try:
        return await read_whole(PacedBody(response), limit=_MAX_LIST_BYTES) if response.is_success else b""
    finally:
        await response.aclose()


def _names(body: bytes) -> tuple[str, ...]:
    """Model ids of an OpenAI list; empty for anything else, which may be any other program on that port."""
    try:
        listing = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ()
    entries = listing.get("data") if isinstance(listing, dict) else None
    if not isinstance(entries, list):
        return ()
    ids = (entry.get("id") for entry in entries if isinstance(entry, dict))
    return tuple(each for each in ids if isinstance(each, str) and each)
