"""Conditions on who asks, when, and with which tools; what is not known counts as a match."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_values import facts

from gateway.model import Facts
from gateway.policy.conditions import Condition, Not, nothing_observed
from gateway.policy.request_conditions import (
    App,
    Clock,
    Headers,
    Metadata,
    NotKnown,
    SystemPrompt,
    Team,
    ToolNames,
    known_fact,
)
from gateway.policy.rules import matches

UNKNOWN = Facts("key", "auto", False, 1, False, False, False, False, False)
EVERY_DAY = frozenset(range(7))
CONDITIONS = [
    Team(("legal",)),
    App(("search",)),
    ToolNames(("shell",)),
    SystemPrompt(True),
    SystemPrompt(False),
    Clock(480, 1080, EVERY_DAY, "UTC"),
    Headers((("x-department", ("hr",)),)),
    Metadata((("case", ("a*",)),)),
]


def holds(condition: Condition, asked: Facts) -> bool:
    return matches(condition, nothing_observed(asked))


@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_a_fact_that_nobody_knows_counts_as_a_match(condition: Condition) -> None:
    """Below `not`, too: nobody knows that either."""
    assert holds(condition, UNKNOWN)
    assert holds(Not(condition), UNKNOWN)
    with pytest.raises(NotKnown):
        known_fact(None)


def test_a_key_without_a_team_is_in_none() -> None:
    """`*` is every team, and not the lack of one."""
    assert holds(Team(("*",)), facts(team="legal"))
    assert not holds(Team(("*",)), facts(team=""))
    assert holds(App(("mail", "search-*")), facts(app="search-eu"))
    assert not holds(App(("mail",)), facts(app=""))


def test_any_tool_of_any_name_will_do() -> None:
    """Names by pattern, as everywhere."""
    assert holds(ToolNames(("shell", "web_*")), facts(tool_names=("calculator", "web_search")))
    assert not holds(ToolNames(("shell",)), facts(tool_names=("shell_history",)))


def berlin(day: int, hour: int, minute: int = 0) -> Facts:
    """A day of March 2026; the 2nd is a Monday."""
    return facts(at=datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin")))


def test_hours_have_their_first_minute_and_not_their_last() -> None:
    """From eight to six on working days."""
    office = Clock(8 * 60, 18 * 60, frozenset(range(5)), "Europe/Berlin")
    assert [holds(office, berlin(2, *at)) for at in ((7, 59), (8, 0), (17, 59), (18, 0))] == [False, True, True, False]
    assert not holds(office, berlin(7, 12))


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin() -> None:
    """Friday's night shift ends on Saturday."""
    night = Clock(22 * 60, 6 * 60, frozenset({4}), "Europe/Berlin")
    assert holds(night, berlin(6, 23))
    assert holds(night, berlin(7, 5, 59))
    assert not holds(night, berlin(6, 5))
    assert not holds(night, berlin(7, 23))


def test_the_zone_counts_and_its_summer_time() -> None:
    """The same instant of the day is another hour in summer."""
    nine = Clock(9 * 60, 10 * 60, EVERY_DAY, "Europe/Berlin")
    assert holds(nine, facts(at=datetime(2026, 1, 5, 8, 30, tzinfo=UTC)))
    assert not holds(nine, facts(at=datetime(2026, 7, 6, 8, 30, tzinfo=UTC)))


@given(st.integers(0, 1439), st.integers(1, 1439), st.integers(0, 20_000))
def test_hours_and_the_hours_between_them_share_the_week(start: int, length: int, minutes: int) -> None:
    """Every minute is in exactly one of the two."""
    at = facts(at=datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=minutes))
    end = (start + length) % 1440
    assert holds(Clock(start, end, EVERY_DAY, "UTC"), at) != holds(Clock(end, start, EVERY_DAY, "UTC"), at)


def test_each_header_needs_one_of_its_patterns() -> None:
    """Keys of one mapping are joined by and; a header that is sent twice has two values."""
    both = Headers((("x-a", ("1", "2")), ("x-b", ("*",))))
    assert holds(both, facts(headers={"x-a": ("0", "2"), "x-b": ("",)}))
    assert not holds(both, facts(headers={"x-a": ("2",)}))
    assert not holds(both, facts(headers={"x-a": ("3",), "x-b": ("x",)}))


def test_metadata_that_is_no_text_may_be_any() -> None:
    """What cannot be compared counts as a match; what is not there does not."""
    case = Metadata((("case", ("a*",)),))
    assert holds(case, facts(metadata={"case": None}))
    assert holds(case, facts(metadata={"case": "a b"}))
    assert not holds(case, facts(metadata={"case": "b"}))
    assert not holds(case, facts(metadata={}))


values = st.lists(st.sampled_from(["hr", "legal", ""]), max_size=3).map(tuple)


@given(values, values)
def test_a_client_that_sends_more_never_undoes_a_match(some: tuple[str, ...], more: tuple[str, ...]) -> None:
    """Law 5: what a client says about itself only raises."""
    asked = Headers((("x-a", ("hr",)),))
    assert holds(asked, facts(headers={"x-a": some + more})) or not holds(asked, facts(headers={"x-a": some}))
