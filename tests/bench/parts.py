"""What the parts cost by themselves: strict JSON, one decision, one record, one sending."""

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import orjson

from gateway.audit.log import AuditLog
from gateway.audit.record import Considered, DecisionRecord, ListedModel, Outcome, utc_now
from gateway.egress.openai import OpenAIFormat
from gateway.egress.sender import Egress
from gateway.ingress.limits import IngressLimits
from gateway.ingress.strict_json import parse_object
from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.model import Backend, Chunk, Completion, Coverage, Draft, Facts, Finding, Report, WireFormat
from gateway.policy.decision import Cleared, decide
from gateway.policy.loader import load_policy
from gateway.policy.route import plan
from gateway.policy.rules import Policy
from gateway.policy.shipped import shipped
from gateway.policy.vocabulary import Vocabulary
from tests.bench.measure import Budget, Table, median_us, percentile, spent
from tests.bench.proxied import asking, text

FACTS = Facts("bench", "auto", False, 200, False, False, False, False, False)


def strict_json(budget: Budget) -> Table:
    """parse_object beside the parser underneath it."""
    table = Table("Strict JSON", ("body", "calls", "median µs", "orjson alone µs"))
    limits = IngressLimits()
    for name, body in (
        ("200 B", asking(text(0, 130))),
        ("4 kB", asking(text(0, 4000))),
        ("100 kB", asking(text(0, 100_000))),
        ("100 kB in 400 messages", asking(*(text(n, 210) for n in range(400)))),
    ):
        ours, calls = median_us(lambda body=body: parse_object(body, limits), budget)
        theirs, _ = median_us(lambda body=body: orjson.loads(body), budget)
        table.rows.append((name, calls, ours, theirs))
    return table


def _policy() -> tuple[Policy, list[str]]:
    catalogue = load_catalogue()
    vocabulary = Vocabulary(catalogue.entity_types, catalogue.groups)
    return load_policy(shipped() / "default", vocabulary), sorted(catalogue.entity_types)


def _backend(name: str, base_url: str, clearance: str, *, local: bool) -> Backend:
    return Backend(name, WireFormat.OPENAI, base_url, {"bench": "bench"}, clearance, local=local)


def decisions(budget: Budget) -> Table:
    """The default policy: routing once, and one decision by the number of findings."""
    table = Table("A decision of the default policy", ("findings", "calls", "median µs"))
    policy, kinds = _policy()
    vendor = _backend("vendor", "http://vendor.invalid/v1", "internal", local=False)
    inside = _backend("inside", "http://inside.invalid/v1", "restricted", local=True)
    draft = Draft(inside, "http://inside.invalid/v1", (), b"{}", "bench", stream=False)
    for count in (0, 1, 10, 100, 1000):
        found = tuple(
            Finding(kinds[n % len(kinds)], 0.8, "messages.0.content", "user", n, n + 4, "bench") for n in range(count)
        )
        report = Report(draft.digest, found, Coverage())
        took, calls = median_us(lambda report=report: decide(policy, draft, report, FACTS), budget)
        table.rows.append((count, calls, took))
    took, calls = median_us(lambda: plan(policy, FACTS, (vendor, inside)), budget)
    table.rows.append(("the route alone", calls, took))
    return table


def _record(number: int) -> DecisionRecord:
    return DecisionRecord(
        time=utc_now(),
        request_id=f"req_{number}",
        attempt=0,
        key_id="bench",
        endpoint="/v1/chat/completions",
        wanted_model=ListedModel("auto"),
        outcome=Outcome.SENT_LOCAL,
        backend="inside",
        host="127.0.0.1:8000",
        model="bench",
        label="restricted",
        rules=("personal-numbers",),
        revision="0123456789ab",
        findings={"CREDIT_CARD": 1},
        places={"messages.0.content": 1},
        considered=(Considered("vendor", "not_cleared"), Considered("inside", "cleared")),
        body_bytes=200,
        detectors=tuple((f"detector.{n}", "1.0") for n in range(40)),
        stream=False,
        inspection_ms=1.0,
    )


async def audit(folder: Path, budget: Budget) -> Table:
    """Until a decision is on the disk, for one writer and for 32 that write at once."""
    table = Table(
        "A record made durable",
        ("writers", "records", "p50 ms", "p99 ms", "records/s", "CPU µs"),
        "SQLite with synchronous=FULL in the temporary folder's file system; many writers share a sync.",
    )
    for writers in (1, 32):
        log = AuditLog(folder / f"records-{writers}.sqlite3", timeout_s=60.0)
        waits: list[float] = []
        stop = time.perf_counter() + budget.seconds

        async def write(writer: int, log: AuditLog = log, waits: list[float] = waits, stop: float = stop) -> None:
            number = 0
            while len(waits) < budget.calls and time.perf_counter() < stop:
                before = time.perf_counter()
                await log.write(_record(writer * 1_000_000 + number))
                waits.append(time.perf_counter() - before)
                number += 1

        try:
            began, cpu = time.perf_counter(), time.process_time()
            await asyncio.gather(*(write(writer) for writer in range(writers)))
            wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        finally:
            await log.close()
        p50, p99 = percentile(waits, 0.5) * 1e3, percentile(waits, 0.99) * 1e3
        table.rows.append((writers, len(waits), p50, p99, len(waits) / wall, cpu / len(waits) * 1e6))
    return table


async def sending(base_url: str, budget: Budget) -> Table:
    """From the permission to the last byte: guard, transport, reading of the answer."""
    table = Table("A sending", ("answer", "sendings", "CPU µs", "p50 ms", "p99 ms"))
    policy, _ = _policy()
    backend = _backend("vendor", base_url, "internal", local=False)
    format_ = OpenAIFormat()
    egress = Egress((backend,), {WireFormat.OPENAI: format_})
    try:
        for name, stream in (("whole", False), ("stream of 100", True)):
            draft = _draft(backend, stream=stream)
            report = Report(draft.digest, (), Coverage())

            async def send(_: int, draft: Draft = draft, report: Report = report) -> None:
                cleared = decide(policy, draft, report, FACTS)
                if not isinstance(cleared, Cleared):
                    raise TypeError("the benchmark's draft was not cleared")
                await _read(await egress.send(cleared))

            for number in range(3):
                await send(number)
            took = await spent(send, budget)
            table.rows.append((name, took.calls, took.cpu_us, took.p50_ms, took.p99_ms))
    finally:
        await egress.aclose()
    return table


def _draft(backend: Backend, *, stream: bool) -> Draft:
    body = asking("Why is the sky blue?", stream=stream)
    headers = (("content-type", "application/json"), ("accept-encoding", "identity"))
    return Draft(backend, f"{backend.base_url}/chat/completions", headers, body, "bench", stream)


async def _read(answer: Completion | AsyncGenerator[Chunk, None]) -> None:
    if not isinstance(answer, Completion):
        async for _ in answer:
            pass
