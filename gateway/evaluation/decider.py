"""Decides rows as the gateway would: the same parsing, drafting, inspection and decision. Nothing is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

import orjson

from gateway.configuration.backends import to_backends
from gateway.configuration.ner import engine_of
from gateway.egress.locality import prove_local
from gateway.errors import GatewayError, Untranslatable
from gateway.evaluation.judging import JudgeAt, Judging
from gateway.evaluation.outcome import PRIVATE_MATTER, Judged, Kept, Outcome
from gateway.evaluation.rows import Row
from gateway.ingress import openai_chat
from gateway.ingress.facts import facts as facts_of
from gateway.ingress.limits import IngressLimits
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.shipped import default_detectors
from gateway.inspection.matter.assessor import load_matter
from gateway.inspection.scanner import Scanner
from gateway.inspection.suppressing import without_suppressed
from gateway.model import Backend, Caller, Capabilities, Draft, Finding, Inbound, Report, WireFormat
from gateway.policy.decision import Cleared, NotCleared, Refused, Verdict, decide
from gateway.policy.loader import load_policy
from gateway.policy.route import EXTERNAL, LOCAL, incapable, model_for, plan
from gateway.policy.rules import Policy
from gateway.settings import Settings, list_detectors, load
from gateway.wiring import FORMATS, vocabulary, zoned

PATIENT_S: Final = 600.0
"""Seconds for one row: a busy machine must not change what is found."""
NO_ROUTE: Final = "route"
"""Stands among the rules of a row that the policy's routes send nowhere but inside."""
_NO_ALIASES: Final[dict[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a process needs to build its own Decider."""

    policies: Mapping[str, Path]
    """Name to folder or file. The first is the one that was asked for."""
    config: Path | None = None
    compare: bool = False
    profile: str | None = None
    """The operating point at which the first policy is decided; None: its own."""
    judge: JudgeAt | None = None


@dataclass(frozen=True, slots=True)
class _Inspected:
    """One draft for a backend outside, and what inspection says about it."""

    draft: Draft
    report: Report


class Decider:
    """Policies, backends and a scanner without a memory, so that every row costs what new text costs."""

    def __init__(self, recipe: Recipe) -> None:
        """Load everything. Raises ConfigError."""
        settings = load(recipe.config) if recipe.config is not None else None
        self._scanner, detectors = _inspection(settings)
        self._aliases = settings.models.aliases if settings else _NO_ALIASES
        configured = to_backends(settings, prove_local) if settings else None
        known = vocabulary(detectors, configured)
        points = dict.fromkeys(list(recipe.policies)[:1], recipe.profile)
        self.policies = {
            name: load_policy(path, known, profile=points.get(name)) for name, path in recipe.policies.items()
        }
        self._backends = {
            name: zoned(configured, policy) if configured is not None else assumed(policy)
            for name, policy in self.policies.items()
        }

    async def decide(self, row: Row, judge: Judging | None = None) -> Outcome:
        """Inspect ``row`` as one user message, and decide it by every policy. The clock covers the first of them.

        ``judge``: decide it with this one as well, beside and unclocked.
        """
        inspected: dict[str, _Inspected] = {}
        by_policy: dict[str, Kept] = {}
        cpu, wall = process_time(), perf_counter()
        took = (0.0, 0.0)
        inbound: Inbound | None = None
        try:
            inbound = openai_chat.parse(_body(row.text), Caller("eval"), "req_eval", IngressLimits())
        except GatewayError as error:
            by_policy = {name: Kept(kept=True, label=one.top, rules=(error.code,)) for name, one in self._named()}
        if inbound is not None:
            for name, policy in self._named():
                by_policy[name] = await self._kept(policy, self._backends[name], inbound, inspected)
                if not any(took):
                    took = process_time() - cpu, perf_counter() - wall
        judged, questions = await self._judged(judge, inbound, by_policy, inspected)
        report = next((one.report for one in inspected.values()), None)
        first = next(iter(by_policy))
        return Outcome(
            by_policy,
            _best(report.findings if report else ()),
            report.coverage.reasons if report else (),
            floor=by_policy[first].kept and (inbound is None or self._floor(first, inbound, inspected)),
            spans=_touched(row, report.findings if report else ()),
            cpu_ms=took[0] * 1e3,
            wall_ms=took[1] * 1e3,
            judged=judged,
            questions=questions,
        )

    def releases(self, name: str) -> bool:
        """Does a route of this policy lead outside? Of one that keeps everything there is nothing to judge."""
        named = {one for rule in self.policies[name].route for one in rule.to}
        return any(named & {one.name, EXTERNAL} for one in self._backends[name] if not one.local)

    def close(self) -> None:
        """End the threads."""
        self._scanner.close()

    def _named(self) -> Sequence[tuple[str, Policy]]:
        return tuple(self.policies.items())

    async def _judged(
        self,
        judge: Judging | None,
        inbound: Inbound | None,
        by_policy: Mapping[str, Kept],
        inspected: dict[str, _Inspected],
    ) -> tuple[dict[str, Judged], tuple[tuple[str, float], ...]]:
        """Every policy once more, with the judge, and the questions that it took. Without one: nothing."""
        judged: dict[str, Judged] = {}
        questions: list[tuple[str, float]] = []
        for name, policy in self._named():
            if judge is None or not self.releases(name):
                continue
            kept = by_policy[name]
            if inbound is not None:
                kept = await self._kept(policy, self._backends[name], inbound, inspected, judge)
            told = judge.told()
            judged[name] = Judged(kept, tuple(verdict for verdict, _ in told))
            questions += [(verdict, seconds * 1e3) for verdict, seconds in told if seconds is not None]
        return judged, tuple(questions)

    async def _kept(
        self,
        policy: Policy,
        backends: Sequence[Backend],
        inbound: Inbound,
        inspected: dict[str, _Inspected],
        judge: Judging | None = None,
    ) -> Kept:
        """Ask for each candidate outside, in the policy's order; local ones may have anything.

        Where the policy has nobody outside, the request is inspected for the one inside, as the gateway would.
        """
        facts = facts_of(inbound, policy.reads)
        last = Kept(kept=True, label=policy.top, rules=(NO_ROUTE,))
        able = [one for one in plan(policy, facts, backends, self._aliases).backends if not incapable(one, facts)]
        outside = [one for one in able if not one.local]
        if not outside and able:
            await self._inspected(inbound, able[0], inspected)
        for backend in outside:
            one = await self._inspected(inbound, backend, inspected)
            if one is None:
                continue
            draft = replace(one.draft, backend=backend)
            report = without_suppressed(policy, draft, replace(one.report, digest=draft.digest))
            if judge is not None:
                report = await judge.settled(policy, inbound, draft, report, facts)
            verdict = decide(policy, draft, report, facts)
            last = kept_by(policy, backend, verdict)
            if not last.kept or isinstance(verdict, Refused):
                return last
        return last

    async def _inspected(
        self, inbound: Inbound, backend: Backend, inspected: dict[str, _Inspected]
    ) -> _Inspected | None:
        """The draft for this backend and its report, made once per row; None where its format cannot say it."""
        if backend.name not in inspected:
            try:
                model = model_for(backend, inbound.wanted_model, self._aliases)
                draft = FORMATS[backend.format].draft(inbound, backend, model)
            except Untranslatable:
                return None
            inspected[backend.name] = _Inspected(draft, await self._scanner.scan(draft))
        return inspected[backend.name]

    def _floor(self, name: str, inbound: Inbound, inspected: Mapping[str, _Inspected]) -> bool:
        """Would this policy keep the row if nothing judged it a private matter?"""
        policy = self.policies[name]
        facts = facts_of(inbound, policy.reads)
        for one in inspected.values():
            if one.draft.backend.local:
                continue
            report = without_suppressed(policy, one.draft, one.report)
            rest = tuple(found for found in report.findings if found.entity_type != PRIVATE_MATTER)
            if isinstance(decide(policy, one.draft, replace(report, findings=rest), facts), Cleared):
                return False
        return True


def assumed(policy: Policy) -> tuple[Backend, ...]:
    """Without a gateway.yaml: a backend outside, cleared for the policy's second label, and one inside for all.

    A backend that a route names is taken for one outside, because nothing says otherwise. Of a policy with two labels
    or one the outside may have the first: nothing outside is cleared for the top.
    """
    outside = policy.labels[min(1, max(0, len(policy.labels) - 2))]
    able = Capabilities(vision=True, documents=True, audio=True)
    routed = {name for rule in policy.route for name in rule.to} - {EXTERNAL, LOCAL}
    sides = (
        (EXTERNAL, outside, False),
        *((name, outside, False) for name in sorted(routed)),
        (LOCAL, policy.top, True),
    )
    return tuple(
        Backend(name, WireFormat.OPENAI, f"http://{name}.invalid/v1", {name: name}, clearance, able, local=local)
        for name, clearance, local in sides
    )


def kept_by(policy: Policy, backend: Backend, verdict: Verdict) -> Kept:
    """What a verdict about a backend outside means, with the rules that it rests on."""
    match verdict:
        case Cleared():
            return Kept(kept=False, label=verdict.label, rules=())
        case Refused():
            return Kept(kept=True, label=verdict.label, rules=(*above(policy, backend, verdict.rules),))
        case NotCleared():
            return Kept(kept=True, label=verdict.label, rules=above(policy, backend, verdict.rules))


def above(policy: Policy, backend: Backend, rules: Sequence[str]) -> tuple[str, ...]:
    """Those of the matched rules whose label the backend may not have; refuse rules and the gateway's own count."""
    labels = {rule.id: rule.label for rule in policy.classify}
    return tuple(rule for rule in rules if rule not in labels or not policy.admits(backend.clearance, labels[rule]))


def _inspection(settings: Settings | None) -> tuple[Scanner, Sequence[Detector]]:
    """What a gateway with these settings would inspect with, but patient and without a memory of earlier rows."""
    detectors = default_detectors(
        ner=engine_of(settings.inspection.ner) if settings else True, own=settings.detectors if settings else ()
    ) + (list_detectors(settings) if settings else ())
    return Scanner(detectors, assessors=(load_matter(),), timeout_s=PATIENT_S, cache_entries=0), detectors


def _body(text: str) -> bytes:
    return orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": text}]})


def _best(findings: Sequence[Finding]) -> dict[str, float]:
    best: dict[str, float] = {}
    for one in findings:
        best[one.entity_type] = max(one.score, best.get(one.entity_type, 0.0))
    return best


def _touched(row: Row, findings: Sequence[Finding]) -> tuple[tuple[str, bool], ...]:
    """Which annotated spans a finding touches. A finding of the whole text says nothing about a place in it."""
    placed = [
        (one.start, one.end)
        for one in findings
        if one.path.endswith("content") and one.start >= 0 and one.end - one.start < len(row.text)
    ]
    return tuple((kind, any(a < end and start < b for a, b in placed)) for start, end, kind in row.spans)
