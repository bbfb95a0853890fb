"""Build servers read the results of probes as tests."""

from pathlib import Path
from xml.etree import ElementTree

from policy_values import entities, policy

from gateway.errors import Problem
from gateway.policy.junit import junit
from gateway.policy.probes import ProbeResult, ProbeRun

POLICY = policy(("people", entities("PERSON"), "internal"))
GOOD = ProbeResult("a question leaves", 3, "public", (), "external", ())
BAD = ProbeResult("a <card> & \x00 stays", 9, "public", (), "external", ("label is public, expected top", "zone"))


def parsed(*results: ProbeResult, problems: tuple[Problem, ...] = ()) -> ElementTree.Element:
    return ElementTree.fromstring(junit([(Path("policies/a"), ProbeRun(POLICY, results, problems))]))


def test_every_probe_is_a_test_case_and_a_failure_says_why() -> None:
    """With the place in the file."""
    top = parsed(GOOD, BAD)
    (suite,) = top
    assert (top.get("tests"), top.get("failures")) == (suite.get("tests"), suite.get("failures")) == ("2", "1")
    good, bad = suite
    assert (good.get("name"), good.get("classname"), good.get("file")) == (
        "a question leaves",
        "policy.test",
        "policies/a/probes.yaml:3",
    )
    assert list(good) == []
    assert bad.get("name") == "a <card> & ? stays"
    assert bad[0].get("message") == "label is public, expected top; zone"


def test_what_fails_the_run_fails_a_test_case() -> None:
    """A rule that no probe hits is a failure, and so is a file without probes: zero tests are no success."""
    assert parsed(GOOD, problems=(Problem("no probe hits the rule `x`", "Add one."),)).get("failures") == "1"
    assert parsed().get("failures") == "1"
