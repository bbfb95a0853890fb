"""Limits that could not be kept are not taken."""

from dataclasses import fields

import pytest

from gateway.ingress.limits import IngressLimits


@pytest.mark.parametrize("name", [limit.name for limit in fields(IngressLimits)])
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_is_greater_than_zero(name: str, value: int) -> None:
    """Zero would refuse everything, and a negative number means nothing."""
    with pytest.raises(ValueError, match=name):
        IngressLimits(**{name: value})


def test_no_deeper_than_can_be_written_again() -> None:
    """A body that is read has to be serialisable in a draft."""
    with pytest.raises(ValueError, match="at most 200"):
        IngressLimits(json_depth=201)
