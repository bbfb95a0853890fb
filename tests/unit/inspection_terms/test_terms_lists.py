"""Term lists: read strictly, proven by their examples, found in the forms that people write."""

from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigError
from gateway.inspection.terms.inflection import LANGUAGES, compounds, endings, forms
from gateway.inspection.terms.lists import load_lists, read_list
from gateway.inspection.terms.terms import TermDetector, load_terms, term_detector


def terms(*listed: str, **more: Any) -> TermDetector:
    body = {"id": "own", "entity_type": "PROJECT_NAME", "terms": list(listed), **more}
    return term_detector([read_list(body)], "terms")


def found(one: TermDetector, text: str) -> list[str]:
    return [text[match.start : match.end] for match in one.find(text)]


@pytest.mark.parametrize(
    ("language", "term", "text", "said"),
    [
        ("en", "Blue Fox", "two Blue Foxes' dens", "Blue Foxes"),
        ("en", "Blue Fox", "the BLUE  FOX", "BLUE  FOX"),
        ("en", "Blue Fox", "Blue-Fox's plan", "Blue-Fox"),
        ("en", "Blue Fox", "the BlueFox\nplan", "BlueFox"),
        ("en", "Blue Fox", "Blue\nFox", "Blue\nFox"),
        ("en", "Delivery City", "Delivery Cities", "Delivery Cities"),
        ("de", "Nordlicht", "des Nordlichts", "Nordlichts"),
        ("de", "Nordlicht", "im Nordlichtprojekt", "Nordlichtprojekt"),
        ("de", "Nordlicht", "das Nordlicht-Team", "Nordlicht"),
        ("de", "Blau Turm", "im blauen, im Blauen Turme", "Blauen Turme"),
        ("de", "Haus Süd", "HAUS SÜD", "HAUS SÜD"),
        ("fr", "Canal Bleu", "les Canals Bleus", "Canals Bleus"),
        ("es", "Luz Norte", "las Luz Nortes", "Luz Nortes"),
        ("it", "Torre Bianca", "le Torre Bianche", "Torre Bianche"),
        ("pt", "Plano Real", "os Planos Reais", "Planos Reais"),
        ("nl", "Blauwe Haven", "de Blauwe Havens", "Blauwe Havens"),
    ],
)
def test_plurals_genitives_and_compounds_are_found(language: str, term: str, text: str, said: str) -> None:
    """In seven languages, by simple endings."""
    assert found(terms(term, languages=[language]), text) == [said]


@pytest.mark.parametrize(
    ("case", "text", "hit"),
    [
        ("smart", "the apollo landed", False),
        ("smart", "the Apollo plan", True),
        ("smart", "THE APOLLO PLAN", True),
        ("exact", "APOLLO", False),
        ("exact", "Apollo", True),
        ("any", "apollo", True),
    ],
)
def test_letter_case(case: str, text: str, *, hit: bool) -> None:
    """Smart: a term with a capital is a name, and names have capitals."""
    assert bool(found(terms("Apollo", case=case), text)) is hit


def test_an_abbreviation_in_capitals_is_found_in_capitals_alone() -> None:
    """Smart case of a term that is all capitals."""
    assert found(terms("ACE"), "an ACE, an ace, Ace") == ["ACE"]


def test_whole_words_by_default() -> None:
    """And inside others where it is asked for."""
    assert found(terms("Fox", inflect=False), "Foxglove, Firefox") == []
    assert found(terms("Fox", inflect=False, whole_word=False), "Foxglove") == ["Fox"]


def test_without_inflection_only_the_term_itself() -> None:
    """For names that have no plural."""
    assert found(terms("Blue Fox", inflect=False), "Blue Foxes, Blue Fox") == ["Blue Fox"]


def test_one_term_does_not_hide_another() -> None:
    """A longer one whose capitals are wrong leaves the shorter one standing."""
    assert found(terms("Blue Fox Den", "Fox"), "blue Fox den") == ["Fox"]


def test_offsets_lead_back_through_folding() -> None:
    """ß is two characters, doubled spaces are one."""
    assert found(terms("Groß Fuchs", inflect=False), "ßß  der  GROSS   FUCHS!") == ["GROSS   FUCHS"]


def test_ten_thousand_terms_are_as_quick_to_find_as_ten() -> None:
    """All are there."""
    one = terms(*(f"Qx{number}z" for number in range(10_000)), inflect=False)
    assert found(one, "see Qx17z and Qx9999z, not Qx10000z") == ["Qx17z", "Qx9999z"]


def test_forms_begin_with_the_term_and_stay_few() -> None:
    """No term takes more than 64 places in the automaton."""
    for language in LANGUAGES:
        made = list(forms("der kleine grosse blaue turm", [language]))
        assert made[0] == "der kleine grosse blaue turm"
        assert len(made) <= 64
    assert compounds(["en", "nl"])
    assert not compounds(["en"])
    assert "s" in endings(["en"])


def complaints(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_terms(path, "terms")
    return [f"{problem.line}: {problem.message}" for problem in caught.value.problems]


def test_every_mistake_of_a_file_is_said_with_its_line(tmp_path: Path) -> None:
    """Unknown keys, languages and cases, terms that are none, and what is missing."""
    path = tmp_path / "own.yaml"
    path.write_text(
        "lists:\n  - id: a b\n    entity_type: project\n    terms:\n      - Blue Fox\n      - '-'\n    casing: any\n"
        "    languages: [xx]\n    case: loud\n    inflect: often\n    score: 2\n  - text\n"
    )
    said = complaints(path)
    assert "2: `id` is missing or no name" in said
    assert "3: `entity_type` is missing or no entity type" in said
    assert "6: a term has fewer than two letters or digits" in said
    assert "7: unknown key 'casing'" in said
    assert "8: 'xx' is no known language" in said
    assert any(one.startswith("9: `case` is none of") for one in said)
    assert "10: `inflect` must be true or false" in said
    assert any(one.startswith("11: `score`") for one in said)
    assert "12: an entry of `lists` is no mapping" in said


def test_a_list_proves_its_examples(tmp_path: Path) -> None:
    """What does not hold ends the start."""
    path = tmp_path / "own.yaml"
    path.write_text("{id: a, entity_type: PROJECT_NAME, terms: [Blue Fox], match: [red fox], no_match: [Blue Fox]}\n")
    assert len(complaints(path)) == 2


def test_one_list_may_stand_at_the_top_and_ids_are_given_once(tmp_path: Path) -> None:
    """Two spellings of a file."""
    (tmp_path / "a.yaml").write_text("{id: a, entity_type: PROJECT_NAME, terms: {en: [Blue Fox], de: [Nordlicht]}}\n")
    (one,) = load_lists(tmp_path / "a.yaml")
    assert one.terms == (("Blue Fox", ("en",)), ("Nordlicht", ("de",)))
    row = "{id: a, entity_type: PROJECT_NAME, terms: [Blue Fox]}"
    (tmp_path / "b.yaml").write_text(f"lists: [{row}, {row}]\n")
    with pytest.raises(ConfigError, match="two term lists"):
        load_lists(tmp_path / "b.yaml")
    (tmp_path / "c.yaml").write_text(f"lists: [{row}]\nid: b\n")
    with pytest.raises(ConfigError, match="nothing beside it"):
        load_lists(tmp_path / "c.yaml")
