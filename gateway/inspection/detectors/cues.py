"""Words that say what a text is about, looked up in the vocabularies of ``cues.yaml``.

One automaton holds how every term begins: its first word, and of longer terms the first two. Where one of them stands,
the words are looked up and compared. The cost grows with the text, not with the vocabulary.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ahocorasick_rs import AhoCorasick

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Match, Views
from gateway.policy.yaml_lines import Lines, line_of, load_mapping

SCORE: Final = 0.6
"""A word is what it is; that it concerns somebody is for the policy to combine."""

LEAST_STEM: Final = 3
"""Letters that must stand before a ``*``: shorter beginnings would be in every text."""

_WORD: Final = re.compile(r"\w+")
_GAP: Final = 3
"""Characters that may stand between two words of a term: a space, a hyphen, an apostrophe, a line break."""
_SIGN: Final = re.compile(r"[^\w ]")
_SIGNS: Final = str.maketrans(dict.fromkeys(filter(_SIGN.match, map(chr, range(128))), " "))
_TYPE: Final = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_TERM: Final = re.compile(r"\w+\*?(?:[ '’-]\w+\*?)*")


@dataclass(frozen=True, slots=True)
class _Term:
    """What follows the first word of a term: words, ``*`` at the end of one for any ending."""

    entity_type: str
    rest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CueDetector:
    """The terms of one file. Immutable and thread-safe."""

    version: str
    entity_types: frozenset[str]
    exact: Mapping[str, tuple[_Term, ...]] = field(repr=False)
    stems: Mapping[str, tuple[_Term, ...]] = field(repr=False)
    lengths: tuple[int, ...] = field(repr=False)
    """Lengths of the stems, for looking up the beginnings of a word."""
    beginnings: AhoCorasick = field(repr=False)
    """How terms begin in a text of ``_spaced``."""
    name: str = "cues"
    views: Views = "plain"

    def find(self, text: str) -> Sequence[Match]:
        """Every term, with score 0.6."""
        spaced = _spaced(text)
        if spaced is None:
            starts = [hit.start() for hit in _WORD.finditer(text)]
        else:
            # The text got a space before it, and so has each beginning: where that stands, the word stands in the text.
            hits = self.beginnings.find_matches_as_indexes(spaced, overlapping=True)
            starts = sorted({start for _, start, _ in hits})
        return [match for start in starts for match in self._at(text, start)]

    def _at(self, text: str, start: int) -> Iterator[Match]:
        """The terms whose first word begins at ``start``."""
        first = _WORD.match(text, start)
        if first is None:
            return
        for term in self._terms(first[0].lower()):
            end = _end(term.rest, text, first.end())
            if end is not None:
                yield Match(start, end, term.entity_type, SCORE)

    def _terms(self, word: str) -> tuple[_Term, ...]:
        found = self.exact.get(word, ())
        for length in self.lengths:
            if length > len(word):
                break
            found += self.stems.get(word[:length], ())
        return found


def _spaced(text: str) -> str | None:
    """``text`` in small letters, signs as spaces, one more at either end; None where its length changes."""
    small = text.lower()
    if len(small) != len(text):
        return None
    return f" {small.translate(_SIGNS) if small.isascii() else _SIGN.sub(' ', small)} "


def _end(rest: tuple[str, ...], text: str, end: int) -> int | None:
    """Where a term ends whose first word ends at ``end``; None where other words follow."""
    for wanted in rest:
        word = _WORD.search(text, end)
        if word is None or word.start() - end > _GAP or not _is(wanted, word[0].lower()):
            return None
        end = word.end()
    return end


def _is(wanted: str, word: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted[-1] == "*" else word == wanted


def load_cues(path: Path) -> CueDetector:
    """Read a vocabulary. Raises ConfigError with file and line of every mistake."""
    top, lines = load_mapping(path)
    listed = top.get("cues")
    if top.keys() != {"cues"} or not isinstance(listed, dict) or not listed:
        raise ConfigError((Problem("the file needs `cues` and nothing else", "See the shipped cues.yaml.", path, 1),))
    problems: list[Problem] = []
    exact: dict[str, list[_Term]] = {}
    stems: dict[str, list[_Term]] = {}
    for entity_type, words in _entries(listed, path, lines, problems):
        first, *rest = words
        term = _Term(entity_type, tuple(rest))
        table, key = (stems, first[:-1]) if first.endswith("*") else (exact, first)
        if term not in table.setdefault(key, []):
            table[key].append(term)
    if problems:
        raise ConfigError(tuple(problems))
    return CueDetector(
        version=hashlib.sha256(path.read_bytes()).hexdigest()[:12],
        entity_types=frozenset(listed),
        exact={word: tuple(terms) for word, terms in exact.items()},
        stems={stem: tuple(terms) for stem, terms in stems.items()},
        lengths=tuple(sorted({len(stem) for stem in stems})),
        beginnings=AhoCorasick(sorted({*_of_words(exact), *(f" {stem}" for stem in stems)})),
    )


def _of_words(exact: Mapping[str, Sequence[_Term]]) -> Iterator[str]:
    """What stands in a text of ``_spaced`` wherever a term of whole words does: the first, or the first two of them."""
    for first, terms in exact.items():
        if not all(term.rest for term in terms):
            yield f" {first} "
            continue
        for second in {term.rest[0] for term in terms}:
            ending = second[:-1] if second.endswith("*") else f"{second} "
            yield from (f" {first}{' ' * gap}{ending}" for gap in range(1, _GAP + 1))


def _entries(
    listed: dict[str, Any], path: Path, lines: Lines, problems: list[Problem]
) -> Iterator[tuple[str, list[str]]]:
    """Entity type and words of each term; what is wrong goes to ``problems``."""
    for entity_type, body in listed.items():
        where: tuple[str | int, ...] = ("cues", entity_type)
        if not _TYPE.fullmatch(entity_type):
            message = f"{entity_type!r} is not an entity type"
            problems.append(Problem(message, "Use capitals, digits and underscores.", path, line_of(lines, where)))
        if not isinstance(body, dict) or body.keys() != {"about", "words"} or not isinstance(body["words"], dict):
            message = f"{entity_type} needs `about` and `words`, nothing else"
            problems.append(Problem(message, "List words by language.", path, line_of(lines, where)))
            continue
        for language, terms in body["words"].items():
            place = (*where, "words", language)
            if not isinstance(terms, list) or not terms:
                problems.append(Problem("no words are listed", "List at least one.", path, line_of(lines, place)))
                continue
            for index, term in enumerate(terms):
                words = _words(term)
                if words is None:
                    message = f"{term!r} is not a term"
                    remedy = f"Write words, with `*` only after at least {LEAST_STEM} letters at the end of one."
                    problems.append(Problem(message, remedy, path, line_of(lines, (*place, index))))
                else:
                    yield entity_type, words


def _words(term: Any) -> list[str] | None:
    if not isinstance(term, str) or not _TERM.fullmatch(term):
        return None
    words = re.findall(r"\w+\*?", term.lower())
    short = any(word.endswith("*") and len(word) <= LEAST_STEM for word in words)
    return None if short else words
