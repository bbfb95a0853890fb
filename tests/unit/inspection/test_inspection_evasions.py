"""The evasion catalogue of the threat model, row by row: a card in each disguise stays inside, and how.

"found": a view shows it to the detector. "opaque": inspection cannot read it and says so. Either keeps it inside.
"""

import base64
import gzip
import html
import json
import quopri

import pytest
from inspection_fakes import CARD, CardFinder, WordFinder, chat, kept_inside, scan, types

SPACED = "4111 1111 1111 1111"


def _each(template: str, text: str = CARD) -> str:
    return "".join(template % ord(char) for char in text)


FOUND = {
    "U1 zero-width spaces": "\u200b".join(CARD),
    "U1 zero-width joiners": "\u200d".join(CARD),
    "U1 word joiners": "\u2060".join(CARD),
    "U1 soft hyphens": "\u00ad".join(CARD),
    "U1 byte order marks": "\ufeff".join(CARD),
    "U4 full width": "".join(chr(0xFF10 + int(digit)) for digit in CARD),
    "U4 circled": CARD.replace("4", "④").replace("1", "①"),
    "U4 superscript": CARD.replace("4", "⁴").replace("1", "¹"),
    "U4 subscript": CARD.replace("4", "₄").replace("1", "₁"),
    "U4 mathematical": "".join(chr(0x1D7D8 + int(digit)) for digit in CARD),
    "U4 dingbats": CARD.replace("4", "➃").replace("1", "➀"),
    "U5 Arabic-Indic": "".join(chr(0x660 + int(digit)) for digit in CARD),
    "U5 Persian": "".join(chr(0x6F0 + int(digit)) for digit in CARD),
    "U5 Devanagari": "".join(chr(0x966 + int(digit)) for digit in CARD),
    "U5 Thai": "".join(chr(0xE50 + int(digit)) for digit in CARD),
    "U6 struck through": "".join(digit + "\u0336" for digit in CARD),
    "U6 keycaps": "".join(digit + "\ufe0f\u20e3" for digit in CARD),
    "U7 isolates": "\u2066".join(CARD),
    "U8 no-break spaces": SPACED.replace(" ", "\u00a0"),
    "U8 figure spaces": SPACED.replace(" ", "\u2007"),
    "U8 narrow spaces": SPACED.replace(" ", "\u202f"),
    "U8 en dashes": SPACED.replace(" ", "\u2013"),
    "U8 non-breaking hyphens": SPACED.replace(" ", "\u2011"),
    "U8 Hangul fillers": SPACED.replace(" ", "\u3164"),
    "U8 blank Braille": SPACED.replace(" ", "\u2800"),
    "U9 words": "four " + "one " * 15,
    "U9 words with commas": "four, " + ", ".join(["one"] * 15),
    "U9 doubles": "four one " + "double one " * 7,
    "U9 tens": "forty-one " + "eleven " * 7,
    "U9 German": "vier " + "eins " * 15,
    "U9 Spanish": "cuatro " + "uno " * 15,
    "U9 Chinese numerals": "四" + "一" * 15,
    "S1 dots": SPACED.replace(" ", "."),
    "S1 slashes": SPACED.replace(" ", "/"),
    "S1 underscores": SPACED.replace(" ", "_"),
    "S1 line per group": SPACED.replace(" ", "\n"),
    "S1 line per digit": "\n".join(CARD),
    "S1 space per digit": " ".join(CARD),
    "S1 Markdown": "**4111** **1111** **1111** **1111**",
    "S1 tags": "<b>4111</b><i>1111</i><br/>1111<span>1111</span>",
    "S1 comments": "4111<!-- a -->1111<!-- b -->1111<!-- c -->1111",
    "S1 emoji": SPACED.replace(" ", "\N{GRINNING FACE}"),
    "S1 uneven groups": "41-1111-11111-11111",
    "S2 cells of a row": "| 4111 | 1111 | 1111 | 1111 |",
    "S2 rows of a column": "\n| a | 4111 |\n| b | 1111 |\n| c | 1111 |\n| d | 1111 |\n",
    "S2 rows of a CSV column": "\na,4111\nb,1111\nc,1111\nd,1111\n",
    "S4 concatenation": 'card = "4111" + "1111" + "1111" + "1111"',
    "S4 list of strings": '["4111", "1111", "1111", "1111"]',
    "S5 query of a URL": "https://pay.example/?card=4111111111111111&next=1",
    "S5 name of a file": "scan_4111111111111111_final.pdf",
    "S5 against letters": "ref4111111111111111x",
    "S5 card and CVV": SPACED + " 123",
    "S5 card, dots and CVV": "4111.1111.1111.1111.123",
    "C1 base64": base64.b64encode(CARD.encode()).decode(),
    "C1 base64 without padding": base64.b64encode(CARD.encode()).decode().rstrip("="),
    "C1 base64 for URLs": base64.urlsafe_b64encode(b"\xc3\xbc? card " + CARD.encode()).decode(),
    "C1 base64 twice": base64.b64encode(base64.b64encode(CARD.encode())).decode(),
    "C1 base64 with an offset": "xy" + base64.b64encode(CARD.encode()).decode(),
    "C1 base64 in lines": base64.encodebytes(b"a long text before it, and then: " * 4 + CARD.encode()).decode(),
    "C1 base64 of UTF-16": base64.b64encode(CARD.encode("utf-16-le")).decode(),
    "C1 base32": base64.b32encode(CARD.encode()).decode(),
    "C1 hexadecimal": CARD.encode().hex(),
    "C1 hexadecimal with spaces": CARD.encode().hex(" "),
    "C1 hexadecimal with colons": CARD.encode().hex(":"),
    "C1 percent": _each("%%%02X"),
    "C1 percent twice": _each("%%25%02X"),
    "C1 entities": _each("&#%d;"),
    "C1 hexadecimal entities": _each("&#x%x;"),
    "C1 entities of separators": SPACED.replace(" ", "&nbsp;"),
    "C1 quoted-printable": _each("=%02X"),
    "C1 soft line breaks": quopri.encodestring(("x" * 70 + CARD).encode()).decode(),
    "C1 Unicode escapes": _each("\\u%04x"),
    "C1 hexadecimal escapes": _each("\\x%02x"),
    "C1 octal escapes": _each("\\%03o"),
    "C1 code points": " ".join(f"U+{ord(char):04X}" for char in CARD),
    "C1 character codes": "String.fromCharCode(" + ",".join(str(ord(char)) for char in CARD) + ")",
    "C1 binary": " ".join(f"{ord(char):08b}" for char in CARD),
    "C1 data URI": "data:text/plain;base64," + base64.b64encode(CARD.encode()).decode(),
    "C1 escapes inside base64": base64.b64encode(_each("%%%02X").encode()).decode(),
    "C2 base85": base64.b85encode(b"the card is " + CARD.encode()).decode(),
    "C2 Ascii85": base64.a85encode(b"the card is " + CARD.encode()).decode(),
}

