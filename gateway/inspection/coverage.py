"""The closed vocabulary of coverage reasons: why inspection cannot vouch for a draft.

A reason is ``kind`` or ``kind:detail``. Kinds are this table's keys; details are fixed words or detector names, never
text of the request, so a reason may be recorded, counted and named in a policy.
"""

from collections.abc import Iterable
from typing import Final

KINDS: Final = {
    "json": "the body could not be walked to its end: unreadable, duplicate_key, depth, nodes, key_case",
    "part": "a part that no extractor reads: image, audio, file, document, redacted_thinking, unknown",
    "reference": "an id or URL by which the provider fetches what is not in the request",
    "provider_tool": "a tool that the provider runs by itself, and that reads or sends on its own",
    "delegation": "a field by which the client asks the receiving server to send the request elsewhere",
    "tokens": "text given as token ids",
    "script": "letters of a script in which the name detector reads no names (names), or nothing but patterns reads "
    "anything (words)",
    "opaque": "text that hides what it says: entropy, tags, invisible, bidi, private_use, control, marks, numerals, "
    "number_words, morse, mixed_script, binary, numbers, views, depth",
    "overload": "too much inspection was under way",
    "timeout": "inspection did not end in time",
    "detector_error": "a detector failed or answered nonsense",
    "error": "inspection itself failed",
    "judge": "the judge was needed and gave no verdict: timeout, error, unavailable, answer",
}


def ordered(reasons: Iterable[str]) -> tuple[str, ...]:
    """Distinct reasons in a stable order. Raises ValueError when a kind is not in the vocabulary."""
    distinct = sorted(set(reasons))
    for reason in distinct:
        if reason.partition(":")[0] not in KINDS:
            raise ValueError("a coverage reason outside the vocabulary")
    return tuple(distinct)
