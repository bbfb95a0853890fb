"""Stage two of exact matching: keyed digests of 128 bits, sorted, and the key that makes them.

Without the key a digest says nothing about its value. With the key, whoever can guess a value can test the guess: names
and numbers can be tried one after another, so the key has to be kept as the list itself would be.
"""

import hashlib
import os
import weakref
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

KEY_BYTES: Final = 32
DIGEST_BYTES: Final = 16


def key_id(key: bytes) -> str:
    """A public name of a key: 16 hexadecimal digits from which it cannot be found."""
    return hashlib.blake2b(key=key, digest_size=8, person=b"gw-terms-key-id").hexdigest()


def digester(key: bytes) -> Callable[[str], bytes]:
    """The function from a canonical spelling to its digest under ``key`` (KEY_BYTES long)."""
    empty = hashlib.blake2b(key=key, digest_size=DIGEST_BYTES, person=b"gw-terms-value")

    def digest(canonical: str) -> bytes:
        state = empty.copy()
        state.update(canonical.encode("utf-8", "surrogatepass"))
        return state.digest()

    return digest


def as_rows(digests: Iterable[bytes]) -> NDArray[np.uint64]:
    """Digests as rows of two numbers, the upper half first."""
    return np.frombuffer(b"".join(digests), ">u8").reshape(-1, 2).astype(np.uint64)


def as_bytes(rows: NDArray[np.uint64]) -> bytes:
    """The same back as bytes, one digest after another."""
    return rows.astype(">u8").tobytes()


class Digests:
    """Sorted digests in an open file. Read where they stand, so that none of them counts as memory of the process.

    Safe to share between threads. The file is closed with the object.
    """

    __slots__ = ("__weakref__", "_begin", "_file", "_index", "_shift")

    def __init__(self, file: int, begin: int, index: NDArray[np.int64]) -> None:
        """``file``: a descriptor that now belongs to this object; ``begin``: where the first digest stands in it.
        ``index``: before each value of the first bits of a digest, how many digests have a lower one; and how many
        there are."""
        self._file = file
        self._begin = begin
        self._index = index
        self._shift = 8 * DIGEST_BYTES - (index.size - 1).bit_length() + 1
        weakref.finalize(self, os.close, file)

    def __contains__(self, digest: bytes) -> bool:
        """Raises OSError where the file cannot be read: a value that was not looked up is not absent."""
        slot = int.from_bytes(digest) >> self._shift
        low, high = int(self._index[slot]), int(self._index[slot + 1])
        size = (high - low) * DIGEST_BYTES
        near = os.pread(self._file, size, self._begin + low * DIGEST_BYTES)
        if len(near) != size:
            raise OSError("the list of exact values was cut short while in use")
        at = near.find(digest)
        while at >= 0 and at % DIGEST_BYTES:
            at = near.find(digest, at + 1)
        return at >= 0


def stamp(key: bytes) -> "hashlib.blake2b":
    """The running keyed hash of a whole file, which only a holder of the key can make or check."""
    return hashlib.blake2b(key=key, digest_size=32, person=b"gw-terms-file")
