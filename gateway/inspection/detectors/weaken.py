"""A weaker pattern for every pattern: over plain bytes, without lookarounds, in the syntax hyperscan and RE2 share.

A prefilter must never say no where the exact pattern would hit. So it reads another text and another pattern, both
weaker in one direction only:

- The text is ``text.encode("ascii", "replace")``: one byte per character, so that offsets stay what they are, and every
  character beyond ASCII is a ``?``.
- The pattern may read a ``?`` wherever the exact one could read a character beyond ASCII. Lookarounds, anchors and
  back-references are dropped or replaced by something that holds whenever they hold.

Wherever the exact pattern matches from character ``s`` on, the weak one matches from ``s`` or before on. What cannot
be read raises ``Unreadable``; such a pattern goes without a prefilter and is always tried.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from operator import or_
from typing import Final

import regex

from gateway.inspection.detectors.pattern_tree import (
    ALL,
    OTHER,
    Alt,
    Around,
    Chars,
    Edge,
    Node,
    Repeat,
    Seq,
    Unreadable,
    flat,
    widths,
    written,
)

_ASCII: Final = "".join(map(chr, range(128)))
_UNSURE: Final = sum(1 << code for code in range(0x1C, 0x20))
"""White space to ``re`` and none to ``regex``: members of a class and of its complement alike."""
_WORD: Final = sum(1 << code for code, char in enumerate(_ASCII) if char.isalnum() or char == "_")
_EMPTY: Final = Seq(())


@dataclass(frozen=True, slots=True)
class Weak:
    """A weak pattern, and the most characters that one match of it may have (None: no limit)."""

    source: str
    width: int | None
    tree: Node = field(repr=False)
    ahead: Node | None = field(repr=False)
    """What the pattern asks for in a lookahead before it reads anything."""


def weaken(source: str, flags: int = 0) -> Weak:
    """The weak pattern of ``source``, written for ``regex`` or ``re`` with those ``flags``. Raises Unreadable."""
    whole = parse(source, flags)
    tree = _outer(whole)
    low, width = widths(tree)
    if not low:
        raise Unreadable("it may match nothing at all")
    return Weak(written(tree), width, tree, _ahead(whole))


def parse(source: str, flags: int = 0) -> Node:
    """The tree of a pattern, lookarounds included. Raises Unreadable."""
    if flags & re.VERBOSE:
        raise Unreadable("white space that does not count")
    # Written anywhere, a flag for the whole pattern holds for the whole pattern.
    ignore_case = bool(flags & re.IGNORECASE) or bool(re.search(r"\(\?[aLmsuw]*i[aLmsuw]*\)", source))
    return _Parser(source, ignore_case=ignore_case).read()


class _Parser:
    """Reads the syntax that Python's ``re`` and ``regex`` (version 0) share."""

    def __init__(self, source: str, *, ignore_case: bool) -> None:
        self.source, self.at, self.ignore_case = source, 0, ignore_case
        self.groups: dict[str, Node] = {}
        self.opened = 0

    def read(self) -> Node:
        node = self._alternatives()
        if self.at < len(self.source):
            raise Unreadable("unbalanced parenthesis")
        return node

    def _take(self, pattern: str) -> "re.Match[str] | None":
        found = re.compile(pattern).match(self.source, self.at)
        if found:
            self.at = found.end()
        return found

    def _alternatives(self) -> Node:
        before = self.ignore_case
        branches = [self._sequence()]
        while self._take(r"\|"):
            branches.append(self._sequence())
        self.ignore_case = before
        return branches[0] if len(branches) == 1 else Alt(tuple(branches))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            node = self._atom()
            if node is not None:
                parts.append(self._repeated(node))
        return parts[0] if len(parts) == 1 else Seq(tuple(parts))

    def _repeated(self, node: Node) -> Node:
        while found := self._take(r"([*+?])|\{(\d+)\}|\{(\d*),(\d*)\}"):
            sign, exact, least, most = found.groups()
            if sign:
                low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
            else:
                low, high = int(exact or least or 0), int(exact or most) if exact or most else None
            self._take(r"[?+]")  # lazy and possessive ones match less or the same
            node = _EMPTY if isinstance(node, Edge) else Repeat(node, low, high)
        if self._take(r"\{[a-z]"):
            raise Unreadable("fuzzy matching")
        return node

    def _atom(self) -> Node | None:
        char = self.source[self.at]
        if char == "(":
            return self._group()
        if char in "^$":
            self.at += 1
            return _EMPTY
        if char == ".":
            self.at += 1
            return Chars(ALL, wordy=False)
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        if char in "*+?":
            raise Unreadable("nothing to repeat")
        self.at += 1
        return self._char(char)

    def _char(self, char: str) -> Chars:
        if char > "\x7f":
            return _set(char, self.ignore_case)
        both = {char, char.swapcase()} if self.ignore_case and char.isalpha() else {char}
        return Chars(sum(1 << ord(one) for one in both), wordy=char.isalnum() or char == "_")

    def _group(self) -> Node | None:
        if self._take(r"\(\?#[^)]*\)"):
            return None
        if self._take(r"\(\?[aimsuLw]+\)"):
            return None
        if found := self._take(r"\(\?P=(\w+)\)"):
            return self._again(found[1])
        before = self.ignore_case
        name = None
        if found := self._take(r"\((\?<?[=!])"):
            node = self._alternatives()
            node = Edge(node, ahead="<" not in found[1], negative="!" in found[1])
        else:
            found = self._take(r"\(\?P?<(\w+)>|\(\?(?:>|([aimsu]*)(?:-([ims]+))?:)|\((?!\?)")
            if not found:
                raise Unreadable("a group of another kind")
            if found[0] == "(" or found[1]:
                self.opened += 1
                name = str(self.opened)
            self.ignore_case = ("i" in (found[2] or "") or before) and "i" not in (found[3] or "")
            node = self._alternatives()
            if name is not None:
                self.groups[name] = node
                self.groups[found[1] or name] = node
        if not self._take(r"\)"):
            raise Unreadable("unbalanced parenthesis")
        self.ignore_case = before
        return node

    def _again(self, name: str) -> Node:
        if name not in self.groups:
            raise Unreadable("a back-reference")
        return self.groups[name]

    def _class(self) -> Node:
        found = self._take(r"\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]")
        if not found or re.search(r"\[:\w+:\]", found[0]):
            raise Unreadable("a set of another kind")
        return _set(found[0], self.ignore_case)

    def _escape(self) -> Node | None:
        if self._take(r"\\[AZzB]"):
            return _EMPTY
        if self._take(r"\\b"):
            return Edge(None, ahead=False, negative=False)
        if found := self._take(r"\\g<(\w+)>|\\([1-9]\d?)(?!\d)"):
            return self._again(found[1] or found[2])
        if found := self._take(r"\\(?:[dDwWsS]|[pP]\{[^}]{1,40}\}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[tnrfva0])"):
            return _set(found[0], self.ignore_case)
        if found := self._take(r"\\([^A-Za-z0-9])"):
            return self._char(found[1])
        raise Unreadable("an escape of another kind")


