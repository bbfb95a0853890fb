"""Single characters that are written otherwise: percent, entities, quoted-printable, backslash escapes, code points.

They are resolved in place, with what stands around them: ``%34%31`` inside a URL becomes the URL it is.
"""

import html
import re
from typing import Final

from gateway.inspection.views import View, ViewBuilder

_AROUND: Final = 32
_ESCAPED: Final = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+"
    r"|&(?:#[0-9]{2,7}|#[xX][0-9A-Fa-f]{2,6}|[A-Za-z][A-Za-z0-9]{1,31});?"
    r"|(?:=[0-9A-F]{2})+|=\r?\n"
    r"|(?:\\u\{?[0-9A-Fa-f]{4,6}\}?|\\x[0-9A-Fa-f]{2}|\\U[0-9A-Fa-f]{8}|\\[0-3][0-7]{2})+"
    r"|(?:\bU\+[0-9A-Fa-f]{4,6}[ ,]?)+"
    r"|(?<=[0-9])\\{1,2}[nrt](?=[0-9])"
)
_ESCAPE_CODE: Final = re.compile(
    r"\\u\{?([0-9A-Fa-f]{4,6})\}?|\\x([0-9A-Fa-f]{2})|\\U([0-9A-Fa-f]{8})|\\([0-3][0-7]{2})"
)
_ESCAPE_GATE: Final = re.compile(r"[%=\\&][0-9A-Za-z#]|=\r?\n|U\+")


def unescaped(view: View) -> View | None:
    """Stretches of ``view`` with escapes resolved, each with what stands around it, or None without escapes."""
    text = view.text
    if not _ESCAPE_GATE.search(text):
        return None
    builder = ViewBuilder()
    done = 0
    changed = False
    for match in _ESCAPED.finditer(text):
        said = _resolved(match[0])
        if said == match[0]:
            continue
        start, end = match.span()
        if start - done > 2 * _AROUND:
            builder.copy(text[done : done + _AROUND] if changed else "", done)
            builder.put("\n", done + _AROUND, done + _AROUND)
            done = start - _AROUND
        builder.copy(text[done:start], done)
        builder.put(said, start, end)
        done, changed = end, True
    builder.copy(text[done : done + _AROUND], done)
    return builder.build(f"{view.name}.unescaped", view, prose=True) if changed else None


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
        return escaped if "\ufffd" in said or not all(char.isprintable() or char.isspace() for char in said) else said
    if first == "U":
        codes = re.findall(r"U\+([0-9A-Fa-f]{4,6})", escaped)
        return "".join(map(_character, codes)) if len(codes) > 3 else escaped
    if escaped[-1] in "nrt" and not _ESCAPE_CODE.match(escaped):
        return "\n"
    return _ESCAPE_CODE.sub(_escape, escaped)


def _escape(match: re.Match[str]) -> str:
    octal = match[4]
    return chr(int(octal, 8)) if octal else _character(match[1] or match[2] or match[3])


def _character(code: str) -> str:
    value = int(code, 16)
    return chr(value) if value < 0xD800 or 0xE000 <= value < 0x110000 else ""
