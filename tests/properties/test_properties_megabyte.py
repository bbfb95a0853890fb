"""A value anywhere in a megabyte is found, or the report says that it was not read to its end (evasion L1)."""

from collections.abc import Iterator
from random import Random

import pytest
from support.inspected import Inspected, Outcome, message
from support.sensitive_values import Value, value

from gateway.inspection.units import CHUNK, OVERLAP

MEGABYTE = 1_000_000
_PROSE = (
    "The lighthouse keeper climbed the stairs again, counting each of them as he had done for thirty years. "
    "Below him the sea was grey, and a single boat made for the harbour before the rain came down. "
)
_CODE = (
    "def fold(items, start):\n    total = start\n    for item in items:\n        total += item.weight * 2\n"
    "    return total if total < 1024 else None\n\n\n"
)


def _prose() -> str:
    return (_PROSE * (MEGABYTE // len(_PROSE) + 1))[:MEGABYTE]


def _code() -> str:
    return (_CODE * (MEGABYTE // len(_CODE) + 1))[:MEGABYTE]


def _digits() -> str:
    """Figures with two decimals, as an export has them: nothing in it is a value."""
    random = Random(1)
    row = "".join(f"{random.randrange(1000)}.{random.randrange(100):02d}\n" for _ in range(3000))
    return (row * (MEGABYTE // len(row) + 1))[:MEGABYTE]


FILLERS = {"prose": _prose(), "code": _code(), "digits": _digits()}
VALUES = [value("card", 3), value("e-mail", 4), value("iban", 5), value("key", 6)]


def edges() -> list[int]:
    """Where units begin and end: the first ones, one in the middle, the last."""
    step = CHUNK - OVERLAP
    starts = [0, step, 2 * step, 70 * step, (MEGABYTE // step - 1) * step]
    return sorted({edge for start in starts for edge in (start, start + CHUNK) if edge < MEGABYTE})


def planted(filler: str, values: list[tuple[int, Value]]) -> tuple[str, list[tuple[int, Value]]]:
    """``filler`` with values in place of as many characters, set off by spaces; and where they stand."""
    pieces, done, placed = [], 0, []
    for wanted, one in sorted(values, key=lambda item: item[0]):
        text = f" {one.text} "
        at = min(max(wanted, done), len(filler) - len(text))
        pieces += [filler[done:at], text]
        placed.append((at + 1 + len(one.label), one))
        done = at + len(text)
    return "".join([*pieces, filler[done:]]), placed


def lost(outcome: Outcome, placed: list[tuple[int, Value]]) -> list[tuple[str, int]]:
    """The values at whose place nothing of their type was found."""
    spans = [(one.entity_type, one.start, one.end) for one in outcome.report.findings]
    return [
        (one.kind, at)
        for at, one in placed
        if not any(kind in one.entity_types and start < at + len(one.core) and at < end for kind, start, end in spans)
    ]


@pytest.fixture(scope="module")
def readers() -> Iterator[Inspected]:
    """One scanner that forgets nothing, so that the filler is read once."""
    with Inspected(cache_entries=100_000) as made:
        yield made


def places() -> Iterator[list[int]]:
    """Rounds of places far enough from each other that no value is the context of another."""
    random = Random(7)
    yield [0, *(random.randrange(MEGABYTE) for _ in range(30)), MEGABYTE]
    for shift in (-60, -17, -1, 0, 1):
        yield [max(0, edge + shift) for edge in edges()]


@pytest.mark.parametrize("name", sorted(FILLERS))
def test_a_value_anywhere_in_a_megabyte_is_found(readers: Inspected, name: str) -> None:
    """At the start, at the end, across and beside the edges of units, and at thirty places drawn by lot."""
    filler = FILLERS[name]
    assert not lost(readers.text(filler), [])
    for number, round_ in enumerate(places()):
        chosen = [(at, VALUES[(number + index) % len(VALUES)]) for index, at in enumerate(round_)]
        text, placed = planted(filler, chosen)
        assert len(text) == MEGABYTE
        outcome = readers.text(text)
        assert not outcome.leaves
        assert outcome.reasons in ((), ("opaque:entropy",)), outcome.reasons
        assert lost(outcome, placed) == []


@pytest.mark.parametrize("name", sorted(FILLERS))
def test_a_megabyte_that_is_not_read_in_time_says_so(name: str) -> None:
    """Within a budget of a few milliseconds: what was not read is no clean text."""
    with Inspected(timeout_s=0.005) as hurried:
        text, _ = planted(FILLERS[name], [(MEGABYTE // 2, VALUES[0])])
        outcome = hurried(message(text))
    assert not outcome.leaves
    assert "timeout" in outcome.reasons or outcome.found & VALUES[0].entity_types
