"""A real pipeline between recording stand-ins: egress, inspection, decisions, records. Only the detector is small."""

import asyncio
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import SecretStr

from gateway.audit.log import AuditLog
from gateway.audit.query import Entry, Filters, query
from gateway.egress.anthropic import AnthropicFormat
from gateway.egress.health import Health
from gateway.egress.openai import OpenAIFormat
from gateway.egress.sender import Egress
from gateway.ingress import openai_chat
from gateway.ingress.limits import IngressLimits
from gateway.inspection.detectors.base import Assessor, Detector, Match, Views
from gateway.inspection.scanner import Scanner
from gateway.judge.bench import Bench
from gateway.judge.judge import Judge
from gateway.judge.prompt import load_prompt
from gateway.model import Answer, Backend, Caller, Capabilities, Inbound, Timeouts, WireFormat
from gateway.pipeline import Pipeline
from gateway.policy.conditions import Always, Entities
from gateway.policy.rules import ClassifyRule, Otherwise, Policy, RefuseRule, RouteRule
from gateway.telemetry.metrics import Metrics
from gateway.testing import RecordingServer

LABELS = ("public", "internal", "confidential", "restricted")
CARD, NAME, KEY = "4111111111111111", "Margaret", "PRIVATEKEY"
"""What the words detector finds: a card (restricted), a name (confidential), a private key (refused)."""
SECRET = b"the secret of body fingerprints in tests"
HURRIED = Timeouts(connect=5.0, first_byte=20.0, idle=10.0)

T = TypeVar("T")


class Words:
    """Three fixed words. ``before`` runs before each search, in the worker's thread."""

    name, version = "words", "1"
    views: Views = "all"
    entity_types = frozenset({"CREDIT_CARD", "PERSON", "PRIVATE_KEY"})

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        self._before = before

    def find(self, text: str) -> Sequence[Match]:
        self._before()
        kinds = {CARD: "CREDIT_CARD", NAME: "PERSON", KEY: "PRIVATE_KEY"}
        return [
            Match(text.index(word), text.index(word) + len(word), kind, 0.9)
            for word, kind in kinds.items()
            if word in text
        ]


def policy(*route: RouteRule) -> Policy:
    """Cards are restricted, names confidential, private keys refused. Without a route: external, then local."""
    return Policy(
        name="test",
        labels=LABELS,
        classify=(
            ClassifyRule("cards", Entities(any_of=frozenset({"CREDIT_CARD"})), "restricted"),
            ClassifyRule("names", Entities(any_of=frozenset({"PERSON"})), "confidential"),
        ),
        refuse=(RefuseRule("private-key", Entities(any_of=frozenset({"PRIVATE_KEY"})), "Remove the key.", "no_keys"),),
        route=route or (RouteRule(Always(), ("external", "local")),),
    )


def route(*to: str, on_unavailable: Otherwise = Otherwise.NEXT, on_incapable: Otherwise = Otherwise.NEXT) -> RouteRule:
    return RouteRule(Always(), to, on_unavailable, on_incapable)


