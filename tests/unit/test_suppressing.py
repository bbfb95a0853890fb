"""A report of real inspection without the values that a policy's suppressions name."""

import asyncio
from dataclasses import replace
from pathlib import Path

import orjson
from pipeline_support import CARD, NAME, Words, policy, rigged, run

from gateway.inspection import suppressing
from gateway.inspection.scanner import Scanner
from gateway.inspection.suppressing import suppress, without_suppressed
from gateway.model import Backend, Draft, WireFormat
from gateway.policy.suppression import Suppression, grouped

CARDS = Suppression(
    "test-card", frozenset({"CREDIT_CARD"}), "9999-12-31", values=frozenset({CARD}), numbers=frozenset({grouped(CARD)})
)
NOWHERE = Backend("x", WireFormat.OPENAI, "http://x.invalid/v1", {"x": "x"}, "public")


def draft(text: str) -> Draft:
    body = orjson.dumps({"messages": [{"role": "user", "content": text}]})
    return Draft(NOWHERE, "http://x.invalid/v1", (), body, "x", stream=False)


def test_the_value_is_found_where_the_draft_has_it() -> None:
    """Small drafts and large ones; what else was found stays."""
    rules = replace(policy(), suppress=(CARDS,))
    scanner = Scanner([Words()], timeout_s=30)
    try:
        for padding in ("", "word " * 40_000):
            one = draft(f"{padding}{NAME} paid with {CARD}.")
            about = asyncio.run(scanner.scan(one))
            assert about.counts() == {"CREDIT_CARD": 1, "PERSON": 1}
            after = asyncio.run(suppress(rules, one, about))
            assert after == without_suppressed(rules, one, about)
            assert (after.counts(), after.suppressed) == ({"PERSON": 1}, (("test-card", 1),))
            assert without_suppressed(policy(), one, about) is about
    finally:
        scanner.close()


def test_a_failure_leaves_the_report_as_it_is() -> None:
    """The stricter answer."""
    rules = replace(policy(), suppress=(CARDS,))
    one = draft(f"paid with {CARD}.")
    scanner = Scanner([Words()], timeout_s=30)
    try:
        about = asyncio.run(scanner.scan(one))
    finally:
        scanner.close()
    broken = replace(rules, suppress=(replace(CARDS, paths=(None,)),))  # type: ignore[arg-type]  # no path at all
    assert suppressing.without_suppressed(broken, one, about) is about


def test_what_is_suppressed_leaves_and_is_counted(tmp_path: Path) -> None:
    """In the record, by the suppression; another value beside it keeps the request at home."""
    rules = replace(policy(), suppress=(CARDS,))

    async def whole() -> None:
        async with rigged(tmp_path, rules=rules) as rig:
            assert (await rig.ask(f"Charge {CARD}.")).provenance.backend == "gpt"
            assert (await rig.ask(f"Charge {CARD} of {NAME}.")).provenance.backend == "qwen"
            assert b'gateway_suppressed_total{suppression="test-card"} 2.0' in rig.metrics.render()
            first, second = [entry.decision for entry in await rig.entries()]
            assert (first.label, dict(first.findings), dict(first.suppressed)) == ("public", {}, {"test-card": 1})
            assert (second.label, dict(second.suppressed)) == ("confidential", {"test-card": 1})

    run(whole())


def test_an_expired_one_holds_nothing_back(tmp_path: Path) -> None:
    """At once, without a restart: the day is asked for each request."""
    rules = replace(policy(), suppress=(replace(CARDS, until="2020-01-01"),))

    async def whole() -> None:
        async with rigged(tmp_path, rules=rules) as rig:
            assert (await rig.ask(f"Charge {CARD}.")).provenance.backend == "qwen"

    run(whole())
