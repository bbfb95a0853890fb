"""The decision: who may have which draft, and that nothing can lower a label."""

import copy
import math
from dataclasses import dataclass, fields, is_dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_values import LABELS, TYPES, backend, draft, entities, facts, finding, policy, report

from gateway.model import Coverage, Facts, Finding, Report
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
    Observed,
    Stream,
    Tokens,
    Tools,
    WantedModel,
)
from gateway.policy.decision import (
    INCOMPLETE,
    NO_RULES,
    Classification,
    Cleared,
    NotCleared,
    Refused,
    classify,
    decide,
)
from gateway.policy.rules import Policy

CARDS = ("cards", entities("CREDIT_CARD"), "restricted")
NAMES = ("names", entities("PERSON"), "internal")
LOCAL = backend("llama", "restricted", local=True)


@dataclass(frozen=True, slots=True)
class Breaks:
    """A condition that cannot be evaluated."""

    def holds(self, seen: Observed) -> bool:
        raise KeyError("4111 1111 1111 1111")


def test_what_no_rule_matches_has_the_first_label_and_is_cleared() -> None:
    """A general question may go to an external backend."""
    one = draft()
    verdict = decide(policy(CARDS), one, report(one), facts())
    assert isinstance(verdict, Cleared)
    assert (verdict.label, verdict.rules, verdict.spend()) == ("public", (), one)


def test_the_highest_label_of_all_matching_rules_wins_and_all_are_named() -> None:
    """The order of rules does not matter: each match can only raise."""
    one = draft(LOCAL)
    for rules in ((CARDS, NAMES), (NAMES, CARDS)):
        verdict = decide(policy(*rules), one, report(one, finding("PERSON"), finding("CREDIT_CARD")), facts())
        assert isinstance(verdict, Cleared)
        assert verdict.label == "restricted"
        assert verdict.rules == tuple(name for name, _, _ in rules)


@pytest.mark.parametrize(("clearance", "cleared"), [("public", False), ("internal", True), ("confidential", True)])
def test_a_backend_receives_labels_up_to_its_clearance(clearance: str, cleared: bool) -> None:
    """Clearances stand with the backends, so a policy cannot widen them."""
    one = draft(backend(clearance=clearance))
    verdict = decide(policy(NAMES), one, report(one, finding("PERSON")), facts())
    assert isinstance(verdict, Cleared) is cleared
    if not cleared:
        assert isinstance(verdict, NotCleared)
        assert (verdict.label, verdict.rules, verdict.reason) == ("internal", ("names",), "clearance")


def test_a_clearance_that_is_no_label_admits_nothing() -> None:
    """A backend and a policy that speak of different things never meet."""
    one = draft(backend(clearance="secret", local=True))
    verdict = decide(policy(CARDS), one, report(one), facts())
    assert isinstance(verdict, NotCleared)
    assert verdict.reason == "clearance_unknown"


def test_the_top_label_goes_to_no_backend_that_is_not_proven_local() -> None:
    """Even a clearance for everything does not let the most sensitive label out."""
    one = draft(backend(clearance="restricted", local=False))
    verdict = decide(policy(CARDS), one, report(one, finding("CREDIT_CARD")), facts())
    assert isinstance(verdict, NotCleared)
    assert verdict.reason == "not_local"


def test_a_report_about_other_bytes_is_not_a_report() -> None:
    """One inspection, one send: a report that names another draft's digest decides nothing."""
    one, other = draft(body=b'{"a":1}'), draft(body=b'{"a":2}')
    with pytest.raises(ValueError, match="another draft"):
        decide(policy(CARDS), one, report(other), facts())


def test_the_same_body_for_another_backend_needs_its_own_report() -> None:
    """The digest covers where the bytes go, so a local clearance cannot be spent on an external host."""
    with pytest.raises(ValueError, match="another draft"):
        decide(policy(CARDS), draft(backend("gpt")), report(draft(backend("claude"))), facts())


def test_without_classify_rules_everything_has_the_top_label() -> None:
    """Zero rules never mean release."""
    one = draft()
    verdict = decide(policy(), one, report(one), facts())
    assert isinstance(verdict, NotCleared)
    assert (verdict.label, verdict.rules) == ("restricted", (NO_RULES,))


@pytest.mark.parametrize("reason", ["timeout", "overload", "detector_error:cards", "part:image", "never-heard-of"])
def test_what_could_not_be_read_has_the_top_label(reason: str) -> None:
    """Reported problem 26: a failing or slow detector keeps the request at home, whatever its reason is called."""
    one = draft()
    verdict = decide(policy(CARDS), one, report(one, reasons=(reason,)), facts())
    assert isinstance(verdict, NotCleared)
    assert (verdict.label, verdict.rules) == ("restricted", (INCOMPLETE,))


