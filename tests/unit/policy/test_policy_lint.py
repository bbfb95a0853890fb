"""A policy that loads and does not do what it says is told so, with the line."""

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.policy.lint import Remark, lint
from gateway.policy.loader import load_policy
from gateway.policy.vocabulary import Vocabulary

KNOWN = Vocabulary(
    frozenset({"PERSON", "CREDIT_CARD"}),
    {"people": frozenset({"PERSON"}), "own_lists": frozenset()},
)
HEAD = "version: 1\nname: a\nlabels: [public, internal, top]\n"
CARDS = "  - {id: cards, when: {entities: {any_of: [CREDIT_CARD]}}, label: top}\n"
PEOPLE = "  - {id: people, when: {entities: {any_of: [people]}}, label: internal}\n"
PROBE = "- {name: a, prompt: b, expect: {rule: [cards, people]}}\n"
SOUND = f"{HEAD}classify:\n{CARDS}{PEOPLE}"


def remarks(folder: Path, text: str, probes: str | None = PROBE) -> list[Remark]:
    (folder / "policy.yaml").write_text(text)
    if probes is not None:
        (folder / "probes.yaml").write_text(probes)
    return list(lint(folder, load_policy(folder, KNOWN), KNOWN))


def said(folder: Path, text: str, probes: str | None = PROBE) -> list[tuple[str, int | None, str]]:
    found = remarks(folder, text, probes)
    return [(one.level, one.problem.line, one.problem.message) for one in found if "no probe expects" not in str(one)]


def test_nothing_is_said_of_a_sound_policy(tmp_path: Path) -> None:
    """Silence means something."""
    assert remarks(tmp_path, SOUND) == []


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{id: x, when: {tools: true, not: {tools: true}}, label: top}", "can never match"),
        ("{id: x, when: {all: [{tokens: {over: 9}}, {tokens: {under: 5}}]}, label: top}", "can never match"),
        ("{id: x, when: {key: a, all: [{key: [b, c-*]}]}, label: top}", "can never match"),
    ],
)
def test_a_rule_that_can_never_match_is_a_warning(tmp_path: Path, rule: str, message: str) -> None:
    """It protects nobody."""
    ((level, line, text),) = said(tmp_path, f"{SOUND}  - {rule}\n")
    assert (level, line) == ("warning", 7)
    assert message in text


@pytest.mark.parametrize(
    ("rule", "by"),
    [
        ("{id: x, when: {entities: {any_of: [CREDIT_CARD], min_score: 0.8}}, label: internal}", "cards"),
        ("{id: x, when: {entities: {all_of: [people, CREDIT_CARD]}}, label: top}", "cards"),
        ("{id: x, when: {entities: {any_of: [PERSON]}}, label: internal}", "people"),
        ("{id: x, when: {tools: true, entities: {any_of: [PERSON], min_count: 2}}, label: internal}", "people"),
    ],
)
def test_a_rule_in_the_shadow_of_another_is_a_note_that_names_it(tmp_path: Path, rule: str, by: str) -> None:
    """The same or a narrower condition, and no higher label."""
    ((level, line, text),) = said(tmp_path, f"{SOUND}  - {rule}\n")
    assert (level, line) == ("note", 7)
    assert text.startswith("the rule `x` changes no label")
    assert f"`{by}`" in text


def test_a_narrower_rule_with_a_higher_label_casts_no_shadow(tmp_path: Path) -> None:
    """Nor does it stand in one."""
    more = "  - {id: x, when: {entities: {any_of: [people], min_count: 5}}, label: top}\n"
    assert said(tmp_path, SOUND + more) == []


def test_a_rule_for_the_lowest_label_is_a_note(tmp_path: Path) -> None:
    """Every request has that label already."""
    ((level, _, text),) = said(tmp_path, f"{SOUND}  - {{id: x, when: {{tools: true}}, label: public}}\n")
    assert level == "note"
    assert "changes no label" in text


def test_a_refusal_behind_a_wider_one_is_a_note(tmp_path: Path) -> None:
    """Its message is never given."""
    rules = ("{id: y, when: {tools: true}, message: a}", "{id: z, when: {tools: true, stream: true}, message: b}")
    refuse = "refuse:\n" + "".join(f"  - {rule}\n" for rule in rules)
    ((level, line, text),) = said(tmp_path, SOUND + refuse)
    assert (level, line) == ("note", 9)
    assert "never gives its message" in text


def test_a_route_behind_a_wider_one_is_a_warning(tmp_path: Path) -> None:
    """The first that matches is taken."""
    rules = ("{when: {tokens: {over: 10}}, to: local}", "{when: {tokens: {over: 20}}, to: external}", "{to: local}")
    route = "route:\n" + "".join(f"  - {rule}\n" for rule in rules)
    ((level, line, text),) = said(tmp_path, SOUND + route)
    assert (level, line) == ("warning", 9)
    assert "never reached" in text


def test_a_label_that_no_rule_gives_and_a_list_that_is_empty_are_notes(tmp_path: Path) -> None:
    """Both may be meant."""
    own = "  - {id: own, when: {any: [{entities: {any_of: [own_lists]}}]}, label: top}\n"
    assert said(tmp_path, f"{HEAD}classify:\n{CARDS}{own}", "- {name: a, prompt: b, expect: {rule: cards}}\n") == [
        ("note", 3, "no rule gives the label `internal`"),
        ("note", 6, "nothing finds `own_lists` in this installation"),
    ]


@pytest.mark.parametrize("probes", [None, "", "[]\n"])
def test_a_policy_without_probes_is_a_warning(tmp_path: Path, probes: str | None) -> None:
    """Nobody knows whether it does what its author means."""
    ((level, _, text),) = said(tmp_path, SOUND, probes)
    assert level == "warning"
    assert "no probes" in text


def test_a_rule_that_no_probe_names_is_a_note(tmp_path: Path) -> None:
    """A probe may hit it all the same; running them tells."""
    (remark,) = remarks(tmp_path, SOUND, "- {name: a, prompt: b, expect: {rule: cards}}\n")
    assert remark.level == "note"
    assert (remark.problem.line, remark.problem.message) == (6, "no probe expects the rule `people` by name")


def test_broken_probes_end_the_lint(tmp_path: Path) -> None:
    """As they end the test."""
    with pytest.raises(ConfigError, match=r"probes\.yaml"):
        remarks(tmp_path, SOUND, "- {name: a}\n")
