"""The tree of a pattern over plain bytes, and how it is written for hyperscan and RE2.

A character of the tree is a set of bytes below 128; ``?`` stands for everything beyond ASCII (see weaken.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

ALL: Final = (1 << 128) - 1
OTHER: Final = 1 << ord("?")
"""The byte that stands for every character beyond ASCII."""
_WIDEST: Final = 40
"""Repetitions of one character beyond which a bound is forgotten: bounds cost states, and here they exclude little."""
_MOST_REPEATS: Final = 1000


class Unreadable(Exception):
    """The pattern uses syntax that is not read here."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set: bit ``n`` for byte ``n``. ``wordy``: all that it stands for are word characters."""

    mask: int
    wordy: bool


@dataclass(frozen=True, slots=True)
class Seq:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Alt:
    branches: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    node: "Node"
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Edge:
    r"""A ``\b``, or one lookaround: ``ahead`` or behind, ``negative`` or not, of ``node``."""

    node: "Node | None"
    ahead: bool
    negative: bool


Node = Chars | Seq | Alt | Repeat | Edge


def flat(node: Node) -> Iterator[Node]:
    """The parts of a sequence, of sequences in it, too."""
    if isinstance(node, Seq):
        for part in node.parts:
            yield from flat(part)
    else:
        yield node


@dataclass(frozen=True, slots=True)
class Around(Chars):
    """A character of a set, or the begin (``sign`` \\A) or end (\\z) of the text."""

    sign: str = ""

    @classmethod
    def before(cls, mask: int) -> "Around":
        return cls(mask, False, r"\A")

    @classmethod
    def after(cls, mask: int) -> "Around":
        return cls(mask, False, r"\z")


def widths(node: Node) -> tuple[int, int | None]:
    """Characters of the shortest and of the longest match."""
    if isinstance(node, Chars):
        return int(not isinstance(node, Around)), 1
    if isinstance(node, Edge):
        return 0, 0
    if isinstance(node, Repeat):
        low, high = widths(node.node)
        most = _bound(node)
        return low * node.low, None if high is None or most is None else high * most
    inner = [widths(part) for part in (node.parts if isinstance(node, Seq) else node.branches)]
    highs = [high for _, high in inner]
    unlimited = any(high is None for high in highs)
    known = [high or 0 for high in highs]
    if isinstance(node, Seq):
        return sum(low for low, _ in inner), None if unlimited else sum(known)
    return min((low for low, _ in inner), default=0), None if unlimited else max(known, default=0)


def _bound(node: Repeat) -> int | None:
    """The upper bound of a repetition, or None where it is forgotten."""
    if node.high is None or node.high > _MOST_REPEATS or node.high - node.low > _WIDEST:
        return None
    return node.high


def written(node: Node) -> str:
    """The node in the syntax that both engines share."""
    if isinstance(node, Chars):
        chars = set_of(node.mask)
        return f"(?:{node.sign}|{chars})" if isinstance(node, Around) else chars
    if isinstance(node, Edge):
        return ""
    if isinstance(node, Seq):
        return "".join(map(written, node.parts))
    if isinstance(node, Alt):
        return f"(?:{'|'.join(map(written, node.branches))})"
    inner = written(node.node)
    low, high = min(node.low, _MOST_REPEATS), _bound(node)
    if not inner or high == 0:
        return ""
    count = f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}"
    return f"(?:{inner}){count}"


def set_of(mask: int) -> str:
    if mask == ALL:
        return r"[\x00-\x7f]"
    codes = [code for code in range(128) if mask >> code & 1]
    if not codes:
        raise Unreadable("a set that reads nothing")
    if len(codes) == 1:
        return rf"\x{codes[0]:02x}"
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(rf"\x{a:02x}" if a == b else rf"\x{a:02x}-\x{b:02x}" for a, b in ranges) + "]"
