"""Phone numbers: international, national, North American; bare digits only beside a word."""

from collections.abc import Callable

import pytest

from gateway.inspection.detectors.phones import PhoneDetector

Types = Callable[[str, str], set[str]]


@pytest.mark.parametrize(
    "text",
    [
        "+44 20 7946 0958",
        "+49 (0)30 901820",
        "0049 30 901820",
        "(212) 555-0123",
        "212-555-0123 x45",
        "212.555.0123",
        "+1-212-555-0123",
        "020 7946 0958",
        "030 901820-12",
        "01 42 68 53 00",
        "call 2125550123",
        "Tel.: 699 956 915",
        "mobile 07700 900123",
        "whatsapp +55 11 91234-5678",
        "row 12 +44 20 7946 0958 34",
        "7,+49 30 901820,12",
        "a,b,c,4,+44 20 7946 0958",
        "+44 20\n7946 0958",
        "+1 415-744-\r\n> 3356",
        "ref=+44 20 7946 0958",
        "rossi,415-744-3356,NY",
        "3,(415) 744-3356,8",
        "(415)\n744-3356",
    ],
)
def test_a_phone_number_is_found(types_of: Types, text: str) -> None:
    """In the writings of several countries."""
    assert types_of("phones", f"Ask Ada, {text}, today") == {"PHONE_NUMBER"}


@pytest.mark.parametrize(
    "text",
    [
        "2125550123",
        "2023-11-28 05:32",
        "28.11.2023 12:30",
        "1990-1995",
        "10 000 000 people",
        "1.234.567,89 EUR",
        "0.1234567",
        "4111 1111 1111 1111",
        "192.168.100.200",
        "section 1.2.3.4.5.6.7",
        "0x00000001 0x7fffffff",
        "99.9999999 %",
        "12:30:45.123456",
        "1 + 2345678 = 2345679",
        "rows 1,415,744,3356",
        "x += 12345678",
    ],
)
def test_other_numbers_are_no_phone(text: str) -> None:
    """Dates, amounts, cards, addresses of machines and decimals."""
    assert list(PhoneDetector().find(text)) == []
