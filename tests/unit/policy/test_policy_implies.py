"""What is told of conditions without a request is true of every request."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from policy_values import draft, entities, facts, finding, report

from gateway.model import Facts, Report
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
    observed,
)
from gateway.policy.implies import implies, never

KINDS = ("PERSON", "CREDIT_CARD")
some_kinds = st.frozensets(st.sampled_from(KINDS), min_size=1)
names = st.lists(st.sampled_from(["a", "a-b", "a-*", "*b", "*"]), min_size=1, max_size=2).map(tuple)
fact = st.one_of(
    st.just(Always()),
    st.builds(Stream, st.booleans()),
    st.builds(Tools, st.booleans()),
    st.builds(Tokens, st.none() | st.integers(0, 4), st.none() | st.integers(1, 6)),
    st.builds(Attachments, st.frozensets(st.sampled_from(Attachment), min_size=1)),
    st.builds(Key, names),
    st.builds(WantedModel, names),
)
found = st.builds(
    Entities,
    any_of=some_kinds,
    all_of=st.lists(some_kinds, max_size=2).map(tuple),
    anything=st.booleans(),
    min_score=st.sampled_from([0.2, 0.4, 0.6]),
    min_count=st.integers(1, 2),
    roles=st.frozensets(st.sampled_from(["user", "tool"])),
    where=st.frozensets(st.sampled_from(["user", "file"])),
    min_distinct=st.integers(1, 2),
    near=st.sampled_from(["segment", "message", "request"]),
)
unread = st.builds(Incomplete, st.frozensets(st.sampled_from(["part", "part:image", "script"])))


def combined(leaf: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(leaf, min_size=1, max_size=3).map(tuple)
    return st.one_of(leaf, st.builds(AllOf, parts), st.builds(AnyOf, parts))


conditions = combined(st.one_of(fact, found, unread, st.builds(Not, combined(fact))))
requests = st.builds(
    facts,
    st.sampled_from(["a", "a-b", "c-b", "z"]),
    key=st.sampled_from(["a", "a-b", "c-b", "z"]),
    tokens=st.integers(0, 7),
    stream=st.booleans(),
    tools=st.booleans(),
    vision=st.booleans(),
    documents=st.booleans(),
    audio=st.booleans(),
)
findings = st.builds(
    finding,
    st.sampled_from(KINDS),
    st.sampled_from([0.3, 0.5, 0.7]),
    st.sampled_from(["user", "tool"]),
    st.integers(-1, 1),
)
reports = st.builds(
    lambda found, reasons: report(draft(), *found, reasons=tuple(reasons)),
    st.lists(findings, max_size=4),
    st.lists(st.sampled_from(["part:image", "part:file", "script"]), max_size=2),
)


@settings(max_examples=600, deadline=None)
@given(one=conditions, other=conditions, about=reports, asked=requests)
def test_what_follows_always_follows(one: Condition, other: Condition, about: Report, asked: Facts) -> None:
    """Law: where one implies the other, no request matches the one alone."""
    assume(implies(one, other))
    seen = observed(about, asked, frozenset())
    assert not one.holds(seen) or other.holds(seen)


@settings(max_examples=600, deadline=None)
@given(one=conditions, about=reports, asked=requests)
def test_what_can_never_hold_never_holds(one: Condition, about: Report, asked: Facts) -> None:
    """Law: no request matches a condition that is said to exclude itself."""
    if never(one):
        assert not one.holds(observed(about, asked, frozenset()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (entities("PERSON", score=0.8), entities("PERSON", "CREDIT_CARD")),
        (entities("PERSON", count=3), Entities(anything=True)),
        (Entities(all_of=(frozenset({"PERSON"}), frozenset({"CREDIT_CARD"}))), entities("CREDIT_CARD")),
        (Entities(any_of=frozenset({"PERSON"}), near="segment"), entities("PERSON")),
        (Entities(any_of=frozenset({"PERSON"}), roles=frozenset({"tool"})), entities("PERSON")),
        (Incomplete(frozenset({"part:image"})), Incomplete(frozenset({"part"}))),
        (Key(("legal-1",)), Key(("legal-*",))),
        (Tokens(over=9), Tokens(over=8)),
        (AllOf((Tools(True), entities("PERSON"))), entities("PERSON")),
        (Tools(True), AnyOf((Tools(True), Stream(True)))),
        (Not(Tokens(over=8)), Not(Tokens(over=9))),
        (Stream(False), Not(Stream(True))),
        (Key(("a",)), Not(Key(("b", "c-*")))),
    ],
)
def test_the_narrower_implies_the_wider(one: Condition, other: Condition) -> None:
    """And not the other way round, unless both say the same."""
    assert implies(one, other)
    assert not implies(other, one) or isinstance(one, Stream)


@pytest.mark.parametrize(
    "condition",
    [
        AllOf((Tools(True), Tools(False))),
        AllOf((Tokens(over=9), AllOf((Stream(True), Tokens(under=9))))),
        AllOf((Key(("a",)), Key(("b", "c-*")))),
        AllOf((Key(("a",)), Not(Key(("*",))))),
        AnyOf((AllOf((Tools(True), Tools(False))),)),
        Not(AnyOf((Always(), Stream(True)))),
    ],
)
def test_contradictions_are_seen(condition: Condition) -> None:
    """Through nesting, too."""
    assert never(condition)


@pytest.mark.parametrize(
    "condition",
    [
        AllOf((Key(("a*",)), Key(("*b",)))),
        AllOf((Tokens(over=8), Tokens(under=10))),
        Entities(all_of=(frozenset(),)),
        AllOf((entities("PERSON"), Tools(True))),
    ],
)
def test_what_may_hold_is_left_alone(condition: Condition) -> None:
    """Also a group that is empty today: a list may come."""
    assert not never(condition)
