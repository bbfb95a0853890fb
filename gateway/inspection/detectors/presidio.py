"""Presidio's own pattern recognizers, run without its NLP engine.

Patterns, checksums and context words come from the installed package, class by class as ``presidio.yaml`` lists them.
What this file does itself, and why:

- **It runs the patterns.** Presidio skips a pattern that timed out and answers as if nothing had been found; here a
  time-out raises, and the request counts as not read.
- **It looks for context words in the text around a hit** (see rules.py) instead of in spaCy's lemmas, which would cost
  15 to 160 ms a request. Presidio's own arithmetic: +0.35, at least 0.4.
- **It distrusts one-digit checksums on bare digits.** Every tenth random number passes one, so a timestamp would be a
  patient number. Without grouping, letters or a context word such a hit stays below 0.4.
- **It looks only where a prefilter says maybe** (see prefilter.py); most texts hold nothing that any pattern needs.
"""

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from importlib.metadata import version as installed_version
from pathlib import Path
from time import monotonic
from typing import Any, Final

import regex
from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.detectors.labels import Labels
from gateway.inspection.detectors.prefilter import Wanted
from gateway.inspection.detectors.presidio_catalogue import presidio
from gateway.inspection.detectors.rules import PATTERN_SECONDS
from gateway.inspection.detectors.together import Seat, find_alone
from gateway.policy.yaml_lines import line_of, load_mapping

_PRESIDIO: Final = presidio()
PatternRecognizer: Final = _PRESIDIO.PatternRecognizer
predefined_recognizers: Final = _PRESIDIO.predefined_recognizers

CONTEXT_GAIN: Final = 0.35
CONTEXT_LEAST: Final = 0.4
BARE: Final = 0.3
"""Score of a one-digit checksum over digits without grouping, letters or context."""

BUDGET_CHARACTERS: Final = 65_536
"""All patterns together get PATTERN_SECONDS for each so many characters; texts full of numbers need about a tenth."""

_VERSION: Final = re.compile(r"(?:[A-Za-z]/|\bv|[Vv]ersion:? )$")
_UNSPECIFIC_IP: Final = re.compile(r"(?:0\.0\.0\.0|127\.|255\.|::1?$|::1?/|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.)")


@dataclass(frozen=True, slots=True)
class _Recognizer:
    """One of Presidio's, with its usable context words."""

    entity_type: str
    source: Any = field(repr=False)
    patterns: tuple[tuple["regex.Pattern[str]", float], ...] = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    context: Labels | None = field(repr=False)
    needs_context: bool
    strong_check: bool
    checked: bool
    """A check of the value may raise the score."""

    def find(self, text: str, number: int, at: int, deadline: float) -> Iterator[Match]:
        """Scored hits of one pattern from ``at`` on. Raises TimeoutError at ``deadline`` (monotonic seconds)."""
        pattern, base = self.patterns[number]
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        for hit in pattern.finditer(text, at, timeout=left):
            first, last = hit.span()
            if first < last:
                score = self._score(text, first, last, base)
                if score > 0:
                    yield Match(first, last, self.entity_type, score)

    def wanted(self, number: int, min_score: float) -> Wanted:
        """A pattern, and the words without which none of its hits reaches ``min_score``."""
        pattern, base = self.patterns[number]
        highest = 1.0 if self.strong_check else BARE if self.needs_context else 1.0 if self.checked else base
        words = (self.words,) if self.words and highest < min_score else ()
        return Wanted(pattern.pattern, pattern.flags, words)

    def _score(self, text: str, start: int, end: int, base: float) -> float:
        value = text[start:end]
        if _inside_longer_number(text, start, end) or self.source.invalidate_result(value):
            return 0.0
        valid = self.source.validate_result(value)
        if valid is False or (self.entity_type == "IP_ADDRESS" and not _names_a_machine(text, start, value)):
            return 0.0
        known = self.context is not None and self.context.near(text, start, end)
        if valid and (known or self.strong_check):
            return 1.0
        score = base
        if valid:
            score = 0.6 if not value.isdecimal() else BARE
        if self.needs_context:
            score = min(score, BARE)
        return min(1.0, max(score + CONTEXT_GAIN, CONTEXT_LEAST)) if known else score


class PresidioDetector:
    """All listed recognizers as one detector. Immutable and thread-safe after construction."""

    name: Final = "presidio"
    views: Final[Views] = "all"

    def __init__(self, settings: "Settings", *, min_score: float = CONTEXT_LEAST) -> None:
        """``min_score``: matches below it are not returned. From 0.4 something speaks for a shape."""
        self.min_score = min_score
        self.seat: Seat | None = None
        self._recognizers = tuple(_load(name, settings) for name in settings.recognizers)
        self._places = tuple(
            (recognizer, number) for recognizer in self._recognizers for number in range(len(recognizer.patterns))
        )
        self.wanted: Sequence[Wanted] = [r.wanted(number, min_score) for r, number in self._places]
        self.entity_types = frozenset(recognizer.entity_type for recognizer in self._recognizers)
        self.version = _version(self._recognizers, settings, min_score)

    def with_seat(self, seat: Seat) -> "PresidioDetector":
        seated = copy(self)
        seated.seat = seat
        return seated

    def find(self, text: str) -> Sequence[Match]:
        """Matches from ``min_score`` up. Raises TimeoutError when all patterns together took too long."""
        return find_alone(self, text)

    def find_hinted(self, text: str, hints: Mapping[int, int]) -> Sequence[Match]:
        """As ``find``, of the patterns that ``hints`` name."""
        deadline = monotonic() + PATTERN_SECONDS * max(1.0, len(text) / BUDGET_CHARACTERS)
        best: dict[tuple[int, int, str], float] = {}
        for place in sorted(hints):
            recognizer, number = self._places[place]
            for match in recognizer.find(text, number, hints[place], deadline):
                key = (match.start, match.end, match.entity_type)
                if match.score >= self.min_score and match.score > best.get(key, 0.0):
                    best[key] = match.score
        return [Match(start, end, entity_type, score) for (start, end, entity_type), score in best.items()]


