"""Vocabularies: words, beginnings of words, terms of several words, in seven languages."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConfigError
from gateway.inspection.detectors.catalogue import detector_files
from gateway.inspection.detectors.cues import CueDetector, load_cues

Types = Callable[[str, str], set[str]]
SMALL = """\
cues:
  PLANT:
    about: Plants.
    words:
      en: [rose, tree*, palm tree*, old oak]
"""


def small(folder: Path, text: str = SMALL) -> CueDetector:
    path = folder / "cues.yaml"
    path.write_text(text)
    return load_cues(path)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A Rose is a ROSE", ["Rose", "ROSE"]),
        ("roses", []),
        ("two trees, three treetops", ["trees", "treetops"]),
        ("an old-oak and old\noak", ["old-oak", "old\noak"]),
        ("old, tired oak", []),
        ("palm trees", ["palm trees", "trees"]),
        ("old", []),
        ("", []),
    ],
)
def test_terms_are_whole_words_beginnings_or_several_words(tmp_path: Path, text: str, found: list[str]) -> None:
    """Case does not matter; between the words of a term stands little."""
    assert [text[m.start : m.end] for m in small(tmp_path).find(text)] == found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("She was diagnosed with diabetes", "HEALTH_TERM"),
        ("Die Diagnose ist Krebs", "HEALTH_TERM"),
        ("on lui a prescrit une ordonnance", "HEALTH_TERM"),
        ("the mortgage application", "FINANCIAL_TERM"),
        ("mein Kontoauszug", "FINANCIAL_TERM"),
        ("la hipoteca", "FINANCIAL_TERM"),
        ("a restraining order", "LEGAL_TERM"),
        ("mon avocat a déposé plainte", "LEGAL_TERM"),
        ("termination letter", "HR_TERM"),
        ("die Kündigung", "HR_TERM"),
        ("licenziamento", "HR_TERM"),
        ("custody of the children", "FAMILY_TERM"),
        ("Sorgerecht", "FAMILY_TERM"),
        ("My client's wife", "PERSONAL_CUE"),
        ("My patient's", "PERSONAL_CUE"),
        ("mein Mandant", "PERSONAL_CUE"),
    ],
)
def test_topics_are_found_in_several_languages(types_of: Types, text: str, wanted: str) -> None:
    """A few of each vocabulary."""
    assert wanted in types_of("cues", text)


@pytest.mark.parametrize(
    "text",
    [
        "What is the difference between a list and a tuple in Python?",
        "Summarise what Albert Einstein published in 1905.",
        "Write a poem about the sea.",
        "What is the capital of Australia?",
    ],
)
def test_general_questions_hold_no_topic(types_of: Types, text: str) -> None:
    """They must reach the outside."""
    assert types_of("cues", text) == set()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("PLANT", "Plant", "is not an entity type"),
        ("    about: Plants.\n", "", "needs `about` and `words`"),
        ("rose", "'!'", "is not a term"),
        ("rose", "ro*", "is not a term"),
        ("rose", "r*se", "is not a term"),
        ("rose", "42", "is not a term"),
        ("[rose, tree*, palm tree*, old oak]", "[]", "no words are listed"),
        ("cues:", "cue:", "needs `cues`"),
    ],
)
def test_a_mistake_ends_the_start(tmp_path: Path, old: str, new: str, says: str) -> None:
    """Law 7."""
    with pytest.raises(ConfigError, match=says):
        small(tmp_path, SMALL.replace(old, new))


@given(st.text(max_size=200), st.text(max_size=200))
def test_what_stands_around_hides_no_term(before: str, after: str) -> None:
    """Law 5 in small: a term between spaces is found whatever else the text holds."""
    cues = load_cues(detector_files() / "cues.yaml")
    assert any(match.entity_type == "HEALTH_TERM" for match in cues.find(f"{before} diagnosed {after}"))
