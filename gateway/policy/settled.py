"""May inspection stop early? Only when what is still to be looked for can change neither the label nor a refusal."""

from collections.abc import Callable, Sequence

from gateway.model import Finding
from gateway.policy.conditions import Entities, by_kind
from gateway.policy.rules import Policy


def settled_by(policy: Policy, later: frozenset[str]) -> Callable[[Sequence[Finding]], bool] | None:
    """A question to findings: is the label already the top one? None where a policy can never be settled.

    ``later``: the entity types that would be looked for after the question. A refuse rule that could match because of
    one of them keeps everything open, and so does one that asks for more than entities: a refusal is not "local". Only
    classify rules that ask for entities alone are tried, since nothing else is known yet, and of those the ones
    that are enforced for every request. Values that a suppression may take out later settle nothing.
    """
    if any(not isinstance(rule.when, Entities) or rule.when.reads(later) for rule in policy.refuse):
        return None
    enforced = [rule for rule in policy.classify if rule.mode.always and rule.label == policy.top]
    top = [rule.when for rule in enforced if isinstance(rule.when, Entities)]
    if not top:
        return None

    doubtful = frozenset[str]().union(*(one.entity_types for one in policy.suppress))

    def settled(findings: Sequence[Finding]) -> bool:
        found = by_kind(one for one in findings if one.entity_type not in doubtful)
        return any(condition.holds_on(found) for condition in top)

    return settled
