"""What a text must hold wherever a weak pattern matches: one of a few literals, or so many digits close together.

Both can be looked for in all texts at once and almost for nothing, and ordinary prose holds neither, so that hardly any
pattern is ever asked. The two are found by walking the tree of the pattern; what is not certain is not claimed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from gateway.inspection.detectors.weaken import (
    OTHER,
    Alt,
    Around,
    Chars,
    Edge,
    Node,
    Repeat,
    Seq,
    flat,
    widths,
    written,
)

GAP: Final = 5
"""Other characters that may stand between two digits of one chain."""
_LENGTHS: Final = (1, 4, 7, 9, 11)
"""Lengths of chains that are told apart: fewer of them are looked for faster."""
_LONGEST_CHAIN: Final = _LENGTHS[-1]
_TELLING: Final = 4
_BEGINNING: Final = 12
"""Characters of a beginning."""
_DIGITS: Final = sum(1 << code for code in b"0123456789") | OTHER
_DECIMAL: Final = frozenset(bytes([code]) for code in b"0123456789")
_ALIKE: Final = 10
"""Characters of one set that are tried one by one in literals."""
_MOST: Final = 160
"""Literals of one pattern; more would be found in every text."""
_SHORTEST: Final = 3
_LONGEST: Final = 12


@dataclass(frozen=True, slots=True)
class Required:
    """``literals``: one of them stands in every match (small letters; case is ignored); empty: nothing is certain.

    ``digits``: so many digits stand in every match, each within GAP characters of the one before.
    """

    literals: frozenset[bytes]
    digits: int
    beginning: str
    """What every match begins with, as a pattern; empty where the other two tell enough."""


def required(node: Node, *, alone: bool = True) -> Required:
    """What every match of ``node`` holds. Not ``alone``: something else is looked for, so little will do."""
    literals = _literals(node) or frozenset()
    digits = _chain(node).count
    kept = max((length for length in _LENGTHS if length <= digits), default=0)
    return Required(literals, kept, _beginning(node) if alone and not literals and kept < _TELLING else "")


def chain_pattern(digits: int) -> bytes:
    """A chain of so many digits, for either engine. ``?`` stands for digits of other scripts."""
    return b"[0-9?]" + (rb"(?:[^0-9?]{0,%d}[0-9?]){%d}" % (GAP, digits - 1) if digits > 1 else b"")


Literals = frozenset[bytes]


def _exact(node: Node) -> Literals | None:
    """All that ``node`` can read, in small letters, if that is little."""
    if isinstance(node, Chars):
        return None if isinstance(node, Around) else _few(node.mask)
    if isinstance(node, Edge):
        return frozenset({b""})
    if isinstance(node, Seq):
        return _joined([_exact(part) for part in node.parts])
    if isinstance(node, Repeat):
        return _counted(_exact(node.node), node.low, node.high)
    branches = [_exact(branch) for branch in node.branches]
    if any(branch is None for branch in branches):
        return None
    return _small(frozenset(one for branch in branches if branch for one in branch))


def _few(mask: int) -> Literals | None:
    read = frozenset(chr(code).lower().encode() for code in range(128) if mask >> code & 1)
    return read if len(read) <= _ALIKE and read != _DECIMAL else None


def _counted(once: Literals | None, low: int, high: int | None) -> Literals | None:
    if once is None or high is None or high > 4 or len(once) ** high > _MOST:
        return None
    counted = (frozenset(map(b"".join, product(once, repeat=count))) for count in range(low, high + 1))
    return _small(frozenset[bytes]().union(*counted))


def _joined(parts: list[Literals | None]) -> Literals | None:
    whole: Literals = frozenset({b""})
    for part in parts:
        if part is None or len(whole) * len(part) > _MOST:
            return None
        whole = frozenset(left + right for left in whole for right in part)
    return _small(whole)


def _small(literals: Literals) -> Literals | None:
    return literals if len(literals) <= _MOST and all(len(one) <= 48 for one in literals) else None


def _literals(node: Node) -> Literals | None:
    """The best set of literals of which every match of ``node`` holds one."""
    if isinstance(node, Alt):
        branches = [_literals(branch) for branch in node.branches]
        if any(branch is None for branch in branches):
            return None
        return _fit(frozenset(one for branch in branches if branch for one in branch))
    if isinstance(node, Repeat):
        return _literals(node.node) if node.low else None
    if not isinstance(node, Seq):
        return _fit(_exact(node))
    best: Literals | None = None
    for found in _runs(list(flat(node))):
        fit = _fit(found)
        if fit and (best is None or _worth(fit) > _worth(best)):
            best = fit
    return best


def _runs(parts: list[Node]) -> Iterator[Literals | None]:
    """What neighbours read together, where each of them reads little; and what each part holds by itself."""
    whole: Literals = frozenset({b""})
    for part in parts:
        exact = _exact(part)
        if exact is not None and len(whole) * len(exact) <= _MOST:
            whole = frozenset(left + right for left in whole for right in exact)
            continue
        yield whole
        whole = exact if exact is not None else frozenset({b""})
        if exact is None:
            yield _literals(part)
    yield whole


def _fit(literals: Literals | None) -> Literals | None:
    if not literals or len(literals) > _MOST:
        return None
    cut = frozenset(one[:_LONGEST] for one in literals)
    return cut if all(len(one) >= _SHORTEST or _rare(one) for one in cut) else None


def _rare(literal: bytes) -> bool:
    return len(literal) == 2 and not literal.isalnum() and b" " not in literal and b"?" not in literal


def _worth(literals: Literals) -> tuple[int, int]:
    return min(map(len, literals)), -len(literals)


@dataclass(frozen=True, slots=True)
class _Chain:
    """At least ``count`` digits in a row with gaps; at most so many characters before the first and after the last."""

    count: int
    before: int
    after: int
    width: int


_FAR: Final = 1_000_000


def _chain(node: Node) -> _Chain:
    if isinstance(node, Around | Edge):
        return _Chain(0, 0, 0, int(isinstance(node, Around)))
    if isinstance(node, Chars):
        return _Chain(int(node.mask & ~_DIGITS == 0), 0, 0, 1)
    if isinstance(node, Alt):
        chains = [_chain(branch) for branch in node.branches]
        width = max(chain.width for chain in chains)
        count = min(chain.count for chain in chains)
        return _Chain(count, max(c.before for c in chains), max(c.after for c in chains), width)
    if isinstance(node, Repeat):
        return _repeated(node)
    whole = _Chain(0, 0, 0, 0)
    for part in node.parts:
        whole = _then(whole, _chain(part))
    return whole


def _repeated(node: Repeat) -> _Chain:
    once = _chain(node.node)
    most = widths(node)[1]
    width = _FAR if most is None else most
    if not node.low:
        return _Chain(0, 0, 0, width)
    whole = once
    for _ in range(min(node.low, _LONGEST_CHAIN + 1) - 1):
        whole = _then(whole, once)
    connected = once.count > 0 and once.after + once.before <= GAP
    if connected:
        return _Chain(whole.count, once.before, once.after, width)
    return _Chain(whole.count, whole.before, min(width, _FAR), width)


def _then(left: _Chain, right: _Chain) -> _Chain:
    width = min(left.width + right.width, _FAR)
    if left.count and right.count and left.after + right.before <= GAP:
        return _Chain(left.count + right.count, left.before, right.after, width)
    if left.count >= right.count and left.count:
        return _Chain(left.count, left.before, min(left.after + right.width, _FAR), width)
    return _Chain(right.count, min(left.width + right.before, _FAR), right.after, width)


def _beginning(node: Node) -> str:
    cut, _ = _cut(node, _BEGINNING)
    return written(cut) if widths(cut)[0] else ""


def _cut(node: Node, most: int) -> tuple[Node, int]:
    """What ``node`` begins with, in at most about so many characters, and how many are left; 0 where it was cut."""
    if isinstance(node, Around | Edge):
        return Seq(()), most
    if isinstance(node, Chars):
        return node, most - 1
    if isinstance(node, Alt):
        cuts = [_cut(branch, most) for branch in node.branches]
        return Alt(tuple(cut for cut, _ in cuts)), min(left for _, left in cuts)
    if isinstance(node, Repeat):
        return _cut_repeat(node, most)
    parts: list[Node] = []
    for part in node.parts:
        cut, most = _cut(part, most)
        parts.append(cut)
        if most <= 0:
            break
    return Seq(tuple(parts)), max(most, 0)


def _cut_repeat(node: Repeat, most: int) -> tuple[Node, int]:
    width = widths(node)[1]
    if width is not None and width <= most:
        return node, most - width
    parts: list[Node] = []
    for _ in range(min(node.low, most)):
        cut, most = _cut(node.node, most)
        parts.append(cut)
        if most <= 0:
            break
    return Seq(tuple(parts)), 0
