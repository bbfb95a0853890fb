"""A pipeline whose classifier is unsure of what one tells it, with the judge on the side of the local stand-in."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline_support import Rig, policy, rigged

from gateway.inspection.detectors.base import Match
from gateway.policy.conditions import Entities
from gateway.policy.judging import JudgeMode, JudgeUse
from gateway.policy.rules import ClassifyRule, Policy
from gateway.testing import Received, RecordingServer, Say

DOUBT, SURE, HARDLY = "perhaps", "certainly", "hardly"
"""Words on which the classifier scores 0.5, 0.95 and 0.05."""
PRIVATE = Say('{"verdict": "private", "reason": "health"}')
GENERAL = Say('{"verdict": "general", "reason": "none"}')
JUDGED = JudgeUse(JudgeMode.UNCERTAIN, (0.2, 0.8), timeout_s=20.0)


class Matter:
    """The classifier's contract: one finding for the whole text, with a probability as score."""

    name, version = "matter", "1"
    entity_types = frozenset({"PRIVATE_MATTER"})

    def assess(self, text: str, matches: Sequence[Match]) -> Sequence[Match]:
        scores = {DOUBT: 0.5, SURE: 0.95, HARDLY: 0.05}
        score = max((score for word, score in scores.items() if word in text), default=0.0)
        return [Match(0, len(text), "PRIVATE_MATTER", score)] if score else []


def matters(use: JudgeUse | None = JUDGED) -> Policy:
    """Private matters are confidential from 0.4; names and cards as in ``pipeline_support``."""
    plain = policy()
    rule = ClassifyRule("private-matter", Entities(frozenset({"PRIVATE_MATTER"}), min_score=0.4), "confidential")
    return replace(plain, classify=(*plain.classify, rule), judge=use)


@asynccontextmanager
async def judging(
    folder: Path, use: JudgeUse | None = JUDGED, rules: Policy | None = None, **options: Any
) -> AsyncIterator[Rig]:
    """A rig with the classifier and a judge: the local stand-in."""
    async with rigged(folder, assessors=[Matter()], rules=rules or matters(use), **options) as rig:
        yield rig


def questions(server: RecordingServer) -> list[Received]:
    """Those of the requests that a server received which are questions to the judge."""
    return [one for one in server.received if b"You classify texts" in one.body]


def asked_text(received: Received) -> str:
    """What stands between the two marks of a question."""
    body = received.json()
    assert isinstance(body, dict)
    content = str(body["messages"][-1]["content"])
    mark = content.partition("[")[2].partition("]")[0]
    _, opened, rest = content.partition(f"\n\n[{mark}]\n")
    text, closed, _ = rest.rpartition(f"\n[{mark}]\n")
    assert opened
    assert closed
    return text
