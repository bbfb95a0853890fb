"""Distinct values, places and nearness of findings: conditions that more findings can only make true."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_values import draft, facts, report

from gateway.model import Finding
from gateway.policy.conditions import Entities, observed
from gateway.policy.places import PLACES

KINDS = ("PERSON", "CREDIT_CARD")
PERSON, CARD = (frozenset({kind}) for kind in KINDS)


def at(
    kind: str = "PERSON", path: str = "messages.0.content", role: str = "user", *, value: int = -1, start: int = 0
) -> Finding:
    return Finding(kind, 0.9, path, role, start, start + 4 if start >= 0 else -1, "test", value)


def holds(condition: Entities, *found: Finding) -> bool:
    return condition.holds(observed(report(draft(), *found), facts(), frozenset()))


def test_distinct_values_are_counted_once_each() -> None:
    """One name ten times is a letter; ten names are a list."""
    condition = Entities(any_of=PERSON, min_distinct=2)
    assert not holds(condition, *(at(value=0) for _ in range(10)))
    assert holds(condition, at(value=0), at(value=1))


def test_a_value_that_nobody_could_compare_counts_as_one_of_its_own() -> None:
    """What cannot be evaluated counts."""
    assert holds(Entities(any_of=PERSON, min_distinct=3), at(value=0), at(), at())


def test_distinct_values_and_a_count_both_have_to_be_reached() -> None:
    """Three mentions of two people."""
    condition = Entities(any_of=PERSON, min_count=3, min_distinct=2)
    assert not holds(condition, at(value=0), at(value=1))
    assert holds(condition, at(value=0), at(value=1), at(value=0))


@pytest.mark.parametrize(
    ("near", "paths", "expected"),
    [
        ("segment", ("messages.0.content", "messages.0.content"), True),
        ("segment", ("messages.0.content.0.text", "messages.0.content.1.text"), False),
        ("message", ("messages.0.content.0.text", "messages.0.content.1.text"), True),
        ("message", ("messages.0.content", "messages.1.content"), False),
        ("message", ("tools.0.function.name", "tools.1.function.name"), False),
        ("request", ("messages.0.content", "tools.1.function.name"), True),
    ],
)
def test_near_asks_for_both_in_one_place(near: str, paths: tuple[str, str], expected: bool) -> None:
    """A name beside a card number says more than a name somewhere in a long conversation."""
    condition = Entities(all_of=(PERSON, CARD), near=near)  # type: ignore[arg-type]  # from the table above
    assert holds(condition, at("PERSON", paths[0]), at("CREDIT_CARD", paths[1])) is expected


@pytest.mark.parametrize("near", ["segment", "message", "request"])
def test_a_spread_value_is_near_everything(near: str) -> None:
    """A number over two messages has no message of its own."""
    condition = Entities(all_of=(PERSON, CARD), near=near)  # type: ignore[arg-type]  # as above
    assert holds(condition, at("PERSON"), at("CREDIT_CARD", "messages.4.content", start=-1))
    assert holds(condition, at("PERSON", start=-1), at("CREDIT_CARD", start=-1))
    assert not holds(condition)


def test_where_narrows_to_places() -> None:
    """What stands in a tool's result is not what a person wrote."""
    condition = Entities(any_of=PERSON, where=frozenset({"tool_result"}))
    assert holds(condition, at(path="messages.2.content", role="tool"))
    assert holds(condition, at(path="messages.2.content.0.content", role="user"))
    assert holds(condition, at(start=-1))
    assert not holds(condition, at())


@pytest.mark.parametrize(
    ("role", "found"),
    [
        ("tool", at(path="messages.2.content.0.content.0.text", role="user")),
        ("tool", at(path="messages.2.content", role="function")),
        ("developer", at(path="system", role="system")),
    ],
)
def test_roles_hold_in_a_format_that_has_no_such_message(role: str, found: Finding) -> None:
    """A rule about tools must not be lost because a vendor writes results into the user's messages."""
    assert holds(Entities(any_of=PERSON, roles=frozenset({role})), found)


PATHS = ("messages.0.content", "messages.0.content.1.text", "messages.1.content", "tools.0.function.name", "*")
findings = st.builds(
    at,
    st.sampled_from(KINDS),
    st.sampled_from(PATHS),
    st.sampled_from(["user", "tool", "system", ""]),
    value=st.integers(-1, 3),
    start=st.sampled_from([-1, 0, 9]),
)
conditions = st.builds(
    Entities,
    any_of=st.sampled_from([frozenset(), PERSON, PERSON | CARD]),
    all_of=st.sampled_from([(), (PERSON,), (PERSON, CARD)]),
    min_count=st.integers(1, 4),
    min_distinct=st.integers(1, 4),
    roles=st.frozensets(st.sampled_from(["user", "tool", "system", "developer"]), max_size=2),
    where=st.frozensets(st.sampled_from(sorted(PLACES)), max_size=3),
    near=st.sampled_from(["segment", "message", "request"]),
)


@given(conditions, st.lists(findings, max_size=8), st.lists(findings, max_size=4))
def test_more_findings_never_undo_a_match(condition: Entities, found: list[Finding], more: list[Finding]) -> None:
    """Monotony, the law of this language."""
    assert holds(condition, *found, *more) or not holds(condition, *found)


@given(conditions, st.lists(findings, max_size=8))
def test_losing_sight_of_a_value_never_undoes_a_match(condition: Entities, found: list[Finding]) -> None:
    """Without an ordinal, or without a place, a finding counts for more and never for less."""
    blurred = [replace(one, value=-1, start=-1, end=-1) for one in found]
    assert holds(condition, *blurred) or not holds(condition, *found)


@given(conditions, st.lists(findings, max_size=8))
def test_the_order_of_findings_does_not_matter(condition: Entities, found: list[Finding]) -> None:
    """Nor does which detector was first."""
    assert holds(condition, *reversed(found)) == holds(condition, *found)
