"""Benign texts that are long rows of something: made here, always the same ones. The others stand in benign.yaml."""

import hashlib
import uuid
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final

import yaml

_FILE: Final = Path(__file__).parent / "benign.yaml"
_WORDS: Final = "lamp tide barn kettle orchard ferry signal window cedar marble harvest lantern meadow".split()  # noqa: SIM905


def written() -> Iterator[tuple[str, str, bool]]:
    """Name, text, and whether it is code: of those that a person wrote."""
    texts: dict[str, dict[str, Any]] = yaml.safe_load(_FILE.read_text("utf-8"))
    for kind, group in texts.items():
        for name, text in group.items():
            yield name, text, kind == "code"


def made() -> Iterator[tuple[str, str, bool]]:
    """The same of rows of hashes, ids, figures, sequences."""
    random = Random(20)
    hexadecimal = "0123456789abcdef"

    def lot(alphabet: str, count: int) -> str:
        return "".join(random.choices(alphabet, k=count))

    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        rows = (f"{hashlib.new(name, word.encode()).hexdigest()}  {word}.txt" for word in _WORDS)
        yield f"{name} sums", "\n".join(rows), True
    yield "UUIDs", "\n".join(str(uuid.UUID(int=random.getrandbits(128), version=4)) for _ in range(20)), True
    yield "UUIDs in JSON", str([{"id": str(uuid.UUID(int=random.getrandbits(128), version=4))} for _ in range(9)]), True
    yield "short commits", "\n".join(f"{lot(hexadecimal, 7)} {random.choice(_WORDS)} fix" for _ in range(30)), True
    yield "commits", "\n".join(f"{lot(hexadecimal, 40)} refs/tags/v1.{at}" for at in range(12)), True
    yield "addresses of memory", "\n".join(f"#{at}  0x00007f{lot(hexadecimal, 10)} in run ()" for at in range(12)), True
    yield "objects of MongoDB", "\n".join(f'ObjectId("{lot(hexadecimal, 24)}")' for _ in range(8)), True
    yield (
        "asset names",
        "\n".join(f"dist/{w}.{lot(hexadecimal, 8)}.js  12.{at} kB" for at, w in enumerate(_WORDS)),
        True,
    )
    for letters, name in (("ACGT", "DNA"), ("ACGU", "RNA"), ("ACDEFGHIKLMNPQRSTVWY", "protein")):
        for size in (60, 240):
            rows = (lot(letters, 60) for _ in range(size // 60))
            yield f"{name} of {size}", f">seq{size} {name}\n" + "\n".join(rows), False
    for columns in (2, 3, 5):
        for spread in (10, 100, 1000, 10_000):
            rows = ("| " + " | ".join(str(random.randrange(spread)) for _ in range(columns)) + " |" for _ in range(8))
            head = "| " + " | ".join(_WORDS[:columns]) + " |\n|" + "---|" * columns
            yield f"table of {columns} by {spread}", f"{head}\n" + "\n".join(rows), False
    for decimals in (1, 2, 3):
        rows = (", ".join(f"{random.gauss(0, 3):.{decimals}f}" for _ in range(6)) for _ in range(10))
        yield f"CSV of {decimals} decimals", "\n".join(rows), False
    yield (
        "coordinates",
        "\n".join(f"{random.uniform(-90, 90):.5f}, {random.uniform(-180, 180):.5f}" for _ in range(10)),
        False,
    )
    yield (
        "times",
        "\n".join(f"2024-03-{at + 1:02d}T0{at % 10}:{at * 5 % 60:02d}:00Z {at * 7}" for at in range(20)),
        True,
    )
    yield "years", "\n".join(f"{year}: {random.randrange(100, 999)} mm" for year in range(1990, 2020)), False
    yield "versions", "\n".join(f"{word}=={at}.{at * 3 % 10}.{at * 7 % 12}" for at, word in enumerate(_WORDS)), True
    yield (
        "identifiers",
        "\n".join(f"{a.title()}{b.title()}FactoryProviderImpl" for a, b in pairwise(_WORDS)),
        True,
    )
    yield (
        "paths",
        "\n".join(
            f"/srv/{a}/{b}/node_modules/@{a}/{b}-core/dist/esm/index.d.ts"
            for a, b in zip(_WORDS, _WORDS[2:], strict=False)
        ),
        True,
    )
    yield "matrix", "\n".join(" ".join(str(random.randrange(-9, 10)) for _ in range(12)) for _ in range(12)), True
    yield "pixels", "\n".join(lot("#.", 40) for _ in range(12)), False
    yield "counting", " ".join(map(str, range(1, 200))), False


def benign() -> list[tuple[str, str, bool]]:
    """All of them."""
    return [*written(), *made()]
