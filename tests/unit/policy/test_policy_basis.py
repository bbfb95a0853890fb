"""What a record keeps for replay: findings counted by what conditions can see, facts, and nothing of a text."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_values import draft, facts, finding, report

from gateway.model import Finding
from gateway.policy.basis import ELSEWHERE, MAX_GROUPS, basis_of, facts_of, findings_of, floored


def test_equal_findings_are_one_group_with_a_count() -> None:
    basis = basis_of(report(draft(), *[finding("PERSON")] * 3, finding("PERSON", role="tool")), facts())
    assert [(one.entity_type, one.role, one.count) for one in basis.groups] == [
        ("PERSON", "user", 3),
        ("PERSON", "tool", 1),
    ]


def test_facts_come_back_as_they_were() -> None:
    asked = facts("gpt-5", key="team-b", tokens=77, stream=True, tools=True, vision=True, audio=True, json_schema=True)
    # What records do not hold is not known afterwards, so that conditions on it count as met.
    asked = replace(asked, team=None, app=None, tool_names=None, system_prompt=None)
    basis = basis_of(report(draft()), asked)
    assert facts_of(basis, "team-b", "gpt-5", stream=True) == asked
    drawn = facts_of(basis, "team-b", "gpt-5", stream=True, request_id="req_1")
    assert drawn == replace(asked, request_id="req_1")


def test_a_role_that_is_none_of_ours_is_not_kept() -> None:
    """Nothing that a client wrote stands in a record."""
    (group,) = basis_of(report(draft(), finding("PERSON", role="Jane Roe")), facts()).groups
    assert group.role == ""


def test_too_many_places_are_left_out_before_any_finding() -> None:
    many = [Finding("PERSON", 0.8, f"messages.{n}.content", "user", 0, 4, "test") for n in range(MAX_GROUPS + 1)]
    basis = basis_of(report(draft(), *many), facts())
    assert [(one.place, one.count) for one in basis.groups] == [(ELSEWHERE, MAX_GROUPS + 1)]
    assert basis.beyond == 0


def test_findings_beyond_all_bounds_are_counted_not_kept() -> None:
    many = [Finding(f"T{n}", 0.8, "messages.0.content", "user", 0, 4, "test") for n in range(MAX_GROUPS + 5)]
    basis = basis_of(report(draft(), *many), facts())
    assert (len(basis.groups), basis.beyond) == (MAX_GROUPS, 5)


def test_no_more_findings_are_made_than_any_rule_counts() -> None:
    """A count in an altered file costs no memory."""
    basis = basis_of(report(draft(), *[finding("PERSON")] * 9), facts())
    assert len(findings_of(basis, most=4)) == 4


@pytest.mark.parametrize(
    ("score", "kept"),
    [(0.4, 0.4), (0.29, 0.29), (0.3999999999, 0.399), (0.0, 0.0), (1.0, 1.0), (7.0, 1.0), (math.nan, None)],
)
def test_scores_are_cut_to_thousandths(score: float, kept: float | None) -> None:
    assert floored(score) == kept


@given(st.floats(0, 1), st.integers(0, 1000))
def test_a_threshold_in_thousandths_holds_for_the_kept_score_as_for_the_real(score: float, steps: int) -> None:
    """So a rule that matched matches again, and one that did not does not."""
    kept = floored(score)
    assert kept is not None
    assert (kept >= steps / 1000) == (score >= steps / 1000)
