"""Presidio recognizers that users bring, run as they are: one or several of them as one detector.

What a recognizer answers, counts. Three things are done around it, because Presidio leaves them to its engine:

- **A pattern that takes too long raises.** Presidio skips it, and its answer looks clean.
- **Context words raise a score** as Presidio's enhancer does (+0.35, at least 0.4), when they stand near a hit.
- **A recognizer that reads words gets words**: the tokens of spaCy's blank tokenizer, without lemmas, tags or entities.
"""

import hashlib
import inspect
import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any, Final

import regex
from presidio_analyzer import EntityRecognizer, PatternRecognizer

from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.detectors.labels import Labels
from gateway.inspection.detectors.rules import PATTERN_SECONDS

CONTEXT_GAIN: Final = 0.35
CONTEXT_LEAST: Final = 0.4
_TYPE: Final = re.compile(r"[A-Z][A-Z0-9_]{1,63}")


class PatternTooSlow(Exception):
    """A pattern did not come to its end in time. What was not read is not clean."""


class RecognizerDetector:
    """``recognizers`` as one detector. Safe to share between threads if each of them is."""

    views: Final[Views] = "all"

    def __init__(self, name: str, recognizers: Sequence[EntityRecognizer], version: str = "") -> None:
        """``version``: digest of where they come from; by default of their classes' source.

        Raises ValueError when a recognizer names no entity type, or one that no policy can name.
        """
        self.name = name
        self._recognizers = tuple(recognizers)
        self._types = {given: entity_type(given) for one in recognizers for given in one.supported_entities}
        if not self._types:
            raise ValueError("it names no entity type")
        self.entity_types = frozenset(self._types.values())
        self.version = version or source_version(*(type(one) for one in recognizers))
        self._context = tuple(Labels(one.context) if one.context else None for one in recognizers)
        for one in recognizers:
            _bind(one)

    def find(self, text: str) -> Sequence[Match]:
        """What the recognizers answer, from any score up. Raises PatternTooSlow, and whatever they raise."""
        return [match for number, one in enumerate(self._recognizers) for match in self._asked(number, one, text)]

    def _asked(self, number: int, one: EntityRecognizer, text: str) -> Iterator[Match]:
        words = _reads_words(type(one))
        with _nlp().memory_zone() if words else nullcontext():
            artifacts: Any = _artifacts(text, one.supported_language) if words else None
            results = one.analyze(text=text, entities=list(one.supported_entities), nlp_artifacts=artifacts)
        context = self._context[number]
        for result in results or ():
            score = float(result.score)
            if score > 0 and context is not None and context.near(text, result.start, result.end):
                score = min(1.0, max(score + CONTEXT_GAIN, CONTEXT_LEAST))
            if score > 0:
                named = self._types.get(result.entity_type) or entity_type(result.entity_type)
                yield Match(int(result.start), int(result.end), named, score)


def entity_type(given: str) -> str:
    """The name of a type as policies write it: ``Zip code`` is ZIP_CODE. Raises ValueError when it has none."""
    name = re.sub(r"[^A-Z0-9]+", "_", given.upper()).strip("_")
    if not _TYPE.fullmatch(name):
        raise ValueError(f"{given!r} cannot be an entity type")
    return name


def source_version(*classes: type) -> str:
    """A digest of the source of these classes; where there is none, of their names."""
    sources = []
    for one in classes:
        try:
            sources.append(inspect.getsource(one))
        except (OSError, TypeError):
            sources.append(f"{one.__module__}.{one.__qualname__}")
    return hashlib.sha256("\n".join(sources).encode()).hexdigest()[:12]


class _Bounded:
    """A compiled pattern with a time limit of ours, in the place where Presidio keeps the compiled pattern."""

    def __init__(self, pattern: "regex.Pattern[str]") -> None:
        self._pattern = pattern

    def finditer(self, text: str, **_: Any) -> Iterator["regex.Match[str]"]:
        try:
            yield from self._pattern.finditer(text, timeout=PATTERN_SECONDS)
        except TimeoutError:
            raise PatternTooSlow from None


def _bind(one: EntityRecognizer) -> None:
    """Compile the patterns of ``one``. Raises ValueError for one that cannot be."""
    recognizer: Any = one
    for pattern in recognizer.patterns if isinstance(one, PatternRecognizer) else ():
        try:
            compiled = regex.compile(pattern.regex, recognizer.global_regex_flags or 0)
        except regex.error as error:
            raise ValueError(f"the regex of the pattern {pattern.name!r} is not valid: {error.msg}") from None
        pattern.compiled_regex, pattern.compiled_with_flags = _Bounded(compiled), recognizer.global_regex_flags


def _reads_words(kind: type[EntityRecognizer]) -> bool:
    """Does it look at tokens? A pattern recognizer of Presidio's own making does not."""
    return kind.analyze is not PatternRecognizer.analyze


class _Stops:
    """What Presidio asks its NLP engine while it puts the words of a text together."""

    def is_stopword(self, word: str, _language: str) -> bool:
        return bool(_nlp().vocab[word].is_stop)

    def is_punct(self, word: str, _language: str) -> bool:
        return bool(_nlp().vocab[word].is_punct)


@cache
def _nlp() -> Any:
    """A tokenizer without a model; loaded when the first recognizer that reads words is."""
    import spacy  # noqa: PLC0415 - two seconds and 100 MB that only such recognizers need

    return spacy.blank("en")


def _artifacts(text: str, language: str) -> Any:
    from presidio_analyzer.nlp_engine import NlpArtifacts  # noqa: PLC0415 - imports spaCy, see _nlp

    tokens = _nlp()(text)
    stops: Any = _Stops()
    lemmas = [token.lower_ for token in tokens]
    return NlpArtifacts([], tokens, [token.idx for token in tokens], lemmas, stops, language)
