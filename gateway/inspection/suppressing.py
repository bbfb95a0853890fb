"""The step between inspection and decision: values that the policy's suppressions name are taken out of a report."""

import asyncio
from datetime import date
from functools import partial
from typing import Final

from gateway.inspection.segments import segments
from gateway.model import Draft, Report, Segment
from gateway.policy.rules import Policy
from gateway.policy.suppression import suppressed

_LARGE: Final = 131_072
"""Bytes of a body from which on it is walked in a thread."""
_MANY: Final = 64
"""Findings from which on comparing them is left to a thread, too."""


def without_suppressed(policy: Policy, draft: Draft, report: Report, on: date | None = None) -> Report:
    """``report`` as the policy's rules may see it. The report as it is where anything fails: that is the stricter one.

    ``on``: the day in UTC; default: today.
    """
    if not policy.suppress or not report.findings:
        return report
    try:
        return suppressed(policy.suppress, report, partial(_segments, draft), on)
    except Exception:  # noqa: BLE001 - a suppression that cannot be judged does not hold; nothing is said of the text
        return report


async def suppress(policy: Policy, draft: Draft, report: Report) -> Report:
    """The same, and a large draft, or one full of findings, holds up nobody else."""
    if not policy.suppress or (len(draft.body) < _LARGE and len(report.findings) < _MANY):
        return without_suppressed(policy, draft, report)
    return await asyncio.to_thread(without_suppressed, policy, draft, report)


def _segments(draft: Draft) -> tuple[Segment, ...]:
    return segments(draft.body, frozenset({draft.model}))[0]
