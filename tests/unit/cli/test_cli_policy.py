"""`gateway policy`: is a policy sound, and does it do what its author means?"""

import json
from pathlib import Path

import pytest
from cli_support import CARD, run

from gateway.policy.shipped import shipped

POLICY = """\
version: 1
name: cards
labels: [public, restricted]
classify:
  - {id: cards, when: {entities: {any_of: [CREDIT_CARD]}}, label: restricted}
route:
  - to: [external, local]
"""
PROBES = f"""\
- {{name: a card stays, prompt: "card {CARD}", expect: {{label: restricted, rule: cards, zone: local}}}}
- {{name: a question leaves, prompt: "Why is the sky blue?", expect: {{label: public, zone: external}}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A policy that keeps its promises."""
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "probes.yaml").write_text(PROBES)
    return tmp_path


def test_check_shows_the_shipped_policies() -> None:
    """Without a folder: all that came with the gateway, with their revisions."""
    result = run("policy", "check", "--json")
    assert result.exit_code == 0
    found = {one["name"]: one for one in json.loads(result.output)}
    assert found.keys() == {file.parent.name for file in shipped().glob("*/policy.yaml")}
    assert all(len(one["revision"]) == 12 for one in found.values())


def test_check_takes_folders(folder: Path) -> None:
    """Any policy can be checked where it is, without a gateway.yaml."""
    result = run("policy", "check", str(folder))
    assert result.exit_code == 0
    assert "cards" in result.output
    assert "public < restricted" in result.output


def test_check_proves_and_remarks(folder: Path) -> None:
    """The proof in one line; a warning is exit code 1, a note only under --strict."""
    assert "monotone: of 1 conditions in 1 rules" in run("policy", "check", str(folder)).output
    again = "  - {id: again, when: {entities: {any_of: [CREDIT_CARD], min_score: 0.9}}, label: restricted}\n"
    (folder / "policy.yaml").write_text(POLICY.replace("route:", f"{again}route:"))
    result = run("policy", "check", str(folder))
    assert result.exit_code == 0
    assert "the rule `again` changes no label: `cards` (line 5) matches whenever it does" in result.output
    assert run("policy", "check", str(folder), "--strict").exit_code == 1
    (folder / "policy.yaml").write_text(
        POLICY.replace("{entities: {any_of: [CREDIT_CARD]}}", "{tools: true, not: {tools: true}}")
    )
    result = run("policy", "check", str(folder), "--json")
    assert result.exit_code == 1
    (told,) = json.loads(result.output)
    assert told["sound"] is False
    assert told["monotone"] == {"proven": True, "conditions": 4, "gaps": []}
    assert next((one["level"], one["line"]) for one in told["remarks"]) == ("warning", 5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("CREDIT_CARD", "CREDIT_CRAD"), "policy.yaml:5:"),
        (("label: restricted", "label: secret"), "policy.yaml:5:"),
        (("classify", "clasify"), "policy.yaml:4:"),
        (("version: 1", "version: 7"), "policy.yaml:1:"),
        (("[public, restricted]", "[public, restricted"), "policy.yaml:"),
    ],
)
def test_a_broken_policy_is_exit_code_2_with_its_line(folder: Path, change: tuple[str, str], said: str) -> None:
    """For check and for test alike."""
    (folder / "policy.yaml").write_text(POLICY.replace(*change))
    for command in ("check", "test"):
        result = run("policy", command, str(folder))
        assert result.exit_code == 2
        assert said in result.output


def test_probes_that_hold_are_exit_code_0(folder: Path) -> None:
    """Each with its label, who answers and the rules that matched."""
    result = run("policy", "test", str(folder))
    assert result.exit_code == 0, result.output
    assert "2 passed, 0 failed" in result.output
    (told,) = json.loads(run("policy", "test", str(folder), "--json").output)
    assert told["passed"] is True
    assert [one["rules"] for one in told["probes"]] == [["cards"], []]


def test_a_probe_that_fails_is_exit_code_1_and_says_how(folder: Path) -> None:
    """The policy does not do what its author means."""
    (folder / "probes.yaml").write_text(PROBES.replace("label: public, zone: external", "label: restricted"))
    result = run("policy", "test", str(folder))
    assert result.exit_code == 1
    assert "label is public, expected restricted" in result.output
    assert "1 passed, 1 failed" in result.output
    (told,) = json.loads(run("policy", "test", str(folder), "--json").output)
    assert told["passed"] is False
    assert told["probes"][1]["failures"] == ["label is public, expected restricted"]


