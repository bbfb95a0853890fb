"""Inspection and a shipped policy as a gateway runs them, without the gateway: a body in, label and findings out."""

import asyncio
import json
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from gateway.inspection.cache import ReadingCache
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.shipped import default_detectors
from gateway.inspection.matter.assessor import load_matter
from gateway.inspection.scanner import Scanner
from gateway.inspection.segments import segments
from gateway.model import Backend, Draft, Facts, Finding, Report, Segment, WireFormat
from gateway.policy.decision import Cleared, classify, decide
from gateway.policy.loader import load_policy
from gateway.policy.vocabulary import PRIVATE_MATTER
from gateway.wiring import vocabulary

POLICIES = Path(__file__).parents[2] / "policies"
MODEL = "the-model"
FACTS = Facts("key", MODEL, False, 0, False, False, False, False, False)
PATIENT_S = 300.0
"""Nothing in a proof may depend on how busy the machine is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one body. ``level`` is the label's place in the policy's order."""

    label: str
    level: int
    leaves: bool
    """Would a backend cleared for the policy's second label get it?"""
    rules: tuple[str, ...]
    report: Report
    floor: int
    """``level`` without what the classifier thinks of the whole text: that may change with every word beside it."""
    body: bytes = field(repr=False)

    @property
    def found(self) -> frozenset[str]:
        """The entity types found."""
        return frozenset(self.report.counts())

    @property
    def reasons(self) -> tuple[str, ...]:
        return self.report.coverage.reasons

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The strings that the findings name places in."""
        return segments(self.body, frozenset({MODEL}))[0]

    def placed(self, path: str) -> list[Finding]:
        """Findings within the string at ``path``."""
        return [one for one in self.report.findings if one.path == path and one.start >= 0]


class Inspected:
    """One scanner and one policy, asked from a test, with the shipped classifier as the gateway has it.

    Names are not looked for unless ``ner`` says so: what stays inside without them stays with more detectors, too
    (law 5).
    """

    def __init__(
        self,
        *,
        ner: bool = False,
        policy: str = "default",
        detectors: Sequence[Detector] | None = None,
        timeout_s: float = PATIENT_S,
        cache_entries: int = 256,
    ) -> None:
        self.detectors = tuple(default_detectors(ner=ner) if detectors is None else detectors)
        self._timeout_s = timeout_s
        self.policy = load_policy(
            POLICIES / policy, vocabulary(default_detectors(ner=ner) if detectors else self.detectors)
        )
        self._outside = Backend(
            "outside", WireFormat.OPENAI, "https://outside.invalid", {MODEL: MODEL}, self.policy.labels[1]
        )
        self._scanner = Scanner(
            self.detectors, assessors=(load_matter(),), timeout_s=timeout_s, cache_entries=cache_entries
        )
        self._loop = asyncio.Runner()

    def __call__(self, body: object) -> Outcome:
        """``body`` as JSON, or the bytes themselves."""
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        draft = Draft(self._outside, "https://outside.invalid/chat/completions", (), raw, MODEL, stream=False)
        report = self._loop.run(self._scanner.scan(draft))
        said = classify(self.policy, report, FACTS)
        leaves = isinstance(decide(self.policy, draft, report, FACTS), Cleared)
        placed = tuple(one for one in report.findings if one.entity_type != PRIVATE_MATTER)
        floor = classify(self.policy, replace(report, findings=placed), FACTS).label
        level = self.policy.labels.index
        return Outcome(said.label, level(said.label), leaves, said.rules, report, level(floor), raw)

    def text(self, text: str) -> Outcome:
        """The outcome of one user message."""
        return self(message(text))

    def also(self, *detectors: Detector) -> "Inspected":
        """The same policy and detectors, and these. To be closed by itself."""
        other = copy(self)
        other.detectors = (*self.detectors, *detectors)
        other._scanner = Scanner(other.detectors, assessors=(load_matter(),), timeout_s=self._timeout_s)
        other._loop = asyncio.Runner()
        return other

    def forgetting(self) -> Self:
        """The same, with nothing remembered of what it read before."""
        self._scanner.cache = ReadingCache(256, repr(self._scanner.versions))
        return self

    def close(self) -> None:
        self._scanner.close()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def message(content: Any, **fields: Any) -> dict[str, Any]:
    """A chat request in which the user says ``content``."""
    return {"model": MODEL, "messages": [{"role": "user", "content": content}], **fields}


CONTENT = "messages.0.content"
"""Where the text of ``message`` stands."""
