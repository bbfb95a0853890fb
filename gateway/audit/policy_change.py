"""What is written down when somebody asks for another policy: who, and which revision was in force before and after.

As in ``record.py`` every field has a closed form: what is wrong with a refused file is a number and a line, no quote.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_REVISION: Final = re.compile(r"[0-9a-f]{8,64}")
_DIGEST: Final = re.compile(r"([0-9a-f]{64})?")


class Asked(StrEnum):
    """Who asked for the policy to be loaded again."""

    FILE = "file"
    """Nobody: the file changed."""
    SIGNAL = "signal"
    """Whoever may signal the process: SIGHUP."""
    ADMIN = "admin"
    """The client key that stands in the record."""


class Became(StrEnum):
    """What became of it."""

    LIVE = "live"
    UNCHANGED = "unchanged"
    """The file says what is in force already."""
    REFUSED = "refused"
    """The file cannot be used: what was in force stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """One attempt to load the policy again. ValueError when a value is outside its closed form."""

    time: str
    """UTC, as ``record.utc_now`` gives it."""
    asked: Asked
    key_id: str = ""
    """Public id of the client key, where one asked."""
    outcome: Became
    old: str
    """The revision in force before."""
    new: str
    """The revision in force afterwards: ``old`` unless the outcome is ``live``."""
    digest: str
    """SHA-256 of the file in hex: which bytes were taken or refused. Empty: there was no file."""
    problems: int = 0
    """How many things are wrong with a refused file."""
    line: int | None = None
    """The line of the first of them."""

    def __post_init__(self) -> None:
        forms = (
            ("time", _TIME.fullmatch(self.time)),
            ("asked", type(self.asked) is Asked),
            ("key_id", _NAME.fullmatch(self.key_id) if self.asked is Asked.ADMIN else self.key_id == ""),
            ("outcome", type(self.outcome) is Became),
            ("old", _REVISION.fullmatch(self.old)),
            ("new", _REVISION.fullmatch(self.new) and (self.new == self.old) == (self.outcome is not Became.LIVE)),
            ("digest", _DIGEST.fullmatch(self.digest)),
            ("problems", type(self.problems) is int and (self.problems > 0) == (self.outcome is Became.REFUSED)),
            ("line", self.line is None or (type(self.line) is int and self.line > 0)),
        )
        wrong = next((name for name, fits in forms if not fits), None)
        if wrong is not None:
            raise ValueError(f"PolicyChange.{wrong} does not have the form that a record may hold")
