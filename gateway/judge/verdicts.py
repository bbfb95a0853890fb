"""What comes of one question: a verdict with a reason of a closed list, or the fixed word for why there is none."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

REASONS: Final = (
    "person_private",
    "health",
    "money",
    "legal",
    "employment",
    "school",
    "immigration",
    "intimate",
    "business_confidential",
    "credentials",
    "other",
)
"""Why a text is private. Closed, because records hold it: a model's own words have no way in."""


class Ruling(StrEnum):
    """The two answers there are."""

    PRIVATE = "private"
    GENERAL = "general"


class Failure(StrEnum):
    """Why there is no verdict. Counts as private, and the request stays inside (law 4)."""

    TIMEOUT = "timeout"
    ERROR = "error"
    UNAVAILABLE = "unavailable"
    """No backend inside may or can be asked, or too many questions are waiting."""
    ANSWER = "answer"
    """There was an answer, and it was none of the two."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model said. ``reason`` is one of ``REASONS``, or empty for general."""

    ruling: Ruling
    reason: str = ""
    backend: str = ""
    """Whose model it was."""


Result: TypeAlias = Verdict | Failure


def together(results: list[Result]) -> Result:
    """One result of the pieces of one text: private if one is, general only if every one is. No pieces: an error."""
    private = next((one for one in results if isinstance(one, Verdict) and one.ruling is Ruling.PRIVATE), None)
    if private is not None:
        return private
    failed = next((one for one in results if isinstance(one, Failure)), None)
    if failed is not None or not results:
        return failed or Failure.ERROR
    return results[0]
