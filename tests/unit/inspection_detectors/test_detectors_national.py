"""Numbers of people, accounts, devices and cars of many countries, and digits that mean something else."""

from collections.abc import Callable

import pytest

Types = Callable[[str, str], set[str]]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Rodné číslo: 710319/2745", "GOVERNMENT_ID"),
        ("身份证 11010519491231002X", "GOVERNMENT_ID"),
        ("CURP BOXW310820HNERXN09", "GOVERNMENT_ID"),
        ("RUT 12.531.909-2", "GOVERNMENT_ID"),
        ("my PPS number is 6433435F", "GOVERNMENT_ID"),
        ("CLABE interbancaria: 032180000118359719", "BANK_ACCOUNT"),
        ("BSB 062-000", "BANK_ACCOUNT"),
        ("BIC: DEUTDEFF500", "BANK_ACCOUNT"),
        ("IMEI 35686800-004141-8", "DEVICE_ID"),
        ("Kennzeichen: M-AB 1234", "LICENSE_PLATE"),
        ("she lives at 48.858370, 2.294481", "COORDINATES"),
        ("https://linkedin.com/in/jane-roe-42", "PROFILE_URL"),
        ("the credit card number is 4111 1111 1111 1112", "CREDIT_CARD"),
    ],
)
def test_a_number_is_found_where_its_country_writes_it(types_of: Types, text: str, wanted: str) -> None:
    """With its check digits, and its name where those are weak."""
    assert wanted in types_of("national", text)


@pytest.mark.parametrize(
    "text",
    [
        "order 7103192745 was shipped",
        "1700000000 and 1690000000000 are timestamps",
        "ISBN 978-3-16-148410-0",
        "x = [0.123456, 0.654321]",
        "bounding box 52.520008, 13.404954",
        "AWS account 428080392016",
        "the credit card has a number",
        "follow instagram.com/explore",
        "SWIFT is a language",
        "route 12.531.909-3",
    ],
)
def test_other_numbers_are_left_alone(types_of: Types, text: str) -> None:
    """Orders, times, books, weights."""
    assert types_of("national", text) == set()
