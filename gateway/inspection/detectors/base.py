"""What a detector is: a named, versioned finder of entity types in one text.

A detector only ever adds findings, so one more of them can only raise a label (law 5). It never decides anything, keeps
no text after ``find`` returned, and raises when it could not look: an exception is INCOMPLETE coverage, while an empty
answer is a promise that it looked everywhere and found nothing (law 4).

An assessor judges a text as a whole, together with what detectors found in it. It is bound by the same promises.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Views = Literal["all", "plain"]
"""Which readings of a text a detector wants: ``all`` of them (decoded, squeezed ...) or the ``plain`` one alone."""


@dataclass(frozen=True, slots=True)
class Match:
    """One hit. ``text[start:end]`` is what was found, in characters; the text itself is not kept."""

    start: int
    end: int
    entity_type: str
    score: float
    """Confidence from 0 to 1, on Presidio's scale: below 0.4 a shape alone, from 0.4 something that speaks for it."""


class Detector(Protocol):
    """Finds entity types. Implementations are immutable after construction and safe to share between threads."""

    @property
    def name(self) -> str:
        """Stands in findings, records and coverage reasons; closed and lower-case."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same text may give other matches: results are cached under name and version."""
        ...

    @property
    def entity_types(self) -> frozenset[str]:
        """Every type that ``find`` may return; anything else is a defect and counts as a detector error."""
        ...

    @property
    def views(self) -> Views: ...

    def find(self, text: str) -> Sequence[Match]:
        """All matches in ``text``, in any order, overlaps allowed. Synchronous; runs in worker threads.

        Raises: any exception when the text could not be read to its end. Never returns less instead.
        """
        ...


class Assessor(Protocol):
    """Judges one text after all detectors have read it: "is this about a private person?" is no question of a span.

    Implementations are immutable after construction and safe to share between threads.
    """

    @property
    def name(self) -> str:
        """As a detector's, and distinct from all of theirs."""
        ...

    @property
    def version(self) -> str:
        """As a detector's: the answer depends on the text, the matches and this alone."""
        ...

    @property
    def entity_types(self) -> frozenset[str]:
        """Every type that ``assess`` may return."""
        ...

    def assess(self, text: str, matches: Sequence[Match]) -> Sequence[Match]:
        """Further matches. ``text`` is the plain reading of one whole string (its characters folded, nothing decoded),
        ``matches`` is what the detectors found in it, in characters of ``text``, in no stated order.

        Raises: any exception when it could not judge, which is INCOMPLETE coverage as a detector's is.
        """
        ...
