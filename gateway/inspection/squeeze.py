"""Values that were taken apart with separators, put together again: ``4111.1111.1111.1111``, ``<b>4111</b> 1111`` ...

The squeezed view holds candidates only, each with the words around it (which detectors use): digit groups without their
separators, digits that stand against letters, IBAN-like groups, e-mail addresses that were spelt out. What reads as a
list, a date, an address of a machine or a row of years is not a candidate, or every table of figures would be a card
number one time in ten.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from gateway.inspection.detectors.validators import luhn
from gateway.inspection.views import View, ViewBuilder

AROUND: Final = 40
"""Characters of the text before and after that go with a candidate."""
_SHORTEST: Final = 7
_LONGEST: Final = 24
"""Digits of the shortest and the longest identifier worth putting together (an IBAN without its letters)."""
_WIDEST_GAP: Final = 160
_MOST_SEPARATORS: Final = 6

_SEPARATOR: Final = r"(?:\s++|<!--[^<>]{0,64}-->|<[^<>]{0,64}>|[^\w\s]|_)"
_TAG: Final = re.compile(r"<[^<>]{0,68}>")
_GAP: Final = re.compile(rf"{_SEPARATOR}{{1,{_MOST_SEPARATORS}}}")
_DIGITS: Final = re.compile(r"[0-9]+")
_HASH: Final = re.compile(r"[0-9a-fA-F-]{24,}")
_IBAN: Final = re.compile(
    rf"(?<![A-Za-z0-9])[A-Z]{{2}}[0-9]{{2}}(?:{_SEPARATOR}{{1,3}}(?:[A-Z]{{4}}|[A-Z0-9]{{0,5}}[0-9][A-Z0-9]{{0,5}})){{3,9}}"
)
_GROUP: Final = re.compile(r"[A-Z0-9]+")
_EMAIL: Final = re.compile(
    r"(?<![\w.+-])([\w.+-]{1,64})\s{0,2}(?:[\[({<]\s?(?:at|@)\s?[\])}>]|\bat\b|@)\s{0,2}"
    r"([\w-]{1,63}(?:\s{0,2}(?:[\[({<]\s?(?:dot|\.)\s?[\])}>]|\bdot\b|\.)\s{0,2}[\w-]{1,63}){1,4})",
    re.IGNORECASE,
)
_DOT: Final = re.compile(r"\s{0,2}(?:[\[({<]\s?(?:dot|\.)\s?[\])}>]|\bdot\b|\.)\s{0,2}", re.IGNORECASE)
EMAIL_GATES: Final = (" dot ", "at]", "at)", "at}", "at>", "dot]", "dot)", "at ]", "at )", "[@", "(@", "[.]", "(.)")

_LISTED: Final = re.compile(r"[,;:+*=|&?/\\\"'(){}\[\]]")
"""Separators that also stand between the members of a list, a row or a calculation."""
_EXPLAINED: Final = re.compile(
    r"(?:19|20)\d\d([-/. ])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"  # dates, with whatever follows
    r"|(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)?\d\d(?!\d)"
    r"|(?:\d{1,3}\.){3}\d{1,3}(?!\d)"  # IPv4
    r"|\d{1,3}(?:,\d{3})+(?!\d)"  # thousands
)
LAYOUTS: Final = (
    (4, 4, 4, 4),
    (4, 6, 5),
    (4, 4, 4, 3),
    (4, 6, 4),
    (8, 8),
    (4, 4, 4, 4, 3),
    (2,) * 8,
    (3, 2, 4),
    (3, 3, 4),
    (1,) * 16,
    (1,) * 15,
    (1,) * 9,
)
"""Group sizes in which cards and the commonest identifiers are written: candidates wherever they stand."""
_SIZES: Final = "0123456789abcdefghijklmno"
"""One letter for each size of a group, so that layouts are looked for as words are."""
_LAYOUTS: Final = tuple("".join(_SIZES[size] for size in layout) for layout in LAYOUTS)
_ANY_LAYOUT: Final = re.compile("|".join(_LAYOUTS))
_CARDS: Final = (16, 19)
"""Digits of the layouts in which only cards are written."""
_YEAR: Final = re.compile(r"(?:19|20)\d\d")


class _Candidate(NamedTuple):
    """What ``[start, end)`` reads as, and the run of groups that it stands in, between whose digits no words are."""

    reading: str
    start: int
    end: int
    low: int
    high: int


class Group(NamedTuple):
    """One group of digits of a run."""

    digits: str
    start: int
    end: int


def squeezed(view: View) -> View | None:
    """Candidates of ``view``, or None where there are none."""
    builder = ViewBuilder()
    text = view.text
    found = False
    for reading, start, end, low, high in _candidates(text):
        emit(builder, text, reading, start, end, run=(low, high))
        found = True
    return builder.build(f"{view.name}.squeezed", view, prose=False) if found else None


def emit(
    builder: ViewBuilder, text: str, reading: str, start: int, end: int, *, run: tuple[int, int] | None = None
) -> None:
    """Append a line: the words before, ``reading`` of ``[start, end)`` set off by spaces, the words after.

    ``run``: where the run of groups begins and ends that it stands in; words stand outside of it alone.
    """
    low, high = run or (start, end)
    before = max(0, start - AROUND)
    builder.copy(text[before:low], before)
    builder.put(" ", start, start)
    builder.put(reading, start, end)
    builder.put(" ", end, end)
    builder.copy(text[high : end + AROUND], high)
    builder.put("\n", end, end)


def windows(groups: list[Group]) -> Iterator[tuple[int, tuple[Group, ...]]]:
    """Stretches of groups that are laid out like an identifier, with their index; rows of years are not."""
    sizes = _sizes((group.start, group.end) for group in groups)
    for layout in _LAYOUTS if _ANY_LAYOUT.search(sizes) else ():
        at = sizes.find(layout)
        while at >= 0:
            end = at + len(layout)
            # A layout of single digits is meant only where no further single digit stands beside it.
            inside = layout[0] == _SIZES[1] and _SIZES[1] in sizes[max(at - 1, 0) : at] + sizes[end : end + 1]
            chosen = tuple(groups[at:end])
            if not inside and not all(_YEAR.fullmatch(group.digits) for group in chosen):
                yield at, chosen
            at = sizes.find(layout, at + 1)


def _candidates(text: str) -> Iterator[_Candidate]:
    places = [match.span() for match in _DIGITS.finditer(text)]
    if sum(end - start for start, end in places) >= _SHORTEST:
        for run in rows(text, places, fewest=2):
            yield from _of_run(text, run)
        for start, end in places:
            if _SHORTEST <= end - start <= _LONGEST and _against_letters(text, start, end):
                yield _Candidate(text[start:end], start, end, start, end)
        for match in _IBAN.finditer(text):
            # Groups stay groups: what follows may be another number, and only the country's length says where it ends.
            yield _Candidate(" ".join(_GROUP.findall(match[0])), *match.span(), *match.span())
    lower = text.lower()
    if any(gate in lower for gate in EMAIL_GATES):
        for match in _EMAIL.finditer(text):
            yield _Candidate(f"{match[1]}@{_DOT.sub('.', match[2])}", *match.span(), *match.span())


def rows(text: str, places: list[tuple[int, int]], *, fewest: int) -> Iterator[list[tuple[int, int]]]:
    """Places of groups that only separators stand between, ``fewest`` or more together."""
    row: list[tuple[int, int]] = []
    joined: dict[str, bool] = {}  # in a table the same few gaps stand between all figures
    for place in places:
        gap = text[row[-1][1] : place[0]] if row else ""
        if gap not in joined:
            joined[gap] = _joined(gap)
        if row and not joined[gap]:
            if len(row) >= fewest:
                yield row
            row = []
        row.append(place)
    if row and len(row) >= fewest:
        yield row


def _joined(gap: str) -> bool:
    if len(gap) <= _MOST_SEPARATORS and not any(map(str.isalnum, gap)):
        return True  # each character is a separator by itself
    return len(gap) < _WIDEST_GAP and _GAP.fullmatch(gap) is not None


def is_one_value(text: str, run: list[Group]) -> bool:
    """Do the gaps of a run only set off groups, so that all of it may be one value: no list, date, address or year?"""
    if len(run) == 1:
        return _YEAR.fullmatch(run[0].digits) is None
    return _is_one_value(text, [(group.start, group.end) for group in run])


def _is_one_value(text: str, run: list[tuple[int, int]]) -> bool:
    start, end = run[0][0], run[-1][1]
    if text.find("<", start, end) < 0:
        listed = _LISTED.search(text, start, end) is not None
    else:
        listed = any(map(_LISTED.search, _gaps(text, run)))
    return not listed and not _EXPLAINED.match(text, start, end)


def _gaps(text: str, run: list[tuple[int, int]]) -> list[str]:
    """What stands between the groups of a run, without tags."""
    gaps = [text[left[1] : right[0]] for left, right in pairwise(run)]
    return [_TAG.sub("", gap) if "<" in gap else gap for gap in gaps]


def _sizes(places: Iterable[tuple[int, int]]) -> str:
    return "".join([_SIZES[min(end - start, _LONGEST)] for start, end in places])


def _of_run(text: str, places: list[tuple[int, int]]) -> Iterator[_Candidate]:
    total = sum([end - start for start, end in places])
    short = _SHORTEST <= total <= _LONGEST
    laid_out = total >= _SHORTEST and _ANY_LAYOUT.search(_sizes(places)) is not None
    start, end = places[0][0], places[-1][1]
    seen: set[tuple[int, int]] = set()
    if short and _is_one_value(text, places):
        seen.add((start, end))
        yield _Candidate("".join([text[first:last] for first, last in places]), start, end, start, end)
    if not laid_out:
        return
    run = [Group(text[first:last], first, last) for first, last in places]
    gaps = _gaps(text, places)
    for at, chosen in windows(run):
        # Short groups are everywhere in tables: there, all gaps have to be the same.
        if len(chosen[0].digits) < 4 and len(set(gaps[at : at + len(chosen) - 1])) > 1:
            continue
        place = (chosen[0].start, chosen[-1].end)
        if place not in seen:
            seen.add(place)
            digits = "".join(group.digits for group in chosen)
            # Far from words only the digits can say what they are.
            far = place[0] - start >= AROUND and end - place[1] >= AROUND
            if not (far and len(digits) in _CARDS and not luhn(digits)):
                yield _Candidate(digits, *place, start, end)


def _against_letters(text: str, start: int, end: int) -> bool:
    """Digits with a letter or underscore beside them, where a word boundary would be expected; not inside a hash."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    touches = before.isalpha() or after.isalpha() or before == "_" or after == "_"
    return touches and not _in_hash(text, start, end)


def _in_hash(text: str, start: int, end: int) -> bool:
    """Digits inside a long hexadecimal word are part of a hash, a commit or a UUID."""
    left, right = start, end
    while left > 0 and start - left < 64 and (text[left - 1].isalnum() or text[left - 1] == "-"):
        left -= 1
    while right < len(text) and right - end < 64 and (text[right].isalnum() or text[right] == "-"):
        right += 1
    return _HASH.fullmatch(text, left, right) is not None