@dataclass
class Clock:
    """A clock that stands still until told otherwise."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Rig:
    """A pipeline and everything around it that a test looks at. Backends: gpt and claude (external), qwen (local)."""

    pipeline: Pipeline
    gpt: RecordingServer
    claude: RecordingServer
    qwen: RecordingServer
    log: AuditLog
    records: Path
    metrics: Metrics
    health: Health
    clock: Clock

    async def ask(self, text: str = "Why is the sky blue?", **fields: Any) -> Answer:
        return await self.pipeline.answer(inbound(text, **fields))

    async def entries(self) -> tuple[Entry, ...]:
        """What is on record when everything that was queued is written. The log is closed afterwards."""
        await self.log.close()
        return query(self.records, Filters(limit=1000))

    async def endings(self) -> list[tuple[int, str]]:
        """Status and outcome of every completion record. The log is closed afterwards."""
        await self.log.close()
        connection = sqlite3.connect(self.records)
        try:
            return connection.execute("SELECT status, outcome FROM completions").fetchall()
        finally:
            connection.close()

    def sent(self) -> tuple[int, int, int]:
        """Requests that reached gpt, claude and qwen."""
        return len(self.gpt.received), len(self.claude.received), len(self.qwen.received)


def inbound(text: str = "Why is the sky blue?", **fields: Any) -> Inbound:
    """A parsed request that asks this text as a user, under an id of its own."""
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], **fields}
    return openai_chat.parse(orjson.dumps(body), Caller("team-a"), f"req_{secrets.token_hex(8)}", IngressLimits())


def _backends(gpt: RecordingServer, claude: RecordingServer, qwen: RecordingServer) -> tuple[Backend, ...]:
    able = Capabilities(vision=True)
    key = SecretStr("sk-test")
    return (
        Backend("gpt", WireFormat.OPENAI, gpt.openai_base_url, {"gpt-5": "gpt-5"}, "internal", able, HURRIED, key),
        Backend(
            "claude", WireFormat.ANTHROPIC, claude.url, {"opus": "claude-opus-4-8"}, "internal", able, HURRIED, key
        ),
        Backend(
            "qwen",
            WireFormat.OPENAI,
            qwen.openai_base_url,
            {"qwen3": "Qwen/Qwen3-8B"},
            "restricted",
            Capabilities(),
            HURRIED,
            local=True,
        ),
    )


@asynccontextmanager
async def rigged(
    folder: Path,
    *routes: RouteRule,
    detectors: Sequence[Detector] = (),
    changed: Mapping[str, Mapping[str, Any]] | None = None,
    timeout_s: float = 20.0,
    assessors: Sequence[Assessor] = (),
    rules: Policy | None = None,
) -> AsyncIterator[Rig]:
    """Start the stand-ins and assemble the pipeline. ``changed``: fields of backends, by backend. ``rules``: a policy
    in place of ``policy(*routes)``."""
    async with AsyncExitStack() as stack:
        gpt = stack.enter_context(RecordingServer("gpt", needs_key=True))
        claude = stack.enter_context(RecordingServer("claude", needs_key=True))
        qwen = stack.enter_context(RecordingServer("qwen", strict=False))
        backends = tuple(replace(one, **(changed or {}).get(one.name, {})) for one in _backends(gpt, claude, qwen))
        formats = {WireFormat.OPENAI: OpenAIFormat(), WireFormat.ANTHROPIC: AnthropicFormat()}
        egress = Egress(backends, formats)
        stack.push_async_callback(egress.aclose)
        scanner = Scanner(detectors or (Words(),), assessors=assessors, timeout_s=timeout_s, workers=2)
        stack.callback(scanner.close)
        metrics = Metrics(
            labels=LABELS,
            backends=[one.name for one in backends],
            entity_types=Words.entity_types,
            coverage_kinds=["part", "detector_error", "timeout", "overload"],
        )
        records = folder / "audit.sqlite3"
        log = AuditLog(records, on_lost=metrics.lost)
        stack.push_async_callback(log.close)
        clock = Clock()
        chosen = rules or policy(*routes)
        pipeline = Pipeline(
            policy=lambda: chosen,
            backends=backends,
            aliases={"best": "gpt/gpt-5", "private": "qwen3"},
            formats=formats,
            scanner=scanner,
            judge=Judge(Bench(backends, formats, egress, replace(load_prompt(), controls=())), metrics.judged),
            log=log,
            egress=egress,
            health=Health(clock=clock),
            metrics=metrics,
            names=frozenset({"auto", "gpt-5", "opus", "qwen3", "best", "private"}),
            audit_secret=SECRET,
        )
        yield Rig(pipeline, gpt, claude, qwen, log, records, metrics, pipeline.health, clock)


def run(test: Awaitable[T]) -> T:
    """Run one asynchronous test on a loop of its own."""

    async def bounded() -> T:
        async with asyncio.timeout(60):
            return await test

    return asyncio.run(bounded())


async def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait until it holds; False when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True
