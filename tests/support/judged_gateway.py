"""A real gateway with a judge, whose classifier is unsure of texts that say so.

The classifier is a small one that scores words: its findings have the form of the real one's (entity type, detector,
whole text, probability), so that what a test says of the judge does not hang on what the real one has learnt.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from support.gateway_process import RunningGateway, gateway_process

from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.scanner import Scanner
from gateway.judge.bench import Bench
from gateway.judge.prompt import load_prompt
from gateway.pipeline import Pipeline
from gateway.policy.conditions import Entities
from gateway.policy.rules import ClassifyRule
from gateway.settings import Settings
from gateway.wiring import Gateway, assemble

DOUBT = "perhaps"
CARD = "4111111111111111"
POLICY = """\
version: 1
name: judged
labels: [public, internal, confidential, restricted]
judge: {judge}
classify:
  - {{id: cards, when: {{entities: {{any_of: [payment]}}}}, label: restricted}}
route:
  - to: [external, local]
"""


class Matter:
    """Scores 0.5 where the text says ``perhaps``."""

    name, version = "matter", "1"
    entity_types = frozenset({"PRIVATE_MATTER"})

    def assess(self, text: str, matches: Sequence[Match]) -> Sequence[Match]:
        return [Match(0, len(text), "PRIVATE_MATTER", 0.5)] if DOUBT in text else []


class Cards:
    """One card number."""

    name, version = "cards", "1"
    views: Views = "all"
    entity_types = frozenset({"CREDIT_CARD"})

    def find(self, text: str) -> Sequence[Match]:
        at = text.find(CARD)
        return [Match(at, at + len(CARD), "CREDIT_CARD", 1.0)] if at >= 0 else []


def wired(settings: Settings, *, controls: bool = False) -> Gateway:
    """The gateway of these settings with that classifier, and a rule for what it is at least half sure of.

    ``controls``: the judge is examined first, which a stand-in that says one thing does not pass.
    """
    gateway = assemble(settings)
    pipeline: Pipeline = gateway.chat._answer.__self__  # type: ignore[attr-defined]  # a bound method
    rule = ClassifyRule("private-matter", Entities(frozenset({"PRIVATE_MATTER"}), min_score=0.5), "confidential")
    policy = replace(gateway.policy, classify=(*gateway.policy.classify, rule))
    scanner = Scanner([Cards()], assessors=[Matter()], timeout_s=60)
    gateway.scanner.close()
    if not controls:
        prompt = replace(load_prompt(), controls=())
        judge = replace(pipeline.judge, bench=Bench(pipeline.backends, pipeline.formats, pipeline.egress, prompt))
        pipeline = replace(pipeline, judge=judge)
    changed = replace(pipeline, scanner=scanner, policy=lambda: policy)
    gateway.chat._answer = changed.answer
    return replace(gateway, scanner=scanner, policy=policy)


@contextmanager
def judged_gateway(
    folder: Path,
    judge: str = "{mode: uncertain, timeout_ms: 20000}",
    *,
    backends: Mapping[str, Mapping[str, Any]] | None = None,
    external: str = "openai",
    wire: Callable[[Settings], Gateway] = wired,
) -> Iterator[RunningGateway]:
    """Start it. ``judge`` is the YAML of that key of the policy."""
    with gateway_process(
        folder, policy=POLICY.format(judge=judge), wire=wire, backends=backends, external=external
    ) as running:
        yield running
