"""Names that everybody knows: Einstein and Frodo are named in a text without it being about a private person.

Only what a detector took for a name is looked up, whole names against a list of whole names, so a private person keeps
the protection of their full name whatever else the text says. The lists are ``policies/terms/public-names.txt`` and
``public-single-names.txt``: one name per line, ``#`` begins a comment.
"""

import hashlib
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Match
from gateway.inspection.detectors.catalogue import detector_files

PUBLIC_FIGURE: Final = "PUBLIC_FIGURE"
FULL_NAME: Final = "FULL_NAME"
NAMES: Final = frozenset({"PERSON", FULL_NAME})
FILES: Final = ("public-names.txt", "public-single-names.txt")
_WORD: Final = re.compile(r"[^\W\d_]+")
_LONGEST: Final = 6
"""Words of the longest name."""


class KnownNames:
    """A set of full names and of names that are known by themselves. Immutable."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(filter(None, map(_folded, names)))
        self.version = hashlib.sha256("\n".join(sorted(self._names)).encode()).hexdigest()[:8]

    def __len__(self) -> int:
        return len(self._names)

    def marked(self, text: str, matches: Sequence[Match]) -> list[Match]:
        """``matches``, those of known people replaced by PUBLIC_FIGURE.

        A part of a known full name that stands in the text ("Musk" after "Elon Musk") is known as well, unless it is
        itself a part of another full name.
        """
        named = [match for match in matches if match.entity_type in NAMES]
        if not named:
            return list(matches)
        words = [(found.start(), found.end(), _folded(found[0])) for found in _WORD.finditer(text)]
        known = self._spans(words, named)
        heard = {word for start, end, word in words if _within(start, end, known)}
        others = [
            (match.start, match.end)
            for match in named
            if match.entity_type == FULL_NAME and not _within(match.start, match.end, known)
        ]
        marked = [Match(start, end, PUBLIC_FIGURE, 1.0) for start, end in known]
        for match in matches:
            if match.entity_type not in NAMES:
                marked.append(match)
            elif not _within(match.start, match.end, known):
                alone = match.entity_type != FULL_NAME and not _within(match.start, match.end, others)
                said = _folded(text[match.start : match.end])
                public = alone and (said in self._names or said in heard)
                marked.append(Match(match.start, match.end, PUBLIC_FIGURE, 1.0) if public else match)
        return marked

    def _spans(self, words: Sequence[tuple[int, int, str]], named: Sequence[Match]) -> list[tuple[int, int]]:
        """Where known names of several words stand, each around something that was taken for a name."""
        starts, ends = [word[0] for word in words], [word[1] for word in words]
        found: set[tuple[int, int]] = set()
        for match in named:
            first, last = bisect_right(ends, match.start), bisect_left(starts, match.end)
            spans = (
                (low, high)
                for low in range(max(0, first - _LONGEST + 1), first + 1)
                for high in range(max(last, low + 2), min(len(words), low + _LONGEST) + 1)
            )
            longest = max(
                (span for span in spans if " ".join(word[2] for word in words[span[0] : span[1]]) in self._names),
                key=lambda span: span[1] - span[0],
                default=None,
            )
            if longest is not None:
                found.add((words[longest[0]][0], words[longest[1] - 1][1]))
        return sorted(found)


@cache
def load_known_names(folder: Path | None = None) -> KnownNames:
    """The shipped lists, read once. Raises ConfigError when one is missing."""
    folder = folder or detector_files().parent / "terms"
    names: list[str] = []
    for name in FILES:
        try:
            lines = (folder / name).read_text("utf-8").splitlines()
        except (OSError, ValueError):
            problem = Problem("the list of known names cannot be read", "Install the gateway from its package.", folder)
            raise ConfigError((problem,)) from None
        names += (line.partition("#")[0] for line in lines)
    return KnownNames(names)


def _folded(name: str) -> str:
    """Small letters without accents, words by single spaces."""
    bare = name
    if not name.isascii():
        bare = "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))
    return " ".join(_WORD.findall(bare.casefold()))


def _within(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(low <= start and end <= high for low, high in spans)
