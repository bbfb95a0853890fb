"""Which findings are about the same value: an ordinal of its distinct values, so that a policy may count people and not
mentions. The ordinal says nothing about the value, and means nothing outside of its report."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.inspection.findings import Placed
from gateway.model import Finding, Segment

_LONGEST: Final = 256
"""Characters of a value. What is longer is a whole text rather than a value, and differs from every other."""
_LONG_NUMBER: Final = 9
"""So many digits are the same number however they are grouped; with fewer (dates) the grouping is part of the value."""
_GROUPING: Final = re.compile(r"[\s()\u2010-\u2015-]+")


def numbered(segments: Sequence[Segment], placed: Sequence[Placed]) -> tuple[Finding, ...]:
    """The findings, each with the ordinal of its value among the distinct ones of this report, from 0.

    A value whose text has no single place keeps -1: nobody knows which of the others it equals, so whoever counts has
    to take it for another one.
    """
    ordinals: dict[str, int] = {}
    found = []
    for number, finding in placed:
        if number < 0 or not 0 <= finding.start < finding.end <= finding.start + _LONGEST:
            found.append(finding)
            continue
        value = _spelling(segments[number].text[finding.start : finding.end])
        found.append(replace(finding, value=ordinals.setdefault(value, len(ordinals))))
    return tuple(found)


def _spelling(text: str) -> str:
    """One spelling of one value. In doubt two values stay two: counting too many can only raise a label."""
    text = text.casefold()
    if sum(map(str.isdigit, text)) >= _LONG_NUMBER and not any(map(str.isalpha, text)):
        return _GROUPING.sub("", text)
    return " ".join(text.split())
