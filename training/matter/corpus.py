"""The made-up training texts: blocks of ``corpus/*.txt``, with slots such as {name} filled in.

A block is a line ``=== private | en | topic`` (or general) and the text below it. Nobody in these texts exists; public
figures, works and brands in the general ones do. Rows that came from one block share a ``template`` number, so that a
split never has the same block on both sides.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from faker import Faker

FOLDER = Path(__file__).with_name("corpus")
HEAD = re.compile(r"=== (private|general) \| ([\w-]+) \| (.*)")
SLOT = re.compile(r"\{([a-z_]+)\}")
LOCALES = {
    "en": ("en_US", "en_GB", "en_IN", "en_AU", "en_CA"),
    "de": ("de_DE", "de_AT", "de_CH"),
    "fr": ("fr_FR", "fr_CA"),
    "es": ("es_ES", "es_MX"),
    "it": ("it_IT",),
    "pt": ("pt_PT", "pt_BR"),
    "nl": ("nl_NL", "nl_BE"),
}
ANYWHERE = (
    "en_US", "en_GB", "en_IN", "de_DE", "fr_FR", "es_ES", "it_IT", "pt_BR", "nl_NL", "pl_PL", "sv_SE", "cs_CZ", "tr_TR",
    "ro_RO", "hu_HU", "da_DK", "fi_FI", "no_NO", "hr_HR", "id_ID",
)  # fmt: skip
TITLES = {
    "de": ("Herr", "Frau", "Dr."), "fr": ("M.", "Mme"), "es": ("Sr.", "Sra."), "it": ("Sig.", "Sig.ra"),
    "pt": ("Sr.", "Sra."), "nl": ("dhr.", "mevr."),
}  # fmt: skip
COPIES = 2
"""How often a block with slots is filled."""


@dataclass(slots=True)
class Row:
    """One text to learn from. ``weight``: what it counts beside others."""

    text: str
    private: bool
    source: str
    template: str
    language: str = "en"
    weight: float = 1.0
    extra: dict[str, object] = field(default_factory=dict)


def blocks() -> Iterator[tuple[str, str, str, str]]:
    """Label, language, text and a stable name of each block."""
    for path in sorted(FOLDER.glob("*.txt")):
        number, head, lines = 0, None, list[str]()
        for line in (*path.read_text("utf-8").splitlines(), "=== general | en | end"):
            if match := HEAD.fullmatch(line):
                if head is not None and (text := "\n".join(lines).strip()):
                    yield head[1], head[2], text, f"{path.stem}-{number}"
                number, head, lines = number + 1, match, []
            else:
                lines.append(line)


def rows(seed: int = 1) -> list[Row]:
    """All rows, the same ones for the same seed and version of Faker."""
    chance = random.Random(seed)
    made: list[Row] = []
    for label, language, text, name in blocks():
        slots = name.startswith("short-") and SLOT.search(text) is not None
        for _ in range(COPIES if slots else 1):
            filled = SLOT.sub(lambda slot: _value(slot[1], language, chance), text) if slots else text
            source = "own-" + name.rsplit("-", 1)[0]
            made.append(Row(filled, label == "private", source, name, language, 1 / COPIES if slots else 1.0))
    return made


def _value(slot: str, language: str, chance: random.Random) -> str:
    locale = chance.choice(LOCALES.get(language, LOCALES["en"])) if chance.random() < 0.6 else chance.choice(ANYWHERE)
    fake = _faker(locale)
    fake.seed_instance(chance.getrandbits(32))
    digits = chance.randint
    own = {
        "name": lambda: f"{fake.first_name()} {fake.last_name()}",
        "title": lambda: chance.choice(TITLES.get(language, ("Mr.", "Ms.", "Mrs.", "Dr.", "Prof."))),
        "address": lambda: fake.address().replace("\n", ", "),
        "address_lines": lambda: fake.address(),
        "street": lambda: fake.street_address(),
        "zip": lambda: fake.postcode(),
        "phone": lambda: fake.phone_number(),
        "card": lambda: fake.credit_card_number(),
        "account": lambda: str(digits(10**7, 10**11)),
        "passport": lambda: chance.choice("CXNPL") + str(digits(10**7, 10**8 - 1)),
        "licence": lambda: fake.bothify("?####-#####-#####").upper(),
        "ip": lambda: fake.ipv4_public(),
        "dob": lambda: fake.date_of_birth().strftime(chance.choice(("%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d", "%d %B %Y"))),
        "date": lambda: fake.date(chance.choice(("%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d", "%d %B", "%B %d, %Y"))),
        "age": lambda: str(digits(3, 93)),
        "plate": lambda: fake.license_plate(),
        "mrn": lambda: chance.choice(("MRN", "", "#")) + str(digits(10**5, 10**8)),
        "username": lambda: fake.user_name(),
        "url": lambda: f"https://{chance.choice(('www.linkedin.com/in/', 'www.facebook.com/', ''))}{fake.user_name()}",
        "org": lambda: fake.company(),
        "amount": lambda: chance.choice(("$", "€", "£", "")) + f"{digits(20, 90000):,}",
        "policy_no": lambda: fake.bothify("??-######").upper(),
    }
    try:
        return str(own[slot]() if slot in own else getattr(fake, slot)())
    except AttributeError:  # this country's Faker has no such thing, or the slot is a word in braces
        return "{" + slot + "}" if locale == "en_US" else _value(slot, "en", random.Random(chance.random()))


_FAKERS: dict[str, Faker] = {}


def _faker(locale: str) -> Faker:
    return _FAKERS.setdefault(locale, Faker(locale))
