"""Stage one of exact matching: secret rolling hashes of all runs of words in a text, in a few array operations.

A symbol (a folded letter or digit) has a secret random number, a word run the hash ``sum(number[i] * base**i)`` modulo
2**64 over its symbols, with nothing between words: ``DE89 3704`` and ``DE893704`` hash alike. From the sums over all
beginnings of a text, the hash of any run is one difference and one product. The hash alone proves nothing: what passes
the tables is looked up by a cryptographic digest (``digests.py``).
"""

import hashlib
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.inspection.terms.fold import PLANE, Codes, folding

Hashes = NDArray[np.uint64]

LONGEST: Final = 1 << 14
"""Symbols of one text that can be hashed at once."""
MOST_WORDS: Final = 8
"""Words of one run: enough for any name, and for an IBAN in groups."""
MASKS: Final = 4096
_MASK_BITS: Final = 4
_ONE: Final = np.uint64(1)
_MASK_SHIFT: Final = np.uint64(28)
_MASK_LOW: Final = np.uint64(MASKS - 1)


class Words(NamedTuple):
    """The words of a text. Symbol ``i`` stands at ``places[i]`` of its codes; word ``k`` is symbols
    ``[bounds[k], bounds[k + 1])``, so that a run of words is a stretch of symbols. ``bounds`` goes on with its last
    element, for runs that would reach beyond the end."""

    places: NDArray[np.intp]
    bounds: NDArray[np.int64]
    size: int
    """How many words there are."""
    symbols: Hashes
    digits: NDArray[np.bool_] | None
    """Which words hold a digit; None: no word does."""


@dataclass(frozen=True, slots=True)
class Rolling:
    """The secret numbers that one key gives. Make it with ``rolling``."""

    numbers: Hashes = field(repr=False)
    """By code point, folding built in: 0 for what is no symbol, odd for digits, even for letters."""
    powers: Hashes = field(repr=False)
    inverses: Hashes = field(repr=False)
    mixer: np.uint64 = field(repr=False)
    masks: Hashes = field(repr=False)
    """Words with a few bits set, of which a hash chooses one: what a Bloom table tests in its one word."""

    def words(self, codes: Codes) -> Words | None:
        """The words of at most LONGEST symbols; None where there is none. A word that begins with letters and goes on
        with digits (``MRN0012345``) is two: its number is a value of its own as well."""
        numbers = self.numbers.take(codes)
        places = numbers.nonzero()[0]
        size = places.size
        if not size:
            return None
        symbols = numbers.take(places)
        gap = places[1:] - places[:-1]
        starts = (gap > 1).nonzero()[0]
        digit = symbols & _ONE
        has_digits = bool(digit.any())
        if has_digits:
            inner = ((digit[1:] > digit[:-1]) & (gap == 1)).nonzero()[0]
            if inner.size:
                starts = _with_numbers(starts, inner, digit)
        count = starts.size + 1
        bounds = np.empty(count + 1 + MOST_WORDS, np.int64)
        bounds[0] = 0
        np.add(starts, 1, out=bounds[1:count])
        bounds[count:] = size
        digits = np.bitwise_or.reduceat(digit, bounds[:count]) != 0 if has_digits else None
        return Words(places, bounds, count, symbols, digits)

    def singles(self, words: Words) -> tuple[Hashes, Hashes, Hashes]:
        """Hash of each word; sums before each bound; and the factor by which a difference of sums from each word on
        becomes a hash."""
        sums = np.empty(words.symbols.size + 1, np.uint64)
        sums[0] = 0
        np.multiply(words.symbols, self.powers[: words.symbols.size], out=sums[1:])
        np.add.accumulate(sums[1:], out=sums[1:])
        before = sums.take(words.bounds)
        factor = self.inverses.take(words.bounds[: words.size]) * self.mixer
        return (before[1 : words.size + 1] - before[: words.size]) * factor, before, factor

    def hash_all(self, squeezed: list[str]) -> Hashes:
        """The hash of each of these folded values, which hold symbols alone."""
        lengths = np.fromiter(map(len, squeezed), np.int64, len(squeezed))
        codes = np.frombuffer("".join(squeezed).encode("utf-32-le"), np.uint32)
        starts = np.cumsum(lengths) - lengths
        exponents = np.arange(codes.size) - np.repeat(starts, lengths)
        sums = np.add.reduceat(self.numbers.take(codes) * self.powers.take(exponents), starts)
        return np.asarray(sums * self.mixer, np.uint64)

    def masks_of(self, hashes: Hashes) -> Hashes:
        """The bits that each hash sets in its word of a table."""
        return self.masks.take(((hashes >> _MASK_SHIFT) & _MASK_LOW).view(np.int64))


def slots(hashes: Hashes, bits: int) -> NDArray[np.int64]:
    """The place of each hash in a table of ``2 ** bits`` entries."""
    return (hashes >> np.uint64(64 - bits)).view(np.int64)


def rolling(key: bytes) -> Rolling:
    """The numbers for this key; 40 ms, 1.3 MB."""
    stream = hashlib.shake_256(b"gateway exact match, rolling hash 1\0" + key)
    raw = np.frombuffer(stream.digest(8 * (PLANE + 2 + MASKS)), "<u8").astype(np.uint64)
    tables = folding()
    own, base, mixer = raw[:PLANE].copy(), int(raw[PLANE]) | 1, raw[PLANE + 1] | _ONE
    own &= ~_ONE
    own[own == 0] = 2
    own[ord("0") : ord("9") + 1] |= _ONE
    numbers = np.where(tables.wordlike, own.take(tables.first), np.uint64(0))
    return Rolling(numbers, _powers(base), _powers(pow(base, -1, 1 << 64)), np.uint64(mixer), _masks(raw[PLANE + 2 :]))


def _powers(base: int) -> Hashes:
    powers = np.full(LONGEST, base, np.uint64)
    powers[0] = 1
    np.multiply.accumulate(powers, out=powers)
    return powers


def _masks(raw: Hashes) -> Hashes:
    masks = np.zeros(MASKS, np.uint64)
    for part in range(_MASK_BITS):
        masks |= _ONE << ((raw >> np.uint64(6 * part)) & np.uint64(63))
    return masks


def _with_numbers(starts: NDArray[np.intp], inner: NDArray[np.intp], digit: Hashes) -> NDArray[np.intp]:
    """``starts`` (each the index before a word) with the first change from letters to digits of each word that begins
    with a letter."""
    word = np.searchsorted(starts, inner, side="left")
    begins = np.concatenate((np.zeros(1, np.intp), starts + 1)).take(word)
    first = np.ones(inner.size, bool)
    first[1:] = word[1:] != word[:-1]
    chosen = inner[first & (digit.take(begins) == 0)]
    return np.sort(np.concatenate((starts, chosen)))
