"""Exact values: found in every listed spelling, at their place, and nothing else is."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from terms_support import detector_of, found

from gateway.inspection.terms.exact import ExactDetector
from gateway.inspection.terms.spelling import Refusal, Rules, spellings
from gateway.inspection.units import CHUNK

NAMES = ("Maria Rossi", "Jörg Müller", "Sean O'Brien", "van Dyk, Jan", "Anne-Marie Duval", "Łukasz Żółć Nowak")
NUMBERS = ("DE89 3704 0044 0532 0130 00", "MRN0048213", "4929-1188-2203-7461", "K7T-99123")


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> ExactDetector:
    return detector_of(tmp_path_factory.mktemp("exact"), *NAMES, *NUMBERS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Please call MARIA ROSSI.", "MARIA ROSSI"),
        ("maria\n> rossi wrote", "maria\n> rossi"),
        ("Rossi,  Maria (new)", "Rossi,  Maria"),
        ("Maria-Rossi", "Maria-Rossi"),
        ("an Joerg Mueller", "Joerg Mueller"),
        ("Jorg Muller's car", "Jorg Muller"),
        ("Sean OBrien", "Sean OBrien"),
        ("Sean O’Brien", "Sean O’Brien"),
        ("Jan van Dyk", "Jan van Dyk"),
        ("Duval, Anne Marie", "Duval, Anne Marie"),
        ("Lukasz Nowak", "Lukasz Nowak"),
        ("iban:de89370400440532013000;", "de89370400440532013000"),
        ("DE89-3704-0044-0532-0130-00", "DE89-3704-0044-0532-0130-00"),
        ("ＤＥ８９ 3704 0044\n0532 0130 00", "ＤＥ８９ 3704 0044\n0532 0130 00"),
        ("mrn: 0048213", "mrn: 0048213"),
        ("card 4929118822037461 expires", "4929118822037461"),
        ("4929 1188 2203 7461", "4929 1188 2203 7461"),
        ("k7t 99 123", "k7t 99 123"),
        ("Ma\u00adria Rossi", "Ma\u00adria Rossi"),
    ],
)
def test_a_listed_value_is_found_however_it_is_written(listed: ExactDetector, text: str, value: str) -> None:
    """Capitals, line wraps, double spaces, hyphens, full-width digits, name order."""
    assert found(listed, text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Maria went home. Rossini is a composer.",
        "Mariarossi",
        "Maria and Rossi",
        "DE89 3704 0044 0532 0130 01",
        "4929, 1188, 2203, 7461",
        "94929118822037461",
        "MRN0048214",
        "Jan",
        "",
        "!!",
    ],
)
def test_what_is_not_listed_is_not_found(listed: ExactDetector, text: str) -> None:
    """Parts of values, values inside longer ones, members of a list of numbers."""
    assert found(listed, text) == []


def test_a_number_behind_a_label_of_letters_is_found(tmp_path: Path) -> None:
    """``ACC99812345`` is the account 99812345."""
    assert found(detector_of(tmp_path, "99812345"), "see ACC99812345 today") == ["99812345"]


def test_offsets_are_those_of_the_text_where_characters_were_folded_into_several_or_none(listed: ExactDetector) -> None:
    """ß is two, a soft hyphen none."""
    text = "ßß\u00ad½ Ma\u0301ria Rossi ßß"
    (match,) = listed.find(text)
    assert text[match.start : match.end] == "Ma\u0301ria Rossi"
    assert (match.entity_type, match.score) == ("CUSTOMER", 1.0)


@pytest.mark.parametrize("before", [0, 100, CHUNK - 5, 2 * CHUNK - 3, 3 * CHUNK])
def test_a_value_is_found_wherever_it_stands_in_a_long_text(listed: ExactDetector, before: int) -> None:
    """Across the stretches in which a long text is looked at, and once."""
    text = ("word " * before)[:before] + " Maria Rossi " + "other " * CHUNK
    assert found(listed, text) == ["Maria Rossi"]


def test_the_beginning_of_a_longer_word_is_no_value_at_the_edge_of_a_stretch(listed: ExactDetector) -> None:
    """A stretch that ends inside ``Rossini`` must not read ``Rossi``."""
    for before in range(CHUNK - 14, CHUNK + 2):
        assert found(listed, "." * before + "Maria Rossini" + " x" * CHUNK) == []


WORD = st.text("abdefgilmnoprstuvz", min_size=3, max_size=8)
VALUES = st.one_of(
    st.lists(WORD, min_size=2, max_size=3).map(" ".join),
    st.text("ABCDEF0123456789", min_size=8, max_size=20).filter(lambda said: any(map(str.isdigit, said))),
)
SHAPES = (str.upper, str.title, str.lower, lambda said: said.replace(" ", "  \n"), lambda said: said.replace(" ", "-"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(VALUES, min_size=1, max_size=20), other=VALUES, data=st.data())
def test_every_value_built_is_found_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, values: list[str], other: str, data: st.DataObject
) -> None:
    """In any case, with any of the separators; beside other words."""
    said = [spellings(value, Rules()) for value in values]
    kept = [value for value, one in zip(values, said, strict=True) if not isinstance(one, Refusal)]
    assume(kept)
    one = detector_of(tmp_path_factory.mktemp("exact"), *values)
    for value in kept:
        shape = data.draw(st.sampled_from(SHAPES))
        assert found(one, f"Qq. {shape(value)}; qq") == [shape(value)]
    all_spellings = {each.canonical for group in said if not isinstance(group, Refusal) for each in group}
    own = spellings(other, Rules())
    if not isinstance(own, Refusal) and own[0].canonical not in all_spellings:
        assert other not in found(one, f"Qq. {other}; qq")
