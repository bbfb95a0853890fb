"""The ways in which a value is disguised: each makes other text that a person or program reads as the same."""

import base64
import html
import quopri
import urllib.parse
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

Encoding = Callable[[str, Random], str]

ZERO_WIDTH: Final = "\u200b\u200c\u200d\u2060\u00ad\ufeff"
_SPACES: Final = "\u00a0\u2007\u202f\u2009\u3000"
_DASHES: Final = "\u2010\u2011\u2013\u2014\u2212"
_LOOK_ALIKE: Final[Mapping[str, str]] = {
    **dict(zip("aceopxyiABCEHKMOPTXj", "асеорхуіАВСЕНКМОРТХј", strict=True)),
    **{str(digit): chr(0x1D7CE + digit) for digit in range(10)},
}
"""Cyrillic letters and mathematical digits."""


def _digits_of(zero: int) -> Encoding:
    return lambda text, _: "".join(chr(zero + int(char)) if char in "0123456789" else char for char in text)


def _zero_width(text: str, random: Random) -> str:
    return random.choice(ZERO_WIDTH).join(text)


def _sparse_zero_width(text: str, random: Random) -> str:
    at = random.randrange(1, len(text))
    return text[:at] + random.choice(ZERO_WIDTH) + text[at:]


def _full_width(text: str, _: Random) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def _look_alikes(text: str, _: Random) -> str:
    return "".join(_LOOK_ALIKE.get(char, char) for char in text)


def _one_look_alike(text: str, random: Random) -> str:
    places = [at for at, char in enumerate(text) if char in _LOOK_ALIKE]
    if not places:
        return text
    at = random.choice(places)
    return text[:at] + _LOOK_ALIKE[text[at]] + text[at + 1 :]


def _typography(text: str, random: Random) -> str:
    """Spaces and dashes as a word processor writes them; groups of a card parted by dashes where there was nothing."""
    if text.isdecimal():
        text = " ".join(text[at : at + 4] for at in range(0, len(text), 4))
    space, dash = random.choice(_SPACES), random.choice(_DASHES)
    return text.replace(" ", space).replace("-", dash)


def _wrapped(text: str, random: Random) -> str:
    """Line breaks where text may break: at spaces and after dashes; between the groups of a bare number."""
    newline = random.choice(["\n", "\r\n", "\n  ", "\n> "])
    if text.isdecimal():
        return newline.join(text[at : at + 4] for at in range(0, len(text), 4))
    return text.replace(" ", newline).replace("-", "-" + newline)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _json_escapes(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


def _quoted(text: str, _: Random) -> str:
    return "".join(f"={byte:02X}" for byte in text.encode())


def _soft_breaks(text: str, random: Random) -> str:
    """Quoted-printable as mail programs write it: soft line breaks in the middle of words."""
    return quopri.encodestring(("." * random.randint(60, 72) + " " + text).encode()).decode()


def _mixed_percent(text: str, random: Random) -> str:
    return "".join(f"%{ord(char):02x}" if char.isascii() and random.random() < 0.5 else char for char in text)


ENCODINGS: Final[Mapping[str, Encoding]] = {
    "plain": lambda text, _: text,
    "zero width": _zero_width,
    "one zero width": _sparse_zero_width,
    "full width": _full_width,
    "look-alikes": _look_alikes,
    "one look-alike": _one_look_alike,
    "Arabic-Indic": _digits_of(0x660),
    "Persian": _digits_of(0x6F0),
    "Devanagari": _digits_of(0x966),
    "typography": _typography,
    "wrapped": _wrapped,
    "base64": lambda text, _: _base64(text),
    "base64 in lines": lambda text, _: base64.encodebytes(text.encode()).decode(),
    "base64url": lambda text, _: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hex": lambda text, _: text.encode().hex(),
    "hex in pairs": lambda text, _: text.encode().hex(" "),
    "HEX": lambda text, _: text.encode().hex().upper(),
    "percent": lambda text, _: urllib.parse.quote(text, safe=""),
    "percent all": lambda text, _: "".join(f"%{byte:02X}" for byte in text.encode()),
    "percent some": _mixed_percent,
    "entities": lambda text, _: "".join(f"&#{ord(char)};" for char in text),
    "entities hex": lambda text, _: "".join(f"&#x{ord(char):x};" for char in text),
    "entities named": lambda text, _: html.escape(text).replace(" ", "&nbsp;").replace("-", "&#45;"),
    "quoted-printable": _quoted,
    "soft breaks": _soft_breaks,
    "escapes": lambda text, _: _json_escapes(text),
    "escapes x": lambda text, _: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "base64 twice": lambda text, _: _base64(_base64(text)),
    "base64 of percent": lambda text, _: _base64("".join(f"%{byte:02X}" for byte in text.encode())),
    "percent twice": lambda text, _: "".join(f"%25{byte:02X}" for byte in text.encode()),
    "percent of base64": lambda text, _: urllib.parse.quote(_base64(text), safe=""),
    "entities twice": lambda text, _: "".join(f"&amp;#{ord(char)};" for char in text),
    "hex of base64": lambda text, _: _base64(text).encode().hex(),
    "base64 of hex": lambda text, _: _base64(text.encode().hex()),
    "base64 of full width": lambda text, random: _base64(_full_width(text, random)),
    "escapes twice": lambda text, _: _json_escapes(text).replace("\\", "\\\\"),
}
PER_CHARACTER: Final = ("plain", "zero width", "full width", "Arabic-Indic", "Persian")
"""Encodings of single characters: what they make of a value may be cut between any two of them."""
