"""The linear model: what each word, phrase and signal says for or against "private", and their sum as a probability.

A text of tokens t_1..t_n has the log-odds ::

    bias + sum_k signal_k * weight_k                                     signals.py
         + sum_i mean(t_i) / m**0.7  +  sum_(i <= 12) first(t_i) / min(m, 12)**0.7     the m words that the model knows
         + sum_g (1 + ln tf_g) * idf_g * weight_g / norm                 phrases of one or two tokens, tf-idf, norm 1

``mean`` and ``first`` come from multilingual word vectors, multiplied out with the trained weights: a word that no
training row holds still counts as its neighbours do, in every language, and the model needs no vectors when it runs.
A logistic curve fitted on rows that were left out in training turns log-odds into a probability (Platt, 1999).
"""

import gzip
import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.errors import ConfigError, Problem
from gateway.inspection.matter.signals import NAMES

FILE: Final = Path(__file__).with_name("model.json.gz")
FIRST: Final = 12
POWER: Final = 0.7
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Model:
    """Weights. Immutable and shared by all threads."""

    version: str
    bias: float
    signals: tuple[float, ...]
    words: Mapping[str, tuple[float, float]] = field(repr=False)
    phrases: Mapping[str, tuple[float, float]] = field(repr=False)
    """Phrase to inverse document frequency and weight."""
    calibration: tuple[float, float]
    """Slope and offset of the logistic curve."""
    profiles: Mapping[str, float]
    """Profile to the probability from which on a text counts as private."""

    def log_odds(self, tokens: Sequence[str], signals: Sequence[float]) -> float:
        """Above 0: private rather than general, before calibration."""
        total = self.bias + sum(map(float.__mul__, self.signals, signals))
        return total + self._of_words(tokens) + sum(share for _, share in self._of_phrases(tokens))

    def probability(self, log_odds: float) -> float:
        """From 0 to 1."""
        slope, offset = self.calibration
        return 1 / (1 + math.exp(-max(-40.0, min(40.0, slope * log_odds + offset))))

    def reasons(self, tokens: Sequence[str], signals: Sequence[float], most: int = 8) -> list[tuple[str, float]]:
        """The strongest contributions to the log-odds by name: signals, and in quotes words and phrases of the text."""
        said: defaultdict[str, float] = defaultdict(float)
        for name, weight, value in zip(NAMES, self.signals, signals, strict=True):
            said[name] += weight * value
        for phrase, share in (*self._of_phrases(tokens), *self._each_word(tokens)):
            said[f"“{phrase.lstrip('^')}”"] += share
        return sorted(((name, share) for name, share in said.items() if share), key=lambda one: -abs(one[1]))[:most]

    def _of_words(self, tokens: Sequence[str]) -> float:
        known = [self.words[token] for token in tokens if token in self.words]
        if not known:
            return 0.0
        first = known[:FIRST]
        mean = sum(weights[0] for weights in known) / math.pow(len(known), POWER)
        return mean + sum(weights[1] for weights in first) / math.pow(len(first), POWER)

    def _each_word(self, tokens: Sequence[str]) -> Iterator[tuple[str, float]]:
        known = [token for token in tokens if token in self.words]
        for place, token in enumerate(known):
            mean, first = self.words[token]
            share = mean / math.pow(len(known), POWER)
            yield token, share + (first / math.pow(min(len(known), FIRST), POWER) if place < FIRST else 0.0)

    def _of_phrases(self, tokens: Sequence[str]) -> list[tuple[str, float]]:
        counted = Counter(phrase for phrase in phrases(tokens) if phrase in self.phrases)
        shares: list[tuple[str, float]] = []
        squares = 0.0
        for phrase, count in counted.items():
            frequency, weight = self.phrases[phrase]
            value = (1 + math.log(count)) * frequency
            squares += value * value
            shares.append((phrase, value * weight))
        norm = math.sqrt(squares)
        return [(phrase, share / norm) for phrase, share in shares] if norm else []


def phrases(tokens: Sequence[str]) -> Iterator[str]:
    """Tokens and pairs of neighbours; those among the first six once more, as a beginning."""
    previous = ""
    for place, token in enumerate(tokens):
        yield token
        pair = f"{previous} {token}"
        if place:
            yield pair
        if place < 6:
            yield "^" + token
            if place:
                yield "^" + pair
        previous = token


def load_model(path: Path = FILE) -> Model:
    """Read the trained model. Raises ConfigError when the file is missing or not one of this version."""
    try:
        packed = path.read_bytes()
        content: dict[str, Any] = json.loads(gzip.decompress(packed))
    except (OSError, ValueError, EOFError):
        raise ConfigError((Problem("the classifier's file cannot be read", _REMEDY, path),)) from None
    if content.get("format") != FORMAT or content.get("signal_names") != list(NAMES):
        raise ConfigError((Problem("the classifier's file is of another version", _REMEDY, path),))
    slope, offset = content["calibration"]
    return Model(
        version=f"{content['version']}+{hashlib.sha256(packed).hexdigest()[:8]}",
        bias=content["bias"],
        signals=tuple(map(float, content["signals"])),
        words={word: (mean, first) for word, mean, first in content["words"]},
        phrases={phrase: (frequency, weight) for phrase, frequency, weight in content["phrases"]},
        calibration=(slope, offset),
        profiles=content["profiles"],
    )


_REMEDY: Final = "Install the gateway from its package, or run training/matter/train.py."
