"""The detector of term lists: every listed term in one pass over the folded text, in linear time.

One Aho-Corasick automaton holds the beginnings of all terms; docs/adr/0002-dependencies.md says what was weighed. What
it finds is judged where it stands: boundaries and endings, capitals, the place of a marking.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from ahocorasick_rs import AhoCorasick, Implementation
from numpy.typing import NDArray

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.terms.fold import codes_of, fold, folding
from gateway.inspection.terms.inflection import LEAST_COMPOUND, compounds, endings, forms
from gateway.inspection.terms.lists import TermList, load_lists, twice
from gateway.inspection.terms.marking import is_asked_about, is_marking

_SPACES: Final = re.compile(r"[\s_-]+")
_DOUBLED: Final = re.compile(" {2,}")
_SPACE: Final = np.uint32(32)
_SMALL: Final = 32_768
_LONGEST_WORD: Final = 64
_IN_PROSE: Final = 2 / 3
"""Of the score of a marking, where it stands in a statement."""


class _Form(NamedTuple):
    """What one beginning in the automaton stands for."""

    term: str
    """As written, spaces squeezed."""
    list: int
    endings: frozenset[str]
    compound: bool


@dataclass(frozen=True, slots=True)
class TermDetector:
    """All terms of some lists. Immutable and safe to share between threads."""

    name: str
    version: str
    entity_types: frozenset[str]
    automaton: AhoCorasick = field(repr=False)
    forms: tuple[tuple[_Form, ...], ...] = field(repr=False)
    """By the automaton's numbers."""
    lists: tuple[TermList, ...] = field(repr=False)
    views: Views = "all"

    def find(self, text: str) -> Sequence[Match]:
        """Every term, the longest of those of one type that overlap."""
        if text.isascii() and not self.automaton.find_matches_as_indexes(_DOUBLED.sub(" ", fold(text))):
            return ()  # most texts hold no term, and need no way back to where characters stood
        folded, places = _squeezed(text)
        found: dict[tuple[int, int, str], float] = {}
        for number, start, end in self.automaton.find_matches_as_indexes(folded, overlapping=True):
            for form in self.forms[number]:
                one = self.lists[form.list]
                stop = _end(form, folded, start, end) if one.whole_word else end
                if stop is None:
                    continue
                low, high = (start, stop) if places is None else (int(places[start]), int(places[stop - 1]) + 1)
                score = _score(one, form.term, text, low, high)
                if score:
                    key = (low, high, one.entity_type)
                    found[key] = max(score, found.get(key, 0.0))
        return [Match(*key, score) for key, score in _longest(found)]


def term_detector(lists: Sequence[TermList], name: str) -> TermDetector:
    """The detector of ``lists``, after every ``match`` and ``no_match`` was tried. Raises ConfigError."""
    beginnings: dict[str, dict[_Form, None]] = {}
    for number, one in enumerate(lists):
        for term, languages in one.terms:
            for beginning, form in _forms(number, term, languages if one.inflect else ()):
                beginnings.setdefault(beginning, {}).setdefault(form)
    detector = TermDetector(
        name=name,
        version=hashlib.sha256(repr(lists).encode()).hexdigest()[:12],
        entity_types=frozenset(one.entity_type for one in lists),
        automaton=AhoCorasick(list(beginnings), implementation=_engine(beginnings)),
        forms=tuple(map(tuple, beginnings.values())),
        lists=tuple(lists),
    )
    problems = [*twice(lists), *(problem for one in lists for problem in _unproven(one, detector))]
    if problems:
        raise ConfigError(tuple(problems))
    return detector


def load_terms(path: Path, name: str) -> TermDetector:
    """The detector of one file of lists. Raises ConfigError."""
    return term_detector(load_lists(path), name)


def _engine(beginnings: Iterable[str]) -> Implementation:
    """The faster of two automata where it is small: it takes about 1 kB for each character of the beginnings."""
    return Implementation.DFA if sum(map(len, beginnings)) <= _SMALL else Implementation.ContiguousNFA


def _forms(number: int, term: str, languages: tuple[str, ...]) -> Iterator[tuple[str, _Form]]:
    squeezed = _SPACES.sub(" ", term.strip())
    folded = " ".join(fold(term).split())
    compound = bool(languages) and compounds(languages) and len(folded.replace(" ", "")) >= LEAST_COMPOUND
    form = _Form(squeezed, number, endings(languages), compound)
    yield from ((beginning, form) for beginning in forms(folded, languages))


def _squeezed(text: str) -> tuple[str, NDArray[np.intp] | None]:
    """``text`` folded, spaces squeezed; and where each character stands, None: at its own index."""
    codes, places = codes_of(text)
    folded = folding().first.take(codes)
    space = folded == _SPACE
    doubled = space[1:] & space[:-1]
    if doubled.any():
        kept = np.concatenate((np.zeros(1, np.intp), (~doubled).nonzero()[0] + 1))
        folded = folded.take(kept)
        places = kept if places is None else places.take(kept)
    return folded.astype("<u4").tobytes().decode("utf-32-le", "replace"), places


def _end(form: _Form, folded: str, start: int, end: int) -> int | None:
    """Where the term ends with its ending; None where it is a part of another word."""
    inside = start > 0 and folded[start - 1].isalnum() and folded[start].isalnum()
    if inside and not (form.compound and folded[start - 1].isalpha()):
        return None
    stop = end
    if folded[end - 1].isalnum():
        while stop < len(folded) and stop - end <= _LONGEST_WORD and folded[stop].isalnum():
            stop += 1
    if stop == end:
        return end
    rest = folded[end:stop]
    if rest in form.endings or (form.compound and not inside and rest.isalpha()):
        return stop
    return None


def _score(one: TermList, term: str, text: str, start: int, end: int) -> float:
    """The score of a term that stands in ``text[start:end]``; 0 where it does not count there."""
    if not _has_case(one.case, term, text[start:end]):
        return 0.0
    if one.position == "any" or is_marking(text, start, end):
        return one.score
    if one.position == "marking" or is_asked_about(text, start, end):
        return 0.0
    return one.score * _IN_PROSE


def _has_case(case: str, term: str, said: str) -> bool:
    if case == "any":
        return True
    if case == "exact":
        return _SPACES.sub(" ", said).startswith(term)
    # smart: capitals of the list are asked for; a text all in capitals has them.
    if term.isupper():
        return said[: len(term)].isupper()
    return not term[:1].isupper() or said[:1].isupper()


def _longest(found: dict[tuple[int, int, str], float]) -> Iterator[tuple[tuple[int, int, str], float]]:
    ends: dict[str, int] = {}
    for key in sorted(found, key=lambda key: (key[0], -key[1])):
        _, end, kind = key
        if end > ends.get(kind, -1):
            ends[kind] = end
            yield key, found[key]


def _unproven(one: TermList, detector: TermDetector) -> Iterator[Problem]:
    for text in one.match:
        if not any(found.entity_type == one.entity_type for found in detector.find(text)):
            yield Problem(
                f"list {one.id}: the match example {text!r} is not found", "Correct the terms or the example."
            )
    for text in one.no_match:
        if any(found.entity_type == one.entity_type for found in detector.find(text)):
            yield Problem(f"list {one.id}: the no_match example {text!r} is found", "Correct the terms or the example.")
