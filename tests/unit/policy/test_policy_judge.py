"""What a policy may say about the judge, and that a mistake in it stops the load with its line."""

from pathlib import Path

import pytest
from policy_values import backend

from gateway.errors import ConfigError, Problem
from gateway.policy.band import band_of
from gateway.policy.judging import JudgeMode, JudgeUse
from gateway.policy.loader import load_policy
from gateway.policy.rules import Policy
from gateway.policy.vocabulary import Vocabulary, rights

BACKENDS = rights(
    [backend("gpt", "internal"), backend("llama", "restricted", local=True), backend("small", "internal", local=True)]
)
VOCABULARY = Vocabulary(frozenset({"PERSON"}), {}, BACKENDS)
HEAD = "version: 1\nname: mine\nlabels: [public, internal, restricted]\n"


def load(folder: Path, judge: str) -> Policy:
    (folder / "policy.yaml").write_text(f"{HEAD}{judge}\n")
    return load_policy(folder, VOCABULARY)


def problem(folder: Path, judge: str) -> Problem:
    with pytest.raises(ConfigError) as caught:
        load(folder, judge)
    (found,) = caught.value.problems
    assert found.remedy
    return found


@pytest.mark.parametrize("text", ["", "judge: off", "judge: {mode: off, timeout_ms: 100}"])
def test_there_is_no_judge_unless_asked_for(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text).judge is None


@pytest.mark.parametrize("mode", list(JudgeMode))
def test_one_word_is_enough(tmp_path: Path, mode: JudgeMode) -> None:
    rules = load(tmp_path, "")
    assert load(tmp_path, f"judge: {mode}").judge == JudgeUse(mode, band_of(rules.conditions), 1.5, None, 8)


def test_the_mapping_says_the_rest(tmp_path: Path) -> None:
    text = "judge: {mode: uncertain, band: [0.15, 0.85], timeout_ms: 700, backend: llama, questions: 3}"
    assert load(tmp_path, text).judge == JudgeUse(JudgeMode.UNCERTAIN, (0.15, 0.85), 0.7, "llama", 3)


def test_everything_about_the_judge_is_in_the_revision(tmp_path: Path) -> None:
    """A record names the policy under which a verdict counted."""
    said = (
        "",
        "judge: uncertain",
        "judge: always",
        "judge: {mode: uncertain, band: [0.1, 0.9]}",
        "judge: {mode: uncertain, timeout_ms: 700}",
        "judge: {mode: uncertain, backend: llama}",
        "judge: {mode: uncertain, questions: 3}",
    )
    assert len({load(tmp_path, text).revision for text in said}) == len(said)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("judge: sometimes", "judge.mode", 4),
        ("judge: true", "judge: not a setting of the judge", 4),
        ("judge: [uncertain]", "judge: not a setting of the judge", 4),
        ("judge: {band: [0.1, 0.9]}", "judge.mode: the key is missing", 4),
        ("judge:\n  mode: uncertain\n  bands: [0.1, 0.9]", "unknown key `judge.bands`", 6),
        ("judge:\n  mode: uncertain\n  band: [0.9, 0.1]", "two rising numbers", 6),
        ("judge:\n  mode: uncertain\n  band: [0.1, 0.5, 0.9]", "two rising numbers", 6),
        ("judge:\n  mode: uncertain\n  band: [0.1, 1.5]", "judge.band[1]", 6),
        ("judge:\n  mode: uncertain\n  timeout_ms: 0", "judge.timeout_ms", 6),
        ("judge:\n  mode: uncertain\n  questions: 0", "judge.questions", 6),
        ("judge:\n  mode: uncertain\n  backend: lama", "unknown backend 'lama'", 6),
        ("judge:\n  mode: uncertain\n  backend: gpt", "not local with the top clearance", 6),
        ("judge:\n  mode: uncertain\n  backend: small", "not local with the top clearance", 6),
        ("coverage:\n  accept: [judge]", "cannot be accepted", 5),
    ],
)
def test_a_mistake_stops_the_load_with_its_line(tmp_path: Path, text: str, message: str, line: int) -> None:
    found = problem(tmp_path, text)
    assert message in found.message
    assert found.line == line


def test_a_judge_is_no_condition(tmp_path: Path) -> None:
    """``judge`` stands at the top of a policy, not in ``when``."""
    found = problem(tmp_path, "classify:\n  - {id: it, when: {judge: private}, label: internal}")
    assert "judge" in found.message
