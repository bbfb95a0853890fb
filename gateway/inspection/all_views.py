"""Every view of one text: what it says once it is folded, decoded, put together and read aloud.

Most texts are their one plain view: one scan tells which kinds of view a text can have at all (gating.py).
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from gateway.inspection import opaque
from gateway.inspection.columns import columns
from gateway.inspection.decode import MAX_DECODED, MAX_RUNS, decoded
from gateway.inspection.escapes import unescaped
from gateway.inspection.gates import ALL, Gate, Gates
from gateway.inspection.gating import open_gates
from gateway.inspection.normalise import normalise
from gateway.inspection.spoken import spoken
from gateway.inspection.squeeze import squeezed
from gateway.inspection.unwrapped import unwrapped
from gateway.inspection.views import View, ViewBuilder

MAX_LEVELS: Final = 3
"""How often a decoded text is decoded again."""
MAX_VIEWS: Final = 16
"""Of one text, before any of them is put together or read aloud: encodings in each other multiply; more make coverage
incomplete."""

_MADE: Final = (
    (squeezed, frozenset({Gate.DIGITS, Gate.SPELT_EMAIL})),
    (spoken, frozenset({Gate.SPOKEN, Gate.CJK})),
    (columns, frozenset({Gate.COLUMNS})),
    (unwrapped, frozenset({Gate.WRAPPED})),
)
"""Views of views, and the gates of which one has to be open."""


def all_views(text: str, gates_of: Callable[[str], Gates] = open_gates) -> tuple[list[View], list[str]]:
    """Every view of ``text``, the plain one first, none twice; and the reasons why they are not all there is.

    ``gates_of``: which kinds of view a text can have at all.
    """
    gates = gates_of(text)
    if not gates and text.isascii():
        return [View("plain", text, prose=True)], []
    plain, odd = normalise(text)
    reasons = opaque.oddity_reasons(odd)
    views = [plain]
    if odd.tags:
        views.append(_spelt(odd.tags, len(text)))
    seen: dict[str, Gates] = {text: gates}
    frontier = list(views)
    runs = characters = 0
    for level in range(MAX_LEVELS + 1):
        deeper: list[View] = []
        for view in frontier:
            gates = seen[view.text] = seen.get(view.text) or gates_of(view.text)
            found = decoded(view, gates)
            reasons += opaque.text_reasons(view.text, found.spans, gates)
            escaped = unescaped(view) if Gate.ESCAPES in gates else []
            inner = [*([found.view] if found.view is not None else []), *escaped]
            deeper += [_folded(one, reasons) for one in inner]
            runs += found.found
        characters += sum(len(view.text) for view in deeper)
        many = len(views) + len(deeper) > MAX_VIEWS
        if deeper and (many or runs > MAX_RUNS or characters > MAX_DECODED or level == MAX_LEVELS):
            reasons.append("opaque:depth" if level == MAX_LEVELS else "opaque:views")
            break
        views += deeper
        frontier = deeper
    made = (
        make(view) for make, needed in _MADE for view in list(views) if not needed.isdisjoint(seen.get(view.text, ALL))
    )
    return _distinct([*views, *(view for view in made if view is not None)]), reasons


def _folded(view: View, reasons: list[str]) -> View:
    """What was decoded as a person would see it: full-width digits hide in base64 as well as outside it."""
    if view.text.isascii():
        return view
    plain, odd = normalise(view.text)
    reasons += opaque.oddity_reasons(odd)
    return replace(plain, name=view.name, prose=view.prose, parent=view)


def _spelt(tags: Iterable[str], length: int) -> View:
    """What was spelt in invisible characters. It has no place of its own: it maps to the whole text."""
    builder = ViewBuilder()
    for said in tags:
        builder.put(f"{said}\n", 0, length)
    return builder.build("tags", None, prose=True)


def _distinct(views: list[View]) -> list[View]:
    """The first view of each text."""
    first: dict[str, View] = {}
    for view in views:
        first.setdefault(view.text, view)
    return list(first.values())
