"""Checksums: what is valid, and that one wrong digit is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.detectors import validators as v


@pytest.mark.parametrize(
    ("check", "valid"),
    [
        (v.luhn_card, "4111 1111 1111 1111"),
        (v.luhn_card, "378282246310005"),
        (v.luhn_card, "5555-5555-5555-4444"),
        (v.luhn_card, "٤١١١١١١١١١١١١١١١"),
        (v.iban, "DE89 3704 0044 0532 0130 00"),
        (v.iban, "gb82west12345698765432"),
        (v.iban, "MT84MALT011000012345MTLCAST001S"),
        (v.fr_nir, "1 84 12 76 451 089 46"),
        (v.nl_bsn, "111222333"),
        (v.be_national_number, "93.05.18-223.61"),
        (v.pt_nif, "501 442 600"),
        (v.ch_ahv, "756.9217.0769.85"),
        (v.br_cpf, "111.444.777-35"),
        (v.vin, "1M8GDM9AXKP042788"),
    ],
)
def test_a_valid_number_passes_and_one_other_digit_does_not(check: v.Validator, valid: str) -> None:
    """Each checksum catches every single wrong digit: that is what it was made for."""
    assert check(valid)
    place = max(index for index, char in enumerate(valid) if char.isdecimal())
    wrong = [valid[:place] + digit + valid[place + 1 :] for digit in "0123456789" if int(digit) != int(valid[place])]
    assert not any(check(text) for text in wrong)


@pytest.mark.parametrize("text", ["", "0", "0000000000000000", "1234567890123456", "no digits"])
def test_what_is_no_card_is_no_card(text: str) -> None:
    """Repeated digits pass Luhn's sum and are still no card."""
    assert not v.luhn_card(text)


@given(st.text())
def test_every_validator_takes_any_text(text: str) -> None:
    """A validator says yes or no to anything: an exception would be a detector that failed."""
    for validator in v.VALIDATORS.values():
        assert validator(text) in (True, False)


@pytest.mark.parametrize(
    "text",
    ["YOUR_API_KEY", "<your token>", "${TOKEN}", "xxxxxxxx", "********", "changeme", "{{ password }}", "AKIAEXAMPLE"],
)
def test_placeholders_are_no_credentials(text: str) -> None:
    """Documentation and templates are full of them."""
    assert not v.not_placeholder(text)


@pytest.mark.parametrize("text", ["os.environ['X']", "get_password()", "self.password2", "request.form.get", "string"])
def test_code_that_fetches_a_password_is_no_password(text: str) -> None:
    """The name of a variable is not its value."""
    assert not v.password_like(text)


def test_reserved_mail_domains_reach_nobody() -> None:
    """RFC 2606: example.com and its like belong to no one; mail.com does."""
    assert not v.real_email("a@example.com")
    assert not v.real_email("a@host.test")
    assert v.real_email("a@mail.com")
    assert v.real_email("a@example-firm.com")


def test_entropy_is_bits_per_character() -> None:
    """Nothing, one letter, and sixteen different ones."""
    assert v.entropy("") == 0
    assert v.entropy("aaaa") == 0
    assert v.entropy("0123456789abcdef") == 4
