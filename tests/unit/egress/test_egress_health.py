"""Which backends to leave alone for a while. The clock is given, so nothing here waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.egress.health import Health


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def health(after: int = 3) -> tuple[Health, Clock]:
    clock = Clock()
    return Health(after=after, cool_down_s=2.0, longest_s=16.0, clock=clock), clock


def test_a_backend_is_available_until_it_failed_often_enough_in_a_row() -> None:
    """Single failures happen; three in a row are a state."""
    state, _ = health()
    for _ in range(2):
        state.failed("a")
        assert state.available("a")
    state.failed("a")
    assert not state.available("a")
    assert state.available("b")


def test_a_success_forgets_the_failures() -> None:
    """Failures count in a row, not in total."""
    state, _ = health()
    state.failed("a")
    state.failed("a")
    state.succeeded("a")
    state.failed("a")
    assert state.available("a")
    state.succeeded("never heard of")


def test_the_cool_down_grows_up_to_its_bound() -> None:
    """2, 4, 8, 16, 16 seconds: a dead backend costs an attempt ever more rarely, but is never given up."""
    state, clock = health()
    state.failed("a")
    state.failed("a")
    waits = []
    for _ in range(6):
        state.failed("a")
        waits.append(state.wait_s("a"))
        clock.now += waits[-1]
        assert state.available("a")
    assert waits == [2.0, 4.0, 8.0, 16.0, 16.0, 16.0]


def test_the_first_failure_after_a_cool_down_starts_the_next() -> None:
    """One attempt is enough to see that nothing changed."""
    state, clock = health()
    for _ in range(3):
        state.failed("a")
    clock.now += 2.0
    assert state.available("a")
    state.failed("a")
    assert not state.available("a")


def test_a_backend_that_asks_for_a_pause_gets_it_within_the_bound() -> None:
    """``retry-after`` counts from the first failure on, but cannot switch a backend off for hours."""
    state, clock = health()
    state.failed("a", retry_after=5.0)
    assert state.wait_s("a") == 5.0
    clock.now += 5.0
    assert state.available("a")
    state.failed("b", retry_after=3600.0)
    assert state.wait_s("b") == 16.0
    state.failed("c", retry_after=0.0)
    assert state.available("c")


@given(st.lists(st.sampled_from(["fail", "ok", "wait"]), max_size=60))
def test_health_always_recovers_and_never_waits_longer_than_the_bound(steps: list[str]) -> None:
    """Whatever happened: after the longest cool-down a backend is tried again, and a success clears everything."""
    state, clock = health(after=2)
    for step in steps:
        if step == "fail":
            state.failed("a")
        elif step == "ok":
            state.succeeded("a")
            assert state.available("a")
        else:
            clock.now += 1.0
        assert 0.0 <= state.wait_s("a") <= 16.0
        assert state.available("a") == (state.wait_s("a") == 0.0)
    clock.now += 16.0
    assert state.available("a")


def test_years_of_failures_do_not_overflow() -> None:
    """The doubling stops counting."""
    state, _ = health()
    for _ in range(5000):
        state.failed("a")
    assert state.wait_s("a") == 16.0


def test_limits_that_make_no_sense_are_refused() -> None:
    """Zero failures or a negative cool-down would skip every backend or none."""
    for wrong in ({"after": 0}, {"cool_down_s": 0.0}, {"cool_down_s": 5.0, "longest_s": 1.0}):
        with pytest.raises(ValueError, match="after must be"):
            Health(**wrong)  # type: ignore[arg-type]