@pytest.mark.parametrize("probes", ["", "[]\n", PROBES.splitlines()[0] + "\n"])
def test_untested_rules_are_failures(folder: Path, probes: str) -> None:
    """No probes, or none that a rule leaves alone: a policy that is not tested does not pass."""
    (folder / "probes.yaml").write_text(probes)
    result = run("policy", "test", str(folder))
    assert result.exit_code == 1
    assert "probe" in result.output


@pytest.mark.parametrize("probes", ["- {name: a}\n", "- [\n", "- {nmae: a, prompt: b, expect: {label: public}}\n"])
def test_broken_probes_are_exit_code_2(folder: Path, probes: str) -> None:
    """Not run, rather than run in part."""
    (folder / "probes.yaml").write_text(probes)
    result = run("policy", "test", str(folder))
    assert result.exit_code == 2
    assert "probes.yaml" in result.output


def test_a_missing_folder_or_file_is_exit_code_2(folder: Path) -> None:
    """A policy without its probes cannot be tested."""
    assert run("policy", "test", str(folder / "missing")).exit_code == 2
    assert run("policy", "check", str(folder / "missing")).exit_code == 2
    (folder / "probes.yaml").unlink()
    assert run("policy", "check", str(folder)).exit_code == 1
    assert run("policy", "test", str(folder)).exit_code == 2


def test_results_as_junit(folder: Path, tmp_path: Path) -> None:
    """For a build server; a file that cannot be written is exit code 2."""
    assert run("policy", "test", str(folder), "--junit", str(tmp_path / "probes.xml")).exit_code == 0
    assert b'tests="2" failures="0"' in (tmp_path / "probes.xml").read_bytes()
    result = run("policy", "test", str(folder), "--junit", str(tmp_path / "missing" / "probes.xml"))
    assert result.exit_code == 2
    assert "cannot write" in result.output


def test_a_new_policy_passes_check_and_test(tmp_path: Path) -> None:
    """As it was made, before anything is changed; a second time nothing is overwritten."""
    made = str(tmp_path / "ours")
    assert run("policy", "new", "ours", "--from", "everything-local", "--to", made).exit_code == 0
    assert run("policy", "check", made).exit_code == 0
    assert run("policy", "test", made).exit_code == 0
    again = run("policy", "new", "ours", "--from", "everything-local", "--to", made)
    assert again.exit_code == 2
    assert "already" in again.output
    unknown = run("policy", "new", "ours", "--from", "everything-locl")
    assert unknown.exit_code == 2
    assert "Did you mean `everything-local`" in unknown.output


def test_the_schema_is_printed(tmp_path: Path) -> None:
    """Of policies, or of probes."""
    policies = json.loads(run("policy", "schema").output)
    assert "CREDIT_CARD" in policies["$defs"]["EntityName"]["enum"]
    assert "fault" in json.loads(run("policy", "schema", "--probes").output)["$defs"]["Probe"]["properties"]


SUPPRESS = (
    "suppress:\n  - {id: test-card, reason: Of the manual., by: ops, until: 9999-12-31, "
    f'entities: [CREDIT_CARD], values: ["{CARD}"]}}\n'
)
OTHER_CARD = "5555 5555 5555 4444"


def test_a_value_of_ones_own_is_suppressed_in_probes_as_in_the_gateway(folder: Path) -> None:
    """With the real inspection; another card stays."""
    (folder / "policy.yaml").write_text(POLICY + SUPPRESS)
    (folder / "probes.yaml").write_text(
        f'- {{name: test card, prompt: "card {CARD}", expect: {{zone: external, suppressed: test-card}}}}\n'
        f'- {{name: other card, prompt: "card {OTHER_CARD}", expect: {{rule: cards, zone: local}}}}\n'
    )
    result = run("policy", "test", str(folder), "--json")
    assert result.exit_code == 0, result.output
    assert [one["suppressed"] for one in json.loads(result.output)[0]["probes"]] == [["test-card"], []]
    assert run("policy", "check", str(folder)).exit_code == 0


def test_an_expired_suppression_fails_the_check_with_its_line(folder: Path) -> None:
    """And it takes nothing out any more."""
    (folder / "policy.yaml").write_text(POLICY + SUPPRESS.replace("9999", "2020"))
    result = run("policy", "check", str(folder))
    assert result.exit_code == 1
    assert "policy.yaml:9:" in result.output
    assert "ended on 2020-12-31" in result.output
    assert run("policy", "test", str(folder)).exit_code == 1
