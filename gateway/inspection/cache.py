"""Readings of texts seen before. Keys are keyed hashes, values hold no text: a dump of this memory tells no prompt."""

import hashlib
import secrets
from collections import OrderedDict
from threading import Lock
from typing import Final

from gateway.inspection.readings import Reading

_ENTRY: Final = 256
_HIT: Final = 160
"""Bytes, about: what one entry and one hit of it take in CPython. Measured with sys.getsizeof, rounded up."""


class ReadingCache:
    """The latest readings, bounded in number and bytes. Safe to share between threads.

    The key of a text is a blake2b hash under a random key of this process, over the whole text, how it was read and the
    versions of all detectors: a detector that changes never meets old readings.
    """

    def __init__(self, entries: int, versions: str) -> None:
        """``entries`` 0 switches the cache off. ``versions`` stands for the set of detectors."""
        self._entries = entries
        self._bytes_left = entries * 2 * _ENTRY
        self._secret = secrets.token_bytes(32)
        self._person = hashlib.blake2b(versions.encode(), digest_size=16).digest()
        self._readings: OrderedDict[bytes, Reading] = OrderedDict()
        self._lock = Lock()
        self.hits = 0
        self.misses = 0

    def key(self, text: str, *, joined: bool) -> bytes:
        """The key under which the reading of ``text`` is kept."""
        salt = b"joined" if joined else b"string"
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=24, key=self._secret, salt=salt, person=self._person).digest()

    def get(self, key: bytes) -> Reading | None:
        """The reading under ``key``, which counts as used."""
        with self._lock:
            reading = self._readings.get(key)
            if reading is None:
                self.misses += 1
            else:
                self.hits += 1
                self._readings.move_to_end(key)
            return reading

    def put(self, key: bytes, reading: Reading) -> None:
        """Remember ``reading``, and forget the least used ones beyond the bounds."""
        if reading.failed or not self._entries:
            return
        with self._lock:
            replaced = self._readings.pop(key, None)
            if replaced is not None:
                self._bytes_left += _size(replaced)
            self._readings[key] = reading
            self._bytes_left -= _size(reading)
            while self._readings and (len(self._readings) > self._entries or self._bytes_left < 0):
                _, forgotten = self._readings.popitem(last=False)
                self._bytes_left += _size(forgotten)

    def __len__(self) -> int:
        return len(self._readings)


def _size(reading: Reading) -> int:
    return _ENTRY + _HIT * len(reading.hits)
