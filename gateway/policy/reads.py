"""What a policy reads of a client's own headers and metadata: only names that it declares, and never a credential."""

from dataclasses import dataclass
from typing import Final

NEVER_READ: Final = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "cookie", "set-cookie"})
"""Headers that hold credentials: no policy may ask for them, and no request carries them past the front door."""


@dataclass(frozen=True, slots=True)
class Reads:
    """``reads:`` of a policy. Values of these names are matched, and stand in no record."""

    headers: frozenset[str] = frozenset()
    """In lower case."""
    metadata: frozenset[str] = frozenset()


READS_NOTHING: Final = Reads()