@lru_cache(maxsize=4096)
def _set(source: str, ignore_case: bool) -> Chars:
    """What a set or a class reads: asked of the engine itself, character by character of ASCII."""
    try:
        pattern = regex.compile(source, regex.IGNORECASE if ignore_case else 0)
    except regex.error:
        raise Unreadable("a set of another kind") from None
    mask = sum(1 << ord(char) for char in pattern.findall(_ASCII))
    inverted = source.startswith("[^") or bool(re.search(r"\\[DWSP]", source))
    beyond = inverted or bool(re.search(r"\\[dwspuU]|\\x[89A-Fa-f]|[^\x00-\x7f]", source))
    space = r"\s" in source or r"\S" in source
    named = bool(re.search(r"\\[spuUx]|[^\x00-\x7f]", source))
    wordy = not inverted and not named and mask & ~_WORD == 0
    return Chars(mask | (OTHER if beyond else 0) | (_UNSURE if space else 0), wordy)


def _complement(mask: int) -> int:
    return (ALL & ~mask) | OTHER | _UNSURE


def _outer(node: Node) -> Node:
    """The whole pattern, with the lookarounds at its ends as characters that are read, where that is possible."""
    if isinstance(node, Alt):
        return Alt(tuple(map(_outer, node.branches)))
    parts = list(flat(node))
    if len(parts) == 1 and isinstance(parts[0], Alt):
        return _outer(parts[0])
    before = after = 0  # sets of what may stand beside the match, which is a character or an end of the text
    behind: list[Node] = []  # what has to stand before the match is read with it: then a match begins too early
    while parts and isinstance(edge := parts[0], Edge):
        before = before or _beside(edge, parts[1:], ahead=False)
        parts.pop(0)
        if edge.node is not None and not edge.ahead and not edge.negative and not behind:
            behind = list(flat(edge.node))
        if edge.node is not None and edge.ahead and not edge.negative and not any(map(_reads, parts)):
            parts = list(flat(edge.node))  # the whole value stands in a lookahead, so that hits may overlap
    while parts and isinstance(edge := parts[-1], Edge):
        parts.pop()
        if edge.ahead and not edge.negative and edge.node is not None:
            parts += flat(edge.node)
            after = 0
            break
        after = after or _beside(edge, parts[::-1], ahead=True)
    inner: list[Node] = [Around.before(before)] if before and not behind else []
    inner += behind + parts
    if after:
        inner.append(Around.after(after))
    return Seq(tuple(inner))


def _ahead(node: Node) -> Node | None:
    for part in flat(node):
        if not isinstance(part, Edge):
            break
        if part.ahead and not part.negative and part.node is not None:
            return part.node
    return None


def _reads(node: Node) -> bool:
    return widths(node)[1] != 0


def _beside(edge: Edge, others: list[Node], *, ahead: bool) -> int:
    r"""What may stand at that side of the match if ``edge`` holds there; 0 where nothing can be said."""
    if edge.node is None:
        nearest = next((part for part in others if not isinstance(part, Edge)), None)
        return _complement(_WORD) if nearest is not None and _wordy(nearest, last=ahead) else 0
    if edge.ahead is not ahead or not edge.negative:
        return 0
    single = edge.node
    if isinstance(single, Alt):  # (?!\d|-\d): what one branch excludes alone is excluded
        chars = [branch for branch in single.branches if isinstance(branch, Chars)]
        return _complement(reduce(or_, (one.mask for one in chars))) if chars else 0
    return _complement(single.mask) if isinstance(single, Chars) else 0


def _wordy(node: Node, *, last: bool) -> bool:
    """Is the first (or ``last``) character that ``node`` reads always a word character?"""
    if isinstance(node, Chars):
        return node.wordy
    if isinstance(node, Alt):
        return all(_wordy(branch, last=last) for branch in node.branches)
    if isinstance(node, Repeat):
        return node.low > 0 and _wordy(node.node, last=last)
    if isinstance(node, Seq) and node.parts:
        return _wordy(node.parts[-1 if last else 0], last=last)
    return False
