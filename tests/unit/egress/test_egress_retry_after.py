"""How long a backend asks to be left alone."""

from datetime import UTC, datetime

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.egress.retry_after import MAX_RETRY_AFTER_S, retry_after

NOW = datetime(2026, 11, 23, 21, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "Mon, 23 Nov 2026 21:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 20:59:00 GMT"}, 0.0),
        ({"retry-after": "Mon, 23 Nov 2026 21:00:30 -0000"}, 30.0),
        ({"retry-after": "99999999"}, MAX_RETRY_AFTER_S),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e9"}, None),
    ],
)
def test_numbers_and_dates_are_understood(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds or a date; bounded to an hour, never negative, nothing where it is odd."""
    assert retry_after(httpx2.Headers(headers), NOW) == seconds


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_any_header_is_a_bounded_number_or_nothing(value: str) -> None:
    """A server cannot make the gateway fail or wait for ever by what it writes there."""
    seconds = retry_after(httpx2.Headers({"retry-after": value}), NOW)
    assert seconds is None or 0.0 <= seconds <= MAX_RETRY_AFTER_S
