"""The detector of exact values: finds the listed ones with certainty, in any spelling that ``spelling.py`` knows.

A text is folded to symbols, all runs of up to eight words are hashed at once (``rolling.py``) and tested in a Bloom
table. Only a run with a digit, or one that begins as some listed value does, is looked at beyond its first word. What
passes is spelt out and looked up by its keyed digest: a false hit needs two values with one digest of 128 bits.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.terms.digests import digester
from gateway.inspection.terms.fold import Codes, Places, codes_of, folding
from gateway.inspection.terms.rolling import LONGEST, Rolling, Words, rolling, slots
from gateway.inspection.terms.spelling import LONGEST_VALUE
from gateway.inspection.terms.store import Store

SCORE: Final = 1.0
_WINDOW: Final = LONGEST // 2
"""Codes looked at in one go; folding makes no more symbols of them than LONGEST."""
_OVERLAP: Final = 1024
_GAP: Final = re.compile(r"\s*(?:[^\w\s]|_){0,3}\s*(?:[^\w\s]|_){0,2}\s*")
"""What may stand between two words of a value: white space, a dash, a comma, the quote mark of a reply ..."""
_WIDEST: Final = 24
_NUMBER_GAP: Final = re.compile(r"[\s./\\()_:'+–—-]*")
"""Within a number no comma, semicolon or bar: those stand between the members of a list."""


@dataclass(frozen=True, slots=True)
class _List:
    """One file, with what its key makes."""

    store: Store
    rolling: Rolling = field(repr=False)
    digest: Callable[[str], bytes] = field(repr=False)
    lengths: NDArray[np.int64] = field(repr=False)
    """Two and more: how many words a run may have."""


@dataclass(frozen=True, slots=True)
class ExactDetector:
    """All configured lists of exact values. Each costs the same again: one list of many columns is faster than many."""

    lists: tuple[_List, ...] = field(repr=False)
    version: str
    name: str = "exact"
    views: Views = "all"

    @property
    def entity_types(self) -> frozenset[str]:
        return frozenset(one.store.header.entity_type for one in self.lists)

    def find(self, text: str) -> Sequence[Match]:
        """Every listed value in ``text``, the longest where some overlap. Score 1."""
        codes, places = codes_of(text)
        found: list[Match] = []
        for one in self.lists:
            spans = sorted(set(_spans(one, text, codes, places)), key=lambda span: (span[0], -span[1]))
            end = 0
            for span in spans:
                if span[0] >= end:
                    found.append(Match(span[0], span[1], one.store.header.entity_type, SCORE))
                    end = span[1]
        return found


def exact_detector(stores: Sequence[tuple[Store, bytes]]) -> ExactDetector:
    """The detector of these files, each with its key. Files of one key share its tables."""
    tables: dict[bytes, Rolling] = {}
    lists = tuple(
        _List(
            store,
            tables.setdefault(key, rolling(key)),
            digester(key),
            np.arange(2, max(store.header.most_words, 1) + 1),
        )
        for store, key in stores
    )
    said = "".join(f"{one.store.digest}{one.store.header.entity_type}" for one in lists)
    return ExactDetector(lists, hashlib.sha256(said.encode()).hexdigest()[:12])


class _Look(NamedTuple):
    """One stretch of a text, and its words. ``codes`` are the whole text's, ``[low, high)`` is the stretch."""

    text: str
    codes: Codes
    places: Places | None
    low: int
    high: int
    words: Words

    def span(self, first: int, last: int) -> tuple[int, int] | None:
        """Where the words from ``first`` up to ``last`` stand in the text; None where the stretch may cut them."""
        bounds, at = self.words.bounds, self.words.places
        begin, end = int(at[bounds[first]]) + self.low, int(at[bounds[last] - 1]) + 1 + self.low
        if (begin == self.low and self.low > 0) or (end == self.high and self.high < self.codes.size):
            return None
        return (begin, end) if self.places is None else (int(self.places[begin]), int(self.places[end - 1]) + 1)


def _spans(one: _List, text: str, codes: Codes, places: Places | None) -> Iterator[tuple[int, int]]:
    """Start and end in ``text`` of every listed value."""
    for start in range(0, max(codes.size, 1), _WINDOW):
        low, high = max(0, start - _OVERLAP), min(codes.size, start + _WINDOW)
        words = one.rolling.words(codes[low:high])
        if words is None:
            continue
        look = _Look(text, codes, places, low, high, words)
        for first, last in _candidates(one, words):
            span = look.span(first, last)
            if span is not None and _is_listed(one, look, first, last):
                yield span


def _candidates(one: _List, words: Words) -> Iterator[tuple[int, int]]:
    """Runs of words that pass the tables: the first word, and the one behind the last."""
    count = words.size
    store = one.store
    singles, before, factor = one.rolling.singles(words)
    chosen = store.starts.take(slots(singles, store.header.start_bits))
    if words.digits is not None:
        chosen |= words.digits
    begins = chosen.nonzero()[0]
    width = one.lengths.size
    hashes = np.empty(count + begins.size * width, np.uint64)
    hashes[:count] = singles
    if begins.size and width:
        runs = before.take(begins[:, None] + one.lengths)
        runs -= before.take(begins)[:, None]
        runs *= factor.take(begins)[:, None]
        hashes[count:] = runs.ravel()
    masks = one.rolling.masks_of(hashes)
    held = store.table.take(slots(hashes, store.header.bits))
    held &= masks
    for hit in (held == masks).nonzero()[0].tolist():
        if hit < count:
            yield hit, hit + 1
            continue
        row, extra = divmod(hit - count, width)
        first = int(begins[row])
        last = first + extra + 2
        if last <= count and words.bounds[last] - words.bounds[first] <= LONGEST_VALUE:
            yield first, last


def _is_listed(one: _List, look: _Look, first: int, last: int) -> bool:
    bounds = look.words.bounds[first : last + 1].tolist()
    at = look.words.places[bounds[0] : bounds[-1]] + look.low
    symbols = folding().first.take(look.codes.take(at)).astype("<u4").tobytes().decode("utf-32-le")
    edges = [each - bounds[0] for each in bounds]
    digits = sum(map(str.isdigit, symbols))
    allowed = _NUMBER_GAP if 2 * digits >= len(symbols) else _GAP
    where = at if look.places is None else look.places.take(at)
    for edge in edges[1:-1]:
        begin, end = int(where[edge - 1]) + 1, int(where[edge])
        if end - begin > _WIDEST or allowed.fullmatch(look.text, begin, end) is None:
            return False
    canonical = symbols if digits else " ".join(symbols[begin:end] for begin, end in pairwise(edges))
    return one.digest(canonical) in one.store.digests
