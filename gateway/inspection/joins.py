"""Values that were spread over several strings: parts, messages, tool arguments, array elements (evasions S3, S4).

Five ways of joining, all of them local, so that a further turn adds joins and changes none:
- *seams*: the end of each value with the beginning of the next, over all values and over the user's own;
- *turns*: three and four of the user's values in a row, where those in the middle are short;
- *glue*: the short values of one message or field, of one list and of one object, one after another without anything
  between;
- *chains*: the last run of digits of one value with the first of the following ones, with the words around them;
- *answers*: the beginning of a message that holds digits, behind the end of the message that asked for them. The value
  is whole there, but what it is stands in the question: ``Your social security number, please?`` ``536221234``.

What people write is joined more freely than what programs write: tool results are full of small numbers, and of those
that meet in a row every tenth passes for a card.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Final

from gateway.inspection.squeeze import AROUND, LAYOUTS, Group, is_one_value, rows
from gateway.inspection.units import Span, Unit, UnitBuilder, group_of, is_call_id, is_key
from gateway.model import Segment

_EDGE: Final = 64
"""Characters of each side of a seam."""
_QUESTION: Final = 128
"""Characters of what may be the question to an answer."""
_GLUED: Final = 4096
"""Characters of one text of glue."""
_FEWEST: Final = 9
_MOST: Final = 19
"""Digits of what a chain looks for: from national ids to cards. Shorter numbers meet by chance in any conversation."""
_SMALLEST: Final = 3
"""Digits of a run that is taken for a part of an identifier where other words stand around it."""
_CARD_OF_FIFTEEN: Final = (4, 6)
"""How its groups begin. Six digits are no group of any other layout, and rarely follow four by chance."""
_LINKS: Final = 19

_FURTHER: Final = re.compile(r"[^\x00-\x7f]")
_DIGITS: Final = re.compile(r"[0-9]+")
_MARKS: Final = "?.!:,; \t\r\n"
_ANSWER: Final = re.compile(rf".{{1,{_EDGE}}}(?!\S)", re.DOTALL)
"""The beginning of a text, cut where no word is cut."""
_WRITTEN: Final = re.compile(r"messages\.\d+\.content(?:\.\d+(?:\.text)?)?")
"""Where a message's own text stands: not in JSON, not in a tool's result within a user turn."""

Value = tuple[int, Segment]
Link = tuple[Value, list[Group]]


def joins(segments: Sequence[Segment]) -> list[Unit]:
    """Texts in which a value spread over several of ``segments`` stands in one piece."""
    values = [
        (number, segment)
        for number, segment in enumerate(segments)
        if not is_key(segment) and not is_call_id(segment)  # no one writes a value into ids, and lots of them agree
    ]
    if len(values) < 2:
        return []
    users = [value for value in values if value[1].role == "user"]
    digits = {number: read for number, segment in values if (read := _runs(segment.text))}
    written = [value for value in users if _is_written(value[1].path)]
    found: dict[tuple[int, ...], Unit] = {}
    for unit in (
        *_glue(values, group_of),
        *_glue([value for value in values if _list_of(value[1])], _list_of),
        *_glue([value for value in values if _object_of(value[1])], _object_of),
        *_seams(values),
        *_seams(users),
        *_turns(users),
        *_chains(values, digits, _has_a_layout),
        *_chains(written, digits, _each_is_a_group),
        *_answers([value for value in values if value[1].role]),
        *_answers(users),
    ):
        found.setdefault((*[span.segment for span in unit.spans], hash(unit.text)), unit)
    return list(found.values())


@lru_cache(maxsize=4096)
def _is_written(path: str) -> bool:
    return _WRITTEN.fullmatch(path) is not None


def _seams(values: list[Value]) -> Iterator[Unit]:
    for (left, before), (right, after) in pairwise(values):
        if group_of(before) == group_of(after) and len(before.text) <= _EDGE and len(after.text) <= _EDGE:
            continue  # both stand in the glue whole
        start = max(0, len(before.text) - _EDGE)
        end, begin = before.text[start:], after.text[:_EDGE]
        spans = (Span(0, len(end), left, start), Span(len(end), len(begin), right, 0))
        yield Unit(end + begin, spans, joined=True)


def _turns(values: list[Value]) -> Iterator[Unit]:
    for at in range(len(values)):
        for count in (3, 4):
            row = values[at : at + count]
            if len(row) < count or any(len(segment.text) > _EDGE for _, segment in row[1:-1]):
                break
            turns = UnitBuilder()
            (first, before), (last, after) = row[0], row[-1]
            start = max(0, len(before.text) - _EDGE)
            turns.add(first, before.text[start:], start)
            for number, segment in row[1:-1]:
                turns.add(number, segment.text)
            turns.add(last, after.text[:_EDGE])
            yield turns.build(joined=True)


def _answers(values: list[Value]) -> Iterator[Unit]:
    for (left, before), (right, after) in pairwise(values):
        said = _ANSWER.match(after.text)
        if group_of(before) == group_of(after) or said is None or sum(map(str.isdigit, said[0])) < _SMALLEST:
            continue
        cut = max(0, len(before.text) - _QUESTION)
        start = max(cut, before.text.find(" ", cut)) if cut else 0
        answer = UnitBuilder()
        answer.add(left, before.text[start:].rstrip(_MARKS), start)
        answer.glue(": ")
        answer.add(right, said[0])
        yield answer.build(answer=True)


def _list_of(segment: Segment) -> str:
    """The list that a string, or a content part's text, is an element of; empty: of none."""
    parent, _, last = segment.path.removesuffix(".text").rpartition(".")
    return parent if last.isdecimal() else ""