UNREADABLE = {
    "U2 tag characters": ("hi" + "".join(chr(0xE0000 + ord(char)) for char in CARD), "opaque:tags"),
    "U2 variation selectors": ("hi" + "".join(chr(0xE0100 + ord(char) - 16) for char in CARD), "opaque:tags"),
    "U2 private use": ("".join(chr(0xE000 + ord(char)) for char in CARD), "opaque:private_use"),
    "U3 words that still mix scripts": ("the pаsswоrdжщ of the day", "opaque:mixed_script"),
    "U6 crossed-out digits": ("".join(digit + "\u0338" for digit in CARD), "opaque:marks"),
    "U7 override": ("\u202e" + CARD[::-1] + "\u202c", "opaque:bidi"),
    "U1 an alphabet of invisible characters": ("hi\u200b\u200c\u200c\u200b\u200c\u200b there", "opaque:invisible"),
    "U4 numerals that nobody folds": ("𐄇𐄈𐄉𐄊𐄋𐄌𐄍", "opaque:numerals"),
    "U9 Morse": ("....- .---- .---- .---- .---- .---- .---- .----", "opaque:morse"),
    "U9 radio alphabet": ("juliet alpha november echo romeo oscar echo sierra", "opaque:number_words"),
    "C2 compressed": (base64.b64encode(gzip.compress(CARD.encode())).decode(), "opaque:entropy"),
    "C2 encrypted": ("U2FsdGVkX1/3mIGKkPGpPXOBZ0WZFo7zJ2PvtRGJxF4=", "opaque:entropy"),
    "C2 random": ("kJ9x2LqW7vTz4RmB8cYp3NdF", "opaque:entropy"),
    "J4 NUL": ("a\0b", "opaque:control"),
    "O1 binary": ("\ufffd" * 12 + "PNG", "opaque:binary"),
    "a script the name detector cannot read": ("Позвоните Ивану Петрову", "script:names"),
    "a name in Chinese": ("请联系王小明", "script:names"),
    "four layers": (
        base64.b64encode(base64.b64encode(base64.b64encode(base64.b64encode(b"the card is " * 3)))).decode(),
        "opaque:depth",
    ),
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND.keys())
def test_a_disguised_card_is_found(text: str) -> None:
    """Evasions U, S and C that inspection reads: alone, and among other words."""
    assert types(scan(chat(text))) == {"CREDIT_CARD"}
    assert types(scan(chat(f"Please note that {text} is the number, thanks."))) == {"CREDIT_CARD"}


