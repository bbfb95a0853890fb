"""Values that must never leave, made afresh for each case, and what a test looks for when it asks whether one did."""

import base64
import json
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

LETTERS_AND_DIGITS: Final = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Canary:
    """``text`` is what a person would write; ``needles`` are its secret parts, each of which alone is a leak."""

    kind: str
    text: str = field(repr=False)
    needles: tuple[str, ...] = field(repr=False)

    @property
    def digits(self) -> str:
        """The digits of a value that is nothing but a number, else the empty string."""
        bare = "".join(char for char in self.text if char.isdecimal())
        return bare if self.kind in NUMBERS and bare in self.needles else ""


def _digits(random: Random, count: int) -> str:
    return "".join(random.choice(string.digits) for _ in range(count))


def _word(random: Random, count: int, alphabet: str = LETTERS_AND_DIGITS) -> str:
    """Made-up characters that no placeholder filter takes for a placeholder: digits and both cases, no long runs."""
    return "".join(random.choice(alphabet) for _ in range(count))


def luhn_digit(payload: str) -> str:
    """The last digit that makes ``payload`` a card number (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, char in enumerate(reversed(payload)):
        value = int(char) * (2 - position % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def card(random: Random) -> Canary:
    """A Visa, Mastercard, American Express or Discover number, grouped or not."""
    prefix, length, groups = random.choice(
        [("4", 16, (4, 4, 4, 4)), ("5", 16, (4, 4, 4, 4)), ("37", 15, (4, 6, 5)), ("6011", 16, (4, 4, 4, 4))]
    )
    if prefix == "5":
        prefix += random.choice("12345")
    payload = prefix + _digits(random, length - 1 - len(prefix))
    number = payload + luhn_digit(payload)
    parts, at = [], 0
    for group in groups:
        parts.append(number[at : at + group])
        at += group
    written = random.choice(["", " ", "-"]).join(parts)
    return Canary("card", written, (number,))


def ssn(random: Random) -> Canary:
    """A US social security number of an area, group and serial that were issued."""
    area = random.choice([number for number in range(1, 773) if number not in {0, 666, 219, 78, 457, 123, 987}])
    parts = (f"{area:03d}", f"{random.randint(1, 99):02d}", f"{random.randint(1, 9999):04d}")
    label = random.choice(["SSN ", "ssn: ", "social security number "])
    return Canary("ssn", label + "-".join(parts), ("".join(parts),))


_IBANS: Final[Mapping[str, str]] = {
    "DE": "d18",
    "GB": "l4d14",
    "FR": "d10d11d2",
    "NL": "l4d10",
    "ES": "d20",
    "CH": "d17",
}


def iban(random: Random) -> Canary:
    """An IBAN with right check digits (ISO 13616), in groups of four or not."""
    country = random.choice(sorted(_IBANS))
    body = ""
    for piece in _IBANS[country].replace("d", " d").replace("l", " l").split():
        alphabet = string.digits if piece[0] == "d" else string.ascii_uppercase
        body += _word(random, int(piece[1:]), alphabet)
    moved = "".join(str(int(char, 36)) for char in f"{body}{country}00")
    number = f"{country}{98 - int(moved) % 97:02d}{body}"
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    return Canary("iban", random.choice([number, grouped]), (number,))


_GIVEN: Final = (
    "Maria", "James", "Fatima", "Robert", "Aisha", "Michael", "Elena", "David", "Priya", "Thomas", "Ingrid", "Carlos",
    "Hannah", "Samuel", "Yuki", "Daniel", "Chloe", "Ahmed", "Laura", "Stephen",
)  # fmt: skip
_FAMILY: Final = (
    "Gonzalez", "Whitfield", "Haddad", "Kowalski", "Okafor", "Lindqvist", "Moreau", "Schneider", "Banerjee", "Novak",
    "Fitzgerald", "Castellano", "Tanaka", "Abernathy", "Dubois", "Petersen", "Ramirez", "Oyelaran", "Hutchinson",
)  # fmt: skip
_MAILS: Final = ("gmail.com", "outlook.com", "yahoo.co.uk", "gmx.de", "proton.me", "icloud.com")
_STORIES: Final = (
    "{name} ({mail}) was diagnosed with type 2 diabetes last spring.",
    "My patient {name}, reachable at {mail}, is undergoing chemotherapy for lymphoma.",
    "Please write to {mail}: {name} has been hospitalized with pneumonia since Monday.",
    "{name} told me about her miscarriage and depression; her mail is {mail}.",
    "Discharge summary for {name} <{mail}>: heart failure, on metoprolol and insulin.",
)


def health(random: Random) -> Canary:
    """A sentence about somebody's health, with a full name and a mail address."""
    given, family = random.choice(_GIVEN), random.choice(_FAMILY)
    mail = f"{given}.{family}{random.randint(10, 9999)}@{random.choice(_MAILS)}".lower()
    return Canary("health", random.choice(_STORIES).format(name=f"{given} {family}", mail=mail), (mail,))


