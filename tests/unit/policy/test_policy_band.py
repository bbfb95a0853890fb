"""The judge's band follows the policy: from where its word can matter to where it weighs too little."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.detectors.shipped import default_detectors
from gateway.policy.band import WEIGHT, band_of
from gateway.policy.conditions import AllOf, AnyOf, Condition, Entities, Tools
from gateway.policy.loader import load_policy
from gateway.policy.shipped import shipped
from gateway.policy.vocabulary import PRIVATE_MATTER
from gateway.wiring import vocabulary

NAMED = Entities(any_of=frozenset({"PERSON"}))
scores = st.floats(0.01, 0.99)


def matter(score: float) -> Entities:
    return Entities(any_of=frozenset({PRIVATE_MATTER}), min_score=score)


def test_it_begins_at_the_lowest_score_that_any_rule_asks_for() -> None:
    """There the score matters together with a name; below it nothing matches, and there is no doubt."""
    assert band_of([matter(0.25), AllOf((NAMED, matter(0.08)))]) == (0.08, 0.8)


def test_it_ends_where_a_verdict_no_longer_weighs_enough() -> None:
    """At .25 three to one speak for general; twelve times these odds are .8."""
    assert band_of([matter(0.25)]) == (0.25, 0.8)
    assert band_of([matter(0.1)])[1] == 0.571
    assert band_of([matter(0.03)])[1] == 0.271


def test_the_end_rests_on_the_score_that_acts_alone() -> None:
    """Not on one that asks for a name as well, as long as there is one that does not."""
    assert band_of([AllOf((NAMED, matter(0.08))), matter(0.25), matter(0.6)])[1] == 0.8
    assert band_of([AllOf((NAMED, matter(0.08)))]) == (0.08, 0.511)
    assert band_of([AnyOf((Tools(wanted=True), matter(0.25)))]) == (0.25, 0.8)
    assert band_of([Entities(any_of=frozenset({PRIVATE_MATTER, "PERSON"}), min_score=0.5, min_count=2)])[0] == 0.5


def test_a_score_of_one_leaves_nothing_to_ask() -> None:
    assert band_of([matter(1.0)]) == (1.0, 1.0)


def test_any_entity_is_a_private_matter_too() -> None:
    assert band_of([Entities(anything=True, min_score=0.4)])[0] == 0.4


@pytest.mark.parametrize("conditions", [(), (NAMED,), (Tools(wanted=True),)])
def test_a_policy_that_asks_nothing_of_the_classifier_has_one_nevertheless(conditions: tuple[Condition, ...]) -> None:
    lower, upper = band_of(conditions)
    assert 0 < lower < upper < 1


@given(st.lists(st.tuples(scores, st.booleans()), min_size=1))
def test_a_stricter_threshold_never_lets_a_judge_release_more(rules: list[tuple[float, bool]]) -> None:
    """Another rule that acts on a score alone can only lower the upper end; every further one the lower end."""
    conditions: list[Condition] = [matter(score) if alone else AllOf((NAMED, matter(score))) for score, alone in rules]
    lower, upper = band_of(conditions)
    assert lower <= upper
    stricter = band_of([*conditions, matter(lower / 2)])
    assert stricter[0] <= lower
    assert stricter[1] <= upper


@given(scores)
def test_what_lies_above_stays_whatever_the_judge_says(score: float) -> None:
    """Odds divided by the weight of a verdict are those at which the policy acts."""
    above = min(band_of([matter(score)])[1] + 0.001, 0.9999)
    after = above / (1 - above) / WEIGHT
    assert after / (1 + after) >= score * 0.99


@pytest.mark.parametrize("name", ["default", "strict", "healthcare"])
def test_the_more_a_shipped_profile_keeps_the_less_a_judge_may_release(name: str) -> None:
    known = vocabulary(default_detectors(ner=False))
    lower, upper = band_of(load_policy(shipped() / name, known).conditions)
    threshold = known.profiles[{"default": "balanced"}.get(name, name)]
    assert lower <= threshold < upper
    widest = band_of(load_policy(shipped() / "default", known).conditions)
    assert lower <= widest[0]
    assert upper <= widest[1]


def test_the_band_of_a_file_is_the_one_of_its_rules(tmp_path: Path) -> None:
    """Unless it names another; the operating point of another profile moves it."""
    file = tmp_path / "policy.yaml"
    text = (
        "version: 1\nname: mine\nlabels: [public, restricted]\njudge: JUDGE\n"
        "classify:\n  - {id: it, when: {matter: private}, label: restricted}\n"
    )
    known = vocabulary(default_detectors(ner=False))
    file.write_text(text.replace("JUDGE", "uncertain"))
    judge, strict = load_policy(file, known).judge, load_policy(file, known, profile="strict").judge
    assert judge is not None
    assert strict is not None
    assert judge.band == band_of([matter(known.profiles["balanced"])])
    assert strict.band == band_of([matter(known.profiles["strict"])])
    file.write_text(text.replace("JUDGE", "{mode: uncertain, band: [0.3, 0.4]}"))
    assert (judge := load_policy(file, known).judge) is not None
    assert judge.band == (0.3, 0.4)
