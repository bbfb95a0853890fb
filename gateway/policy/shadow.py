"""What rules that are only watched would have done: their ids, the label, who would have answered. Permits nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gateway.model import Backend, Facts
from gateway.policy.route import incapable
from gateway.policy.rules import Policy

Zone: TypeAlias = Literal["local", "external", "refused", "nowhere"]
"""Who would have answered. ``nowhere``: no backend may."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """Of one decision: what it would have been if the rules that matched without effect had been enforced."""

    rules: tuple[str, ...]
    """Those that matched, classify rules first."""
    label: str
    refused: bool
    """By one of them, or in truth."""


def zone_of(policy: Policy, shadow: Shadow, backends: Sequence[Backend], facts: Facts) -> Zone:
    """Who would have answered, with every backend up: the first of ``backends``, in the order of the route, that may
    have the label and can do what the request needs. What was found in one draft is taken for all of them."""
    if shadow.refused:
        return "refused"
    for backend in backends:
        barred = shadow.label == policy.top and not backend.local
        if not barred and policy.admits(backend.clearance, shadow.label) and incapable(backend, facts) is None:
            return "local" if backend.local else "external"
    return "nowhere"
