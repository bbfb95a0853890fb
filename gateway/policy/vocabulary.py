"""The names that a policy may use. A name outside of it stops the load (law 7), with the nearest one as remedy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from gateway.model import Backend
from gateway.policy.yaml_lines import printable

ANYTHING: Final = "anything"
"""Stands for every entity type, also for those that later detectors bring."""
PRIVATE_MATTER: Final = "PRIVATE_MATTER"
"""What the classifier finds in a whole text; its score is a probability."""
CERTAIN: Final = 0.5
"""The score that `matter: private` asks for where the classifier names no other for the profile."""
GROUPS_OF_BACKENDS: Final = ("local", "external")

FAULTS: Final = frozenset({"json", "overload", "timeout", "detector_error", "error", "delegation", "judge"})
"""Coverage reasons that no policy may accept: an error never means "clean" (law 4)."""
UNREAD: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "part": frozenset({"image", "audio", "file", "document", "redacted_thinking", "unknown"}),
        "reference": frozenset(),
        "provider_tool": frozenset(),
        "tokens": frozenset(),
        "script": frozenset({"names", "words"}),
        "opaque": frozenset(
            {"entropy", "tags", "invisible", "bidi", "private_use", "control", "marks", "numerals", "number_words"}
            | {"morse", "mixed_script", "binary", "numbers", "views", "depth"}
        ),
    }
)
"""Coverage reasons about content that nobody could read, with the details that a policy may name as ``kind:detail``."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What detectors can find and which backends there are."""

    entity_types: frozenset[str]
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    backends: Mapping[str, tuple[str, bool]] | None = None
    """Name to (clearance, local). None: the policy is read without a gateway.yaml, so any backend name goes."""

    profiles: Mapping[str, float] = field(default_factory=dict)
    """Profile to the score from which on the classifier calls a text private."""

    def types(self, name: str) -> frozenset[str]:
        """The entity types that a name of a policy stands for. KeyError when it is neither a group nor a type."""
        if name in self.groups:
            return self.groups[name]
        if name in self.entity_types:
            return frozenset({name})
        raise KeyError(name)


def rights(backends: Iterable[Backend]) -> dict[str, tuple[str, bool]]:
    """``Vocabulary.backends`` of the configured backends."""
    return {backend.name: (backend.clearance, backend.local) for backend in backends}


def known_reason(name: str) -> bool:
    """Is this a coverage reason, or the first word of one, that a policy may name in a condition?"""
    kind, _, detail = name.partition(":")
    if kind in FAULTS:
        return not detail
    return kind in UNREAD and (name == kind or detail in UNREAD[kind])


def remedy(name: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown name: the nearest known one, or all of them when they are few."""
    names = sorted(set(known))
    if close := nearest(name, names):
        return f"Did you mean `{printable(close)}`?"
    if not names:
        return "Nothing may stand here."
    if len(names) <= 16:
        return "Use one of: " + ", ".join(f"`{printable(one)}`" for one in names) + "."
    return f"Use one of the {len(names)} known names, such as `{names[0]}` or `{names[-1]}`."


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that looks most like ``name``, letter case aside; None when none comes close."""
    by_fold = {one.casefold(): one for one in reversed(known)}
    close = get_close_matches(name.casefold()[:100], list(by_fold), n=1, cutoff=0.6)
    return by_fold[close[0]] if close else None
