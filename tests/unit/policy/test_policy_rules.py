"""Compiled policies: what they refuse to be, and when their revision changes."""

import subprocess
import sys
from dataclasses import replace

import pytest
from policy_values import LABELS, entities, policy

from gateway.policy.conditions import Always
from gateway.policy.rules import ClassifyRule, Policy, RouteRule


def test_a_policy_needs_labels_and_rules_that_name_them() -> None:
    """A label that does not exist could not be compared with a clearance."""
    with pytest.raises(ValueError, match="labels"):
        Policy("p", ())
    with pytest.raises(ValueError, match="labels"):
        Policy("p", ("a", "a"))
    with pytest.raises(ValueError, match="labels"):
        Policy("p", ("a",), classify=(ClassifyRule("x", Always(), "b"),))


def test_the_revision_is_twelve_hex_digits_of_what_the_policy_says() -> None:
    """Equal policies have equal revisions, in this process and in another."""
    one = policy(("cards", entities("CREDIT_CARD", "IBAN_CODE", "PERSON"), "restricted"))
    assert one.revision == policy(("cards", entities("PERSON", "IBAN_CODE", "CREDIT_CARD"), "restricted")).revision
    assert len(one.revision) == 12
    assert int(one.revision, 16) >= 0
    script = (
        "from gateway.policy.rules import *; from gateway.policy.conditions import *; "
        f"print(Policy('test', {LABELS!r}, (ClassifyRule('cards', Entities(frozenset(['CREDIT_CARD', 'IBAN_CODE', "
        "'PERSON'])), 'restricted'),)).revision)"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == one.revision


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"labels": (*LABELS, "secret")},
        {"accepted": frozenset({"script"})},
        {"classify": ()},
        {"route": (RouteRule(Always(), ("local",)),)},
    ],
)
def test_the_revision_changes_with_every_part(changes: dict[str, object]) -> None:
    """A record's revision tells exactly which policy decided."""
    one = policy(("cards", entities("CREDIT_CARD"), "restricted"))
    assert replace(one, **changes).revision != one.revision  # type: ignore[arg-type]


def test_the_revision_changes_with_a_threshold_inside_a_condition() -> None:
    """A score that moves from 0.4 to 0.5 is another policy."""
    revisions = {policy(("c", entities("CREDIT_CARD", score=score), "internal")).revision for score in (0.4, 0.5)}
    assert len(revisions) == 2


def test_clearances_admit_their_label_and_those_below() -> None:
    """The order of labels is the order in the file."""
    one = policy()
    admitted = {(c, label) for c in LABELS for label in LABELS if one.admits(c, label)}
    assert admitted == {(c, label) for i, c in enumerate(LABELS) for label in LABELS[: i + 1]}
    assert not any(one.admits("unknown", label) for label in LABELS)
