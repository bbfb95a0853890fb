"""Numbers and addresses by their own rules: with any separators, in any digits, against any letters."""

from collections.abc import Callable

import pytest

Types = Callable[[str, str], set[str]]


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111 1111 1111 1111",
        "4111/1111/1111/1111",
        "4111_1111_1111_1111",
        "| 4111 | 1111 | 1111 | 1111 |",
        "invoice_4111111111111111.pdf",
        "https://shop.example/pay?pan=4111111111111111&x=1",
        'card = "4111111111111111"',
        "PAN4111111111111111CVV123",
        "٤١١١١١١١١١١١١١١١",
        "४१११११११११११११११",
        "4111 1111 1111 1111 12/27 123",
    ],
)
def test_a_card_is_found_however_it_is_written(types_of: Types, text: str) -> None:
    """Evasions S1, S5, U5, U8: no reliance on word boundaries, separators or ASCII digits."""
    assert "CREDIT_CARD" in types_of("identifiers", text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("IBAN DE89370400440532013000", "IBAN_CODE"),
        ("fr14 2004 1010 0505 0001 3m02 606", "IBAN_CODE"),
        ("MRN04857211x", "MEDICAL_RECORD_NUMBER"),
        ("%B4111111111111111^DOE/JANE^2512101000000000?", "CARD_TRACK"),
        ("CVV 123", "CARD_SECURITY_CODE"),
        ("geboren am 3. Mai 1962", "DATE_OF_BIRTH"),
        ("date of birth: 1962-05-03", "DATE_OF_BIRTH"),
        ("social security number 536 22 1187", "US_SSN"),
        ("report_536-22-1187_final.docx", "US_SSN"),
        ("Passport No: X12345678", "PASSPORT_NUMBER"),
        ("account no. 0012345678", "BANK_ACCOUNT"),
        ("1 84 12 76 451 089 46", "FR_NIR"),
        ("CPF 111.444.777-35", "BR_CPF"),
        ("mail ada.lovelace+x@analytical.engine.co.uk.", "EMAIL_ADDRESS"),
        ("ADA@ANALYTICAL.ORG", "EMAIL_ADDRESS"),
        ("VIN:1HGCM82633A004352", "VEHICLE_ID_NUMBER"),
    ],
)
def test_an_identifier_is_found(types_of: Types, text: str, wanted: str) -> None:
    """One writing each beyond the examples in the file."""
    assert wanted in types_of("identifiers", text)


@pytest.mark.parametrize(
    "text",
    [
        "In 2023 we sold 1234567 units for 4,111,111.11 dollars.",
        "timestamp 1700000000000, build 20231128053221577",
        "pi is 3.141592653589793238",
        "order 123456789",
        "@override public void run()",
        "user@example.com",
        "Born in the USA, 1984",
        "phone models 6011 and 3530",
        "for (int i = 0; i < 1000000000; i++)",
        "ISBN 978-3-16-148410-0",
        "git@github.com:org/repo.git and npm@10.2.3",
    ],
)
def test_ordinary_numbers_are_left_alone(types_of: Types, text: str) -> None:
    """Reported problem 47: amounts, timestamps, versions and years are nobody's number."""
    assert types_of("identifiers", text) - {"EMAIL_ADDRESS" if "git@" in text else ""} == set()
