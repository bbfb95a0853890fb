"""From a model that labels tokens to runs of words in a text, whatever the model and its labels are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.inspection.detectors.rampart_spans import WITHIN_WORD, Span
from gateway.inspection.detectors.windows import windows

THRESHOLD: Final = 0.5

Odds = NDArray[np.float32]


class OutOfTime(Exception):
    """Nobody waits for this reading any more."""


@dataclass(frozen=True, slots=True)
class Words:
    """Reads a text in windows and joins neighbouring words of one kind.

    ``probabilities`` gets the token ids of one window and gives tokens by kinds, kind 0 being none. A word's odds are
    the mean over its tokens, or with ``surest`` the greatest: models that were trained to label a word's first token
    say nothing of the others. ``passed`` is asked between two windows; true ends the reading with OutOfTime.
    """

    tokenizer: Any
    kinds: Sequence[str]
    probabilities: Callable[[list[int]], Odds]
    surest: bool = False
    passed: Callable[[], bool] | None = None

    def spans(self, text: str) -> list[Span]:
        """The runs, in order. Time grows with the length of the text; nothing is skipped."""
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        ids: list[int] = encoding.ids
        if not ids:
            return []
        words: list[int] = encoding.word_ids
        offsets: list[tuple[int, int]] = encoding.offsets
        best = np.zeros((words[-1] + 1, len(self.kinds)), np.float32)
        for start, end in windows(text, words, offsets):
            if self.passed is not None and self.passed():
                raise OutOfTime
            odds = self.probabilities(ids[start:end])
            heads = np.flatnonzero(np.diff(words[start:end], prepend=-1))
            rows = [words[start + head] for head in heads]
            best[rows] = np.maximum(best[rows], self._of_words(odds, heads, end - start))
        return self._runs(text, best, _places(words, offsets, len(best)))

    def _of_words(self, odds: Odds, heads: NDArray[np.intp], count: int) -> Odds:
        if self.surest:
            return np.asarray(np.maximum.reduceat(odds, heads, axis=0))
        sums = np.add.reduceat(odds, heads, axis=0)
        sums /= np.diff(np.append(heads, count))[:, None]
        return np.asarray(sums)

    def _runs(self, text: str, best: Odds, places: list[tuple[int, int]]) -> list[Span]:
        kinds = best[:, 1:].argmax(axis=1) + 1
        spans: list[Span] = []
        lengths: list[int] = []
        for word in np.flatnonzero(best[np.arange(len(best)), kinds] >= THRESHOLD):
            (start, end), kind, score = places[word], self.kinds[kinds[word]], float(best[word, kinds[word]])
            last = spans[-1] if spans else None
            if last is not None and last.kind == kind and WITHIN_WORD.fullmatch(text, last.end, start):
                lengths[-1] += 1
                mean = last.score + (score - last.score) / lengths[-1]
                spans[-1] = Span(last.start, end, kind, mean)
            else:
                spans.append(Span(start, end, kind, score))
                lengths.append(1)
        return spans


def softmax(logits: Odds) -> Odds:
    """Tokens by labels, as probabilities."""
    odds: Odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    return odds


def _places(words: list[int], offsets: list[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """Where each word stands in the text."""
    places = [(0, 0)] * count
    previous = -1
    for word, (start, end) in zip(words, offsets, strict=True):
        places[word] = (start, end) if word != previous else (places[word][0], end)
        previous = word
    return places
