"""Many weak patterns asked together: mostly none of them matches, and one search of RE2 says so.

Only patterns whose matches are short are put together, and few of them: an automaton of many long ones outgrows what
RE2 keeps of it, and then costs a hundred times as much. Tests hold that no text makes it so.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import re2

from gateway.inspection.detectors.scan import compiled
from gateway.inspection.detectors.weaken import Weak

_WIDEST: Final = 80
"""Characters of the longest match of a pattern that is put together with others."""
_TOGETHER: Final = 16

Search = Callable[[bytes], Any]


class Unions:
    """Searches of numbered patterns, one by one only where some of their neighbours match."""

    def __init__(self, patterns: Mapping[int, Weak]) -> None:
        """Patterns that RE2 cannot compile are left out, see ``numbers``."""
        self._single: Final = {number: one for number, weak in patterns.items() if (one := _search([weak]))}
        short = [number for number in self._single if (patterns[number].width or _WIDEST + 1) <= _WIDEST]
        self._place: Final[dict[int, int]] = {}
        self._union: Final[list[Search]] = []
        for at in range(0, len(short), _TOGETHER):
            numbers = short[at : at + _TOGETHER]
            union = _search([patterns[number] for number in numbers])
            if union is not None:
                self._place.update(dict.fromkeys(numbers, len(self._union)))
                self._union.append(union)

    @property
    def searches(self) -> tuple[Search, ...]:
        """Those of several patterns at once."""
        return tuple(self._union)

    @property
    def numbers(self) -> frozenset[int]:
        """The patterns that can be searched for."""
        return frozenset(self._single)

    def first(self, asked: Iterable[int], data: bytes) -> dict[int, int]:
        """Of the patterns ``asked`` those that match in ``data``, and the byte at which the first match begins."""
        shares: dict[int, list[int]] = {}
        alone: list[int] = []
        for number in asked:
            place = self._place.get(number)
            if place is None:
                alone.append(number)
            else:
                shares.setdefault(place, []).append(number)
        for place, numbers in shares.items():
            if len(numbers) == 1 or self._union[place](data) is not None:
                alone += numbers
        return {number: hit.start() for number in alone if (hit := self._single[number](data)) is not None}


def _search(weak: list[Weak]) -> Search | None:
    try:
        search: Search = compiled("|".join(f"(?:{one.source})" for one in weak).encode()).search
    except re2.error:
        return None
    return search
