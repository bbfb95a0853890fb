"""From the runs of words that the Rampart model labels to entity types: what its labels are worth.

- A name needs letters, and no digits (``C4``, ``S3`` and ``12:30`` are no people).
- FULL_NAME is a given name beside a surname, or two words and more that the model takes for one name (of a surname that
  it never saw it often says "given name"); PERSON is any name, also one of them alone.
- STREET_ADDRESS is a street with a house number or a postal code; a town or postal code alone is a LOCATION.
- A number needs digits enough, and a word beside it that says what it is: otherwise hashes and amounts would be
  licences and tax numbers.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from gateway.inspection.detectors import phones
from gateway.inspection.detectors.base import Match
from gateway.inspection.detectors.labels import Labels


@dataclass(frozen=True, slots=True)
class Span:
    """A run of words of one kind. ``score`` is the mean probability of its words."""

    start: int
    end: int
    kind: str
    score: float


@dataclass(frozen=True, slots=True)
class _Number:
    """What a number kind of the model becomes, the digits it needs, and the words of which one stands beside it."""

    entity_type: str
    digits: int
    labels: Labels


_NUMBERS: Final[Mapping[str, _Number]] = MappingProxyType(
    {
        "PHONE": _Number("PHONE_NUMBER", 7, phones.LABELS),
        "TAX_ID": _Number("TAX_ID", 6, Labels(("tax", "tin", "ein", "steuer", "fiscal", "nif", "btw"))),
        "BANK_ACCOUNT": _Number(
            "BANK_ACCOUNT", 6, Labels(("account", "acct", "bank", "konto", "compte", "cuenta", "conto"))
        ),
        "ROUTING_NUMBER": _Number(
            "ABA_ROUTING_NUMBER", 8, Labels(("routing", "aba", "transit number", "sort code"))
        ),
        "GOVERNMENT_ID": _Number(
            "GOVERNMENT_ID",
            6,
            Labels(
                ("ssn", "social security", "national id", "identity", "identification", "citizen", "insurance number",
                 "ausweis", "dni", "curp", "aadhaar", "cédula", "bsn", "pesel", "codice fiscale")
            ),
        ),
        "PASSPORT": _Number(
            "PASSPORT_NUMBER", 6, Labels(("passport", "reisepass", "passeport", "pasaporte", "passaporto"))
        ),
        "DRIVERS_LICENSE": _Number(
            "DRIVER_LICENSE_NUMBER",
            5,
            Labels(("driver", "driving", "licence", "license", "führerschein", "permis")),
        ),
    }
)  # fmt: skip

ENTITY_TYPES: Final = frozenset(
    {"PERSON", "FULL_NAME", "STREET_ADDRESS", "LOCATION", "EMAIL_ADDRESS"}
    | {number.entity_type for number in _NUMBERS.values()}
)
"""Everything that ``interpret`` can return."""

_PLACES: Final = frozenset({"CITY", "STATE", "ZIP_CODE"})
_NAMES: Final = frozenset({"GIVEN_NAME", "SURNAME"})
_STREETS: Final = frozenset({"STREET_NAME", "BUILDING_NUMBER", "SECONDARY_ADDRESS"})
_NAME: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[\s.'’\-])*")
_TWO_WORDS: Final = re.compile(r"[^\W\d_]{2,}\.?\s+(?:[^\W\d_]\.?\s+)?[^\W\d_]{2,}")
_BETWEEN_NAMES: Final = re.compile(r"[\s.,'’\-]{0,3}(?:[^\W\d_]\.?\s{1,2}){0,2}")
_BETWEEN_STREETS: Final = re.compile(r"[\s,.\-#/]{0,4}(?:(?:apt|unit|suite|no|nr)\.?\s?)?", re.IGNORECASE)
WITHIN_WORD: Final = re.compile(r"[\s.'’\-]{0,2}")


def interpret(text: str, spans: list[Span]) -> list[Match]:
    """Matches of all kinds for ``spans``, which stand in the order of their place."""
    return [*_names(text, spans), *_addresses(text, spans), *_numbers(text, spans)]


def _names(text: str, spans: list[Span]) -> Iterator[Match]:
    names = [s for s in spans if s.kind in _NAMES and s.end - s.start > 1 and _NAME.fullmatch(text, s.start, s.end)]
    for span in names:
        yield Match(span.start, span.end, "PERSON", span.score)
        if _TWO_WORDS.search(text, span.start, span.end):
            yield Match(span.start, span.end, "FULL_NAME", span.score)
    for left, right in pairwise(names):
        if left.kind != right.kind and _BETWEEN_NAMES.fullmatch(text, left.end, right.start):
            yield Match(left.start, right.end, "FULL_NAME", min(left.score, right.score))


def _addresses(text: str, spans: list[Span]) -> Iterator[Match]:
    streets = [s for s in spans if s.kind in _STREETS]
    zips = [s for s in spans if s.kind == "ZIP_CODE"]
    for left, right in pairwise(streets):
        if left.kind != right.kind and _BETWEEN_STREETS.fullmatch(text, left.end, right.start):
            yield Match(left.start, right.end, "STREET_ADDRESS", min(left.score, right.score))
    for street in streets:
        near = next((z for z in zips if 0 <= z.start - street.end <= 48), None)
        if near is not None and street.kind == "STREET_NAME":
            yield Match(street.start, near.end, "STREET_ADDRESS", min(street.score, near.score))
    for span in spans:
        if span.kind in _PLACES:
            yield Match(span.start, span.end, "LOCATION", span.score)


def _numbers(text: str, spans: list[Span]) -> Iterator[Match]:
    for span in spans:
        value = text[span.start : span.end]
        if span.kind in _NUMBERS:
            number = _NUMBERS[span.kind]
            enough = sum(map(str.isdecimal, value)) >= number.digits
            if enough and number.labels.near(text, span.start, span.end):
                yield Match(span.start, span.end, number.entity_type, span.score)
        elif span.kind == "EMAIL" and "@" in value:
            yield Match(span.start, span.end, "EMAIL_ADDRESS", span.score)
