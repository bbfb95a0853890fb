"""Names and addresses in running text: the Rampart model (National Design Studio, CC BY 4.0), run by onnxruntime.

The model reads text in lower case, so ALL CAPS and small letters make no difference to it. What its labels are worth
stands in rampart_spans.py, where its files come from in rampart_files.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.detectors.gate import candidates
from gateway.inspection.detectors.onnx_int8 import INPUTS, SLOW_FUSIONS, NotQuantizable, to_int8
from gateway.inspection.detectors.onnx_runtime import onnxruntime
from gateway.inspection.detectors.rampart_files import VERSION, model_files
from gateway.inspection.detectors.rampart_spans import ENTITY_TYPES, WITHIN_WORD, Span, interpret
from gateway.inspection.detectors.windows import windows

THRESHOLD: Final = 0.5

KINDS: Final = (
    "O", "GIVEN_NAME", "SURNAME", "EMAIL", "PHONE", "URL", "TAX_ID", "BANK_ACCOUNT", "ROUTING_NUMBER", "GOVERNMENT_ID",
    "PASSPORT", "DRIVERS_LICENSE", "BUILDING_NUMBER", "STREET_NAME", "SECONDARY_ADDRESS", "CITY", "STATE", "ZIP_CODE",
)  # fmt: skip
"""The model's labels without B- and I-: label 0 is O, then a pair for each kind."""


class OutOfTime(Exception):
    """Nobody waits for this reading any more."""


class RampartDetector:
    """Reads text in windows. Thread-safe: the session is, and everything else is local to a call."""

    name: Final = "rampart"
    views: Final[Views] = "plain"
    entity_types: Final = ENTITY_TYPES

    def __init__(self, model: bytes, tokenizer: bytes, version: str, passed: Callable[[], bool] | None = None) -> None:
        """``passed`` is asked between two windows; true ends the reading with OutOfTime.

        Raises NotQuantizable or onnxruntime's errors when the model cannot be used.
        """
        self._passed = passed
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self.version = version
        options.enable_mem_pattern = False  # it keeps a plan for each length that was ever seen
        self._session: Any = runtime.InferenceSession(
            to_int8(model), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(SLOW_FUSIONS)
        )
        self._tokenizer: Any = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._first = self._tokenizer.token_to_id("[CLS]")
        self._last = self._tokenizer.token_to_id("[SEP]")

    def find(self, text: str) -> Sequence[Match]:
        """Time grows with the length of the text. Raises OutOfTime, and what onnxruntime raises; nothing is skipped."""
        return interpret(text, self.spans(text))

    def spans(self, text: str) -> list[Span]:
        """Runs of words with the model's own kinds, in order, from the parts of ``text`` that may hold any."""
        return [
            replace(span, start=span.start + start, end=span.end + start)
            for start, end in candidates(text)
            for span in self._spans(text[start:end])
        ]

    def _spans(self, text: str) -> list[Span]:
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        ids: list[int] = encoding.ids
        if not ids:
            return []
        words: list[int] = encoding.word_ids
        offsets: list[tuple[int, int]] = encoding.offsets
        best = np.zeros((words[-1] + 1, len(KINDS)), np.float32)
        for start, end in windows(text, words, offsets):
            if self._passed is not None and self._passed():
                raise OutOfTime
            kinds = self._probabilities(ids[start:end])
            heads = np.flatnonzero(np.diff(words[start:end], prepend=-1))
            sums = np.add.reduceat(kinds, heads, axis=0)
            sums /= np.diff(np.append(heads, end - start))[:, None]
            rows = [words[start + head] for head in heads]
            best[rows] = np.maximum(best[rows], sums)
        return _runs(text, best, _word_places(words, offsets, len(best)))

    def _probabilities(self, ids: list[int]) -> NDArray[np.float32]:
        """One window: probability of each kind for each token."""
        tokens = np.array([[self._first, *ids, self._last]], np.int64)
        places = np.arange(tokens.shape[1], dtype=np.int64)[None]
        logits = self._session.run(None, dict(zip(INPUTS, (tokens, places), strict=True)))[0][0, 1:-1]
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        return np.concatenate((odds[:, :1], odds[:, 1::2] + odds[:, 2::2]), axis=1)


def load_rampart(passed: Callable[[], bool] | None = None) -> RampartDetector:
    """Read, verify and load the installed model. Raises ConfigError when it is missing or another one."""
    folder, files = model_files()
    try:
        return RampartDetector(files["onnx/model_q4.onnx"], files["tokenizer.json"], VERSION, passed)
    except NotQuantizable as error:
        problem = Problem(f"the model cannot be used: {error}", "Install the gateway from its lock file.", folder)
        raise ConfigError((problem,)) from None


def _word_places(words: list[int], offsets: list[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """Where each word stands in the text."""
    places = [(0, 0)] * count
    previous = -1
    for word, (start, end) in zip(words, offsets, strict=True):
        places[word] = (start, end) if word != previous else (places[word][0], end)
        previous = word
    return places


def _runs(text: str, best: NDArray[np.float32], places: list[tuple[int, int]]) -> list[Span]:
    """Join neighbouring words of one kind."""
    kinds = best[:, 1:].argmax(axis=1) + 1
    spans: list[Span] = []
    lengths: list[int] = []
    for word in np.flatnonzero(best[np.arange(len(best)), kinds] >= THRESHOLD):
        (start, end), kind, score = places[word], KINDS[kinds[word]], float(best[word, kinds[word]])
        last = spans[-1] if spans else None
        if last is not None and last.kind == kind and WITHIN_WORD.fullmatch(text, last.end, start):
            lengths[-1] += 1
            mean = last.score + (score - last.score) / lengths[-1]
            spans[-1] = Span(last.start, end, kind, mean)
        else:
            spans.append(Span(start, end, kind, score))
            lengths.append(1)
    return spans
