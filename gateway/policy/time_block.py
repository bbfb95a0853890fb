"""``time:`` of a condition: hours, days and the zone that they are meant in."""

import re
from typing import Annotated, Any, Final, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gateway.policy.block import Block, listed, some, wrong
from gateway.policy.vocabulary import remedy
from gateway.policy.yaml_lines import shown

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00)")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}")


def _of_day(value: str) -> str:
    if not _CLOCK.fullmatch(value):
        raise wrong(f"{shown(value)} is not a time of day", 'Write hours and minutes, in quotes: `"08:30"`.')
    return value


def _day(value: str) -> str:
    first, _, last = value.partition("-")
    for day in (first, last) if "-" in value else (first,):
        if day not in DAYS:
            raise wrong(f"unknown day {shown(day)}", lambda day=day: remedy(day, DAYS))  # type: ignore[misc]
    return value


def _zone(value: str) -> str:
    if not _known_zone(value):
        raise wrong(f"unknown time zone {shown(value)}", lambda: remedy(value, available_timezones() or {"UTC"}))
    return value


def _known_zone(name: str) -> bool:
    try:
        return bool(_ZONE.fullmatch(name) and ZoneInfo(name))
    except (ValueError, OSError, LookupError):
        return False


class TimeBlock(Block):
    """``time: {from: "08:00", to: "18:00", days: [mon-fri], zone: Europe/Berlin}``."""

    from_: Annotated[str, AfterValidator(_of_day)] = Field(
        default="00:00", alias="from", description='From this time of the day on, in quotes: `"08:00"`.'
    )
    to: Annotated[str, AfterValidator(_of_day)] = Field(
        default="24:00", description="Until before this time. Not after `from`: the hours pass midnight."
    )
    days: Annotated[list[Annotated[str, AfterValidator(_day)]], BeforeValidator(listed), AfterValidator(some)] = Field(
        default=["mon-sun"], description="Days on which the hours begin: `mon`, or `mon-fri`."
    )
    zone: Annotated[str, AfterValidator(_zone)] = Field(description="The time zone of all this: `Europe/Berlin`.")

    @model_validator(mode="after")
    def _not_always(self) -> Self:
        if self.model_fields_set == {"zone"} or self.from_ == self.to:
            raise wrong("the condition names no hours and no days", 'Write `from: "08:00"`, `to: "18:00"` or `days:`.')
        return self

    def hours(self) -> tuple[int, int]:
        """``from`` and ``to`` in minutes of the day."""
        return _minutes(self.from_), _minutes(self.to)

    def weekdays(self) -> frozenset[int]:
        """The days as numbers, 0 for Monday. ``fri-mon`` goes past Sunday."""
        found: set[int] = set()
        for entry in self.days:
            first, _, last = entry.partition("-")
            start = DAYS.index(first)
            found.update((start + n) % 7 for n in range((DAYS.index(last or first) - start) % 7 + 1))
        return frozenset(found)


def _minutes(value: Any) -> int:
    hours, minutes = value.split(":")
    return int(hours) * 60 + int(minutes)
