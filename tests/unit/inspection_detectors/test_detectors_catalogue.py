"""Groups, the table of detectors, and what holds for all of them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ConfigError
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.catalogue import check_agreement, load_catalogue
from gateway.inspection.detectors.shipped import default_detectors
from gateway.inspection.matter.assessor import load_matter

SMALL = """\
groups:
  plants:
    about: What grows.
    types: [TREE, ROSE]
"""
PIECES = st.lists(
    st.sampled_from(
        ("4111 1111 1111 1111", "Margaret Thornbury", "ghp_", "password:", "@", "-----BEGIN PRIVATE KEY-----", "SSN",
         "536-22-1187", "Dear ", "diagnosed", "+44 20 7946 0958", "12 Elm Street", "DE89", "\n", "\u0661", "\x00", "İ")
    ) | st.text(max_size=20),
    max_size=12,
).map("".join)  # fmt: skip


def load(folder: Path, text: str) -> None:
    path = folder / "groups.yaml"
    path.write_text(text)
    load_catalogue(path)


@pytest.mark.parametrize("ner", [True, False])
def test_types_and_detectors_agree(ner: bool) -> None:
    """Every listed type is found by somebody, also without the model; nothing is found that no policy could name."""
    check_agreement(load_catalogue(), (*default_detectors(ner=ner), load_matter()))


def test_a_type_that_nobody_finds_ends_the_start(detectors: Mapping[str, Detector]) -> None:
    """Reported problem 50: an entity that is enabled and has no recognizer must not be a warning."""
    without = [detector for name, detector in detectors.items() if name != "secrets"]
    with pytest.raises(ConfigError, match="no detector finds PRIVATE_KEY"):
        check_agreement(load_catalogue(), without)


def test_a_type_that_no_group_lists_ends_the_start(tmp_path: Path, detectors: Mapping[str, Detector]) -> None:
    """It could stand in no policy."""
    load(tmp_path, SMALL)
    with pytest.raises(ConfigError, match="CREDIT_CARD is found by a detector and in no group"):
        check_agreement(load_catalogue(tmp_path / "groups.yaml"), detectors.values())


@pytest.mark.parametrize(
    ("old", "new", "says", "line"),
    [
        ("plants", "Plants", "is not a group name", 2),
        ("TREE", "tree", "is not an entity type", 4),
        ("TREE, ROSE", "TREE, TREE", "stands twice", 4),
        ("    about: What grows.\n", "", "needs `about` and `types`", 2),
        ("What grows.", "''", "has no `about`", 2),
        ("[TREE, ROSE]", "[]", "lists no types", 2),
        ("groups:", "group:", "unknown key 'group'", 1),
        ("groups:", "groups: []\nmore:", "unknown key 'more'", 2),
    ],
)
def test_a_mistake_ends_the_start(tmp_path: Path, old: str, new: str, says: str, line: int) -> None:
    """Law 7: file, line and remedy."""
    with pytest.raises(ConfigError, match=says) as raised:
        load(tmp_path, SMALL.replace(old, new))
    assert line in {problem.line for problem in raised.value.problems}


def test_missing_rule_files_end_the_start(tmp_path: Path) -> None:
    """A gateway without rules would find nothing and release everything."""
    with pytest.raises(ConfigError, match="rule files are missing"):
        default_detectors(folder=tmp_path / "nowhere")


def test_names_are_distinct_and_versions_say_something(detectors: Mapping[str, Detector]) -> None:
    """They stand in records and are the keys of the cache."""
    assert len(detectors) == len(default_detectors())
    assert all(detector.version for detector in detectors.values())


@settings(max_examples=150, deadline=None)
@given(text=PIECES)
def test_every_match_is_well_formed(detectors: Mapping[str, Detector], text: str) -> None:
    """Offsets inside the text, a declared type, a score above 0 and at most 1: anything else is a detector error."""
    for detector in detectors.values():
        for match in detector.find(text):
            assert 0 <= match.start < match.end <= len(text)
            assert match.entity_type in detector.entity_types
            assert 0 < match.score <= 1


@settings(max_examples=100, deadline=None)
@given(before=PIECES, after=PIECES)
def test_what_stands_on_other_lines_hides_nothing(
    types_of: Callable[[str, str], set[str]], before: str, after: str
) -> None:
    """Law 5: more text never makes a finding go away, for all detectors that need no sentence."""
    alone = {
        "identifiers": ("card 4111 1111 1111 1111.", "CREDIT_CARD"),
        "secrets": ("key AKIAABCDEFGHIJKLMN23.", "AWS_ACCESS_KEY"),
        "presidio": ("SSN 536-22-1187.", "US_SSN"),
        "phones": ("tel +44 20 7946 0958.", "PHONE_NUMBER"),
        "cues": ("was diagnosed.", "HEALTH_TERM"),
    }
    for name, (text, wanted) in alone.items():
        assert wanted in types_of(name, text)
        assert wanted in types_of(name, f"{before}\n\n{text}\n\n{after}")
