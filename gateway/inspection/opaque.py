"""Text that hides what it says: no view of it can be vouched for, so it makes coverage incomplete.

The thresholds leave what developers and writers paste every day: hashes, commits, UUIDs, identifiers, paths, minified
code, emoji, formulas, ANSI colours, a soft hyphen, a zero-width joiner in a Persian word. They are measured on general
prompts (tests/bench/inspection.py), and each limit stands beside its reason.
"""

import re
from itertools import pairwise
from typing import Final

from gateway.inspection.gates import ALL, Gate, Gates
from gateway.inspection.normalise import Oddities
from gateway.inspection.paths import words
from gateway.inspection.scripts import script_reason

_LONGEST_NAME: Final = 20
"""Characters of an unbroken random-looking word from which on it can hold an identifier (evasion C1)."""
_FEW: Final = 4

_UNBROKEN: Final = re.compile(rf"\S{{{_LONGEST_NAME},}}")
_WORD: Final = re.compile(rf"[A-Za-z0-9+/_=.-]{{{_LONGEST_NAME},}}")
_DENSE: Final = re.compile(r"[!-~]{24,}")
_HEX: Final = re.compile(r"(?:0x)?[0-9A-Fa-f-]+")
_HASH_LENGTHS: Final = frozenset({20, 24, 32, 36, 40, 48, 56, 64, 96, 128})
"""Hexadecimal characters of object ids, MD5, UUID, SHA-1, SHA-2 and addresses; text of these lengths was decoded."""
_INTEGRITY: Final = re.compile(r"sha(?:256|384|512)[-:][A-Za-z0-9+/_-]{43,86}={0,2}", re.IGNORECASE)
_CHECKSUM: Final = re.compile(r"(?<![A-Za-z0-9])h1:[A-Za-z0-9+/]{43}=")
"""Of a Go module, as go.sum has it."""
_LENGTH: Final = re.compile(r"[1-9][0-9]?")
_NAME: Final = re.compile(r"(?=.*[aeiouyAEIOUY])[A-Za-z_]{2,40}|[a-z]{2,4}")
_PACKED: Final = re.compile(
    r"(?:H4sI|eJ[w-z]|UEsDB|JVBERi0|iVBORw0|/9j/4|R0lGOD|U2FsdGVkX1|N3q8rycc)[A-Za-z0-9+/_=-]{14,}"
)
"""How gzip, zlib, zip, PDF, PNG, JPEG, GIF, OpenSSL and 7z begin in base64."""
_WORDLIKE: Final = re.compile(
    r"[A-Z]?(?=[a-z]{0,3}[aeiouy])[a-z]{3,}|(?=[A-Z]{0,3}[AEIOUY])[A-Z]{4,}|[0-9]{5,}|[/_+.=-]"
)
MORSE: Final = re.compile(r"(?<!\S)[.\-/|]{1,6}(?:[ /|]{1,3}[.\-/|]{1,6}){7,}(?!\S)")
NATO: Final = words(
    """
    alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar papa
    quebec romeo sierra tango uniform victor whiskey xray yankee zulu
    """
)


def oddity_reasons(odd: Oddities) -> list[str]:
    """Reasons for what normalising folded away."""
    found = {
        "opaque:tags": bool(odd.tags),
        "opaque:invisible": odd.invisible >= 3,
        "opaque:bidi": odd.override > 0,
        "opaque:private_use": odd.private_use >= _FEW,
        "opaque:control": odd.nul > 0 or odd.control >= 2 * _FEW,
        "opaque:binary": odd.replacement >= 2 * _FEW,
        "opaque:marks": odd.marked_digits >= 3,
        "opaque:numerals": odd.numeral >= 6,
        "opaque:mixed_script": odd.mixed_script,
    }
    return [reason for reason, holds in found.items() if holds]


def text_reasons(text: str, decoded: tuple[tuple[int, int], ...], gates: Gates = ALL) -> list[str]:
    """Reasons that a normalised text gives. ``decoded`` are the stretches that some decoder could read."""
    reasons = []
    if Gate.UNBROKEN in gates and any(_hides(text, *match.span(), decoded) for match in _UNBROKEN.finditer(text)):
        reasons.append("opaque:entropy")
    if (
        Gate.MORSE in gates
        and (".-" in text or "-." in text)
        and any(_is_morse(match[0]) for match in MORSE.finditer(text))
    ):
        reasons.append("opaque:morse")
    if Gate.RADIO in gates and _spelt(text):
        reasons.append("opaque:number_words")
    if (script := script_reason(text)) is not None:
        reasons.append(script)
    return reasons