def test_a_reason_that_the_policy_accepts_does_not_raise_the_label() -> None:
    """An author may say that unread scripts are fine; any other reason beside it still counts."""
    one = draft()
    accepting = policy(CARDS, accepted=("script",))
    assert isinstance(decide(accepting, one, report(one, reasons=("script",)), facts()), Cleared)
    assert isinstance(decide(accepting, one, report(one, reasons=("script", "timeout")), facts()), NotCleared)


def test_a_refuse_rule_ends_the_request_for_every_backend() -> None:
    """A private key is refused even where a local backend could have had it."""
    refusing = policy(CARDS, refuse=(("private-key", entities("PRIVATE_KEY")),))
    for to in (backend(), LOCAL):
        one = draft(to)
        verdict = decide(refusing, one, report(one, finding("PRIVATE_KEY"), finding("CREDIT_CARD")), facts())
        assert isinstance(verdict, Refused)
        assert (verdict.rule, verdict.code, verdict.label) == ("private-key", "private-key", "restricted")
        assert verdict.message == "because of private-key"
        assert verdict.rules == ("cards", "private-key")


def test_a_condition_that_cannot_be_evaluated_counts_as_matched() -> None:
    """A defect in a rule may only make the decision stricter, also under a negation."""
    one = draft()
    for condition in (Breaks(), Not(Breaks()), AnyOf((Breaks(), Always())), AllOf((Always(), Breaks()))):
        assert classify(policy(("odd", condition, "restricted")), report(one), facts()).label == "restricted"
        refusing = policy(CARDS, refuse=(("odd", condition),))
        assert isinstance(decide(refusing, one, report(one), facts()), Refused)


def test_a_score_that_is_no_number_counts() -> None:
    """Garbage from a detector is never a reason to look away."""
    one = draft()
    found = classify(policy(CARDS), report(one, finding("CREDIT_CARD", math.nan)), facts())
    assert found == Classification("restricted", ("cards",))


def test_permissions_are_made_by_the_decision_alone_and_spent_once() -> None:
    """Law 1: no constructor, no copy, no pickle, no second send."""
    one = draft()
    cleared = decide(policy(CARDS), one, report(one), facts())
    assert isinstance(cleared, Cleared)
    with pytest.raises(TypeError):
        Cleared(object(), one, "public", (), "0")
    with pytest.raises(TypeError):
        copy.copy(cleared)
    with pytest.raises(TypeError):
        copy.deepcopy(cleared)
    with pytest.raises(TypeError):
        cleared.__reduce_ex__(5)
    with pytest.raises(AttributeError):
        cleared.draft = one
    assert cleared.spend() is one
    with pytest.raises(RuntimeError):
        cleared.spend()


def test_no_value_of_the_decision_shows_content() -> None:
    """Law 6: what a traceback or a log could print holds no body and no model name of the client."""
    secret = "4111111111111111"
    one = draft(body=secret.encode())
    asked = facts(secret)
    shown = [repr(decide(policy(CARDS), one, report(one), asked)), repr(asked), repr(report(one))]
    shown.append(repr(decide(policy(NAMES), one, report(one, reasons=("timeout",)), asked)))
    assert not any(secret in text for text in shown)


def test_a_decision_is_pure() -> None:
    """The same question has the same answer, and the parts of the question are as before."""
    one = draft()
    about = report(one, finding("PERSON"), reasons=("script",))
    before = replace(about)
    assert decide(policy(NAMES), one, about, facts()) == decide(policy(NAMES), one, about, facts())
    assert about == before


# Monotony (law 5). Conditions are built freely, but negations stand around facts alone, as the schema demands.

