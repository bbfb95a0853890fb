"""JSON read without losing anything: every pair of an object, also repeated ones, and numbers as they were written.

orjson is faster but keeps the last of two equal keys and turns ``4.01e15`` into a float; what is inspected must be what
the bytes say.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Final


class Pairs(list[tuple[str, Any]]):
    """An object, as its pairs in order."""

    __slots__ = ()


class Number(str):
    """A number, as it was written."""

    __slots__ = ()

    @property
    def digits(self) -> int:
        """How many digits it shows."""
        return sum(map(str.isdigit, self))

    def readings(self) -> str:
        """The number as text: as written, and written out where an exponent or ``.0`` hides an integer."""
        if not ("e" in self or "E" in self or "." in self):
            return str(self)
        try:
            value = Decimal(self)
        except InvalidOperation:
            return str(self)
        if not value.is_finite() or not -_MAX_EXPONENT < value.adjusted() < _MAX_EXPONENT or value != int(value):
            return str(self)
        plain = str(int(value))
        return plain if self.endswith(".0") else f"{self} {plain}"


_MAX_EXPONENT: Final = 40

_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=Pairs, parse_float=Number, parse_int=Number, parse_constant=Number, strict=False
)


def parse(text: str) -> Any:
    """The value of one JSON text: Pairs, list, str, Number, bool or None.

    Raises ValueError when it is not JSON and RecursionError when it nests deeper than the interpreter can follow.
    """
    return _DECODER.decode(text)


def looks_like_json(text: str) -> bool:
    """Cheap: could this string be an object, an array or a quoted string with escapes?"""
    start, end = text[:1], text[-1:]
    return (start, end) in {("{", "}"), ("[", "]")} or (start == end == '"' and len(text) > 2 and "\\" in text)
