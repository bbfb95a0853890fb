"""Phone numbers, judged by the numbering plans that python-phonenumbers carries.

Presidio's phone recognizer is the slowest of all because it walks the whole text once per region. Here one pattern
finds the few places that could be a number, and the plan is asked only about those.

A bare row of digits is no phone number unless a word says so: order numbers and timestamps fit some country's plan.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version as installed_version
from typing import Final

import phonenumbers

from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.detectors.labels import Labels
from gateway.inspection.detectors.prefilter import Wanted
from gateway.inspection.detectors.together import Seat, find_alone

TRUNK_REGIONS: Final = (
    "GB", "DE", "FR", "NL", "CH", "AT", "BE", "SE", "AU", "IE", "NZ", "ZA", "IN", "IL", "TR", "JP", "KR", "FI",
)  # fmt: skip
"""Tried for national numbers that begin with a trunk zero. Plans overlap so much that these stand for the others."""

OPEN_REGIONS: Final = ("US", "ES", "PT", "IT", "PL", "DK", "NO", "GR", "BR", "MX", "IN", "CN", "SG", "HK", "CZ", "AE")
"""Tried for national numbers without a trunk zero, and only beside a word such as "mobile"."""

LABELS: Final = Labels(
    (
        "phone", "telephone", "tel", "cell", "cellphone", "mobile", "mob", "call", "fax", "whatsapp", "sms", "text me",
        "contact no", "contact number", "reach", "hotline", "ph", "dial", "answering", "messages to", "registered",
        "telefon", "rufnummer", "handy", "mobil", "anrufen", "téléphone", "portable", "appelez", "teléfono", "telefono",
        "móvil", "celular", "llame", "llámame", "cellulare", "telefone", "telemóvel", "telefoon", "mobiel", "bellen",
    )
)  # fmt: skip

_CANDIDATE: Final = re.compile(
    r"(?<![\w.$€£%#=-])(?<!\d[ :/,])"
    r"(\+?\(?\+?\d(?:[ \t\u00a0]{0,2}[-.()/\u2010-\u2015]?[ \t\u00a0]{0,2}\d){6,14})"
    r"(?:\s?(?:x|ext\.?|extension|#)\s?\d{1,6})?(?![\w%]|[.:/-]\d|,\d{3}(?!\d))"
)
_WRAP: Final = r"(?:\r?\n[ \t>]{0,4})"
_INTERNATIONAL: Final = re.compile(
    r"(?<![\w$€£%+])"
    rf"(\(?\+\(?\d(?:[ \t\u00a0]{{0,2}}[-.()/\u2010-\u2015]?(?:[ \t\u00a0]{{0,2}}|{_WRAP})\d){{6,14}})(?!\w)"
)
"""The plus says where a number begins, so other numbers may stand before it, and lines may break within it."""
_AMERICAN: Final = re.compile(
    r"(?<![\w.$€£%#=(-])"
    rf"(\([2-9]\d\d\)[-. ]?{_WRAP}?[2-9]\d\d[-. ]\d{{4}}|[2-9]\d\d-{_WRAP}?[2-9]\d\d-{_WRAP}?\d{{4}})"
    r"(?![\w%]|[.:/-]\d)"
)
"""Groups that no other number has, whatever number stands before or after them."""
_NORTH_AMERICAN: Final = re.compile(r"(?:\+?1[-. ]?)?(?:\([2-9]\d\d\)[-. ]?|[2-9]\d\d[-. ])[2-9]?\d\d[-. ]\d{4}")
_GAP: Final = re.compile(r"[\s>]+")
_DATE: Final = re.compile(
    r"(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d\d"
    r"|(?:19|20)\d\d ?[-/\u2013] ?(?:19|20)\d\d"
)


class PhoneDetector:
    """PHONE_NUMBER in international, national and North American writing. Immutable and thread-safe."""

    name: Final = "phones"
    version: Final = f"2+phonenumbers-{installed_version('phonenumbers')}"
    views: Final[Views] = "all"
    entity_types: Final = frozenset({"PHONE_NUMBER"})
    wanted: Final[Sequence[Wanted]] = tuple(Wanted(one.pattern) for one in (_CANDIDATE, _INTERNATIONAL, _AMERICAN))

    def __init__(self, seat: Seat | None = None) -> None:
        self.seat: Final = seat

    def with_seat(self, seat: Seat) -> "PhoneDetector":
        return PhoneDetector(seat)

    def find(self, text: str) -> Sequence[Match]:
        """Scores: 0.75 beside a word or in international writing, 0.6 grouped as in North America, 0.5 a valid plan."""
        return find_alone(self, text)

    def find_hinted(self, text: str, hints: Mapping[int, int]) -> Sequence[Match]:
        """As ``find``, from the place on that ``hints`` give."""
        finders = (_candidates, _international, _american)
        return [match for number, at in hints.items() for match in finders[number](text, at)]


def _candidates(text: str, at: int) -> Iterator[Match]:
    for hit in _CANDIDATE.finditer(text, at):
        value = hit[1]
        if _DATE.match(value):
            continue
        score = _score(value, labelled=LABELS.near(text, hit.start(), hit.end()))
        if score:
            yield Match(hit.start(), hit.end(), "PHONE_NUMBER", score)


def _international(text: str, at: int) -> Iterator[Match]:
    """The longest beginning that some plan takes: what follows may be another number."""
    for hit in _INTERNATIONAL.finditer(text, at):
        value = hit[1]
        for end in (len(value), *(gap.start() for gap in reversed(list(_GAP.finditer(value))))):
            if _score(_GAP.sub(" ", value[:end]), labelled=False):
                yield Match(hit.start(), hit.start() + end, "PHONE_NUMBER", 0.75)
                break


def _american(text: str, at: int) -> Iterator[Match]:
    for hit in _AMERICAN.finditer(text, at):
        labelled = LABELS.near(text, hit.start(), hit.end())
        yield Match(hit.start(), hit.end(), "PHONE_NUMBER", 0.75 if labelled else 0.6)


def _score(value: str, *, labelled: bool) -> float:
    international = value.lstrip("(").startswith(("+", "00"))
    if international:
        return 0.75 if _fits("+" + value.lstrip("(+0").lstrip(), None, strict=False) else 0.0
    if _NORTH_AMERICAN.fullmatch(value):
        return 0.75 if labelled else 0.6
    if labelled:
        regions = TRUNK_REGIONS if value.lstrip("(").startswith("0") else OPEN_REGIONS
        return 0.75 if any(_fits(value, region, strict=False) for region in regions) else 0.0
    if value.lstrip("(").startswith("0") and not value.isdecimal() and "." not in value[:2]:
        return 0.5 if any(_fits(value, region, strict=True) for region in TRUNK_REGIONS) else 0.0
    return 0.0


def _fits(value: str, region: str | None, *, strict: bool) -> bool:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number) if strict else phonenumbers.is_possible_number(number)