ABOUT_FACTS = st.one_of(
    st.builds(Stream, st.booleans()),
    st.builds(Tools, st.booleans()),
    st.builds(Tokens, st.none() | st.integers(0, 200), st.none() | st.integers(1, 200)),
    st.builds(Attachments, st.frozensets(st.sampled_from(Attachment), min_size=1)),
    st.just(WantedModel(("a*",))),
    st.just(Key(("team-a",))),
    st.just(Always()),
)
ABOUT_FINDINGS = st.one_of(
    st.builds(
        Entities,
        any_of=st.frozensets(st.sampled_from(TYPES)),
        all_of=st.lists(st.frozensets(st.sampled_from(TYPES), min_size=1), max_size=2).map(tuple),
        anything=st.booleans(),
        min_score=st.sampled_from([0.0, 0.4, 0.9]),
        min_count=st.integers(1, 3),
        roles=st.frozensets(st.sampled_from(["user", "tool"])),
    ),
    st.builds(Incomplete, st.frozensets(st.sampled_from(["script", "opaque", "opaque:tags"]))),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    ABOUT_FINDINGS | ABOUT_FACTS | st.builds(Not, ABOUT_FACTS),
    lambda inner: (
        st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=6,
)
FINDINGS = st.lists(
    st.builds(
        finding,
        st.sampled_from((*TYPES, "UNHEARD_OF")),
        st.sampled_from([0.0, 0.1, 0.4, 0.5, 0.9, 1.0, math.nan]),
        st.sampled_from(["user", "tool", ""]),
        st.sampled_from([-1, 0, 7]),
    ),
    max_size=6,
)
REASONS = st.lists(st.sampled_from(["script", "opaque:tags", "timeout", "part:image"]), max_size=3, unique=True)
FACTS = st.builds(
    facts,
    st.sampled_from(["auto", "a-model"]),
    tokens=st.integers(0, 300),
    stream=st.booleans(),
    tools=st.booleans(),
    vision=st.booleans(),
)
POLICIES = st.builds(
    lambda classify, refuse, accepted: policy(
        *((f"c{n}", when, label) for n, (when, label) in enumerate(classify)),
        refuse=tuple((f"r{n}", when) for n, when in enumerate(refuse)),
        accepted=tuple(accepted),
    ),
    st.lists(st.tuples(CONDITIONS, st.sampled_from(LABELS)), max_size=4),
    st.lists(CONDITIONS, max_size=2),
    st.lists(st.sampled_from(["script", "opaque"]), max_size=2),
)


def strictness(verdict: Cleared | NotCleared | Refused) -> int:
    return (Cleared, NotCleared, Refused).index(type(verdict))


@given(POLICIES, FINDINGS, REASONS, FACTS, FINDINGS, REASONS)
def test_more_findings_and_more_reasons_never_lower_anything(
    rules: Policy, found: list[Finding], reasons: list[str], asked: Facts, more: list[Finding], further: list[str]
) -> None:
    """Law 5: adding what a detector found, or could not read, never lowers the label nor frees a request."""
    for to in (backend(), LOCAL):
        one = draft(to)
        before = report(one, *found, reasons=tuple(reasons))
        after = report(one, *more, *found, reasons=tuple({*reasons, *further}))
        lower, higher = classify(rules, before, asked), classify(rules, after, asked)
        assert LABELS.index(lower.label) <= LABELS.index(higher.label)
        assert strictness(decide(rules, one, before, asked)) <= strictness(decide(rules, one, after, asked))
        assert {rule for rule in lower.rules if not rule.startswith("builtin-")} <= set(higher.rules)


@given(POLICIES, POLICIES, FINDINGS, REASONS, FACTS)
def test_more_rules_never_lower_anything(
    rules: Policy, extra: Policy, found: list[Finding], reasons: list[str], asked: Facts
) -> None:
    """Law 5: an extra classify rule can only raise, once there is a first one."""
    if not rules.classify:
        return
    both = replace(rules, classify=(*rules.classify, *extra.classify))
    about = Report(b"", tuple(found), Coverage(tuple(reasons)))
    lower, higher = classify(rules, about, asked), classify(both, about, asked)
    assert LABELS.index(lower.label) <= LABELS.index(higher.label)


@given(POLICIES, FINDINGS, REASONS, FACTS)
def test_the_top_label_is_cleared_for_local_backends_alone(
    rules: Policy, found: list[Finding], reasons: list[str], asked: Facts
) -> None:
    """Whatever the rules say: the most sensitive label never gets a permission for anything not proven local."""
    one = draft(backend(clearance="restricted", local=False))
    verdict = decide(rules, one, report(one, *found, reasons=tuple(reasons)), asked)
    assert not (isinstance(verdict, Cleared) and verdict.label == "restricted")


def test_every_verdict_is_frozen() -> None:
    """A verdict cannot be edited on its way to egress or to the record."""
    one = draft()
    verdict = decide(policy(NAMES), one, report(one, reasons=("timeout",)), facts())
    assert is_dataclass(verdict)
    assert {field.name for field in fields(verdict)} == {"label", "rules", "reason", "revision", "shadow"}
    with pytest.raises(AttributeError):
        verdict.label = "public"  # type: ignore[misc]
