"""What is in doubt: findings of the classifier that is not sure, and the messages that they stand in.

The unit is a message (or one field outside messages), all of it: the classifier reads messages in pieces, and of its
findings in one of them only the strongest may have been kept. A verdict about the place of that finding alone would
lower the doubt about text that nobody read.
"""

from dataclasses import dataclass, field

from gateway.inspection.units import group_of
from gateway.model import Finding, Report, Segment
from gateway.policy.judging import MATTER
from gateway.policy.vocabulary import PRIVATE_MATTER


@dataclass(frozen=True, slots=True)
class Passage:
    """One message. ``pieces`` together hold every character of it, as the classifier read them; none: not found."""

    group: str
    path: str
    """Of its first string."""
    role: str
    pieces: tuple[str, ...] = field(repr=False)


def doubtful(finding: Finding, band: tuple[float, float]) -> bool:
    """Is this the classifier's, and is it not sure? Both ends of the band belong to it."""
    return finding.entity_type == PRIVATE_MATTER and finding.detector == MATTER and band[0] <= finding.score <= band[1]


def group(finding: Finding) -> str:
    """The message or field that a finding stands in."""
    return group_of(Segment(finding.path, finding.role, ""))


def doubts(report: Report, band: tuple[float, float]) -> frozenset[str]:
    """The messages and fields about which the classifier is not sure."""
    return frozenset(group(one) for one in report.findings if doubtful(one, band))
