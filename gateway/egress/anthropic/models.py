"""What a Claude model takes, told from its name and the API version.

One cutoff per trait instead of a list of names, so that the next model is right on its first day. A name that says
"claude" but no known version counts as the newest; a name that does not say "claude" (another server that speaks this
format) gets the native fields untouched, and its server judges them.

Source: platform.claude.com, pages on migration to 2026-10-21, effort, thinking, and mid-conversation system messages.
"""

import re
from dataclasses import dataclass
from enum import Enum

DEFAULT_API_VERSION = "2023-06-01"
"""The last version under which any model takes ``temperature``."""

NO_SAMPLING_API_VERSION = "2026-10-21"
"""From here on ``temperature`` and ``top_p`` are answered 400, even at their defaults. Dates sort as text."""

_NAME = re.compile(
    r"claude-(?P<family>opus|sonnet|haiku|fable|mythos)-(?P<major>\d{1,2})(?:[-.](?P<minor>\d{1,2}))?(?!\d)"
)
_OLD_NAME = re.compile(r"claude-(?P<major>\d)(?:[-.](?P<minor>\d))?-(?P<family>opus|sonnet|haiku)")
_LADDER = ("low", "medium", "high", "xhigh", "max")


class Thinking(Enum):
    """How a model is asked to think."""

    NONE = "it cannot"
    BUDGET = "enabled with budget_tokens"
    ADAPTIVE = "adaptive, steered by output_config.effort"
    UNKNOWN = "not a Claude name: effort is passed on, nothing else is assumed"


@dataclass(frozen=True, slots=True)
class Traits:
    """What the translation has to know about one model."""

    sampling: bool = True
    """Takes ``temperature`` and ``top_p``."""
    one_sampler: bool = False
    """Takes ``temperature`` or ``top_p``, not both."""
    thinking: Thinking = Thinking.UNKNOWN
    can_stop_thinking: bool = True
    efforts: tuple[str, ...] = _LADDER
    """The rungs of ``output_config.effort``, lowest first."""
    system_turns: bool = False
    """Takes a system message after a user turn, not only the top-level ``system``."""
    prefill: bool = True
    """Goes on writing a final assistant message; others answer 400."""
    json_schema: bool = True
    """Takes ``output_config.format``."""


def traits(model: str, api_version: str) -> Traits:
    """The traits of ``model``, the server's own name, under ``api_version`` (a date, YYYY-MM-DD). Never raises."""
    sampling = api_version < NO_SAMPLING_API_VERSION
    model = model.lower()
    if "claude" not in model:
        return Traits(sampling=sampling)
    found = _NAME.search(model) or _OLD_NAME.search(model)
    if found is None:
        return Traits(sampling=False, thinking=Thinking.ADAPTIVE, prefill=False)
    version = (int(found["major"]), int(found["minor"] or 0))
    return Traits(
        sampling=sampling and version < (4, 7),
        one_sampler=version >= (4, 1),
        thinking=_thinking(version),
        can_stop_thinking=found["family"] not in {"fable", "mythos"},
        efforts=_LADDER if version >= (4, 7) else ("low", "medium", "high", "max"),
        system_turns=version >= (4, 8),
        prefill=version < (4, 6),
        json_schema=version >= (4, 5),
    )


def _thinking(version: tuple[int, int]) -> Thinking:
    if version < (3, 7):
        return Thinking.NONE
    return Thinking.BUDGET if version < (4, 6) else Thinking.ADAPTIVE