def _hides(text: str, start: int, end: int, decoded: tuple[tuple[int, int], ...]) -> bool:
    """Does an unbroken stretch hold a random-looking word that no decoder could read?"""
    decoded = (*decoded, *(match.span() for match in _CHECKSUM.finditer(text, start, end)))
    if any(is_random(match[0]) and not _within(match.span(), decoded) for match in _WORD.finditer(text, start, end)):
        return True
    return any(
        _is_dense(match[0]) and not _within(match.span(), decoded) for match in _DENSE.finditer(text, start, end)
    )


def is_random(word: str) -> bool:
    """Does this run look drawn by lot: letters and digits that form neither words nor a hash of a known length?"""
    if _INTEGRITY.fullmatch(word) or (word.startswith("_Z") and _is_mangled(word)):
        return False
    if _PACKED.match(word):
        return True
    core = word.strip("=._-/+")
    parts = [part for part in re.split(r"[./_=-]", core) if part]
    if any(_is_random_part(part) for part in parts if len(part) >= _LONGEST_NAME):
        return True
    # base64 with its own slashes and dashes: few of them, and the whole as random as its parts.
    whole = "".join(part for part in parts if not _HEX.fullmatch(part))
    return len(whole) >= _LONGEST_NAME and len(parts) <= 1 + len(core) // 10 and _is_random_part(whole)


def _is_mangled(word: str) -> bool:
    """A linker's name (Itanium C++ ABI): names with their lengths before them, which are two fifths of it at least."""
    named = at = 0
    for match in _LENGTH.finditer(word):
        name = word[match.end() : match.end() + int(match[0])]
        if match.start() >= at and len(name) == int(match[0]) and _NAME.fullmatch(name):
            named, at = named + len(name), match.end() + len(name)
    return named * 5 >= (len(word) - 2) * 2


def _is_random_part(part: str) -> bool:
    digits = sum(map(str.isdigit, part))
    if _HEX.fullmatch(part):
        return len(part.removeprefix("0x")) not in _HASH_LENGTHS and len(part) > 40 and digits * 8 < len(part) * 7
    upper = sum(map(str.isupper, part))
    lower = sum(map(str.islower, part))
    if digits == len(part) or len(set(part)) < 10:
        return False
    if not lower or not upper:
        return _changes(part) * 5 >= len(part)
    left = len(_WORDLIKE.sub("", part))
    return left * 20 >= len(part) * (9 if digits > 1 else 13)


def _changes(part: str) -> int:
    return sum(left.isdigit() != right.isdigit() for left, right in pairwise(part))


_REGEX: Final = re.compile(r"0-9|[aA]-[zZfF]|\\[sdwu]")
"""Character classes: regular expressions are the one dense text that people write."""
_CODELIKE: Final = re.compile(r"[A-Za-z]?[a-z]{2,}|[0-9]{3,}|[A-Z]{4,}")


def _is_dense(run: str) -> bool:
    """Base85 and the like: no words, every class of character, and no brackets that pair up as code's do."""
    head = run[:256]
    letters = sum(map(str.isalnum, head))
    marks = len(head) - letters
    if not len(head) // 10 <= marks <= len(head) // 2 or len(set(head)) < 16 or _REGEX.search(head):
        return False
    upper, lower, digits = (sum(map(kind, head)) for kind in (str.isupper, str.islower, str.isdigit))
    if min(upper, lower, digits) * 20 < len(head):
        return False
    return len(_CODELIKE.sub("", head)) * 3 >= len(head) * 2


def _is_morse(run: str) -> bool:
    return sum("." in letter and "-" in letter for letter in re.split(r"[\s/|]+", run)) >= _FEW


def _within(span: tuple[int, int], decoded: tuple[tuple[int, int], ...]) -> bool:
    return any(start <= span[0] + 4 and span[1] - 4 <= end for start, end in decoded)


def _spelt(text: str) -> bool:
    """Eight words of the radio alphabet in a row spell something."""
    spoken = text.lower().replace(",", " ").replace("-", " ").replace(".", " ").split()
    if len(NATO.intersection(spoken)) < _FEW:
        return False
    row = 0
    for word in spoken:
        row = row + 1 if word in NATO else 0
        if row >= 2 * _FEW:
            return True
    return False
