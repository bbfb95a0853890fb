"""What of a value is listed, and what is refused because it would be found everywhere."""

import pytest

from gateway.inspection.terms.spelling import Refusal, Rules, countable, spellings


def written(value: str, rules: Rules = Rules()) -> set[str]:  # noqa: B008  frozen
    said = spellings(value, rules)
    assert not isinstance(said, Refusal), said
    return {one.canonical for one in said}


def test_a_number_is_its_symbols() -> None:
    """Whatever stands between them."""
    assert written("DE89 3704-0044 0532.0130/00") == {"de89370400440532013000"}


def test_a_name_is_listed_in_either_order() -> None:
    """And from ``Last, First`` as from ``First Last``."""
    assert written("Maria Rossi") == {"maria rossi", "rossi maria"} == written("Rossi, Maria")


def test_middle_names_titles_and_particles() -> None:
    """First and last name are enough to be the person; a title is no part of the name."""
    assert {"maria anna rossi", "maria rossi", "rossi maria", "rossi maria anna"} <= written("Dr. Maria Anna Rossi")
    assert {"jan van dyk", "van dyk jan"} <= written("van Dyk, Jan")
    assert "anne marie duval" in written("Duval, Anne-Marie")


def test_umlauts_and_apostrophes_are_spelt_both_ways() -> None:
    """As systems without them write them."""
    assert {"jorg muller", "joerg mueller", "mueller joerg"} <= written("Jörg Müller")
    assert {"sean o brien", "sean obrien", "obrien sean"} <= written("Sean O'Brien")


def test_initials_are_an_option() -> None:
    """``M. Rossi`` is many people."""
    assert "m rossi" not in written("Maria Rossi")
    assert {"m rossi", "rossi m"} <= written("Maria Rossi", Rules(initials=True))


def test_name_order_can_be_switched_off() -> None:
    """For columns that hold phrases."""
    assert written("Blue Fox", Rules(name_order=False)) == {"blue fox"}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", Refusal.EMPTY),
        (" - ", Refusal.EMPTY),
        ("Li", Refusal.SHORT),
        ("12", Refusal.SHORT),
        ("Wu Li", Refusal.SHORT),
        ("48213", Refusal.SHORT),
        ("Smith", Refusal.SINGLE_WORD),
        ("000000000", Refusal.REPETITIVE),
        ("12345678", Refusal.REPETITIVE),
        ("2024-01-31", Refusal.DATE),
        ("31.01.1980", Refusal.DATE),
        ("19800131", Refusal.DATE),
        ("unknown", Refusal.PLACEHOLDER),
        ("Max Mustermann", Refusal.PLACEHOLDER),
        ("a b c d e f g h i", Refusal.LONG),
        ("7" * 64 + "123" * 30, Refusal.LONG),
    ],
)
def test_what_would_match_everything_is_refused(value: str, why: Refusal) -> None:
    """With a reason that the command counts."""
    assert spellings(value, Rules()) is why


def test_what_is_refused_can_be_asked_for() -> None:
    """Company names of one word, account numbers of five digits."""
    assert written("Siemens", Rules(single_words=True)) == {"siemens"}
    assert written("48213", Rules(shortest=5)) == {"48213"}


def test_numbers_are_countable() -> None:
    """So that a warning can say which share of all numbers is listed."""
    assert countable("123456")
    assert not countable("mrn123456")
