"""The decision is the permission: what ``decide`` returns is the only thing that egress accepts. Pure: no I/O.

Law 1. ``Cleared`` cannot be built outside this file: its constructor wants a seal that this module never hands out.
An architecture test holds that no other module names ``_SEAL``. Python has no private fields, so egress checks again at
the last hop that bytes, host and headers are those that were cleared (``gateway/egress/guard.py``).
"""

import hmac
from dataclasses import dataclass
from typing import Final, TypeAlias, final

from gateway.model import Draft, Facts, Report
from gateway.policy.conditions import Observed, observed
from gateway.policy.rules import ClassifyRule, Policy, RefuseRule
from gateway.policy.shadow import Shadow

INCOMPLETE: Final = "builtin-incomplete"
"""Stands among the rules of a decision when unread content raised the label and no rule of the policy had done so."""
NO_RULES: Final = "builtin-no-rules"
"""Stands there when the policy has no classify rule: nothing vouches for the request, so it has the top label."""

_SEAL: Final = object()


@final
class Cleared:
    """Permission to send exactly one draft, once, to the backend it was drafted for."""

    __slots__ = ("_spent", "draft", "label", "revision", "rules", "shadow")

    draft: Draft
    label: str
    rules: tuple[str, ...]
    revision: str
    shadow: Shadow | None
    _spent: bool

    def __init__(
        self,
        seal: object,
        draft: Draft,
        label: str,
        rules: tuple[str, ...],
        revision: str,
        *,
        shadow: Shadow | None = None,
    ) -> None:
        if seal is not _SEAL:
            raise TypeError("Cleared is made by gateway.policy.decision.decide alone")
        for name, value in (
            ("draft", draft),
            ("label", label),
            ("rules", rules),
            ("revision", revision),
            ("shadow", shadow),
            ("_spent", False),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Cleared is frozen")

    def __repr__(self) -> str:
        return f"Cleared(backend={self.draft.backend.name!r}, label={self.label!r}, rules={self.rules!r})"

    def __reduce__(self) -> str:
        raise TypeError("Cleared cannot be copied or pickled: a permission is spent once")

    def spend(self) -> Draft:
        """Hand out the draft for sending, once: one inspection, one send. RuntimeError on a second call."""
        if self._spent:
            raise RuntimeError("this permission was already spent")
        object.__setattr__(self, "_spent", True)
        return self.draft


@dataclass(frozen=True, slots=True)
class NotCleared:
    """This backend may not have this draft. The next candidate may be drafted, inspected and decided afresh."""

    label: str
    rules: tuple[str, ...]
    reason: str
    """``clearance``: the label is above it; ``clearance_unknown``: the policy has no such label; ``not_local``: the
    top label, and the backend is not proven to be inside the organisation."""
    revision: str
    shadow: Shadow | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A refuse rule matched: nobody gets this request. ``message`` is the policy author's, never derived from text."""

    label: str
    rule: str
    message: str
    code: str
    rules: tuple[str, ...]
    """The classify rules that matched and then ``rule``, for the record."""
    revision: str
    shadow: Shadow | None = None


Verdict: TypeAlias = Cleared | NotCleared | Refused


@dataclass(frozen=True, slots=True)
class Classification:
    """How sensitive a request is, and which rules say so."""

    label: str
    rules: tuple[str, ...]


def classify(policy: Policy, report: Report, facts: Facts) -> Classification:
    """The highest label among the rules that match; the first label when none does.

    Law 4: without any classify rule that is always enforced, or with a coverage reason that the policy does not accept,
    it is the top label.
    """
    return _classified(policy, observed(report, facts, policy.accepted))


def refusal(policy: Policy, report: Report, facts: Facts) -> RefuseRule | None:
    """The first refuse rule that ends this request, whoever was to answer it."""
    return _refusal(policy, observed(report, facts, policy.accepted))


def watched(policy: Policy, report: Report, facts: Facts) -> Shadow | None:
    """What the rules that are not enforced for this request would have made of it; None: nothing else."""
    seen = observed(report, facts, policy.accepted)
    return _shadow(policy, seen, _classified(policy, seen), _refusal(policy, seen))


def _classified(policy: Policy, seen: Observed) -> Classification:
    """Only a rule that is enforced for every request vouches for what no rule matches."""
    matched = [rule for rule in policy.classify if rule.matches(seen) and _enforced(rule, seen)]
    label = max((rule.label for rule in matched), key=policy.labels.index, default=policy.labels[0])
    rules = tuple(rule.id for rule in matched)
    if not policy.vouched:
        return Classification(policy.top, (*rules, NO_RULES))
    if seen.unaccepted and label != policy.top:
        return Classification(policy.top, (*rules, INCOMPLETE))
    return Classification(label, rules)


def _refusal(policy: Policy, seen: Observed) -> RefuseRule | None:
    return next((rule for rule in policy.refuse if rule.matches(seen) and _enforced(rule, seen)), None)


def _enforced(rule: ClassifyRule | RefuseRule, seen: Observed) -> bool:
    return rule.mode.enforces(rule.id, seen.facts.request_id)


def _shadow(policy: Policy, seen: Observed, found: Classification, refused: RefuseRule | None) -> Shadow | None:
    matched = [rule for rule in policy.watched if rule.matches(seen) and not _enforced(rule, seen)]
    if not matched:
        return None
    raised = (rule.label for rule in matched if isinstance(rule, ClassifyRule))
    label = max((found.label, *raised), key=policy.labels.index)
    ended = refused is not None or any(isinstance(rule, RefuseRule) for rule in matched)
    return Shadow(tuple(rule.id for rule in matched), label, refused=ended)


def decide(policy: Policy, draft: Draft, report: Report, facts: Facts) -> Verdict:
    """Decide about one draft for one backend. The only maker of ``Cleared``.

    Raises ValueError when the report is about other bytes than the draft's: then nothing is known about the draft.
    """
    if not hmac.compare_digest(report.digest, draft.digest):
        raise ValueError("the report is about another draft")
    seen = observed(report, facts, policy.accepted)
    found = _classified(policy, seen)
    refused = _refusal(policy, seen)
    shadow = _shadow(policy, seen, found, refused)
    if refused is not None:
        rules = (*found.rules, refused.id)
        return Refused(found.label, refused.id, refused.message, refused.code, rules, policy.revision, shadow)
    if reason := _barred(policy, draft, found.label):
        return NotCleared(found.label, found.rules, reason, policy.revision, shadow)
    return Cleared(_SEAL, draft, found.label, found.rules, policy.revision, shadow=shadow)


def _barred(policy: Policy, draft: Draft, label: str) -> str | None:
    """Why this backend may not receive this label; None: it may."""
    backend = draft.backend
    if backend.clearance not in policy.labels:
        return "clearance_unknown"
    if not policy.admits(backend.clearance, label):
        return "clearance"
    if label == policy.top and not backend.local:
        return "not_local"
    return None
