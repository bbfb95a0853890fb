"""Is a text a credential in use, or a placeholder, an expression, a word? Pure functions of one string.

A key is made by a machine: its letters are in no order. What people and programs name things with is made of words, so
the question that separates ``8fXk2...`` from ``settings.SECRET_KEY`` is how many of the letters stand in words.
"""

import base64
import binascii
import hashlib
import math
import re
from collections import Counter
from typing import Final

_PLACEHOLDER: Final = re.compile(
    r"""
      x{4,} | \*{3,} | \.{3,} | _{4,} | -{4,} | \#{3,} | ^[<{\[%] | ^\$[A-Za-z_({] | \$\{ | %\( | \{\{
    | ^(?:your|my|the|some|an?|insert|enter|add|replace|put|use|paste)[\W_]
    | your[\W_]*(?:api|secret|key|token|password|access|client) | (?:key|token|secret|password)[\W_]*here
    | ^(?:change[\W_]?(?:me|it|this)|changeit|placeholder|redacted|removed|masked|hidden|sample|dummy|fake|todo|tbd|none
        |null|nil|true|false|undefined|default|required|optional|string|str|text|varchar|password|passwd|passwort|secret
        |token|test|testing|admin|root|user|guest|foo|bar|baz|foobar|example|n/?a|pass|pwd|pw|postgres|mysql|abc|letmein
        |value|confirm|hunter)[\W_\d]{0,4}$
    | ^example | example(?:key)?$ | placeholder | redacted | ^(?:1234567890|0123456789|123456|abcdefgh) | (.)\1{5,}
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CALL: Final = re.compile(
    r"[A-Za-z_]\w*[(\[{]|^[(\[{]|::|->|=>|^[&*@$]\w+$|^![A-Za-z]+$|^(?:https?|file|ftp)://|^\.{0,2}/\w"
)
_NAME: Final = re.compile(r"[A-Za-z_]+(?:[._/][A-Za-z_]+)*[._/]?\d{0,2}")
_PATH: Final = re.compile(
    r"(?:[A-Z]+|[A-Z]?[a-z]+(?:[A-Z][a-z]+)*)\d{0,2}(?:[._/:-](?:[A-Z]+|[A-Z]?[a-z]+(?:[A-Z][a-z]+)*)?\d{0,2})+"
)
_HEX: Final = re.compile(r"(?:0x)?(?=[a-fA-F-]*\d)[0-9a-fA-F-]+")
_CODE_WORD: Final = re.compile(
    r"pass|key|token|secret|user|conf|setting|self|this|arg|env|param|value|field|input|name|data|form|hash|var|login|auth",
    re.IGNORECASE,
)
_CHUNK: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_END: Final = ".,:;?!)]}\\"
_WORDED: Final = re.compile(r"[^\W\d_]{3,}(?:[-_. ][^\W\d_]{3,}){3,7}")
_LABEL: Final = re.compile(r"[A-Z]{2,}[-_]?\d+")
_UNITS: Final = re.compile(
    r"\d+(?:[-_]?(?:[a-z]{1,4}|characters|chars|digits|letters|words|symbols|zeichen))?|v?\d+(?:\.\d+)+\S{0,12}|\d{1,4}([-/.:])\d{1,2}\1\d{1,4}\S{0,12}",
    re.IGNORECASE,
)

# Pairs of letters that make up most of the running text of the seven languages, and hardly a quarter of random letters.
_PAIRS: Final = frozenset(
    re.findall(
        r"\w\w",
        "ab ac ad ag ai ak al am an ap ar as at au av aw ax ay be bl bo br bu ca ce ch ci ck cl co cr ct cu cy da "
        "de di do dr ds du dy ea ec ed ee ef eg ei ek el em en ep er es et eu ev ew ex ey ff fi fo ga ge gi go gr "
        "gu ha he hi ho ia ib ic id ie ig il im in io ip ir is it iv ix ke ki ks la ld le li ll ls lt ly ma me mm "
        "mo mp na nd ne ng nn no ns nt ny ob of og ok om on oo op or os ot ou ow pa pe pl po pp pr ra rd re ri rm "
        "rn ro rs rt ry sa sc se sh si sk so sp ss st su ta te th ti to tr ts tt ty ub ue ug ui ul un uo up ur us "
        "ut ve vi wa wi wo ws xt ys za ze zi ",
    )
)
_VOWEL: Final = re.compile(r"[aeiouy]")


def entropy(text: str) -> float:
    """Shannon entropy in bits per character; 0 for an empty string."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values()) if size else 0.0


def wordiness(text: str) -> float:
    """Share of the letters of ``text`` that stand in words of four letters and more; 0 where there is no letter.

    Near 0 for random characters of any alphabet, near 1 for names in code, paths and sentences.
    """
    letters = inside = 0
    if _HEX.fullmatch(text):
        return 0.0
    for hit in _CHUNK.finditer(text):
        chunk = hit[0].lower()
        letters += len(chunk)
        if len(chunk) >= 4 and _VOWEL.search(chunk):
            pairs = sum(chunk[at : at + 2] in _PAIRS for at in range(len(chunk) - 1))
            if pairs >= 0.7 * (len(chunk) - 1):
                inside += len(chunk)
    return inside / letters if letters else 0.0


def not_placeholder(text: str) -> bool:
    """A credential in use: not ``YOUR_API_KEY``, ``xxxx``, ``<token>``, ``${TOKEN}`` or ``123456``."""
    return _PLACEHOLDER.search(text) is None


def random_token(text: str) -> bool:
    """A generic key: no placeholder, no code, letters and digits or both cases mixed, in no order and not in words."""
    text = text.rstrip(_END) or text
    if not not_placeholder(text) or _UNITS.fullmatch(text) or _PATH.fullmatch(text) or entropy(text) < 3.0:
        return False
    digit, lower = any(c.isdecimal() for c in text), any(c.islower() for c in text)
    mixed = (digit and any(c.isalpha() for c in text)) or (lower and any(c.isupper() for c in text) and len(text) >= 20)
    return mixed and wordiness(text) < (0.3 if _CALL.search(text) else 0.45)


def password_like(text: str) -> bool:
    """A password in use: no placeholder, no expression or name of code, and more than a word."""
    text = text.rstrip(_END) or text
    if len(text) < 4 or not not_placeholder(text) or _CALL.search(text) or entropy(text) < 2.0 or _names_code(text):
        return False
    if _UNITS.fullmatch(text):
        return text.isdecimal() and len(text) >= 6
    if text.isalpha() or _NAME.fullmatch(text):
        spelt = wordiness(text) >= 0.45 or text.islower() or text.isupper() or not text.isascii()
        return not spelt or (text.isalnum() and text[-2:].isdecimal())
    if any(c.isdecimal() for c in text):
        return any(c.isalpha() for c in text)
    if _WORDED.fullmatch(text):
        return text.islower() and "-" in text
    return any(not c.isalnum() and c not in "-_./' " for c in text) and not text.endswith(("=", "|"))


def _names_code(text: str) -> bool:
    """``settings.DB_PASSWORD_2``, ``data.secret.main``: words joined as programs join them."""
    if "-" in text or not _PATH.fullmatch(text):
        return False
    return len(re.findall(r"[._/:]", text)) > 1 or _CODE_WORD.search(text) is not None


def strong_password(text: str) -> bool:
    """A password where only a word before it says so: eight characters and more, with a digit among letters."""
    text = text.rstrip(_END) or text
    if len(text) < 8 or not password_like(text) or _LABEL.match(text) or "/" in text:
        return False
    return any(c.isdecimal() for c in text) and any(c.isalpha() for c in text)


def url_password(text: str) -> bool:
    """A password inside an address: more than the words of documentation, whatever it is made of."""
    return not_placeholder(text) and len(set(text)) > 2


def jwt(text: str) -> bool:
    """Three base64url parts whose first one decodes to a JSON object with ``alg``, ``typ``, ``kid`` or ``enc``."""
    head = text.partition(".")[0]
    try:
        decoded = base64.b64decode(head + "=" * (-len(head) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    return decoded[:1] == b"{" and any(key in decoded for key in (b'"alg"', b'"typ"', b'"kid"', b'"enc"'))


def basic_auth(text: str) -> bool:
    """Base64 that decodes to ``name:password``, neither of them made up."""
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    name, colon, word = decoded.partition(b":")
    if not (name and colon and word and decoded.isascii()) or b"\x00" in decoded:
        return False
    return not_placeholder(word.decode())


def discord_token(text: str) -> bool:
    """A bot's token: its first part is the bot's number in base64."""
    head = text.partition(".")[0]
    try:
        return base64.b64decode(head + "=" * (-len(head) % 4), altchars=b"-_", validate=True).isdigit()
    except (binascii.Error, ValueError):
        return False


def wif(text: str) -> bool:
    """A private key of Bitcoin in wallet import format: base58 with version 0x80 and its checksum."""
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = 0
    for char in text:
        place = alphabet.find(char)
        if place < 0:
            return False
        number = number * 58 + place
    size = (number.bit_length() + 7) // 8
    if size not in {37, 38}:
        return False
    data = number.to_bytes(size, "big")
    return data[0] == 0x80 and hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4] == data[-4:]
