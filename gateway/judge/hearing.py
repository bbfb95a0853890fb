"""What one request has learnt of the judge: each text is asked about once, however many candidates there are."""

from collections.abc import Awaitable, Callable

from gateway.audit.record import Judged
from gateway.judge.verdicts import Failure, Result, Ruling, Verdict
from gateway.model import Inbound, Report
from gateway.policy.decision import Cleared
from gateway.policy.rules import Policy


class Hearing:
    """One request's questions. Lives as long as the request; used by its task and its questions alone.

    ``record`` makes the record of one question durable before it is sent, and raises AuditUnavailable if it cannot.
    """

    def __init__(
        self, inbound: Inbound, policy: Policy, record: Callable[[Cleared, Report], Awaitable[object]]
    ) -> None:
        self.inbound = inbound
        self.policy = policy
        self.record = record
        self.results: dict[bytes, Result] = {}
        """By the key of a piece of text. Failures, too: a judge that was late for one candidate is not asked again."""
        self.spent_s = 0.0

    def judged(self) -> Judged | None:
        """For the record; None where nothing was asked and nothing was remembered."""
        if not self.results:
            return None
        verdicts = [one for one in self.results.values() if isinstance(one, Verdict)]
        failures = [one for one in self.results.values() if isinstance(one, Failure)]
        private = [one for one in verdicts if one.ruling is Ruling.PRIVATE]
        return Judged(
            private=len(private),
            general=len(verdicts) - len(private),
            failed=len(failures),
            reasons=tuple(sorted({*(one.reason for one in private), *(str(one) for one in failures)})),
            backend=next((one.backend for one in verdicts), ""),
            ms=round(self.spent_s * 1000, 3),
        )
