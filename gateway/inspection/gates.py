"""What has to stand in a text for a view of it, or a reason against it, to exist at all."""

from enum import IntEnum, auto
from typing import Final


class Gate(IntEnum):
    """One for each kind of view or reason."""

    CONTROL = 0
    BASE64 = auto()
    DENSE = auto()
    NUMBERED = auto()
    GROUPS = auto()
    ESCAPES = auto()
    UNBROKEN = auto()
    MORSE = auto()
    RADIO = auto()
    SPOKEN = auto()
    COLUMNS = auto()
    DIGITS = auto()
    SPELT_EMAIL = auto()
    CJK = auto()
    WRAPPED = auto()


Gates = frozenset[int] | set[int]
ALL: Final[Gates] = frozenset(Gate)
