"""Small exact lists in files, for tests that look texts up in them."""

from collections.abc import Sequence
from pathlib import Path

from gateway.inspection.terms.building import Builder, Built
from gateway.inspection.terms.exact import ExactDetector, exact_detector
from gateway.inspection.terms.spelling import Rules
from gateway.inspection.terms.store import open_store

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))


def build(path: Path, values: Sequence[str], rules: Rules = Rules(), key: bytes = KEY) -> Built:  # noqa: B008  frozen
    """A list of one column."""
    with Builder(path, "CUSTOMER", ("value",), key, rules) as builder:
        for value in values:
            builder.add([value])
        return builder.write()


def detector(path: Path, key: bytes = KEY) -> ExactDetector:
    return exact_detector([(open_store(path, key), key)])


def detector_of(folder: Path, *values: str, rules: Rules = Rules()) -> ExactDetector:  # noqa: B008
    build(folder / "list.exact", values, rules)
    return detector(folder / "list.exact")


def found(one: ExactDetector, text: str) -> list[str]:
    """What is found, as it stands in the text."""
    return [text[match.start : match.end] for match in one.find(text)]
