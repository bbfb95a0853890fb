"""What became of one row. Holds no text; travels between processes as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

PRIVATE_MATTER: Final = "PRIVATE_MATTER"
"""The entity type whose score is the probability that the text is somebody's private matter."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What one policy says."""

    kept: bool
    """No external backend would get it: a local one answers, or nobody does."""
    label: str
    rules: tuple[str, ...]
    """The rules that keep it: those with a label above the external clearance, refusals, the gateway's own."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What another engine made of the same row."""

    flagged: Mapping[str, bool]
    """By the name of its setting."""
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What one policy says with a judge."""

    kept: Kept
    told: tuple[str, ...]
    """Verdicts about the row, or why there was none; remembered ones, too. Empty: nobody was asked."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row, inspected once and decided by each policy."""

    by_policy: Mapping[str, Kept]
    scores: Mapping[str, float]
    """The best score of each entity type found."""
    reasons: tuple[str, ...]
    """Why coverage is incomplete."""
    floor: bool
    """The first policy would keep the row without its finding of a private matter."""
    spans: tuple[tuple[str, bool], ...]
    """For each annotated span of the row: its type, and whether any finding touches it."""
    cpu_ms: float
    wall_ms: float
    compared: Compared | None = None
    judged: Mapping[str, Judged] = field(default_factory=dict)
    """By policy, where there is a judge."""
    questions: tuple[tuple[str, float], ...] = ()
    """Each that was asked about this row, all policies together: what came of it, and milliseconds."""

    @property
    def matter(self) -> float:
        """The score of a private matter, 0 where nothing gave one."""
        return self.scores.get(PRIVATE_MATTER, 0.0)

    def as_json(self) -> dict[str, Any]:
        """Everything, for ``from_json``."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Outcome":
        """What ``as_json`` wrote."""
        compared = value["compared"]
        return cls(
            by_policy={name: _kept(one) for name, one in value["by_policy"].items()},
            scores=value["scores"],
            reasons=tuple(value["reasons"]),
            floor=value["floor"],
            spans=tuple((kind, found) for kind, found in value["spans"]),
            cpu_ms=value["cpu_ms"],
            wall_ms=value["wall_ms"],
            compared=Compared(compared["flagged"], compared["cpu_ms"]) if compared else None,
            judged={name: Judged(_kept(one["kept"]), tuple(one["told"])) for name, one in value["judged"].items()},
            questions=tuple((verdict, ms) for verdict, ms in value["questions"]),
        )


def _kept(value: Mapping[str, Any]) -> Kept:
    return Kept(value["kept"], value["label"], tuple(value["rules"]))
