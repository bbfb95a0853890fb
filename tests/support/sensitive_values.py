"""Made-up values of many kinds, each with the right check digits and the entity type by which it should be found."""

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from leak.leak_canaries import api_key, card, connection, iban, ssn


@dataclass(frozen=True, slots=True)
class Value:
    """``label`` and ``core`` are what a person would write; ``core`` is what has to be found."""

    kind: str
    entity_types: frozenset[str]
    """Any of these counts: vendors' keys have a type each."""
    label: str = field(repr=False)
    core: str = field(repr=False)

    @property
    def text(self) -> str:
        return f"{self.label}{self.core}"

    @property
    def numeric(self) -> bool:
        """Digits and separators alone."""
        return not any(map(str.isalpha, self.core))


def _digits(random: Random, count: int) -> str:
    return "".join(random.choices(string.digits, k=count))


def _upper(random: Random, count: int) -> str:
    return "".join(random.choices("BCDFGHJKLMNPRSTVWX", k=count))


def _nhs(random: Random) -> str:
    while True:
        body = _digits(random, 9)
        check = 11 - sum(int(digit) * weight for digit, weight in zip(body, range(10, 1, -1), strict=True)) % 11
        if check != 10 and len(set(body)) > 4:
            return f"{body[:3]} {body[3:6]} {body[6:]}{check % 11}"


def _bsn(random: Random) -> str:
    while True:
        body = f"{random.randint(10_000_000, 99_999_999)}"
        check = sum(int(digit) * weight for digit, weight in zip(body, range(9, 1, -1), strict=True)) % 11
        if check < 10 and len(set(body)) > 4:
            return f"{body}{check}"


def _pesel(random: Random) -> str:
    body = f"{random.randint(50, 99)}{random.randint(1, 12):02d}{random.randint(1, 28):02d}{_digits(random, 4)}"
    check = -sum(int(digit) * weight for digit, weight in zip(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True)) % 10
    return f"{body}{check}"


def _cpf(random: Random) -> str:
    body = _digits(random, 9)
    for _ in range(2):
        total = sum(int(digit) * weight for digit, weight in zip(body, range(len(body) + 1, 1, -1), strict=True))
        body += str(total * 10 % 11 % 10)
    return f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}"


def _ahv(random: Random) -> str:
    body = f"756{_digits(random, 9)}"
    check = -sum(int(digit) * (1 + 2 * (at % 2)) for at, digit in enumerate(body)) % 10
    return f"{body[:3]}.{body[3:7]}.{body[7:11]}.{body[11:]}{check}"


def _nif(random: Random) -> str:
    number = random.randint(10_000_000, 99_999_999)
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


_VIN: Final = {
    **{digit: int(digit) for digit in string.digits},
    **dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True)),
}


def _vin(random: Random) -> str:
    body = "1HGCM" + _digits(random, 3) + "0" + _upper(random, 1) + "A" + _digits(random, 6)
    total = sum(
        _VIN[char] * weight for char, weight in zip(body, (8, 7, 6, 5, 4, 3, 2, 10, 0, *range(9, 1, -1)), strict=True)
    )
    return f"{body[:8]}{'0123456789X'[total % 11]}{body[9:]}"


def _aba(random: Random) -> str:
    body = f"0{random.randint(11, 99)}{_digits(random, 5)}"
    weights = (3, 7, 1, 3, 7, 1, 3, 7)
    return f"{body}{-sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 10}"


def _mail(random: Random) -> str:
    name = "".join(random.choices("abdeklmnorstu", k=6))
    family, host = random.choice(["berger", "okoye", "rossi"]), random.choice(["gmail.com", "gmx.de", "proton.me"])
    return f"{name}.{family}{random.randint(1, 99)}@{host}"


def _phone(random: Random) -> str:
    return random.choice(
        [
            f"+44 20 7946 {random.randint(100, 999):04d}",
            f"+49 30 {random.randint(2_000_000, 8_999_999)}",
            f"+1 415-{random.randint(220, 980)}-{_digits(random, 4)}",
        ]
    )


_KEY_TYPES: Final = (
    "OPENAI_KEY ANTHROPIC_KEY GITHUB_TOKEN GITLAB_TOKEN AWS_ACCESS_KEY STRIPE_KEY SLACK_TOKEN GCP_API_KEY NPM_TOKEN "
    "SENDGRID_KEY JWT VENDOR_TOKEN API_KEY"
)


def _passport(random: Random) -> str:
    return f"{_upper(random, 1)}{_digits(random, 2)}{_upper(random, 1)}{_digits(random, 5)}"


def _password(random: Random) -> str:
    return f"{_upper(random, 2)}{_digits(random, 2)}{_upper(random, 2).lower()}{_digits(random, 2)}"


def _ssn(random: Random) -> str:
    return ssn(random).text[-11:]


_MADE: Final[Mapping[str, tuple[str, str, Callable[[Random], str]]]] = {
    "card": ("CREDIT_CARD", "", lambda r: card(r).text),
    "iban": ("IBAN_CODE", "", lambda r: iban(r).text),
    "ssn": ("US_SSN", "SSN ", _ssn),
    "e-mail": ("EMAIL_ADDRESS", "", _mail),
    "phone": ("PHONE_NUMBER", "", _phone),
    "record number": ("MEDICAL_RECORD_NUMBER", "MRN: ", lambda r: f"0{_digits(r, 7)}"),
    "NHS number": ("UK_NHS", "NHS number ", _nhs),
    "BSN": ("NL_BSN", "BSN ", _bsn),
    "PESEL": ("PL_PESEL", "PESEL ", _pesel),
    "CPF": ("BR_CPF", "CPF ", _cpf),
    "AHV": ("CH_AHV", "", _ahv),
    "NIF": ("ES_NIF", "DNI ", _nif),
    "VIN": ("VEHICLE_ID_NUMBER", "VIN ", _vin),
    "routing number": ("ABA_ROUTING_NUMBER", "routing number ", _aba),
    "passport": ("PASSPORT_NUMBER", "passport no. ", _passport),
    "password": ("PASSWORD", "password: ", _password),
    "connection": ("CREDENTIAL_URL PASSWORD", "", lambda r: connection(r).text),
    "key": (_KEY_TYPES, "", lambda r: api_key(r).text),
}  # fmt: skip
KINDS: Final = tuple(_MADE)


def value(kind: str, seed: int) -> Value:
    """The value of one seed: the same seed gives the same value, so that a failure can be repeated."""
    types, label, make = _MADE[kind]
    return Value(kind, frozenset(types.split()), label, make(Random(f"{kind} {seed}")))
