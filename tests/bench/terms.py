"""``python -m tests.bench.terms``: what lists of one's own cost. Builds a list of made-up people and measures look-ups.

Processor time of this process. The text is made of frequent words of seven languages, as new to the detector as any.
"""

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.inspection.terms.building import Builder, Built
from gateway.inspection.terms.exact import ExactDetector, exact_detector
from gateway.inspection.terms.inflection import LANGUAGES
from gateway.inspection.terms.lists import TermList
from gateway.inspection.terms.spelling import Rules
from gateway.inspection.terms.store import open_store
from gateway.inspection.terms.terms import term_detector

KEY = bytes(range(32))
_SYLLABLES = "an ber cor da el fi gar hen in jo ka lo ma ne or pe ra sa to ul va wi xi yo zu bra ste kol mir dun"
_WORDS = """
the of and to in is that for it with as on be at by this from or have an they which one you all were we there been der
die und den von zu das mit sich des auf für ist im dem nicht ein eine als auch an werden aus er hat dass le la les des
est et en un une que dans qui pour pas sur au plus par avec son se ce il ne el los las y del con una su para es al lo
como más pero sus di che non per sono della het een van niet zijn op aan met voor report customer please summary quarter
meeting invoice contract email letter review system data model server error request 2024 account number street market
project payment deadline budget question answer example function return value 12 100
"""
SYLLABLES = _SYLLABLES.split()
WORDS = _WORDS.split()


def person(number: int) -> tuple[str, str, str]:
    """A made-up name, record number and IBAN-like number, always the same for one number."""
    draw = random.Random(number)
    first = draw.choice(SYLLABLES) + draw.choice(SYLLABLES)
    last = "".join(draw.choice(SYLLABLES) for _ in range(3))
    return (
        f"{first.title()} {last.title()}",
        f"MRN{number * 7919 % 10**10:010d}",
        f"DE{draw.randrange(10, 99)}{draw.randrange(10**17, 10**18)}",
    )


def text(draw: random.Random, characters: int) -> str:
    """Sentences of frequent words."""
    said: list[str] = []
    length = 0
    while length < characters:
        word = draw.choice(WORDS)
        said.append(word.capitalize() if not said or said[-1].endswith(".") else word)
        if draw.random() < 0.08:
            said[-1] += "."
        length += len(said[-1]) + 1
    return " ".join(said)[:characters]


def with_hits(plain: str, values: Sequence[str]) -> str:
    """The same text with ``values`` spread over it."""
    words = plain.split(" ")
    step = len(words) // (len(values) + 1)
    for number, value in enumerate(values):
        words.insert((number + 1) * step + number, value)
    return " ".join(words)


def built(path: Path, people: int) -> tuple[Built, float]:
    """The list of so many people, and the processor seconds it took; making the rows up is not counted."""
    took = 0.0
    with Builder(path, "CUSTOMER", ("name", "mrn", "iban"), KEY, Rules()) as builder:
        for batch in _batches(people):
            before = time.process_time()
            for row in batch:
                builder.add(row)
            took += time.process_time() - before
        before = time.process_time()
        result = builder.write()
        took += time.process_time() - before
    return result, took


def _batches(people: int) -> Iterator[list[tuple[str, str, str]]]:
    for start in range(0, people, 10_000):
        yield [person(number) for number in range(start, min(start + 10_000, people))]


def microseconds(find: Callable[[str], object], texts: Sequence[str], repeat: int) -> float:
    """Processor time for one text. The best of three rounds: other work on the machine only adds."""
    rounds = []
    for _ in range(3):
        before = time.process_time()
        for _ in range(repeat):
            for one in texts:
                find(one)
        rounds.append((time.process_time() - before) / (repeat * len(texts)))
    return min(rounds) * 1e6


def lookups(detector: ExactDetector, people: int, table: Table, *, repeat: int) -> None:
    """Texts of three sizes, with no and with ten values of the list in each 1,000 characters."""
    draw = random.Random(1)
    for size in (200, 1000, 4000):
        plain = [text(draw, size) for _ in range(200)]
        hits = max(10 * size // 1000, 1)
        full = [with_hits(one, [person(draw.randrange(people))[n % 3] for n in range(hits)]) for one in plain]
        table.add_row(f"{size:,} characters, no value", f"{microseconds(detector.find, plain, repeat):.0f} µs")
        found = sum(len(detector.find(one)) for one in full) / len(full)
        table.add_row(
            f"{size:,} characters and {hits} values ({found:.1f} found)",
            f"{microseconds(detector.find, full, repeat):.0f} µs",
        )


def term_lists(table: Table, *, repeat: int) -> None:
    """Two lists of made-up names in all languages: what their number costs."""
    draw = random.Random(2)
    texts = [text(draw, 1000) for _ in range(200)]
    for count in (100, 10_000):
        named = tuple((person(number)[0], LANGUAGES) for number in range(count))
        before = time.process_time()
        detector = term_detector([TermList("bench", "BENCH", named)], "terms")
        table.add_row(
            f"{count:,} terms, made ready ({len(detector.forms):,} forms)", f"{time.process_time() - before:.2f} s"
        )
        table.add_row(f"1,000 characters, {count:,} terms", f"{microseconds(detector.find, texts, repeat):.0f} µs")


def main(
    values: Annotated[int, typer.Option(help="Values of the list.")] = 10_000_000,
    file: Annotated[Path | None, typer.Option(help="Keep the list here, and use it where it is there.")] = None,
    repeat: Annotated[int, typer.Option(help="How often each text is read in a round.")] = 3,
) -> None:
    """Build a list and look texts up in it."""
    people = values // 3
    table = Table(title=f"Exact list of {people * 3:,} values", title_justify="left")
    table.add_column("what")
    table.add_column("measured", justify="right")
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        path = file or Path(folder) / "customers.exact"
        if not path.exists():
            result, took = built(path, people)
            table.add_row("built, processor time", f"{took:.0f} s")
            table.add_row(
                "built, largest memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
            )
            table.add_row("spellings listed", f"{result.header.entries:,}")
        before, memory = time.process_time(), _resident()
        detector = exact_detector([(open_store(path, KEY), KEY)])
        table.add_row("opened and checked, processor time", f"{time.process_time() - before:.2f} s")
        lookups(detector, people, table, repeat=repeat)
        figures = [
            " ".join(f"{draw.randrange(10**4):04d}" for _ in range(200)) for draw in map(random.Random, range(50))
        ]
        table.add_row("1,000 characters of figures alone", f"{microseconds(detector.find, figures, repeat):.0f} µs")
        table.add_row("file", f"{path.stat().st_size / 1e6:.0f} MB")
        table.add_row("memory it added, the shared tables included", f"{_resident() - memory} MB")
    term_lists(table, repeat=repeat)
    Console().print(table)


def _resident() -> int:
    """Megabytes, where the system tells; 0 elsewhere."""
    status = Path("/proc/self/status")
    if not sys.platform.startswith("linux"):
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    typer.run(main)
