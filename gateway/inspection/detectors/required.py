"""What a text must hold wherever a weak pattern matches: one of a few literals, or so many digits close together.

Both can be looked for in all texts at once and almost for nothing, and ordinary prose holds neither, so that hardly any
pattern is ever asked. The two are found by walking the tree of the pattern; what is not certain is not claimed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from gateway.inspection.detectors.digits import Digits, digits
from gateway.inspection.detectors.pattern_tree import Alt, Around, Chars, Edge, Node, Repeat, Seq, flat, widths, written
from gateway.inspection.detectors.weaken import Weak

_TELLING: Final = 7
"""Digits that are seldom met; four of them are the year or the port of any text."""
_BEGINNING: Final = 12
_SHORTEST_BEGINNING: Final = 3
"""Characters of a beginning: fewer stand in every text, unless a sign is among them."""
_SIGNS: Final = sum(1 << code for code in b"!#$%&*+/:;<=>@[\\]^`{|}~")
_DECIMAL: Final = frozenset(bytes([code]) for code in b"0123456789")
_ALIKE: Final = 10
"""Characters of one set that are tried one by one in literals."""
_MOST: Final = 160
"""Literals of one pattern; more would be found in every text."""
_SHORTEST: Final = 3
_LONGEST: Final = 12


@dataclass(frozen=True, slots=True)
class Required:
    """``literals``: one of them stands in every match (small letters; case is ignored); empty: nothing is certain."""

    literals: frozenset[bytes]
    digits: Digits | None
    beginning: str
    """What every match begins with, as a pattern; empty where the other two tell enough."""


def required(weak: Weak, *, alone: bool = True) -> Required:
    """What every match of ``weak`` holds. Not ``alone``: something else is looked for, so little will do."""
    node = weak.tree
    literals = _literals(node) or frozenset()
    chain = digits(node)
    telling = bool(literals) or not alone or (chain is not None and chain.count >= _TELLING)
    return Required(literals, chain, "" if telling else _beginning(weak.ahead or node))


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


def _beginning(node: Node) -> str:
    cut, _ = _cut(node, _BEGINNING)
    return written(cut) if widths(cut)[0] >= _SHORTEST_BEGINNING or _has_sign(cut) else ""


def _has_sign(node: Node) -> bool:
    """Does every match of ``node`` hold a character that prose seldom does?"""
    if isinstance(node, Chars):
        return not node.mask & ~_SIGNS
    if isinstance(node, Alt):
        return all(map(_has_sign, node.branches))
    if isinstance(node, Repeat):
        return node.low > 0 and _has_sign(node.node)
    return isinstance(node, Seq) and any(map(_has_sign, node.parts))


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