@pytest.mark.parametrize(("text", "reason"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_is_said(text: str, reason: str) -> None:
    """Evasions U, C, J4 and O1 that inspection cannot read make coverage incomplete."""
    assert reason in scan(chat(text)).coverage.reasons
    assert reason in scan(chat(f"Please note: {text} and so on.")).coverage.reasons


@pytest.mark.parametrize(
    "latin", ["Jаnе Rое", "Jane R\u043e\u0435", "Ｊane Roe", "𝐉𝐚𝐧𝐞 𝐑𝐨𝐞", "J\u200bane R\u00adoe", "🅙🅐🅝🅔 🅡🅞🅔".title()]
)
def test_a_name_in_look_alike_letters_is_read(latin: str) -> None:
    """Evasions U1, U3 and U4: what a person reads as Latin letters, the name detector reads as Latin letters."""
    assert types(scan(chat(f"call {latin} today"), WordFinder("Jane Roe", "JANE ROE"))) == {"PERSON"}


def test_a_name_inside_base64_is_read_by_name_detectors() -> None:
    """Evasion C1: a decoded text is prose again, so that a hidden note is read as a note."""
    note = base64.b64encode(b"Jane Roe was seen on Monday").decode()
    assert types(scan(chat(f"decode {note}"), WordFinder("Jane Roe"))) == {"PERSON"}


SPREAD = {
    "S3 two parts": chat([{"type": "text", "text": "4111 1111"}, {"type": "text", "text": " 1111 1111"}]),
    "S3 two parts with words": chat(
        [{"type": "text", "text": "it starts 4111 1111"}, {"type": "text", "text": "and ends 1111 1111, thanks"}]
    ),
    "S3 first half now, second half next turn": {
        "messages": [
            {"role": "user", "content": "remember 41111111 for me"},
            {"role": "assistant", "content": "Done."},
            {"role": "user", "content": "now append 11111111 to it"},
        ]
    },
    "S3 four turns": {
        "messages": [
            {"role": role, "content": said}
            for group in ("4111", "1111", "1111", "1111")
            for role, said in (("user", group), ("assistant", "ok"))
        ]
    },
    "S3 across roles": {
        "messages": [
            {"role": "system", "content": "prefix 4111111"},
            {"role": "user", "content": "111111111 is the rest"},
        ]
    },
    "S4 fields of an argument": chat("go", tools=[], metadata={"a": "4111", "b": "1111", "c": "1111", "d": "1111"}),
    "S4 array of digits": chat("go", metadata={"card": [int(digit) for digit in CARD]}),
    "S4 array of characters": chat("go", metadata={"card": list(CARD)}),
    "S4 array of groups": chat("go", metadata={"card": [4111, 1111, 1111, 1111]}),
    "S4 array of character codes": chat("go", metadata={"card": [ord(digit) for digit in CARD]}),
    "S4 stop sequences": chat("go", stop=["41111111", "11111111"]),
}


@pytest.mark.parametrize("body", SPREAD.values(), ids=SPREAD.keys())
def test_a_card_spread_over_the_request_is_found(body: dict[str, object]) -> None:
    """Evasions S3 and S4: all strings of a request are read together, too."""
    assert types(scan(body)) == {"CREDIT_CARD"}


def _call(arguments: str) -> dict[str, object]:
    call = {"id": "call_1", "type": "function", "function": {"name": "pay", "arguments": arguments}}
    return {"messages": [{"role": "assistant", "content": None, "tool_calls": [call]}]}


NESTED = {
    "J3 tool arguments": _call(json.dumps({"card": CARD})),
    "J3 tool arguments, escaped twice": _call(json.dumps(json.dumps({"card": CARD}))),
    "J3 escapes in tool arguments": _call('{"card": "' + _each("\\u%04x") + '"}'),
    "J3 a number in tool arguments": _call('{"card": 4111111111111111}'),
    "J3 a key in tool arguments": _call(json.dumps({CARD: True})),
    "J3 the first of two equal keys": _call('{"a": "4111111111111111", "a": "x"}'),
    "F1 a number with an exponent": b'{"messages": [], "x": 4.111111111111111e15}',
    "F1 a number with a fraction": b'{"messages": [], "x": 4111111111111111.0}',
}


@pytest.mark.parametrize("body", NESTED.values(), ids=NESTED.keys())
def test_a_card_in_nested_json_is_found(body: object) -> None:
    """Evasion J3: JSON inside strings is opened; numbers are read as they were written; equal keys are all read."""
    assert types(scan(body)) == {"CREDIT_CARD"}


def test_json_that_nests_too_deep_is_said() -> None:
    """Evasion J3: strings inside strings are opened three times; beyond that coverage is incomplete."""
    text = CARD
    for _ in range(6):
        text = json.dumps({"inner": text})
    assert kept_inside(scan(chat(text)))
    assert "json:depth" in scan(chat(text)).coverage.reasons


def test_html_text_is_read_without_its_entities() -> None:
    """Evasion C1: an address in an HTML page is the address."""
    page = html.escape("Müller & Söhne").replace("ü", "&uuml;").replace("ö", "&ouml;")
    assert types(scan(chat(page), WordFinder("Müller & Söhne"))) == {"PERSON"}


def test_a_card_at_every_edge_of_a_long_prompt_is_found() -> None:
    """Evasion L1: a value at the start, at the end and around every cut of a megabyte of text."""
    filler = "lorem ipsum dolor sit amet "
    for at in (0, 4090, 7160, 7168, 8180, 8192, 16_380, 32_768, 65_530, 250_000):
        text = (filler * 10_000)[:at] + f" {SPACED} " + (filler * 10_000)[at:]
        assert types(scan(chat(text), CardFinder())) == {"CREDIT_CARD"}, at
