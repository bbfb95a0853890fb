"""The file of an exact list: written once, whole, then mapped into every process that reads it.

    "GWEXACT" 0x01 | length of the header, 4 bytes | header, JSON | padding to 4096
    table      2**bits words of 64 bits: a Bloom table, each value sets a few bits of one word
    starts     2**start_bits bytes: may a value of several words begin with a word of this hash?
    index      2**index_bits + 1 numbers: how many digests have lower first bits than each
    digests    16 bytes each, sorted
    stamp      32 bytes: keyed hash of everything before it

All numbers are little-endian. The header holds counts and names of columns, never a value.
"""

import mmap
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from gateway.errors import ConfigError, Problem
from gateway.inspection.terms.digests import DIGEST_BYTES, Digests, key_id, stamp
from gateway.inspection.terms.fold import NORMALISATION

MAGIC: Final = b"GWEXACT\x01"
PAGE: Final = 4096
_STAMP: Final = 32
_PART: Final = 1 << 20
_REBUILD: Final = "Make it again with `gateway terms build`."


@dataclass(frozen=True, slots=True)
class Column:
    """What became of one column: how many values it had, how many are listed, how many were refused and why."""

    name: str
    values: int
    listed: int
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says about itself to everybody."""

    entity_type: str
    key_id: str
    entries: int
    """Distinct spellings."""
    most_words: int
    """Words of the longest run that has to be looked up."""
    bits: int
    start_bits: int
    columns: tuple[Column, ...]
    normalisation: int = NORMALISATION

    @property
    def index_bits(self) -> int:
        """First bits of a digest that the index knows: about 100 digests share theirs."""
        return max(1, self.entries.bit_length() - 7)

    @property
    def sections(self) -> tuple[int, int, int, int]:
        """Bytes of table, starts, index and digests."""
        return 8 << self.bits, 1 << self.start_bits, 8 * ((1 << self.index_bits) + 1), DIGEST_BYTES * self.entries


@dataclass(frozen=True, slots=True)
class Store:
    """A file, its tables mapped. Safe to share between threads; the mapping lives as long as the arrays."""

    header: Header
    table: NDArray[np.uint64] = field(repr=False)
    starts: NDArray[np.bool_] = field(repr=False)
    digests: Digests = field(repr=False)
    digest: str
    """Of the whole file: what its version is."""


def read_header(path: Path) -> Header:
    """The header alone, for which nobody needs the key. Raises ConfigError."""
    with _opened(path) as file:
        return _header(file, path)[0]


def open_store(path: Path, key: bytes) -> Store:
    """Check a file against ``key`` and map it. Reads it once, at about 1 GB/s.

    Raises ConfigError where it is missing, of another format or key, cut short or changed.
    """
    with _opened(path) as file:
        header, begin = _header(file, path)
        if header.key_id != key_id(key):
            message = f"the list was made with the key {header.key_id}, this is the key {key_id(key)}"
            remedy = "Name the key file that the list was made with, or make the list again."
            raise ConfigError((Problem(message, remedy, path),))
        if header.normalisation != NORMALISATION:
            message = f"the list was made for normalisation {header.normalisation}, this is {NORMALISATION}"
            raise ConfigError((Problem(message, _REBUILD, path),))
        digest = _checked(file, path, key, begin + sum(header.sections))
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        table, starts, index, _ = _arrays(mapped, header, begin)
        if not (index.size and (np.diff(index) >= 0).all() and index[0] == 0 and index[-1] == header.entries):
            raise ConfigError((Problem("the list is damaged or incomplete", _REBUILD, path),))
        digests = Digests(os.dup(file.fileno()), begin + sum(header.sections[:3]), index)
    return Store(header, table, starts, digests, digest)


def _arrays(mapped: mmap.mmap, header: Header, begin: int) -> Iterator[NDArray[Any]]:
    for size, kind in zip(header.sections, ("<u8", "?", "<i8", "u1"), strict=True):
        yield np.frombuffer(mapped, kind, size // np.dtype(kind).itemsize, begin)
        begin += size


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"cannot read the list of exact values: {reason}"
        raise ConfigError((Problem(message, "Check the path, or make it with `gateway terms build`.", path),)) from None


def _header(file: IO[bytes], path: Path) -> tuple[Header, int]:
    """The header and where the sections begin."""
    first = file.read(len(MAGIC) + 4)
    if first[: len(MAGIC) - 1] != MAGIC[:-1]:
        raise ConfigError((Problem("this is no list of exact values", _REBUILD, path),))
    if first[: len(MAGIC)] != MAGIC:
        raise ConfigError((Problem("the list has a format that this version does not read", _REBUILD, path),))
    try:
        said = orjson.loads(file.read(int.from_bytes(first[len(MAGIC) :], "little")))
        columns = tuple(Column(**one) for one in said.pop("columns"))
        header = Header(columns=columns, **said)
        sane = 0 <= header.bits <= 40 and 0 <= header.start_bits <= 40 and header.entries >= 0
    except (orjson.JSONDecodeError, TypeError, ValueError, KeyError, AttributeError):
        sane = False
    if not sane:
        raise ConfigError((Problem("the header of the list is damaged", _REBUILD, path),))
    return header, _padded(file.tell())


def _padded(size: int) -> int:
    return -(-size // PAGE) * PAGE


def _checked(file: IO[bytes], path: Path, key: bytes, length: int) -> str:
    """The digest of the file, which must be whole. Read with plain reads: a mapping would count as memory in use."""
    running = stamp(key)
    if os.fstat(file.fileno()).st_size == length + _STAMP:
        file.seek(0)
        left = length
        while left and (part := file.read(min(_PART, left))):
            running.update(part)
            left -= len(part)
        if file.read(_STAMP) == running.digest():
            return running.hexdigest()[:12]
    raise ConfigError((Problem("the list is damaged or incomplete", _REBUILD, path),))


def write_store(path: Path, header: Header, sections: Iterable[Iterable[bytes | memoryview]], key: bytes) -> None:
    """Write a file beside ``path``, make it durable, put it in place of what is there. Readers keep what they mapped.

    Raises ConfigError where it cannot be written.
    """
    said = orjson.dumps(asdict(header))
    front = MAGIC + len(said).to_bytes(4, "little") + said
    running = stamp(key)
    temporary: str | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = file.name
            for part in ((front.ljust(_padded(len(front)), b"\0"),), *sections):
                for piece in part:
                    running.update(piece)
                    file.write(piece)
            file.write(running.digest())
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError((Problem(f"cannot write the list: {reason}", "Check the folder.", path),)) from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
