"""Checks of national numbers by name."""

import pytest

from gateway.inspection.detectors.standards import MODULES, STANDARDS
from gateway.inspection.detectors.validators import VALIDATORS, clabe


def test_every_module_of_the_list_is_there_and_can_check() -> None:
    """A library that renames one ends the tests, not a start."""
    assert set(STANDARDS) == {f"stdnum.{name}" for name in MODULES}
    assert len(STANDARDS) == len(MODULES)
    assert not any(STANDARDS[name]("no number") for name in STANDARDS)


def test_rules_may_name_them_as_they_name_ours() -> None:
    """By country and number; anything else is unknown."""
    assert VALIDATORS["stdnum.cz.rc"]("710319/2745")
    assert not VALIDATORS["stdnum.cz.rc"]("710319/2746")
    assert "luhn" in VALIDATORS
    for name in ("stdnum.cz", "cz.rc", "stdnum.util"):
        assert name not in VALIDATORS
        with pytest.raises(KeyError):
            STANDARDS[name]


def test_one_digit_repeated_is_no_number() -> None:
    """Forms are filled with zeros, and zeros pass many a check."""
    assert not STANDARDS["stdnum.nz.ird"]("00000000")
    assert not STANDARDS["stdnum.uy.rut"]("000000000000")


def test_mexican_accounts_have_a_check_digit() -> None:
    """Eighteen digits, the last of which follows from the others."""
    assert clabe("032180000118359719")
    assert not clabe("032180000118359718")
    assert not clabe("000000000000000000")


@pytest.mark.parametrize("name", sorted(STANDARDS))
def test_a_check_answers_whatever_it_is_asked(name: str) -> None:
    """A check that raised would make the request count as not read, for a letter that is no number's."""
    for text in ("", "-", "ß1234567ÿ0ZZ4", "٠١٢٣٤٥٦٧٨٩٠", "Ⅷ²³⁴", "0" * 40, "A" * 18, "12345678 9 ſK4", "1" + "é" * 12):
        assert STANDARDS[name](text) in (True, False)


def test_digits_of_every_script_are_digits() -> None:
    """Arabic digits in a Czech number."""
    assert STANDARDS["stdnum.cz.rc"]("٧١٠٣١٩/٢٧٤٥")