class Settings(BaseModel):
    """``presidio.yaml``, word for word."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    recognizers: list[str]
    skip_patterns: list[str]
    rewritten: dict[str, str]
    needs_context: list[str]
    strong_check: list[str]
    vague_words: list[str]
    extra_context: dict[str, list[str]]


def load_presidio(path: Path, *, min_score: float = CONTEXT_LEAST) -> PresidioDetector:
    """Read the settings file and build the detector. Raises ConfigError naming every unknown class, type and key."""
    top, lines = load_mapping(path)
    try:
        settings = Settings.model_validate(top)
    except ValidationError as error:
        raise ConfigError(
            tuple(
                Problem(
                    f"{'.'.join(map(str, e['loc']))}: {e['msg']}",
                    "See the shipped file.",
                    path,
                    line_of(lines, e["loc"]),
                )
                for e in error.errors(include_url=False, include_input=False)
            )
        ) from None
    problems = [
        Problem(
            f"Presidio has no pattern recognizer {name!r}", _nearest(name), path, line_of(lines, ("recognizers", i))
        )
        for i, name in enumerate(settings.recognizers)
        if not _is_pattern_recognizer(getattr(predefined_recognizers, name, None))
    ]
    if problems:
        raise ConfigError(tuple(problems))
    patterns = {p.name for name in settings.recognizers for p in getattr(predefined_recognizers, name)().patterns}
    problems = [
        Problem(f"no listed recognizer has a pattern {name!r}", "Mend the name.", path, line_of(lines, (key,)))
        for key in ("skip_patterns", "rewritten")
        for name in getattr(settings, key)
        if name not in patterns
    ]
    if problems:
        raise ConfigError(tuple(problems))
    detector = PresidioDetector(settings, min_score=min_score)
    problems = [
        Problem(f"no listed recognizer finds {name!r}", "Remove it or mend the name.", path, line_of(lines, (key,)))
        for key in ("needs_context", "strong_check", "extra_context")
        for name in getattr(settings, key)
        if name not in detector.entity_types
    ]
    if problems:
        raise ConfigError(tuple(problems))
    return detector


def _is_pattern_recognizer(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, PatternRecognizer) and "analyze" not in vars(found)


def _nearest(name: str) -> str:
    close = difflib.get_close_matches(name, dir(predefined_recognizers), 1)
    return f"Did you mean {close[0]}?" if close else "See presidio_analyzer.predefined_recognizers."


def _inside_longer_number(text: str, start: int, end: int) -> bool:
    """Some of Presidio's patterns have no boundaries and would cut a national number out of a card or a hash."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (before.isdecimal() and text[start].isdecimal()) or (after.isdecimal() and text[end - 1].isdecimal())


def _names_a_machine(text: str, start: int, value: str) -> bool:
    """Not loopback, not an address reserved for documentation, not a version such as Chrome/110.0.0.0."""
    return not _UNSPECIFIC_IP.match(value) and not _VERSION.search(text, max(0, start - 12), start)


def _load(class_name: str, settings: Settings) -> _Recognizer:
    source: Any = getattr(predefined_recognizers, class_name)()
    entity_type: str = source.supported_entities[0]
    vague = frozenset(settings.vague_words)
    words = [word.strip() for word in source.context or () if word.strip().lower().rstrip("#:.") not in vague]
    words += settings.extra_context.get(entity_type, [])
    patterns = tuple(
        (regex.compile(settings.rewritten.get(p.name, p.regex), source.global_regex_flags), float(p.score))
        for p in source.patterns
        if p.name not in settings.skip_patterns
    )
    return _Recognizer(
        entity_type=entity_type,
        source=source,
        patterns=patterns,
        words=tuple(word.lower().strip() for word in words),
        context=Labels(words) if words else None,
        needs_context=entity_type in settings.needs_context,
        strong_check=entity_type in settings.strong_check,
        checked=type(source).validate_result is not PatternRecognizer.validate_result,
    )


def _version(recognizers: tuple[_Recognizer, ...], settings: Settings, min_score: float) -> str:
    patterns = [(r.entity_type, [(p.pattern, score) for p, score in r.patterns]) for r in recognizers]
    digest = hashlib.sha256(repr((patterns, settings, min_score)).encode()).hexdigest()[:8]
    return f"{installed_version('presidio-analyzer')}+{digest}"
