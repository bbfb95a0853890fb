"""Names that everybody knows, and the ones beside them that nobody does."""

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.inspection.detectors.base import Match
from gateway.inspection.matter.known_names import FULL_NAME, PUBLIC_FIGURE, KnownNames, load_known_names

KNOWN = KnownNames(["Albert Einstein", "Gabriel García Márquez", "Conan O'Brien", "Plato", "Tolkien Estate", "# none"])


def marked(text: str, *names: str) -> list[tuple[str, str]]:
    """What ``names`` of ``text`` are taken for: FULL_NAME where they have two words, else PERSON."""
    matches = [
        Match(text.index(name), text.index(name) + len(name), FULL_NAME if " " in name else "PERSON", 0.9)
        for name in names
    ]
    return sorted((text[m.start : m.end], m.entity_type) for m in KNOWN.marked(text, matches))


@pytest.mark.parametrize("name", ["Albert Einstein", "ALBERT EINSTEIN", "albert  einstein", "Albert-Einstein"])
def test_a_known_name_is_known_however_it_is_written(name: str) -> None:
    text = f"What did {name} publish?"
    assert KNOWN.marked(text, [Match(9, 9 + len(name), "PERSON", 0.8)])[0].entity_type == PUBLIC_FIGURE


def test_accents_and_apostrophes_make_no_difference() -> None:
    assert marked("by Gabriel Garcia Marquez", "Gabriel Garcia Marquez") == [("Gabriel Garcia Marquez", PUBLIC_FIGURE)]
    assert marked("with Conan O\u2019Brien", "Conan O\u2019Brien") == [("Conan O\u2019Brien", PUBLIC_FIGURE)]


def test_a_name_of_which_the_detector_saw_a_part_is_known_as_a_whole() -> None:
    assert marked("Did Albert Einstein play?", "Einstein") == [("Albert Einstein", PUBLIC_FIGURE)]


def test_a_part_of_a_known_name_is_known_where_the_whole_stands() -> None:
    text = "Albert Einstein was born in Ulm. Later Einstein moved."
    found = KNOWN.marked(text, [Match(0, 15, FULL_NAME, 0.9), Match(39, 47, "PERSON", 0.9)])
    assert {match.entity_type for match in found} == {PUBLIC_FIGURE}


def test_somebody_else_of_the_same_surname_stays_a_person() -> None:
    text = "Albert Einstein and my neighbour Rosa Einstein"
    assert ("Rosa Einstein", FULL_NAME) in marked(text, "Albert Einstein", "Rosa Einstein")


def test_a_single_known_name_is_known_alone_and_not_as_part_of_another() -> None:
    assert marked("as Plato says", "Plato") == [("Plato", PUBLIC_FIGURE)]
    text = "Plato Simmons owes me rent"
    found = KNOWN.marked(text, [Match(0, 13, FULL_NAME, 0.9), Match(0, 5, "PERSON", 0.9)])
    assert {match.entity_type for match in found} == {FULL_NAME, "PERSON"}


def test_what_is_no_name_stays_as_it_is() -> None:
    other = Match(0, 5, "LOCATION", 0.7)
    assert KNOWN.marked("Plato is a crater", [other]) == [other]


def test_the_shipped_lists_hold_whole_names_and_no_placeholders() -> None:
    names = load_known_names()
    assert len(names) > 20_000
    for placeholder in ("John Doe", "Jane Doe", "Max Mustermann", "Jane Roe"):
        match = Match(0, len(placeholder), FULL_NAME, 0.9)
        assert names.marked(placeholder, [match]) == [match]


def test_a_missing_list_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="known names"):
        load_known_names(tmp_path)
