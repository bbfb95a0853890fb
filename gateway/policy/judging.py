"""What a policy says about the judge: the model inside that is asked where the classifier is not sure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MATTER: Final = "matter"
"""Detector of the classifier's finding, whose score is a calibrated probability."""
UNCERTAIN: Final = (0.2, 0.8)
"""Scores between which the classifier is not sure, both included, where neither policy nor profile says otherwise."""


class JudgeMode(StrEnum):
    """Where the judge is asked. ``off`` is no judge at all."""

    UNCERTAIN = "uncertain"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class JudgeUse:
    """``judge:`` of a policy that has one."""

    mode: JudgeMode
    band: tuple[float, float] = UNCERTAIN
    timeout_s: float = 1.5
    """For all questions about one request together."""
    backend: str | None = None
    """None: any local backend of the top clearance, in the order of gateway.yaml."""
    questions: int = 8
    """Texts asked about for one request and candidate; what lies beyond counts as private."""
