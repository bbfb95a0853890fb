"""What verdicts change in a report, and whether they could change anything. Pure.

The law of this file: of everything that was found, a verdict may take away only the classifier's own doubt, a finding
``PRIVATE_MATTER`` of the detector ``matter`` with a score within the band. Every other finding, and every reason why
something was not read, stands afterwards as it stood before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.inspection import coverage
from gateway.judge.doubt import Passage, doubtful, group
from gateway.judge.verdicts import Failure, Result, Ruling, Verdict
from gateway.model import Coverage, Draft, Facts, Finding, Report
from gateway.policy.decision import classify, refusal
from gateway.policy.rules import Policy
from gateway.policy.vocabulary import PRIVATE_MATTER

DETECTOR: Final = "judge"
"""Of findings that the judge made certain, and the first word of its coverage reasons."""
_GENERAL: Final = Verdict(Ruling.GENERAL)
_PRIVATE: Final = Verdict(Ruling.PRIVATE, "other")


def settle(report: Report, band: tuple[float, float], results: Mapping[Passage, Result], version: str) -> Report:
    """``report`` with results in place of the classifier's doubts; where there is none, a doubt stays.

    Private: a certain finding of the judge. General: the doubt is gone. No verdict: the doubt stays, and a coverage
    reason that no policy can accept makes it the highest label.
    """
    if not results:
        return report
    by_group = {passage.group: result for passage, result in results.items()}
    kept: list[Finding] = []
    certain: set[str] = set()
    for finding in report.findings:
        name = group(finding)
        match by_group.get(name) if doubtful(finding, band) else None:
            case Verdict(Ruling.GENERAL):
                continue
            case Verdict(Ruling.PRIVATE):
                kept.append(replace(finding, score=1.0, detector=DETECTOR))
                certain.add(name)
            case _:
                kept.append(finding)
    for passage, result in results.items():
        if isinstance(result, Verdict) and result.ruling is Ruling.PRIVATE and passage.group not in certain:
            kept.append(Finding(PRIVATE_MATTER, 1.0, passage.path, passage.role, -1, -1, DETECTOR))
    failed = {f"{DETECTOR}:{result}" for result in results.values() if isinstance(result, Failure)}
    reasons = coverage.ordered((*report.coverage.reasons, *failed)) if failed else report.coverage.reasons
    versions = (*report.versions, (DETECTOR, version))
    return replace(report, findings=tuple(kept), coverage=Coverage(reasons), versions=versions)


def matters(policy: Policy, draft: Draft, report: Report, facts: Facts, found: Sequence[Passage]) -> bool:
    """Could verdicts about these passages change what becomes of this draft?"""
    if policy.judge is None:
        return False
    band = policy.judge.band
    mildest = settle(report, band, dict.fromkeys(found, _GENERAL), "")
    sternest = settle(report, band, dict.fromkeys(found, _PRIVATE), "")
    return _fate(policy, draft, facts, mildest) != _fate(policy, draft, facts, sternest)


def _fate(policy: Policy, draft: Draft, facts: Facts, report: Report) -> tuple[str | None, bool]:
    """The refuse rule that ends it, and whether the backend may have it: what ``decide`` would say. Permits nothing."""
    refused = refusal(policy, report, facts)
    label = classify(policy, report, facts).label
    inside = draft.backend.local or label != policy.top
    return None if refused is None else refused.id, inside and policy.admits(draft.backend.clearance, label)
