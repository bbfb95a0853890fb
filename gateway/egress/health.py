"""Which backends to leave alone for a while, learnt from the requests themselves.

After some failures in a row a backend is skipped for a cool-down that doubles up to a bound; then requests reach it
again, and the first failure starts the next, longer one. Health only ever *removes* a candidate: it knows no labels and
adds nothing, so a local backend that is down cannot become a cloud call through it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _State:
    failures: int = 0
    until: float = 0.0


class Health:
    """Passive health of every backend, by name. Unknown names are healthy. For use on one event loop; holds no text."""

    def __init__(
        self,
        *,
        after: int = 3,
        cool_down_s: float = 2.0,
        longest_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if after < 1 or not 0 < cool_down_s <= longest_s:
            raise ValueError("after must be at least 1, and 0 < cool_down_s <= longest_s")
        self._after = after
        self._cool_down_s = cool_down_s
        self._longest_s = longest_s
        self._clock = clock
        self._states: dict[str, _State] = {}

    def available(self, name: str) -> bool:
        """May ``name`` be tried now?"""
        return self._clock() >= self._states.get(name, _State()).until

    def wait_s(self, name: str) -> float:
        """Seconds until ``name`` may be tried again; 0 if it may be now. For ``retry-after``."""
        return max(0.0, self._states.get(name, _State()).until - self._clock())

    def failed(self, name: str, *, retry_after: float | None = None) -> None:
        """An attempt failed. ``retry_after``: seconds for which the backend itself asked to be left alone, bounded."""
        failures = self._states.get(name, _State()).failures + 1
        pause = 0.0
        if failures >= self._after:
            doublings = min(failures - self._after, 30)  # bounded so that years of failures do not overflow
            pause = min(self._cool_down_s * 2**doublings, self._longest_s)
        if retry_after is not None:
            pause = max(pause, min(retry_after, self._longest_s))
        self._states[name] = _State(failures, self._clock() + pause if pause else 0.0)

    def succeeded(self, name: str) -> None:
        """An attempt was answered: forget its failures."""
        self._states.pop(name, None)
