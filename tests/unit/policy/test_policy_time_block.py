"""Hours and days as an author writes them."""

import pytest

from gateway.policy.time_block import TimeBlock


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("mon", {0}),
        (["mon-fri"], {0, 1, 2, 3, 4}),
        (["fri-mon"], {4, 5, 6, 0}),
        (["sat", "sun"], {5, 6}),
        (["wed-wed"], {2}),
    ],
)
def test_days_are_names_and_ranges(days: str | list[str], expected: set[int]) -> None:
    """A range may go past Sunday."""
    assert TimeBlock.model_validate({"days": days, "zone": "UTC"}).weekdays() == expected


def test_hours_default_to_the_whole_day() -> None:
    """`to` may be the end of the day."""
    assert TimeBlock.model_validate({"days": "mon", "zone": "UTC"}).hours() == (0, 1440)
    assert TimeBlock.model_validate({"from": "22:15", "to": "06:00", "zone": "UTC"}).hours() == (1335, 360)
