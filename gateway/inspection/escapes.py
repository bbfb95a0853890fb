"""Single characters that are written otherwise: percent, entities, quoted-printable, backslash escapes, code points.

They are resolved in place, with what stands around them: ``%34%31`` inside a URL becomes the URL it is.
"""

import html
import re
from collections.abc import Iterator
from typing import Final

from gateway.inspection.views import View, ViewBuilder

_AROUND: Final = 32
_LONGEST_WORD: Final = 128
_ESCAPED: Final = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+"
    r"|&(?:#[0-9]{1,12}|#[xX][0-9A-Fa-f]{1,10}|[A-Za-z][A-Za-z0-9]{1,31});?"
    r"|(?:=[0-9A-F]{2})+|(?<!=)(?<!h1:[A-Za-z0-9+/]{43})=\r?\n"
    r"|(?:\\{1,8}(?:u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{2}|U[0-9A-Fa-f]{8}|[0-3][0-7]{2}))+"
    r"|(?:\bU\+[0-9A-Fa-f]{4,6}[ ,]?)+"
    r"|(?<=[0-9])\\{1,2}[nrt](?=[0-9])"
)
_ESCAPE_CODE: Final = re.compile(
    r"\\+(?:u([Dd][89ABab][0-9A-Fa-f]{2})\\+u([Dd][C-Fc-f][0-9A-Fa-f]{2})"
    r"|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|U([0-9A-Fa-f]{8})|([0-3][0-7]{2}))"
)
"""Each with one backslash or several: text that was escaped twice has two."""
_SIGN: Final = re.compile(r"[%&=]|\\+|U\+")
"""What every escape begins with. Trying them all at each character of a text would cost ten times as much."""
GATE: Final = (
    r"%[0-9A-Fa-f]{2}|&(?:#[0-9]|#[xX][0-9A-Fa-f]|[A-Za-z][A-Za-z0-9])|=[0-9A-F]{2}|=\r?\n|U\+[0-9A-Fa-f]{4}"
    r"|\\(?:u[0-9A-Fa-f{]|x[0-9A-Fa-f]{2}|U[0-9A-Fa-f]{8}|[0-3][0-7]{2})|[0-9?]\\{1,2}[nrt][0-9?]"
)
"""What has to stand in a text that has such a view, as a pattern of one byte per character."""
_READABLE: Final = frozenset(range(0x21, 0x7F))
_FEWEST_READABLE: Final = 4
"""Bytes among others that nobody can read: a few may be chance, more of them may be a value with noise in between."""


def unescaped(view: View) -> list[View]:
    """Stretches of ``view`` with escapes resolved, each with what stands around it. Empty without escapes.

    Two readings where ``=41`` stands beside other escapes: in a mail it is a letter, in ``?card=4111%201`` it is not.
    """
    escapes = [(*match.span(), said) for match in _escaped(view.text) if (said := _resolved(match[0])) != match[0]]
    others = [escape for escape in escapes if view.text[escape[0]] != "="]
    readings = [escapes] if len(others) in {0, len(escapes)} else [escapes, others]
    return [_resolve(view, reading) for reading in readings if reading]


def _escaped(text: str) -> Iterator[re.Match[str]]:
    """Every escape, from left to right."""
    done = 0
    for sign in _SIGN.finditer(text):
        for at in range(max(sign.start(), done), sign.end()):
            match = _ESCAPED.match(text, at)
            if match is not None:
                done = match.end()
                yield match
                break


def _resolve(view: View, escapes: list[tuple[int, int, str]]) -> View:
    builder = ViewBuilder()
    text = view.text
    done = 0
    for number, (start, end, said) in enumerate(escapes):
        if start - done > 2 * _AROUND:
            builder.copy(text[done : done + _AROUND] if number else "", done)
            builder.put("\n", done + _AROUND, done + _AROUND)
            done = _word_start(text, start - _AROUND, done)
        builder.copy(text[done:start], done)
        builder.put(said, start, end)
        done = end
    builder.copy(text[done : done + _AROUND], done)
    return builder.build(f"{view.name}.unescaped", view, prose=True)


def _word_start(text: str, at: int, least: int) -> int:
    """Where the word at ``at`` begins: half of a checksum is a word that nobody can read."""
    earliest = max(least, at - _LONGEST_WORD, 0)
    while at > earliest and not text[at - 1].isspace():
        at -= 1
    return at


def _resolved(escaped: str) -> str:
    """What one escape (or several together) stands for; the same text where it stands for nothing readable."""
    first = escaped[0]
    if first == "&":
        said = html.unescape(escaped if escaped.endswith(";") else escaped + ";")
        return escaped if said.startswith("&") and len(said) > 1 else said
    if first in "%=":
        if escaped.startswith(("=\n", "=\r")):
            return ""
        data = bytes.fromhex(escaped.replace(first, ""))
        said = data.decode("utf-8", "replace")
        clean = "\ufffd" not in said and all(char.isprintable() or char.isspace() for char in said)
        return said if clean or sum(map(_READABLE.__contains__, data)) >= _FEWEST_READABLE else escaped
    if first == "U":
        codes = re.findall(r"U\+([0-9A-Fa-f]{4,6})", escaped)
        return "".join(map(_character, codes)) if len(codes) > 3 else escaped
    if escaped[-1] in "nrt" and not _ESCAPE_CODE.match(escaped):
        return "\n"
    return _ESCAPE_CODE.sub(_escape, escaped)


def _escape(match: re.Match[str]) -> str:
    high, low, *single, octal = match.groups()
    if octal:
        return chr(int(octal, 8))
    if high:
        return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
    return _character(next(filter(None, single)))


def _character(code: str) -> str:
    value = int(code, 16)
    return chr(value) if value < 0xD800 or 0xE000 <= value < 0x110000 else ""
