"""``suppress:`` the only thing in a policy that lowers. Named values of one's own are taken out of a report. Pure.

Narrow on purpose, because whatever is taken out is seen by no rule, by no judge and by no early exit:

- a finding goes only if the whole of it *is* a value of the list, where it stands, or a part of one that went; what
  spans several strings stays;
- where a path is not unique in the draft, every string that may be meant has to hold a value of the list there;
- a value that goes on, ``030 1234567`` before ``-89`` or ``Jane Roe`` before ``Miller``, is another value and stays;
- coverage reasons and the classifier's ``PRIVATE_MATTER`` always stay.

Whatever goes wrong on the way leaves the report as it is. ``until`` is the last day (UTC) on which it works.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from gateway.model import Finding, Report, Segment
from gateway.policy.vocabulary import PRIVATE_MATTER

NUMBERS: Final = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE"})
"""Types whose values are the same however they are grouped: ``4111-1111`` and ``4111 1111``. No others: two dates may
have the same digits."""
_SEPARATORS: Final = re.compile(r"[\s\-./()]+")
_SPACE: Final = re.compile(r"\s+")
_GOES_ON: Final = re.compile(r"[\w@]|[^\S\n]*[-.+%/:\\'’@]\w")
"""After a value: it is only the beginning of another one."""
_BEGAN: Final = re.compile(r"[\w@]$|\w[-.+%/:\\'’@]$")
_MORE_DIGITS: Final = re.compile(r"[^\S\n]*[\-./()+]*[^\S\n]*\d")
_DIGITS_BEFORE: Final = re.compile(r"\d[^\S\n]*[\-./()+]*[^\S\n]*$")
_MORE_NAME: Final = re.compile(r"[^\S\n]+[^\W\d_]")
_NESTED: Final = 4
"""Values of several types may begin at one place; more than so many are not looked through."""
_BESIDE: Final = 16
"""Characters looked at on either side of a value."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """One exception: these values, of these types, at these places, until this day."""

    id: str
    entity_types: frozenset[str]
    until: str
    """ISO date; the last day on which it works, in UTC."""
    values: frozenset[str] = field(default=frozenset(), repr=False)
    """By ``plain``."""
    numbers: frozenset[str] = field(default=frozenset(), repr=False)
    """The same by ``grouped``, for ``NUMBERS``."""
    domains: frozenset[str] = frozenset()
    """Mail addresses at these domains, by ``plain``; subdomains are others."""
    roles: frozenset[str] = frozenset()
    """Only in messages of these roles; empty: everywhere."""
    paths: tuple[str, ...] = ()
    """Only at these record paths, ``*`` for any part of one; empty: everywhere."""

    def works(self, on: date) -> bool:
        """Is it still in force on this day (UTC)?"""
        return on.isoformat() <= self.until

    def concerns(self, finding: Finding) -> bool:
        """Could a value of the list be what was found, by its type and place?"""
        return (
            finding.entity_type in self.entity_types
            and finding.entity_type != PRIVATE_MATTER
            and 0 <= finding.start < finding.end
            and (not self.roles or finding.role in self.roles)
            and (not self.paths or any(_at(path, finding.path) for path in self.paths))
        )

    def holds(self, text: str, finding: Finding) -> bool:
        """Is what stands in ``text`` where it was found a whole value of the list?"""
        value = text[finding.start : finding.end]
        number = finding.entity_type in NUMBERS
        listed = grouped(value) in self.numbers if number else self._lists(plain(value))
        return listed and _whole(text, finding.start, finding.end, number=number)

    def _lists(self, value: str) -> bool:
        name, at, domain = value.rpartition("@")
        return value in self.values or bool(at and name and "@" not in name and domain in self.domains)


class _Gone(NamedTuple):
    """Where a listed value stood, and the suppression that lists it."""

    start: int
    end: int
    by: Suppression


def plain(value: str) -> str:
    """One spelling of a value: compatibility forms, letter case and the number of spaces aside."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", value).casefold()).strip()


def grouped(value: str) -> str:
    """One spelling of a number: how it is grouped aside, too."""
    return _SEPARATORS.sub("", plain(value))


def suppressed(
    suppressions: Sequence[Suppression],
    report: Report,
    segments: Callable[[], Iterable[Segment]],
    on: date | None = None,
) -> Report:
    """``report`` without the findings that suppressions name, which it counts. The report itself where there are none.

    ``segments``: those of the draft that the report is about; asked only where a value has to be looked at.
    ``on``: the day in UTC; default: today.
    """
    today = on or datetime.now(UTC).date()
    working = [one for one in suppressions if one.works(today)]
    if not any(one.concerns(finding) for finding in report.findings for one in working):
        return report
    texts: dict[tuple[str, str], list[str]] = {}
    for segment in segments():
        texts.setdefault((segment.path, segment.role), []).append(segment.text)
    names = [_named(working, finding, texts.get((finding.path, finding.role), ())) for finding in report.findings]
    whole: dict[tuple[str, str], list[_Gone]] = {}
    for finding, one in sorted(zip(report.findings, names, strict=True), key=lambda pair: pair[0].start):
        if one is not None and len(texts[finding.path, finding.role]) == 1:
            whole.setdefault((finding.path, finding.role), []).append(_Gone(finding.start, finding.end, one))
    kept: list[Finding] = []
    counts: dict[str, int] = {}
    for one, finding in zip(names, report.findings, strict=True):
        by = one or _around(whole.get((finding.path, finding.role), ()), finding)
        if by is None:
            kept.append(finding)
        else:
            counts[by.id] = counts.get(by.id, 0) + 1
    return replace(report, findings=tuple(kept), suppressed=tuple(counts.items())) if counts else report


def _named(working: Sequence[Suppression], finding: Finding, texts: Sequence[str]) -> Suppression | None:
    """The first that lists what was found."""
    meant = [text for text in texts if len(text) >= finding.end]
    return next((one for one in working if one.concerns(finding) and _all_hold(one, meant, finding)), None)


def _around(whole: Sequence[_Gone], finding: Finding) -> Suppression | None:
    """The one that lists the value of which this is a part, and is about its type, too: the first name in a full name.

    ``whole``: the values that went from the one string that both stand in, by their start. Of those that begin before
    this one the last few are looked at.
    """
    before = bisect_right(whole, finding.start, key=lambda gone: gone.start)
    near = whole[max(0, before - _NESTED) : before]
    return next((gone.by for gone in near if finding.end <= gone.end and gone.by.concerns(finding)), None)


def _all_hold(one: Suppression, texts: Sequence[str], finding: Finding) -> bool:
    return bool(texts) and all(one.holds(text, finding) for text in texts)


def _whole(text: str, start: int, end: int, *, number: bool) -> bool:
    """Does the value begin and end where it was found?"""
    before, after = text[max(0, start - _BESIDE) : start], text[end : end + _BESIDE]
    if _GOES_ON.match(after) or _BEGAN.search(before):
        return False
    if number:
        return not (_MORE_DIGITS.match(after) or _DIGITS_BEFORE.search(before))
    following = _MORE_NAME.match(after)
    return following is None or "@" in text[start:end] or not following[0][-1].isupper()


def _at(pattern: str, path: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), path) is not None
