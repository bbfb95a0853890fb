"""Makes the file of an exact list from rows of values, in memory that the number of rows hardly changes.

Digests go to 64 files beside the result, by their first bits; each is then sorted by itself, so that all are sorted.
Only the tables stand in memory whole: 16 MB, and 2.3 to 4.6 bytes for each spelling.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ConfigError, Problem
from gateway.inspection.terms.digests import as_bytes, as_rows, digester, key_id
from gateway.inspection.terms.rolling import MOST_WORDS, Rolling, rolling, slots
from gateway.inspection.terms.spelling import Refusal, Rules, Spelling, countable, spellings
from gateway.inspection.terms.store import Column, Header, write_store

_BUCKET_BITS: Final = 6
_BATCH: Final = 32_768
"""Spellings hashed at once."""
_BITS_PER_SPELLING: Final = 18
_START_BITS: Final = 24
_LEAST_START_BITS: Final = 12
_SPARSE: Final = 16
"""The table of beginnings is halved as long as so many places are free for each one taken."""
DENSE: Final = 0.001
"""Share of all numbers of one length from which on a list of them is worth a warning."""


@dataclass(frozen=True, slots=True)
class Dense:
    """So many numbers of one length are listed that a random number is likely to be one of them."""

    digits: int
    share: float


@dataclass(frozen=True, slots=True)
class Built:
    """What was made."""

    header: Header
    dense: tuple[Dense, ...]


class Builder:
    """Takes the values of ``columns`` row by row; ``write`` makes the file. Use as a context: it owns temporary files.

    Raises ConfigError where the folder of the result cannot be written.
    """

    def __init__(self, path: Path, entity_type: str, columns: Sequence[str], key: bytes, rules: Rules) -> None:
        self._path = path
        self._entity_type = entity_type
        self._names = tuple(columns)
        self._key = key
        self._rules = rules
        self._digest = digester(key)
        self._rolling: Rolling = rolling(key)
        self._pending: list[Spelling] = []
        self._values: Counter[int] = Counter()
        self._refused: Counter[tuple[int, Refusal]] = Counter()
        self._numbers: Counter[int] = Counter()
        self._starts = np.zeros(1 << _START_BITS, bool)
        self._most_words = 1
        try:
            self._folder = tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigError((Problem(f"cannot write there: {reason}", "Check the folder.", path),)) from None
        self._buckets = [_Bucket(Path(self._folder.name) / f"{number:02d}") for number in range(1 << _BUCKET_BITS)]

    def __enter__(self) -> "Builder":
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def add(self, values: Sequence[str]) -> None:
        """One row, with a value for each column."""
        for column, value in enumerate(values):
            self._values[column] += 1
            found = spellings(value, self._rules)
            if isinstance(found, Refusal):
                self._refused[column, found] += 1
                continue
            self._pending += found
            first = found[0]
            if first.words:
                self._most_words = max(self._most_words, *(len(one.words) for one in found))
            else:
                self._most_words = MOST_WORDS
                if countable(first.squeezed):
                    self._numbers[len(first.squeezed)] += 1
        if len(self._pending) >= _BATCH:
            self._flush()

    def write(self) -> Built:
        """Make the file. Raises ConfigError where nothing is left to list, or it cannot be written."""
        self._flush()
        entries = sum(bucket.settle() for bucket in self._buckets)
        if not entries:
            said = ", ".join(f"{count} {why}" for (_, why), count in self._refused.items()) or "there are no rows"
            raise ConfigError((Problem(f"no value is left to list: {said}", "See docs/terms.md.", self._path),))
        bits = max(10, (entries * _BITS_PER_SPELLING // 64).bit_length())
        starts, start_bits = _folded_down(self._starts)
        header = Header(
            entity_type=self._entity_type,
            key_id=key_id(self._key),
            entries=entries,
            most_words=self._most_words,
            bits=bits,
            start_bits=start_bits,
            columns=tuple(self._column(number) for number in range(len(self._names))),
        )
        sections = ([self._table(bits).data], [starts.data], [self._index(header.index_bits).data], self._sorted())
        write_store(self._path, header, sections, self._key)
        return Built(header, self._dense())

    def _column(self, number: int) -> Column:
        refused = {str(why): count for (column, why), count in self._refused.items() if column == number}
        values = self._values[number]
        return Column(self._names[number], values, values - sum(refused.values()), refused)

    def _dense(self) -> tuple[Dense, ...]:
        shares = ((digits, min(1.0, count / 10**digits)) for digits, count in sorted(self._numbers.items()))
        return tuple(Dense(digits, share) for digits, share in shares if share >= DENSE)

    def _flush(self) -> None:
        if not self._pending:
            return
        batch = list(dict.fromkeys(self._pending))
        self._pending = []
        pairs = as_rows(self._digest(one.canonical) for one in batch)
        rows = np.column_stack((pairs, self._rolling.hash_all([one.squeezed for one in batch])))
        buckets = rows[:, 0] >> np.uint64(64 - _BUCKET_BITS)
        order = np.argsort(buckets, kind="stable")
        edges = np.searchsorted(buckets[order], np.arange((1 << _BUCKET_BITS) + 1))
        for number, bucket in enumerate(self._buckets):
            bucket.append(rows[order[edges[number] : edges[number + 1]]])
        beginnings = list({begin for one in batch for begin in one.beginnings()})
        if beginnings:
            self._starts[slots(self._rolling.hash_all(beginnings), _START_BITS)] = True

    def _table(self, bits: int) -> NDArray[np.uint64]:
        table = np.zeros(1 << bits, np.uint64)
        for bucket in self._buckets:
            hashes = bucket.column(2)
            np.bitwise_or.at(table, slots(hashes, bits), self._rolling.masks_of(hashes))
        return table

    def _index(self, bits: int) -> NDArray[np.int64]:
        """Before each value of the first ``bits`` of a digest, how many digests have a lower one; and their number."""
        index = np.zeros((1 << bits) + 1, np.int64)
        for bucket in self._buckets:
            index[1:] += np.bincount(slots(bucket.column(0), bits), minlength=1 << bits)
        return np.cumsum(index)

    def _sorted(self) -> Iterator[bytes]:
        for bucket in self._buckets:
            yield as_bytes(bucket.rows()[:, :2])


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Rows of (upper half, lower half, rolling hash) in a file of their own."""

    path: Path = field(repr=False)

    def append(self, rows: NDArray[np.uint64]) -> None:
        if rows.size:
            with self.path.open("ab") as file:
                file.write(rows.tobytes())

    def rows(self) -> NDArray[np.uint64]:
        return (np.fromfile(self.path, np.uint64) if self.path.exists() else np.empty(0, np.uint64)).reshape(-1, 3)

    def column(self, number: int) -> NDArray[np.uint64]:
        return np.ascontiguousarray(self.rows()[:, number])

    def settle(self) -> int:
        """Sort the rows, each once. Returns how many there are."""
        rows = self.rows()
        if not rows.size:
            return 0
        rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
        new = np.ones(len(rows), bool)
        new[1:] = (rows[1:, :2] != rows[:-1, :2]).any(axis=1)
        self.path.write_bytes(rows[new].tobytes())
        return int(new.sum())


def _folded_down(starts: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], int]:
    """The smallest table of beginnings that is still sparse, and the bits of its places."""
    bits = _START_BITS
    while bits > _LEAST_START_BITS and int(np.count_nonzero(starts)) * _SPARSE * 2 <= starts.size:
        starts = starts.view(np.uint16) != 0  # two neighbours become one
        bits -= 1
    return starts, bits
