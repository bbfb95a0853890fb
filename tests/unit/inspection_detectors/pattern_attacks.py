"""Text made to keep a pattern busy: its own pieces, over and over, and then something that does not fit.

What makes a backtracking engine slow is a repetition that can be read in more than one way, or begun at every place. So
each repeated piece of a pattern is pumped, behind what leads to it, and so is every shortest way through the pattern.
"""

from collections.abc import Iterator

from gateway.inspection.detectors.pattern_tree import Alt, Chars, Edge, Node, Repeat, Seq, Unreadable
from gateway.inspection.detectors.weaken import parse, weaken

_PREFERRED = b"1a-A .:/_@\n"


def attacks(source: str, flags: int, length: int) -> list[str]:
    """Distinct texts of about ``length`` characters, at most some forty."""
    try:
        tree, opener = parse(source, flags), _shortest(weaken(source, flags).tree)
    except Unreadable:
        return []
    pumps: dict[tuple[str, str], None] = {}
    for before, piece in _repeated(tree, ""):
        pumps[before[-24:], piece] = None
    whole = _shortest(tree)
    for piece in (
        whole,
        whole[:-1],
        f"{whole} ",
        whole[: len(whole) // 2],
        f"{whole[:-1]}-",
        "A-",
        "A1-",
        "1 ",
        "a.",
        "\n",
        "\n ",
    ):
        pumps["", piece] = None
    for char in sorted({char for _, piece in pumps for char in piece})[:12]:
        pumps["", char] = None
    # A match in front and behind, so that neither a prefilter nor a literal that the engine looks for first says no.
    texts = (f"{opener} {before}{piece * (length // len(piece))}\0{opener}" for before, piece in pumps if piece)
    return list(dict.fromkeys(texts))[:48]


def _char(mask: int, turn: int = 0) -> str:
    fits = [code for code in _PREFERRED if mask >> code & 1] + [code for code in range(32, 127) if mask >> code & 1]
    return chr(fits[turn % len(fits)]) if fits else "\x01"


def _shortest(node: Node) -> str:
    if isinstance(node, Edge):
        return "" if node.negative or node.node is None else _shortest(node.node)
    if isinstance(node, Chars):
        return _char(node.mask)
    if isinstance(node, Alt):
        return min((_shortest(branch) for branch in node.branches), key=len)
    if isinstance(node, Repeat):
        return _shortest(node.node) * node.low
    return "".join(map(_shortest, node.parts))


def _repeated(node: Node, before: str) -> Iterator[tuple[str, str]]:
    """Each piece that a pattern repeats, and one way to get there."""
    if isinstance(node, Repeat):
        piece = _shortest(node.node) or (_char(node.node.mask) if isinstance(node.node, Chars) else "")
        if node.high is None or node.high > 3:
            yield before, piece
            if isinstance(node.node, Chars):
                yield before, _char(node.node.mask, 1) + _char(node.node.mask, 2)
        yield from _repeated(node.node, before)
    elif isinstance(node, Edge):
        if node.node is not None:
            yield from _repeated(node.node, before)
    elif isinstance(node, Alt):
        for branch in node.branches[:8]:
            yield from _repeated(branch, before)
    elif isinstance(node, Seq):
        for part in node.parts:
            yield from _repeated(part, before)
            before += _shortest(part)
