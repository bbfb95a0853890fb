"""A text with its findings marked, for the terminal of whoever scans it."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.text import Text

from gateway.model import Finding

WHOLE: Final = 4000
"""Characters up to which a text is shown as it is; of a longer one only what stands around its findings."""
_AROUND: Final = 80
_MOST: Final = 40
"""Places of a long text that are shown."""
_SURE, _UNSURE = 0.8, 0.4
_STYLES: Final = ((_SURE, "bold white on red"), (_UNSURE, "bold black on yellow"), (0.0, "underline"))
"""By score: what is certain, what something speaks for, and what policies do not see unless they ask."""
_PICTURES: Final = {number: chr(0x2400 + number) for number in range(32) if chr(number) not in "\n\t"} | {0x7F: "␡"}
_PICTURES_8_BIT: Final = dict.fromkeys(range(0x80, 0xA0), "�")


def placed(findings: Iterable[Finding], text: str) -> list[Finding]:
    """Those with a place in ``text``, by place. What is said about the text as a whole has none."""
    found = [
        one
        for one in findings
        if one.path.endswith("content") and 0 <= one.start < one.end and (one.start, one.end) != (0, len(text))
    ]
    return sorted(found, key=lambda one: (one.start, -one.end))


def highlighted(text: str, findings: Sequence[Finding]) -> Text:
    """``text`` with every place marked by its score; of a long text, the surroundings of its findings.

    Control characters are shown as pictures: what is scanned must not steer the terminal.
    """
    shown = Text(text.translate(_PICTURES | _PICTURES_8_BIT))
    for one in sorted(findings, key=lambda one: one.score):
        shown.stylize(next(style for least, style in _STYLES if one.score >= least), one.start, one.end)
    if len(text) <= WHOLE:
        return shown
    excerpt, last = Text(), 0
    for start, end in _excerpts(findings, len(text)):
        excerpt.append("… " if start > last else "", style="dim").append_text(shown[start:end])
        last = end
    return excerpt.append(" …" if last < len(text) else "", style="dim")


def _excerpts(findings: Sequence[Finding], length: int) -> list[tuple[int, int]]:
    """Where to look in a long text; its beginning where nothing was found."""
    spans: list[tuple[int, int]] = []
    for one in findings:
        start, end = max(0, one.start - _AROUND), min(length, one.end + _AROUND)
        if spans and start <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return spans[:_MOST] or [(0, _AROUND * 4)]
