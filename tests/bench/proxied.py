"""What one proxied request costs: the real gateway as raw ASGI, without a server or a client of HTTP around it."""

import asyncio
import json
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.settings import load
from gateway.wiring import Gateway, assemble
from tests.bench.measure import Budget, Table, spent
from tests.bench.upstream import CHUNKS

Body = Callable[[int], bytes]
"""The body of the request of that number."""
WORDS: Final = tuple(
    re.findall(
        "[a-z]+",
        """code function returns value list sort test compile error module parse window query index table join thread
        memory buffer event loop server client answer explain compare difference between example write short story river
        mountain garden weather history science music recipe travel language grammar verb noun sentence paragraph""",
    )
)


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request."""

    name: str
    body: Body
    share: float = 1.0
    """Of the budget's calls."""
    at_once: int = 1


def text(number: int, size: int) -> str:
    """General words, ``size`` characters of them, unlike those of any other number."""
    chosen = random.Random(number)
    words = [f"Question {number}:"]
    length = len(words[0])
    while length < size:
        words.append(chosen.choice(WORDS))
        length += len(words[-1]) + 1
    return " ".join(words)[:size]


def asking(*contents: str, stream: bool = False) -> bytes:
    """A body with these messages, user and assistant by turns."""
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": content} for n, content in enumerate(contents)]
    return orjson.dumps({"model": "auto", "messages": messages, **({"stream": True} if stream else {})})


def conversation(number: int) -> bytes:
    """40 turns, of which all but the last were there before."""
    return asking(*(text(turn, 200) for turn in range(39)), text(1_000_000 + number, 200))


CASES: Final = (
    Case("known prompt, whole answer", lambda _: asking("Why is the sky blue?")),
    Case("the same, 32 at once", lambda _: asking("Why is the sky blue?"), at_once=32),
    Case(f"known prompt, stream of {CHUNKS}", lambda _: asking("Why is the sky blue?", stream=True), 0.3),
    Case("new prompt of 200 characters", lambda number: asking(text(number, 200)), 0.5),
    Case("new prompt of 1,000 characters", lambda number: asking(text(number, 1000)), 0.2),
    Case("new prompt of 4,000 characters", lambda number: asking(text(number, 4000)), 0.1),
    Case("40 turns, the last one new", conversation, 0.2),
)


def gateway_for(folder: Path, base_url: str, *, ner: bool) -> Gateway:
    """A gateway with the default policy and one backend of each side, both at ``base_url``."""
    backend = {"format": "openai", "base_url": base_url, "models": ["bench"]}
    tree = {
        "keys": {"allow_anonymous": True},
        "inspection": {"ner": ner, "timeout_ms": 60_000},
        "backends": [
            {**backend, "name": "vendor", "clearance": "internal"},
            {**backend, "name": "inside", "clearance": "restricted"},
        ],
    }
    file = folder / f"gateway-{ner}.yaml"
    file.write_text(json.dumps({**tree, "audit": {"path": f"audit-{ner}.sqlite3"}}))
    return assemble(load(file, environ={}))


class Client:
    """Sends requests to an ASGI app as a server would hand them over."""

    def __init__(self, application: Callable[..., Awaitable[None]]) -> None:
        self._application = application
        self.backends: set[str] = set()
        """Who answered."""

    async def post(self, body: bytes) -> None:
        """One request to its end. RuntimeError unless it was answered with 200."""
        length = str(len(body)).encode()
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/chat/completions",
            "headers": [(b"content-type", b"application/json"), (b"content-length", length)],
        }
        request: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
        started: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if request:
                return request.pop()
            await asyncio.Event().wait()  # a client that stays
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                started.append(message)

        await self._application(scope, receive, send)
        if started[0]["status"] != 200:
            raise RuntimeError(f"a request of the benchmark got {started[0]['status']}")
        self.backends.add(dict(started[0]["headers"])[b"x-gateway-backend"].decode())


async def measured(folder: Path, base_url: str, budget: Budget, *, ner: bool) -> Table:
    """Processor time per request of each case."""
    gateway = gateway_for(folder, base_url, ner=ner)
    client = Client(gateway.chat)
    table = Table(
        f"A proxied request, {'patterns and NER' if ner else 'patterns only'}",
        ("request", "requests", "CPU µs", "p50 ms", "p99 ms", "answered by"),
        "CPU: all threads, from the parsed HTTP request to the last byte of its answer, without the model server.",
    )
    try:
        await gateway.start()
        for case in CASES:
            client.backends.clear()
            for number in range(3):
                await client.post(case.body(-1 - number))  # connections, caches and code paths are warm
            client.backends.clear()
            calls = Budget(max(3, int(budget.calls * case.share)), budget.seconds)
            took = await spent(lambda number, case=case: client.post(case.body(number)), calls, at_once=case.at_once)
            answered = ", ".join(sorted(client.backends))
            table.rows.append((case.name, took.calls, took.cpu_us, took.p50_ms, took.p99_ms, answered))
    finally:
        await gateway.close()
    return table
