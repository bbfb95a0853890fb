"""The texts of a draft that the judge is asked about, in pieces that a question can hold."""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

from gateway.inspection.normalise import normalise
from gateway.inspection.segments import segments
from gateway.inspection.units import group_of, is_call_id, is_key
from gateway.judge.doubt import Passage
from gateway.model import Draft, Segment
from gateway.policy.judging import JudgeMode

PIECE: Final = 6000
"""Characters of one question at most."""
OVERLAP: Final = 500
_ASKED_ROLES: Final = frozenset({"system", "developer", "user", "tool", "function"})


def passages(mode: JudgeMode, draft: Draft, doubted: frozenset[str]) -> tuple[Passage, ...]:
    """What to ask about: what is doubted, and with ``always`` every text of users, tools and systems with letters."""
    always = mode is JudgeMode.ALWAYS
    found = tuple(_passages(draft, lambda name, role: name in doubted or (always and role in _ASKED_ROLES)))
    found = tuple(one for one in found if one.group in doubted or any(map(_has_letters, one.pieces)))
    lost = doubted - {one.group for one in found}
    return (*found, *(Passage(name, name, "", ()) for name in sorted(lost)))


def _passages(draft: Draft, wanted: Callable[[str, str], bool]) -> Iterator[Passage]:
    found, _ = segments(draft.body, frozenset({draft.model}))
    by_group: dict[str, list[Segment]] = {}
    for name, members in groupby(found, key=group_of):
        by_group.setdefault(name, []).extend(one for one in members if not is_call_id(one))
    for name, strings in by_group.items():
        if strings and wanted(name, strings[0].role):
            text = "".join(f"{one.text}{': ' if is_key(one) else chr(10)}" for one in strings)
            yield Passage(name, strings[0].path, strings[0].role, pieces(normalise(text)[0].text.strip()))


def pieces(text: str) -> tuple[str, ...]:
    """``text`` in overlapping pieces of at most ``PIECE`` characters; none where it is empty."""
    if not text:
        return ()
    return tuple(text[at : at + PIECE] for at in range(0, max(len(text) - OVERLAP, 1), PIECE - OVERLAP))


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))
