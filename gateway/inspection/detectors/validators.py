"""Checksums and plausibility of found values. Each takes the text a pattern matched and says whether it can be real.

Pure functions of one string; every loop is linear. Rules name them in YAML (``validator: luhn_card``).
"""

import re
from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Final

from gateway.inspection.detectors.secrecy import (
    basic_auth,
    discord_token,
    entropy,
    jwt,
    not_placeholder,
    password_like,
    random_token,
    strong_password,
    url_password,
    wif,
)
from gateway.inspection.detectors.standards import STANDARDS

__all__ = [
    "VALIDATORS", "Validator", "basic_auth", "be_national_number", "br_cpf", "ch_ahv", "clabe", "digits_of",
    "entropy", "fr_nir", "iban", "jwt", "luhn", "luhn_card", "nl_bsn", "not_placeholder", "password_like", "pt_nif",
    "random_token", "real_email", "vin",
]  # fmt: skip

_NOT_ALNUM: Final = re.compile(r"[^0-9A-Za-z]")

# Issuer ranges (ISO/IEC 7812, as the networks publish them): first digits, and the lengths in use.
_CARD_RANGES: Final = (
    (re.compile(r"4"), (13, 16, 19)),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"6011|64[4-9]|65|62"), (16, 17, 18, 19)),
    (re.compile(r"35(?:2[89]|[3-8]\d)|1800|2131"), (15, 16, 17, 18, 19)),
    (re.compile(r"30[0-5]|3095|36|38|39"), (14, 15, 16, 17, 18, 19)),
    (re.compile(r"50|5[6-9]|6[0-9]"), (13, 14, 15, 16, 17, 18, 19)),
    (re.compile(r"220[0-4]|9792|8600|60|81|82|508"), (16, 17, 18, 19)),
)
_IBAN_COUNTRIES: Final = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_IBAN_LENGTHS: Final = {code: length for length, codes in _IBAN_COUNTRIES.items() for code in codes.split()}
_RESERVED_HOSTS: Final = re.compile(
    r"(?:^|[.@])(?:example(?:\.(?:com|net|org|edu))?|test|invalid|localhost|yourdomain\.com)$"
)


def digits_of(text: str) -> str:
    """The decimal digits of ``text`` in ASCII, digits of other scripts included."""
    return "".join(str(int(char)) for char in text if char.isdecimal())


def luhn(text: str) -> bool:
    """The check digit of ISO/IEC 7812 over the digits of ``text``; one repeated digit, or none at all, is no number."""
    number = digits_of(text)
    total = 0
    for position, char in enumerate(reversed(number)):
        value = int(char) << (position & 1)
        total += value - 9 if value > 9 else value
    return len(set(number)) > 1 and total % 10 == 0


def luhn_card(text: str) -> bool:
    """A payment card: an issuer's range, a length that this issuer uses, and the check digit."""
    number = digits_of(text)
    return luhn(number) and any(prefix.match(number) and len(number) in lengths for prefix, lengths in _CARD_RANGES)


def iban(text: str) -> bool:
    """ISO 13616: the country's length and the mod-97 check."""
    value = _NOT_ALNUM.sub("", text).upper()
    return _IBAN_LENGTHS.get(value[:2]) == len(value) and _mod97(value[4:] + value[:4]) == 1


def _mod97(value: str) -> int:
    return int("".join(str(int(char, 36)) for char in value)) % 97


def fr_nir(text: str) -> bool:
    """French social security number: 13 characters and the key 97 - n mod 97; Corsica counts 2A as 19, 2B as 18."""
    value = _NOT_ALNUM.sub("", text).upper().replace("2A", "19").replace("2B", "18")
    return len(value) == 15 and value.isdecimal() and 97 - int(value[:13]) % 97 == int(value[13:])


def nl_bsn(text: str) -> bool:
    """Dutch citizen service number: the "eleven test" over nine digits."""
    number = digits_of(text).rjust(9, "0")
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return len(number) == 9 and int(number) > 0 and _weighted(number, weights) % 11 == 0


def be_national_number(text: str) -> bool:
    """Belgian national number: 97 - n mod 97, with a leading 2 for people born from 2000."""
    number = digits_of(text)
    if len(number) != 11:
        return False
    body, check = number[:9], int(number[9:])
    return check in (97 - int(body) % 97, 97 - int("2" + body) % 97)


def pt_nif(text: str) -> bool:
    """Portuguese tax number: weights 9 to 2, modulo 11."""
    number = digits_of(text)
    if len(number) != 9:
        return False
    rest = _weighted(number[:8], tuple(range(9, 1, -1))) % 11
    return int(number[8]) == (0 if rest < 2 else 11 - rest)


def ch_ahv(text: str) -> bool:
    """Swiss social insurance number: 13 digits that begin with 756, with the EAN-13 check digit."""
    number = digits_of(text)
    return len(number) == 13 and number.startswith("756") and _weighted(number, (1, 3) * 6 + (1,)) % 10 == 0


def br_cpf(text: str) -> bool:
    """Brazilian taxpayer number: two check digits modulo 11, not one repeated digit."""
    number = digits_of(text)
    if len(number) != 11 or len(set(number)) == 1:
        return False
    for length in (9, 10):
        rest = _weighted(number[:length], tuple(range(length + 1, 1, -1))) * 10 % 11 % 10
        if rest != int(number[length]):
            return False
    return True


def clabe(text: str) -> bool:
    """Mexican bank account number: eighteen digits, weights 3, 7, 1, each product modulo 10."""
    number = digits_of(text)
    if len(number) != 18 or len(set(number)) == 1:
        return False
    total = sum(int(digit) * (3, 7, 1)[place % 3] % 10 for place, digit in enumerate(number[:17]))
    return (10 - total % 10) % 10 == int(number[17])


def vin(text: str) -> bool:
    """Vehicle identification number with the North American check digit in the ninth place."""
    value = text.upper()
    letters = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    if len(value) != 17 or not any(char.isdecimal() for char in value):
        return False
    total = sum((int(c) if c.isdecimal() else letters.get(c, 0)) * w for c, w in zip(value, weights, strict=True))
    return value[8] == ("X" if total % 11 == 10 else str(total % 11))


def _weighted(number: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True))


def real_email(text: str) -> bool:
    """Not an address of a domain that is reserved for documentation or commonly made up (RFC 2606)."""
    host = text.rpartition("@")[2].lower().rstrip(".")
    return not _RESERVED_HOSTS.search("." + host)


Validator = Callable[[str], bool]

VALIDATORS: Final[Mapping[str, Validator]] = ChainMap(
    {
        function.__name__: function
        for function in (
            luhn,
            luhn_card,
            iban,
            fr_nir,
            nl_bsn,
            be_national_number,
            pt_nif,
            ch_ahv,
            br_cpf,
            clabe,
            vin,
            real_email,
            not_placeholder,
            random_token,
            password_like,
            strong_password,
            url_password,
            jwt,
            basic_auth,
            discord_token,
            wif,
        )
    },
    STANDARDS,  # type: ignore[arg-type]  # looked up, never written to
)
"""The names that rule files may use."""
