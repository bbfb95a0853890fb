"""Asks the model about a text, piece by piece where it is long: a private page in a long document is private.

Names are told apart first: those that everybody knows say nothing about a private person.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from gateway.inspection.detectors.base import Match
from gateway.inspection.matter.known_names import FULL_NAME, PUBLIC_FIGURE, KnownNames, load_known_names
from gateway.inspection.matter.model import Model, load_model
from gateway.inspection.matter.signals import signals
from gateway.inspection.matter.tokens import tokenize

ENTITY_TYPE: Final = "PRIVATE_MATTER"
PRIVATE_PERSON: Final = "PRIVATE_PERSON"
"""A full name that is on no list of known names."""
_THREE_WORDS: Final = re.compile(
    r"(?:[^\W\d_]\S*\s+\S*){2}[^\W\d_]|[\u0e00-\u0e4f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{4}"
)
"""Or four letters of a script that puts no spaces between words."""
LEAST: Final = 0.02
"""Probabilities below it are no finding: nearly every general text has one of them."""
PIECE: Final = 3000
"""Characters judged at once. The model was trained on texts of up to this length."""


class MatterAssessor:
    """Says of each text how probably it is private, whom it names that nobody knows, and whom everybody does."""

    name: Final = "matter"
    entity_types: Final = frozenset({ENTITY_TYPE, PRIVATE_PERSON, PUBLIC_FIGURE})

    def __init__(self, model: Model, known: KnownNames) -> None:
        self.model = model
        self._known = known
        self.version = f"{model.version}+{known.version}"

    def assess(self, text: str, matches: Sequence[Match]) -> Sequence[Match]:
        """The names told apart, and one match over all of ``text`` whose score is a probability, the highest of all
        pieces; none below LEAST or of fewer than three words. Raises nothing.

        A request is full of words that say nothing by themselves: roles, names of models and tools, "yes please".
        """
        marked = self._known.marked(text, matches)
        found = [match for match in marked if match.entity_type == PUBLIC_FIGURE]
        found += (Match(m.start, m.end, PRIVATE_PERSON, m.score) for m in marked if m.entity_type == FULL_NAME)
        if _THREE_WORDS.search(text):
            most = max(self._log_odds(text[start:end], part) for start, end, part in pieces(text, marked))
            probability = round(self.model.probability(most), 3)
            if probability >= LEAST:
                found.append(Match(0, len(text), ENTITY_TYPE, probability))
        return tuple(found)

    def reasons(self, text: str, matches: Sequence[Match], most: int = 8) -> list[tuple[str, float]]:
        """What speaks for (above 0) and against the piece that decided, strongest first. For people, not for records:
        it quotes words of the text."""
        marked = self._known.marked(text, matches)
        start, end, part = max(pieces(text, marked), key=lambda one: self._log_odds(text[one[0] : one[1]], one[2]))
        tokens = tokenize(text[start:end], part)
        return self.model.reasons(tokens, signals(text[start:end], tokens, part), most)

    def _log_odds(self, text: str, matches: Sequence[Match]) -> float:
        tokens = tokenize(text, matches)
        return self.model.log_odds(tokens, signals(text, tokens, matches))


def pieces(text: str, matches: Sequence[Match]) -> Iterator[tuple[int, int, list[Match]]]:
    """``[start, end)`` of each piece with its matches, counted from ``start``. Pieces end where a line or word does."""
    ordered = sorted(matches, key=lambda match: match.start)
    start = at = 0
    while start < len(text):
        end = _end(text, start)
        part: list[Match] = []
        while at < len(ordered) and ordered[at].start < end:
            match = ordered[at]
            part.append(Match(match.start - start, min(match.end, end) - start, match.entity_type, match.score))
            at += 1
        yield start, end, part
        start = end


def _end(text: str, start: int) -> int:
    end = start + PIECE
    if end >= len(text):
        return len(text)
    for mark in ("\n", " "):
        at = text.rfind(mark, start + PIECE // 2, end)
        if at > 0:
            return at + 1
    return end


@cache
def load_matter() -> MatterAssessor:
    """The assessor with the shipped model and lists, read once. Raises ConfigError."""
    return MatterAssessor(load_model(), load_known_names())
