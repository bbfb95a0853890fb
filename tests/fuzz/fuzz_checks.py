"""What must hold for any text at all, whatever a mutation made of it."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from support.inspected import Inspected, Outcome, message

from gateway.inspection.json_text import looks_like_json

BUDGET_S: Final = 2.0
"""Processor time for one text of up to MOST characters, on a machine that does something else as well."""
MOST: Final = 4000
BEFORE: Final = "The meadow was quiet.\n\n"
AFTER: Final = "\n\nNothing else happened there."


def fails_inside(inspected: Inspected, text: str) -> str:
    """An exception of the scanner, or a defect that it calls one."""
    try:
        outcome = inspected.text(text)
        inspected(message("go", metadata={text: text}))
    except Exception as error:
        return type(error).__name__
    return ", ".join(reason for reason in outcome.reasons if reason == "error" or reason.startswith("detector_error"))


def takes_too_long(inspected: Inspected, text: str) -> str:
    """Processor time, so that a busy machine is no finding; measured again before it counts."""
    for _ in range(2):
        started = time.process_time()
        inspected.forgetting().text(text)
        spent = time.process_time() - started
        if spent < BUDGET_S:
            return ""
    return f"{spent:.1f} s"


def places_are_wrong(inspected: Inspected, text: str) -> str:
    """A finding outside the text of its segment."""
    outcome = inspected(message(text, metadata={"note": text}))
    lengths: dict[tuple[str, str], int] = {}
    for segment in outcome.segments:
        key = (segment.path, segment.role)
        lengths[key] = max(lengths.get(key, 0), len(segment.text))
    for one in outcome.report.findings:
        inside = 0 <= one.start < one.end <= lengths.get((one.path, one.role), -1)
        if not inside and (one.start, one.end) != (-1, -1):
            return f"{one.entity_type} at {one.start}:{one.end}"
    return ""


def lost_under_padding(inspected: Inspected, text: str) -> str:
    """A label lowered, or a finding gone, by prose before and after.

    JSON is another text beside prose, where nobody opens it. What was unreadable may be read in another way; it is what
    was found that has to stay found. What the classifier thinks of the whole is asked anew: the floor counts.
    """
    before = inspected.text(text)
    if before.reasons or looks_like_json(text.strip()):
        return ""
    after = inspected.text(f"{BEFORE}{text}{AFTER}")
    if after.floor < before.floor:
        return f"level {before.floor} became {after.floor}"
    return "" if after.reasons else ", ".join(sorted(_strong(before) - after.found))


def lost_in_two_messages(inspected: Inspected, text: str) -> str:
    """A label lowered by another message behind it."""
    before = inspected.text(text)
    after = inspected({"messages": [{"role": "user", "content": said} for said in (text, "And now?")]})
    return f"{before.label} became {after.label}" if after.level < before.level else ""


WHOLE: Final = frozenset({"cues", "matter"})
"""Detectors that judge what stands around a value, or a whole text."""


def _strong(outcome: Outcome) -> set[str]:
    """Types of what was found for more than its shape."""
    return {one.entity_type for one in outcome.report.findings if one.score >= 0.7 and one.detector not in WHOLE}


CHECKS: Final[Mapping[str, Callable[[Inspected, str], str]]] = {
    "fails inside": fails_inside,
    "takes too long": takes_too_long,
    "places are wrong": places_are_wrong,
    "lost under padding": lost_under_padding,
    "lost in two messages": lost_in_two_messages,
}
"""Each says what is wrong; nothing where nothing is."""
