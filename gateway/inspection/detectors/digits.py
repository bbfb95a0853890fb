"""How many digits a text must hold close together wherever a weak pattern matches, and what may stand between them.

Found by walking the tree of the pattern. What is not certain is not claimed: a digit that may be left out counts as
nothing, and what may stand between two that are sure is never underestimated.
"""

from dataclasses import dataclass
from typing import Final, Self

from gateway.inspection.detectors.pattern_tree import OTHER, Alt, Around, Chars, Edge, Node, Repeat, set_of, widths

WIDEST: Final = 5
"""Other characters that may stand between two digits of one chain."""
_GAPS: Final = (0, 1, 3, WIDEST)
_LENGTHS: Final = (1, 2, 4, 7, 9, 11)
"""Gaps and lengths of chains that are told apart: fewer of them are looked for faster."""
_LONGEST: Final = _LENGTHS[-1]
_DIGITS: Final = sum(1 << code for code in b"0123456789") | OTHER
_JOINTS: Final = sum(1 << code for code in b"\t\n\v\f\r\x1c\x1d\x1e\x1f -./_")
"""What mostly stands between the digits of one number, and less often between two numbers."""
_FAR: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Digits:
    """So many digits, each at most ``gap`` characters behind the one before, of ``joints`` alone or of any."""

    count: int
    gap: int
    joints: bool


def digits(node: Node) -> Digits | None:
    """What every match of ``node`` holds; None where no digit is certain."""
    chain = _chain(node)
    count = max((length for length in _LENGTHS if length <= chain.count), default=0)
    if not count:
        return None
    if count == 1:
        return Digits(1, 0, joints=True)
    gap = min(gap for gap in _GAPS if gap >= chain.inner.most)
    return Digits(count, gap, joints=not chain.inner.mask & ~_JOINTS)


def chain_pattern(wanted: Digits) -> bytes:
    """A chain of digits, for either engine. ``?`` stands for digits of other scripts."""
    more = wanted.count - 1
    if not more or not wanted.gap:
        return b"[0-9?]{%d}" % wanted.count
    between = set_of(_JOINTS).encode() if wanted.joints else b"[^0-9?]"
    return b"[0-9?](?:%s{0,%d}[0-9?]){%d}" % (between, wanted.gap, more)


@dataclass(frozen=True, slots=True)
class _Gap:
    """At most so many characters that are no digits, all of them of one set."""

    most: int = 0
    mask: int = 0

    def __add__(self, other: Self) -> "_Gap":
        return _Gap(min(self.most + other.most, _FAR), self.mask | other.mask)

    def __or__(self, other: Self) -> "_Gap":
        return _Gap(max(self.most, other.most), self.mask | other.mask)


_NONE: Final = _Gap()


@dataclass(frozen=True, slots=True)
class _Chain:
    """At least ``count`` digits in a row; what stands before the first, behind the last and between them, and all."""

    count: int
    before: _Gap
    behind: _Gap
    inner: _Gap
    whole: _Gap


def _chain(node: Node) -> _Chain:
    if isinstance(node, Edge):
        return _Chain(0, _NONE, _NONE, _NONE, _NONE)
    if isinstance(node, Chars):
        is_digit = not isinstance(node, Around) and node.mask & ~_DIGITS == 0
        other = _NONE if is_digit else _Gap(1, node.mask & ~_DIGITS)
        return _Chain(int(is_digit), _NONE, _NONE, _NONE, other)
    if isinstance(node, Alt):
        return _either([_chain(branch) for branch in node.branches])
    if isinstance(node, Repeat):
        return _repeated(node)
    whole = _Chain(0, _NONE, _NONE, _NONE, _NONE)
    for part in node.parts:
        whole = _then(whole, _chain(part))
    return whole


def _either(chains: list[_Chain]) -> _Chain:
    first, *others = chains
    for one in others:
        first = _Chain(
            min(first.count, one.count),
            first.before | one.before,
            first.behind | one.behind,
            first.inner | one.inner,
            first.whole | one.whole,
        )
    return first


def _repeated(node: Repeat) -> _Chain:
    once = _chain(node.node)
    times = _FAR if widths(node)[1] is None or node.high is None else node.high
    whole = _Gap(min(once.whole.most * times, _FAR), once.whole.mask)
    if not node.low:
        return _Chain(0, _NONE, _NONE, _NONE, whole)
    row = once
    for _ in range(min(node.low, _LONGEST + 1) - 1):
        row = _then(row, once)
    seam = once.behind + once.before
    if once.count and seam.most <= WIDEST:
        return _Chain(row.count, once.before, once.behind, once.inner | seam, whole)
    return _Chain(row.count, row.before, whole, row.inner, whole)


def _then(left: _Chain, right: _Chain) -> _Chain:
    whole = left.whole + right.whole
    seam = left.behind + right.before
    if left.count and right.count and seam.most <= WIDEST:
        return _Chain(left.count + right.count, left.before, right.behind, left.inner | right.inner | seam, whole)
    if left.count >= right.count and left.count:
        return _Chain(left.count, left.before, left.behind + right.whole, left.inner, whole)
    return _Chain(right.count, left.whole + right.before, right.behind, right.inner, whole)
