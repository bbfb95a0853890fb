"""The predicates of the policy language, one by one."""

import math

import pytest
from policy_values import draft, entities, facts, finding, report

from gateway.model import Facts, Finding
from gateway.policy.conditions import (
    AllOf,
    Always,
    AnyOf,
    Attachment,
    Attachments,
    Condition,
    Entities,
    Incomplete,
    Key,
    Not,
    Stream,
    Tokens,
    Tools,
    WantedModel,
    nothing_observed,
    observed,
)

CARD = frozenset({"CREDIT_CARD"})
NAME = frozenset({"PERSON", "FULL_NAME"})


def holds(condition: Condition, *found: Finding, reasons: tuple[str, ...] = (), accepted: tuple[str, ...] = ()) -> bool:
    about = report(draft(), *found, reasons=reasons)
    return condition.holds(observed(about, facts(), frozenset(accepted)))


def test_any_of_needs_one_of_its_names() -> None:
    """A group is a set of types; any of them will do."""
    condition = Entities(any_of=CARD | NAME)
    assert holds(condition, finding("FULL_NAME"))
    assert not holds(condition, finding("LOCATION"))
    assert not holds(condition)


def test_all_of_needs_each_of_its_names() -> None:
    """A name alone says little; a name with a card number says much."""
    condition = Entities(all_of=(CARD, NAME))
    assert holds(condition, finding("PERSON"), finding("CREDIT_CARD"))
    assert not holds(condition, finding("PERSON"), finding("FULL_NAME"))


def test_any_of_and_all_of_together_both_have_to_hold() -> None:
    """Keys in one mapping are joined by and."""
    condition = Entities(any_of=frozenset({"HEALTH_TERM"}), all_of=(NAME,))
    assert holds(condition, finding("PERSON"), finding("HEALTH_TERM"))
    assert not holds(condition, finding("PERSON"))
    assert not holds(condition, finding("HEALTH_TERM"))


def test_anything_matches_types_that_nobody_has_named() -> None:
    """A detector that comes later is covered by a rule written today."""
    assert holds(Entities(anything=True), finding("BRAND_NEW"))
    assert not holds(Entities(anything=True))


def test_min_score_ignores_weaker_findings_and_counts_equal_ones() -> None:
    """From 0.4 on something speaks for a finding; below it is a shape alone."""
    assert holds(entities("CREDIT_CARD", score=0.4), finding("CREDIT_CARD", 0.4))
    assert not holds(entities("CREDIT_CARD", score=0.4), finding("CREDIT_CARD", 0.39))


def test_a_score_that_is_not_a_number_is_not_weak() -> None:
    """What cannot be compared counts."""
    assert holds(entities("CREDIT_CARD", score=0.9), finding("CREDIT_CARD", math.nan))


def test_min_count_counts_over_all_names_of_any_of_and_for_each_of_all_of() -> None:
    """Ten e-mail addresses are a list of people, one is a signature."""
    mixed = (finding("PERSON"), finding("CREDIT_CARD"))
    assert holds(Entities(any_of=CARD | NAME, min_count=2), *mixed)
    assert not holds(Entities(all_of=(CARD, NAME), min_count=2), *mixed)
    assert holds(Entities(all_of=(CARD, NAME), min_count=2), *mixed, *mixed)


def test_a_type_that_stands_in_two_named_groups_is_counted_once() -> None:
    """One finding is one finding."""
    assert not holds(Entities(any_of=NAME | CARD, min_count=2), finding("PERSON"))


def test_roles_narrow_to_messages_of_these_roles() -> None:
    """What tools return may be judged apart from what people write."""
    condition = Entities(any_of=CARD, roles=frozenset({"tool"}))
    assert holds(condition, finding("CREDIT_CARD", role="tool"))
    assert not holds(condition, finding("CREDIT_CARD", role="user"))


def test_a_value_that_spans_messages_counts_for_every_role() -> None:
    """Evasion S3: half a number in one message and half in the next belongs to both roles."""
    assert holds(Entities(any_of=CARD, roles=frozenset({"tool"})), finding("CREDIT_CARD", role="user", start=-1))


def test_incomplete_holds_for_any_reason_that_is_not_accepted() -> None:
    """Coverage is incomplete unless the policy says that this reason is fine."""
    assert holds(Incomplete(), reasons=("script",))
    assert not holds(Incomplete())
    assert not holds(Incomplete(), reasons=("script",), accepted=("script",))


@pytest.mark.parametrize("named", ["opaque", "opaque:tags"])
def test_a_reason_is_named_by_its_kind_or_in_full(named: str) -> None:
    """`opaque` stands for all of its details."""
    assert holds(Incomplete(frozenset({named})), reasons=("opaque:tags",))
    assert not holds(Incomplete(frozenset({named})), reasons=("opaques",))
    assert not holds(Incomplete(), reasons=("opaque:tags",), accepted=(named,))


def test_accepting_one_detail_does_not_accept_the_others() -> None:
    """`opaque:tags` leaves `opaque:entropy` alone."""
    assert holds(Incomplete(), reasons=("opaque:entropy",), accepted=("opaque:tags",))


@pytest.mark.parametrize(
    ("condition", "matching", "other"),
    [
        (WantedModel(("gpt-*",)), facts("gpt-5"), facts("claude")),
        (WantedModel(("llama/q?",)), facts("llama/q?"), facts("llama")),
        (Key(("team-a", "ci-*")), facts(key="ci-7"), facts(key="team-b")),
        (Stream(wanted=True), facts(stream=True), facts()),
        (Stream(wanted=False), facts(), facts(stream=True)),
        (Tools(wanted=True), facts(tools=True), facts()),
        (Tokens(over=100), facts(tokens=101), facts(tokens=100)),
        (Tokens(under=100), facts(tokens=99), facts(tokens=100)),
        (Tokens(over=10, under=20), facts(tokens=15), facts(tokens=20)),
        (Attachments(frozenset(Attachment)), facts(documents=True), facts()),
        (Attachments(frozenset({Attachment.IMAGE})), facts(vision=True), facts(audio=True)),
        (Attachments(frozenset({Attachment.AUDIO})), facts(audio=True), facts(vision=True)),
        (Not(Stream(wanted=True)), facts(), facts(stream=True)),
        (AllOf((Stream(wanted=True), Tools(wanted=True))), facts(stream=True, tools=True), facts(stream=True)),
        (AnyOf((Stream(wanted=True), Tools(wanted=True))), facts(tools=True), facts()),
    ],
)
def test_facts_are_asked_about_the_request_itself(condition: Condition, matching: Facts, other: Facts) -> None:
    """Each predicate over facts, with a request that it matches and one that it leaves alone."""
    assert condition.holds(nothing_observed(matching))
    assert not condition.holds(nothing_observed(other))


def test_always_matches() -> None:
    """`when: always` needs nothing."""
    assert holds(Always())


def test_what_is_observed_shows_no_content() -> None:
    """Law 6: neither the findings nor the client's model name are in the repr."""
    assert "secret-model" not in repr(nothing_observed(facts("secret-model")))
