"""How long a backend asks to be left alone."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

MAX_RETRY_AFTER_S = 3600.0


def retry_after(headers: httpx2.Headers, now: datetime | None = None) -> float | None:
    """Seconds of ``retry-after-ms`` or ``retry-after`` (number or date), an hour at most; None where absent or odd."""
    seconds = _number(headers.get("retry-after-ms"), scale=0.001)
    if seconds is None:
        value = headers.get("retry-after")
        seconds = _number(value)
        if seconds is None and value is not None:
            seconds = _until(value, now or datetime.now(UTC))
    return None if seconds is None else min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _number(value: str | None, scale: float = 1.0) -> float | None:
    if value is None or not value.strip().replace(".", "", 1).isdecimal() or not value.isascii():
        return None
    return float(value) * scale


def _until(value: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp()