def _jwt(random: Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {"sub": _digits(random, 9), "jti": _word(random, 12)}
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{_word(random, 43)}"


_KEYS: Final[Mapping[str, Callable[[Random], str]]] = {
    "openai": lambda r: f"sk-proj-{_word(r, 64)}",
    "anthropic": lambda r: f"sk-ant-api03-{_word(r, 93)}AA",
    "github": lambda r: f"ghp_{_word(r, 36)}",
    "github_pat": lambda r: f"github_pat_{_word(r, 22)}_{_word(r, 59)}",
    "gitlab": lambda r: f"glpat-{_word(r, 20)}",
    "aws": lambda r: f"AKIA{_word(r, 16, string.ascii_uppercase + '234567')}",
    "stripe": lambda r: f"sk_live_{_word(r, 24)}",
    "slack": lambda r: f"xoxb-{_digits(r, 12)}-{_digits(r, 12)}-{_word(r, 24)}",
    "google": lambda r: f"AIza{_word(r, 35)}",
    "npm": lambda r: f"npm_{_word(r, 36)}",
    "sendgrid": lambda r: f"SG.{_word(r, 22)}.{_word(r, 43)}",
    "jwt": _jwt,
}


def api_key(random: Random) -> Canary:
    """A key in the format of one of the vendors that people paste most."""
    key = _KEYS[random.choice(sorted(_KEYS))](random)
    return Canary("api_key", key, (key,))


_PLACES_OF_PASSWORDS: Final = (
    "postgres://shop:{password}@db.corp.internal:5432/shop",
    "mongodb+srv://crm:{password}@cluster7.mongodb.net/crm",
    "redis://:{password}@cache.corp.internal:6379/0",
    "mysql://root:{password}@10.20.30.40/orders",
    "Server=tcp:sql.corp.internal,1433;Database=crm;User ID=app;Password={password};Encrypt=True;",
)


def connection(random: Random) -> Canary:
    """A database address with the password in it."""
    password = _word(random, 6) + random.choice("!*~.") + _word(random, 3) + random.choice(string.digits)
    # Letters, digits and a mark, as password makers give them; never a word.
    text = random.choice(_PLACES_OF_PASSWORDS).format(password=password)
    return Canary("connection", text, (password,))


KINDS: Final[Mapping[str, Callable[[Random], Canary]]] = {
    "card": card,
    "ssn": ssn,
    "iban": iban,
    "health": health,
    "api_key": api_key,
    "connection": connection,
}
NUMBERS: Final = frozenset({"card"})
"""Kinds whose digits alone give them away: they are looked for as JSON numbers and arrays of digits, too."""


def fresh(kind: str, seed: int) -> Canary:
    """The canary of one seed: the same seed gives the same value, so that a failure can be repeated."""
    return KINDS[kind](Random(f"{kind} {seed}"))