def _object_of(segment: Segment) -> str:
    """The object within a message, or within a field, that a string is a value of; empty: of none."""
    parent, _, last = segment.path.rpartition(".")
    return "" if last.isdecimal() or parent == group_of(segment) else parent


def _glue(values: list[Value], kind: Callable[[Segment], str]) -> Iterator[Unit]:
    for _, members in groupby(values, key=lambda value: kind(value[1])):
        short = [value for value in members if len(value[1].text) <= _EDGE]
        glue = UnitBuilder()
        count = 0
        for number, segment in short:
            glue.add(number, segment.text)
            count += 1
            if glue.length > _GLUED:
                yield glue.build(joined=True)
                glue, count = UnitBuilder(), 1
                glue.add(number, segment.text)
        if count > 1:
            yield glue.build(joined=True)


def _chains(
    values: list[Value], digits: dict[int, list[list[Group]]], is_plausible: Callable[[list[Link]], bool]
) -> Iterator[Unit]:
    """Two runs always make a chain; of three and more, which meet by chance, the plausible ones do."""
    with_digits = [(value, digits[value[0]]) for value in values if value[0] in digits]
    for at, (value, found) in enumerate(with_digits):
        chain = [(value, found[-1])]
        for next_value, next_found in with_digits[at + 1 : at + _LINKS]:
            chain.append((next_value, next_found[0]))
            total = sum(_count(run) for _, run in chain)
            if total > _MOST:
                break
            if total >= _FEWEST and (len(chain) == 2 or is_plausible(chain)):
                yield _chain(chain)
            if len(next_found) > 1:
                break


def _has_a_layout(chain: list[Link]) -> bool:
    """The runs have the sizes in which cards and the commonest identifiers are written."""
    sizes = tuple(_count(run) for _, run in chain)
    return sizes in LAYOUTS and (sizes[:2] == _CARD_OF_FIFTEEN or _each_is_a_group(chain))


def _each_is_a_group(chain: list[Link]) -> bool:
    """Each run is a group as cards have them, or all that its text says."""
    return all(_count(run) in {4, 8} or _says_only(value[1].text, run) for value, run in chain)


def _says_only(text: str, run: list[Group]) -> bool:
    return len(text.strip()) <= 2 * _count(run) + 2


def _chain(links: list[Link]) -> Unit:
    """The words before the first run, the digits of all runs in one, the words after the last."""
    chain = UnitBuilder()
    (number, segment), run = links[0]
    start = max(0, run[0].start - AROUND)
    chain.add(number, segment.text[start : run[0].start], start)
    chain.glue(" ")
    for (number, _), run in links:
        for group in run:
            chain.add(number, group.digits, group.start)
    chain.glue(" ")
    (number, segment), run = links[-1]
    chain.add(number, segment.text[run[-1].end : run[-1].end + AROUND], run[-1].end)
    return chain.build(joined=True)


def _runs(text: str) -> list[list[Group]]:
    """The first and the last run of digits, once where they are one; small ones where the text holds nothing else."""
    if not text.isascii():
        text = _FURTHER.sub(_digit, text)
    places = [match.span() for match in _DIGITS.finditer(text)]
    if not places:
        return []
    found = list(rows(text, places, fewest=1))
    if len(found) == 1:
        run = _groups(text, found[0])
        if len(places) == 1 or _says_only(text, run):
            # A number alone in its text is no year by looking like one: every fiftieth group of a card does.
            return [run] if _says_only(text, run) or len(run[0].digits) >= _SMALLEST else []
    first = next(_plausible(text, found), None)
    if first is None:
        return []
    last = next(_plausible(text, reversed(found)))
    return [first] if first == last else [first, last]


def _groups(text: str, places: list[tuple[int, int]]) -> list[Group]:
    return [Group(text[start:end], start, end) for start, end in places]


def _plausible(text: str, found: Iterable[list[tuple[int, int]]]) -> Iterator[list[Group]]:
    """Of runs those that may be a part of an identifier."""
    for places in found:
        if sum([end - start for start, end in places]) >= _SMALLEST and is_one_value(
            text, run := _groups(text, places)
        ):
            yield run


def _digit(match: re.Match[str]) -> str:
    digit = unicodedata.digit(match[0], None)
    return match[0] if digit is None else str(digit)


def _count(run: list[Group]) -> int:
    return sum(len(group.digits) for group in run)
