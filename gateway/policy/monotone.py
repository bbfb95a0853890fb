"""The proof that a policy is monotone: no finding, and no reason for which something is unread, can lower a label.

By construction, and then checked on the compiled conditions, node by node:

1. Conditions about findings and coverage ask for lower bounds alone (at least this score, so many, one of these
   places). Whoever holds on some findings holds on more.
2. ``all`` and ``any`` of such conditions are such conditions. ``not`` is none, so nothing that reads findings or
   coverage may stand below it: what stands there depends on facts, which are the same whatever inspection finds.
3. The label is the highest of all rules that match. A rule more that matches leaves it or raises it, and a refusal
   stays a refusal.

A condition that this module does not know is not proven. So a new one has to be listed here, with the reason why.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

from gateway.policy.conditions import (
    AllOf,
    Always,
    AnyOf,
    Attachments,
    Condition,
    Entities,
    Incomplete,
    Key,
    Not,
    Stream,
    Tokens,
    Tools,
    WantedModel,
)
from gateway.policy.request_conditions import App, Clock, Headers, Metadata, SystemPrompt, Team, ToolNames
from gateway.policy.rules import ClassifyRule, Policy, RefuseRule

FACTS: Final = (
    *(Always, Attachments, Key, Stream, Tokens, Tools, WantedModel),
    *(App, Clock, SystemPrompt, Team, ToolNames),
)
"""Conditions whose answer inspection cannot change."""
GROWING: Final = (Entities, Incomplete)
"""Conditions that hold on more findings or reasons whenever they hold on fewer."""
CLIENTS: Final = (Headers, Metadata)
"""Conditions that hold on more headers and metadata whenever they hold on fewer: what a client sends only raises."""
LOWER_BOUNDS: Final = frozenset(
    {"any_of", "all_of", "anything", "min_score", "min_count", "min_distinct", "roles", "where", "near"}
)
"""All that ``Entities`` asks. Each narrows which findings count, or says how many of them it takes at least."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The result. ``gaps`` say what is not proven; none: the policy is monotone."""

    conditions: int
    rules: int
    gaps: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.gaps

    def __str__(self) -> str:
        """One line for people."""
        if self.gaps:
            return "not proven to be monotone: " + "; ".join(self.gaps)
        return (
            f"monotone: of {self.conditions} conditions in {self.rules} rules none that reads findings or coverage "
            "stands under `not`, all their bounds are lower bounds, and the highest label counts"
        )


def proof_of(policy: Policy) -> Proof:
    """Walk all conditions of a policy that decide about labels and refusals."""
    gaps: list[str] = []
    conditions = 0
    rules: tuple[ClassifyRule | RefuseRule, ...] = (*policy.classify, *policy.refuse)
    for rule in rules:
        for condition, negated in _nodes(rule.when, negated=False):
            conditions += 1
            if gap := _gap(condition, negated=negated):
                gaps.append(f"rule `{rule.id}`: {gap}")
    return Proof(conditions, len(rules), tuple(gaps))


def _nodes(condition: Condition, *, negated: bool) -> Iterator[tuple[Condition, bool]]:
    """Every condition of a tree, and whether a ``not`` stands above it. Two of them are no better than one."""
    yield condition, negated
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _nodes(part, negated=negated)
        case Not(part):
            yield from _nodes(part, negated=True)


def _gap(condition: Condition, *, negated: bool) -> str | None:
    if isinstance(condition, (AllOf, AnyOf, Not, *FACTS)):
        return None
    if not isinstance(condition, (*GROWING, *CLIENTS)):
        return f"nothing is known about the condition {type(condition).__name__}"
    if negated:
        return f"{type(condition).__name__} stands under `not`"
    if isinstance(condition, Entities) and (more := {one.name for one in fields(condition)} - LOWER_BOUNDS):
        return f"nothing is known about {', '.join(sorted(more))} of Entities"
    return None
