"""What a policy says about the judge: the model inside that is asked where the classifier is not sure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

MATTER: Final = "matter"
"""Detector of the classifier's finding, whose score is a calibrated probability."""


class JudgeMode(StrEnum):
    """Where the judge is asked. ``off`` is no judge at all."""

    UNCERTAIN = "uncertain"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class JudgeUse:
    """``judge:`` of a policy that has one."""

    mode: JudgeMode
    band: tuple[float, float]
    """Scores between which the classifier is not sure, both included."""
    timeout_s: float = 1.5
    """For all questions about one request together."""
    backend: str | None = None
    """None: any local backend of the top clearance, in the order of gateway.yaml."""
    questions: int = 8
    """Texts asked about for one request and candidate; what lies beyond counts as private."""

    def __str__(self) -> str:
        """For people: ``uncertain, in doubt from .08 to .8``."""
        lower, upper = (f"{score:.3g}".removeprefix("0") for score in self.band)
        return f"{self.mode}, in doubt from {lower} to {upper}"

    def as_json(self) -> dict[str, Any]:
        """For programs: what decides whether it is asked."""
        return {"mode": str(self.mode), "band": list(self.band)}
