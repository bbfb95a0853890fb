"""Which of many patterns may match in a text, and from where on. Never no where the exact pattern would match.

Three questions, each asked only where the one before did not say no, each in time that grows with the text alone:

1. Does the text hold what every match holds (``required.py``: a literal, a chain of digits)? hyperscan answers for all
   patterns in one scan, in about a microsecond per 4,000 characters of prose.
2. Does the weak pattern (``weaken.py``) match, and where first? RE2 answers, for several at once where none does.
3. The exact pattern, its validators and the words around it: the detector's own business, from that place on.

Where hyperscan is not installed (it is made for x86-64) the second question stands alone: slower, the same answers.
What cannot be weakened or compiled is always "maybe, from the start".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.inspection.detectors.digits import Digits, chain_pattern
from gateway.inspection.detectors.pattern_tree import Unreadable
from gateway.inspection.detectors.required import required
from gateway.inspection.detectors.scan import Scan, as_bytes, hyperscan
from gateway.inspection.detectors.unions import Unions
from gateway.inspection.detectors.weaken import Weak, weaken

Hints = Mapping[int, int]
"""For each pattern that may match, by its number: the first character at which a match may begin."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pattern with its ``re`` flags, and what must stand somewhere in the text besides, in any case."""

    source: str
    flags: int = 0
    words: tuple[tuple[str, ...], ...] = ()
    """Of each group of words one; otherwise the detector has no use for a match."""


class Prefilter:
    """Immutable after construction and safe to share between threads."""

    def __init__(self, patterns: Sequence[Wanted], *, with_hyperscan: bool = hyperscan is not None) -> None:
        """The number of a pattern is its place in the sequence."""
        weak = {number: one for number, wanted in enumerate(patterns) if (one := _weak(wanted))}
        self._unions: Final = Unions(weak)
        self._numbers: Final = self._unions.numbers
        self._everything: Final = dict.fromkeys(range(len(patterns)), 0)
        self._always: Final = {number: 0 for number in self._everything if number not in self._numbers}
        features = {number: _features(patterns[number], weak[number]) for number in sorted(self._numbers)}
        self._first = _FirstScan(features) if with_hyperscan and any(features.values()) else None

    def scan(self, text: str) -> Hints:
        """Which patterns may match in ``text``; one that is not named matches nowhere.

        Raises: any exception when the text could not be read to its end.
        """
        data = as_bytes(text)
        if data is None:
            return self._everything
        asked = self._numbers if self._first is None else self._first.scan(data)
        return self._always | self._unions.first(asked, data)


def _weak(wanted: Wanted) -> Weak | None:
    try:
        return weaken(wanted.source, wanted.flags)
    except Unreadable:
        return None


Feature = frozenset[bytes] | Digits | str
"""Literals, of which one must stand in the text; digits that must stand in a chain; a beginning, as a pattern."""


def _features(wanted: Wanted, weak: Weak) -> list[Feature]:
    needs = required(weak, alone=not wanted.words)
    groups = [needs.literals, *(frozenset(map(_bytes, group)) for group in wanted.words)]
    features: list[Feature | None] = [needs.beginning, *groups, needs.digits]
    return [feature for feature in features if feature]


def _bytes(word: str) -> bytes:
    return word.lower().encode("ascii", "replace")


class _FirstScan:
    """What patterns require, in two hyperscan databases: literals and digits, which are looked for almost for nothing;
    and beginnings, for texts that hold all else that some pattern with a beginning requires."""

    def __init__(self, needs: Mapping[int, Sequence[Feature]]) -> None:
        first = {number: _sought_first(wanted) for number, wanted in needs.items()}
        features = list(dict.fromkeys(feature for wanted in first.values() for feature in wanted))
        places = {feature: place for place, feature in enumerate(features)}
        # A pattern is looked at when the first of its features is seen, and asked when all of them are.
        self._opens: Final[list[list[tuple[int, frozenset[int]]]]] = [[] for _ in features]
        self._open: Final = [number for number, wanted in first.items() if not wanted]
        for number, wanted in first.items():
            if wanted:
                one, *others = [places[feature] for feature in wanted]
                self._opens[one].append((number, frozenset(others)))
        second = {number: [one for one in wanted if one not in first[number]] for number, wanted in needs.items()}
        beginnings = list(dict.fromkeys(one for wanted in second.values() for one in wanted))
        self._begins: Final = {number: beginnings.index(one) for number, wanted in second.items() for one in wanted}
        self._first: Final = Scan(list(map(_pattern, features)), with_hyperscan=True)
        self._second: Final = Scan(list(map(_pattern, beginnings)), with_hyperscan=True)

    def scan(self, data: bytes) -> list[int]:
        """Numbers of the patterns for which ``data`` holds all that they require."""
        seen = self._first.seen(data)
        asked = self._open.copy()
        for feature in seen:
            asked += [number for number, others in self._opens[feature] if others <= seen]
        if self._begins.keys().isdisjoint(asked):
            return asked
        begun = self._second.seen(data)
        return [number for number in asked if number not in self._begins or self._begins[number] in begun]


def _sought_first(wanted: Sequence[Feature]) -> list[Feature]:
    """All but the beginning, if there is anything else."""
    return [feature for feature in wanted if not isinstance(feature, str)] or list(wanted)


def _pattern(feature: Feature) -> bytes:
    if isinstance(feature, str):
        return feature.encode()
    if isinstance(feature, Digits):
        return chain_pattern(feature)
    literals = b"|".join(b"".join(rb"\x%02x" % byte for byte in literal) for literal in sorted(feature))
    return b"(?i:%s)" % literals
