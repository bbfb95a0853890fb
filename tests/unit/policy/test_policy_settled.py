"""When inspection may stop early."""

from gateway.model import Finding
from gateway.policy.conditions import AllOf, Always, Entities
from gateway.policy.rules import ClassifyRule, Policy, RefuseRule
from gateway.policy.settled import settled_by

LATER = frozenset({"PERSON", "PRIVATE_MATTER"})
CARD = Finding("CREDIT_CARD", 1.0, "/messages/0/content", "user", 0, 16, "identifiers")


def policy(*classify: ClassifyRule, refuse: tuple[RefuseRule, ...] = ()) -> Policy:
    return Policy("made", ("public", "restricted"), tuple(classify), refuse)


def entities(*kinds: str) -> Entities:
    return Entities(any_of=frozenset(kinds))


def test_the_top_label_by_entities_settles() -> None:
    settled = settled_by(policy(ClassifyRule("cards", entities("CREDIT_CARD"), "restricted")), LATER)
    assert settled is not None
    assert settled([CARD])
    assert not settled([])


def test_a_lower_label_does_not_settle() -> None:
    assert settled_by(policy(ClassifyRule("cards", entities("CREDIT_CARD"), "public")), LATER) is None


def test_a_rule_about_more_than_entities_is_not_tried() -> None:
    rule = ClassifyRule("cards", AllOf((Always(), entities("CREDIT_CARD"))), "restricted")
    assert settled_by(policy(rule), LATER) is None


def test_a_refusal_that_waits_for_what_comes_later_keeps_everything_open() -> None:
    cards = ClassifyRule("cards", entities("CREDIT_CARD"), "restricted")
    names = RefuseRule("names", entities("PERSON"), "no", "no_names")
    assert settled_by(policy(cards, refuse=(names,)), LATER) is None
    keys = RefuseRule("keys", entities("PRIVATE_KEY"), "no", "no_keys")
    assert settled_by(policy(cards, refuse=(keys,)), LATER) is not None
