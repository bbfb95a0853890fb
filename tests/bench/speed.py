"""What inspection costs: processor time of this process, all threads, per text; new text unless it says otherwise."""

import asyncio
import importlib.util
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import orjson

from gateway.evaluation.presidio import MODEL, PresidioSide
from gateway.evaluation.rows import EXAMPLES, read_rows
from gateway.inspection.detectors.shipped import default_detectors
from gateway.inspection.scanner import Scanner
from gateway.model import Backend, Draft, Report, WireFormat
from tests.bench.measure import Budget, Table, spent
from tests.bench.proxied import asking, text

BACKEND: Final = Backend("bench", WireFormat.OPENAI, "http://bench.invalid/v1", {"m": "m"}, "public")
PATIENT_S: Final = 600.0
MIXED: Final = 300
"""Rows of mixed traffic at most, taken evenly from all."""
MEGABYTE: Final = 1_000_000
CARD: Final = "4111 1111 1111 1111"


def draft(body: bytes) -> Draft:
    """A draft to nowhere with this body."""
    return Draft(BACKEND, BACKEND.base_url, (), body, "m", stream=False)


def scanner(*, ner: bool, cache: int = 0) -> Scanner:
    """The shipped detectors, names read in threads of this process so that their time is counted."""
    return Scanner(default_detectors(ner=ner), timeout_s=PATIENT_S, cache_entries=cache)


def mixed(data: Path | None) -> list[str]:
    """Texts of people: every file of ``data``, or the rows that come with the gateway."""
    rows = read_rows(sorted(data.glob("*.jsonl")) if data is not None else [Path(EXAMPLES)])
    return [row.text for row in rows[:: max(1, -(-len(rows) // MIXED))]]


async def lengths(texts: Sequence[str], budget: Budget) -> Table:
    """Patterns alone, all of it, and what was seen before, by the length of the text."""
    table = Table(
        "Inspection of one text",
        ("text", "characters", "texts", "CPU ms"),
        "Texts of people, cut to length; `python -m tests.bench --data FOLDER` takes those of a folder.",
    )
    prose = " ".join(texts)
    prose *= -(-60_000 // len(prose))

    def cut(size: int) -> Callable[[int], bytes]:
        return lambda number: asking(prose[number * 997 % (len(prose) - size) :][:size])

    for name, ner in (("new, patterns", False), ("new, patterns and names", True)):
        reader = scanner(ner=ner)
        try:
            await reader.scan(draft(asking("Jane Roe, 12 Example Street")))
            for size in (200, 1000, 4000):
                body = cut(size)
                took = await spent(lambda number, body=body, reader=reader: reader.scan(draft(body(number))), budget)
                table.rows.append((name, size, took.calls, took.cpu_us / 1e3))
        finally:
            reader.close()
    reader = scanner(ner=False, cache=1000)
    try:
        for size in (1000, 20_000):
            known = draft(cut(size)(0))
            await reader.scan(known)
            took = await spent(lambda _, known=known: reader.scan(known), budget)
            table.rows.append(("seen before, per 1,000 characters", size, took.calls, took.cpu_us / size))
    finally:
        reader.close()
    return table


async def against_presidio(texts: Sequence[str], budget: Budget) -> Table:
    """The same texts, each once, through our inspection and through Presidio; empty without its model."""
    table = Table(
        "Mixed traffic, beside Presidio",
        ("engine", "texts", "CPU ms, mean"),
        "Each text new, once, in this run. Presidio with spaCy's small English model, one analysis per text.",
    )
    reader = scanner(ner=True)
    try:
        await reader.scan(draft(asking("Jane Roe, 12 Example Street")))
        count = min(len(texts), budget.calls)
        took = await spent(lambda number: reader.scan(draft(asking(texts[number]))), Budget(count, budget.seconds))
    finally:
        reader.close()
    table.rows.append(("gateway", took.calls, took.cpu_us / 1e3))
    if importlib.util.find_spec(MODEL) is not None:
        side = PresidioSide()
        side.compare("Jane Roe, 12 Example Street")
        theirs = [side.compare(one).cpu_ms for one in texts[: took.calls]]
        table.rows.append(("Presidio", len(theirs), sum(theirs) / len(theirs)))
        table.rows.append(("Presidio / gateway", len(theirs), sum(theirs) / took.calls / (took.cpu_us / 1e3)))
    return table


async def turns(texts: Sequence[str], most: int = 40) -> Table:
    """A conversation that grows: what its turn costs, beside the same turn as a text of its own."""
    table = Table(
        "A conversation, turn by turn",
        ("turn", "body bytes", "CPU ms of this turn", "CPU ms, all of it new"),
        "Each turn sends all earlier ones again; patterns and names.",
    )
    said = [texts[number % len(texts)] + f" ({number})" for number in range(most)]
    reader, fresh = scanner(ner=True, cache=10_000), scanner(ner=True)
    try:
        for turn in range(1, most + 1):
            body = asking(*said[:turn])
            one = await spent(lambda _, body=body: reader.scan(draft(body)), Budget(1, 60))
            if turn in {1, 10, 20, 40}:
                all_of_it = await spent(lambda _, body=body: fresh.scan(draft(body)), Budget(1, 60))
                table.rows.append((turn, len(body), one.cpu_us / 1e3, all_of_it.cpu_us / 1e3))
    finally:
        reader.close()
        fresh.close()
    return table


async def megabyte(share: float) -> Table:
    """A long prompt with a card somewhere in it, boundaries included: found, or INCOMPLETE; and the time it takes."""
    table = Table(
        "A long prompt",
        ("bytes", "a card stands", "found", "read completely", "CPU ms"),
        "One message of words, patterns alone.",
    )
    size = MEGABYTE if share >= 0.1 else MEGABYTE // 50
    reader = scanner(ner=False)
    try:
        filler = text(7, size)
        for part, where in ((4, "at a quarter"), (1, "at its end"), (0, "at its begin"), (2, "over its middle")):
            place = 0 if part == 0 else size // part - (len(CARD) // 2 if part > 1 else 0)
            body = orjson.dumps(
                {"messages": [{"role": "user", "content": f"{filler[:place]} {CARD} {filler[place:]}"}]}
            )
            cpu = time.process_time()
            report: Report = await reader.scan(draft(body))
            took = (time.process_time() - cpu) * 1e3
            found = "yes" if "CREDIT_CARD" in report.counts() else "no"
            table.rows.append((len(body), where, found, "yes" if report.coverage.complete else "no", took))
        half = json.dumps({"messages": [{"role": "user", "content": filler[: size // 2]}]}).encode()
        cpu = time.process_time()
        report = await reader.scan(draft(half))
        took = (time.process_time() - cpu) * 1e3
        table.rows.append((len(half), "nowhere", "no", "yes" if report.coverage.complete else "no", took))
    finally:
        reader.close()
    return table


async def measured(data: Path | None, share: float) -> list[Table]:
    """All tables about inspection."""
    texts = mixed(data)
    budget = Budget(max(3, int(200 * share)), 6.0 * share + 0.2)
    return [
        await lengths(texts, budget),
        await against_presidio(texts, Budget(max(3, int(MIXED * share)), 30.0 * share + 0.5)),
        await turns(texts, 40 if share >= 0.1 else 10),
        await megabyte(share),
    ]


if __name__ == "__main__":
    for one in asyncio.run(measured(None, 0.3)):
        print(one.title, one.columns, *one.rows, sep="\n  ")
