"""`gateway explain` where a policy has a judge: it says that it would be asked, and asks nobody."""

import json
from pathlib import Path

import pytest
from cli_support import CARD, run

POLICY = """\
version: 1
name: judged
labels: [public, internal, confidential, restricted]
judge: always
classify:
  - {id: cards, when: {entities: {any_of: [payment]}}, label: restricted}
  - {id: private-matter, when: {entities: {any_of: [PRIVATE_MATTER], min_score: 0.99}}, label: confidential}
route:
  - to: [external, local]
"""


@pytest.fixture(autouse=True)
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge is asked about every text, so that no test hangs on what the classifier has learnt."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)


def test_the_judge_would_be_asked_before_the_outside_gets_it() -> None:
    shown = run("explain", "Why is the sky blue?", "--policy", ".")
    assert shown.exit_code == 0, shown.output
    assert "external if the judge finds it general, else local" in shown.output
    assert "the judge is asked about 1 text first" in shown.output
    told = json.loads(run("explain", "Why is the sky blue?", "--policy", ".", "--json").output)
    assert told["judge"] == {"external": 1}
    assert [(one["backend"], one["verdict"]) for one in told["candidates"]] == [
        ("external", "up to the judge"),
        ("local", "cleared"),
    ]


def test_the_judge_is_not_mentioned_where_it_has_no_say() -> None:
    told = json.loads(run("explain", f"Charge {CARD}.", "--policy", ".", "--json").output)
    assert told["judge"] == {}
    assert (told["label"], told["backend"]) == ("restricted", "local")


def test_the_scores_between_which_there_is_doubt_are_shown() -> None:
    """By explain and by policy check: they follow from the policy's rules, and nobody has to work them out."""
    band = [0.99, 0.999]
    assert "always, in doubt from .99 to .999" in run("explain", "Why is the sky blue?", "--policy", ".").output
    told = json.loads(run("explain", "Why is the sky blue?", "--policy", ".", "--json").output)
    assert told["policy"]["judge"] == {"mode": "always", "band": band}
    assert "always, in doubt from .99 to .999" in run("policy", "check", ".").output
    assert json.loads(run("policy", "check", ".", "--json").output)[0]["judge"] == {"mode": "always", "band": band}
