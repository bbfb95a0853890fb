"""What is known about one request so far, and the records that come of it: a decision per attempt, one completion.

The pipeline says what happens; this says what is written down and counted: names of the configuration and numbers.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import perf_counter

from gateway.audit.log import AuditLog
from gateway.audit.record import (
    CompletionRecord,
    Considered,
    DecisionRecord,
    Ending,
    ListedModel,
    Outcome,
    Shadowed,
    fingerprint,
    places,
    utc_now,
)
from gateway.egress.origin import Origin
from gateway.errors import GatewayError, Malformed, Unavailable, Untranslatable, UpstreamBroke
from gateway.judge.hearing import Hearing
from gateway.model import Backend, Chunk, Completion, Draft, Facts, Inbound, Provenance, Report, Usage
from gateway.policy.basis import basis_of
from gateway.policy.decision import Cleared, NotCleared, Refused, Verdict
from gateway.policy.route import Plan
from gateway.policy.rules import Policy
from gateway.policy.shadow import zone_of
from gateway.telemetry.metrics import Metrics

NOBODY_INSPECTED = "unknown"
"""The label of a request that was not inspected because no backend could even be drafted for."""

HUNG_UP = 499
"""The status in the record of a request whose client left first. Never on the wire."""

_BEGUN = Chunk(b"")


class Trail:
    """One request's way through its candidates. Lives as long as the request; used by its task alone."""

    def __init__(
        self,
        inbound: Inbound,
        policy: Policy,
        plan: Plan,
        *,
        facts: Facts,
        wanted: ListedModel,
        log: AuditLog,
        metrics: Metrics,
        secret: bytes | None,
    ) -> None:
        self.inbound = inbound
        self.policy = policy
        self.plan = plan
        self._facts = facts
        self._wanted = wanted
        self._log = log
        self._metrics = metrics
        self._secret = secret
        self._started = perf_counter()
        self._considered: list[Considered] = []
        self._label = NOBODY_INSPECTED
        self._rules: tuple[str, ...] = ()
        self._report: Report | None = None
        self._shadow: Shadowed | None = None
        self._records = 0
        self._inspection_s = 0.0
        self._failed: list[str] = []
        self._cannot: list[str] = []
        self._param: str | None = None
        self._retry_after: float | None = None
        self._added_s = 0.0
        self._first_byte_at: float | None = None
        self.hearing = Hearing(inbound, policy, self.asked)

    # What the pipeline tells.

    def incapable(self, backend: Backend, need: str) -> None:
        """The backend lacks a capability that the request needs."""
        self._consider(backend, f"incapable:{need}")
        self._cannot.append(f"{backend.name} ({need})")

    def inexpressible(self, backend: Backend, why: Untranslatable) -> None:
        """The backend's wire format cannot say what the request says."""
        self._consider(backend, "incapable:format")
        self._cannot.append(f"{backend.name}: {why.message}")
        self._param = self._param or why.param

    def inspected(self, report: Report, seconds: float) -> None:
        """A draft was inspected."""
        self._inspection_s += seconds
        self._metrics.inspected(report, seconds)

    def not_cleared(self, backend: Backend, verdict: NotCleared, report: Report) -> None:
        """The label is above the backend's clearance."""
        self._consider(backend, "not_cleared")
        self._decided(verdict, report)

    def unavailable(self, backend: Backend, reason: str, retry_after: float | None) -> None:
        """An attempt failed before the first byte of its answer."""
        self._consider(backend, f"unavailable:{reason}")
        self._metrics.failed(backend.name, reason)
        self._failed.append(f"{backend.name} ({reason})")
        if retry_after is not None:
            self._retry_after = max(retry_after, self._retry_after or 0.0)

    # What is written before anything happens. Each raises AuditUnavailable, and then nothing may happen.

    async def cleared(self, verdict: Cleared, report: Report) -> None:
        """Record that this draft is about to be sent. Durable on return."""
        self._decided(verdict, report)
        backend = verdict.draft.backend
        self._consider(backend, "cleared")
        outcome = Outcome.SENT_LOCAL if backend.local else Outcome.SENT_EXTERNAL
        await self._write(outcome, report, draft=verdict.draft)
        self._added_s = perf_counter() - self._started
        self._metrics.added(self._added_s)

    async def asked(self, verdict: Cleared, report: Report) -> None:
        """Record that a question about this request is about to be sent to the judge. Durable on return."""
        await self._write(Outcome.ASKED_JUDGE, report, draft=verdict.draft, question=verdict)

    async def refused(self, draft: Draft, verdict: Refused, report: Report) -> None:
        """Record that a refuse rule ended the request."""
        self._decided(verdict, report)
        self._consider(draft.backend, "refused")
        await self._write(Outcome.REFUSED, report)

    async def nobody(self) -> GatewayError:
        """Record that no candidate is left, and say why in the client's terms."""
        await self._write(Outcome.UNAVAILABLE, self._report)  # the label's, so that the record explains it
        return self.explained(self._nobody())

    def explained(self, error: GatewayError) -> GatewayError:
        """The same error, with the label and rules of the decision behind it if there was one."""
        if self._label != NOBODY_INSPECTED:
            error.label, error.rules = self._label, self._rules
        return error

    def _nobody(self) -> GatewayError:
        label = f"its label is {self._label}" if self._label != NOBODY_INSPECTED else "it was not sent anywhere"
        if self._failed:
            return Unavailable(
                f"No backend that may answer this request could ({label}): {', '.join(self._failed)}. "
                "Nothing was sent elsewhere. Try again later.",
                retry_after=self._retry_after,
            )
        if self._cannot:
            return Malformed(
                f"No backend that may answer this request can do what it asks ({label}): {'; '.join(self._cannot)}.",
                param=self._param,
                code="unsupported_by_backends",
            )
        return Unavailable(
            f"The policy routes this request to no backend that may receive it ({label}). Nothing was sent.",
            code="no_backend_cleared",
        )

    async def _write(
        self,
        outcome: Outcome,
        report: Report | None,
        draft: Draft | None = None,
        question: Cleared | None = None,
    ) -> None:
        number, self._records = self._records, self._records + 1
        label, rules = (self._label, self._rules) if question is None else (question.label, question.rules)
        findings, coverage, versions = (
            (report.counts(), report.coverage.reasons, report.versions) if report else ({}, (), ())
        )
        started = perf_counter()
        await self._log.write(
            DecisionRecord(
                time=utc_now(),
                request_id=self.inbound.request_id,
                attempt=number,
                key_id=self.inbound.caller.key_id,
                endpoint=self.inbound.endpoint,
                wanted_model=self._wanted,
                outcome=outcome,
                backend=draft.backend.name if draft else "",
                host=_host(draft) if draft else "",
                model=draft.model if draft else "",
                label=label,
                rules=rules,
                revision=self.policy.revision,
                findings=findings,
                places=places(report) if report else {},
                coverage=coverage,
                considered=tuple(self._considered),
                body_bytes=len(draft.body) if draft else self.inbound.size,
                body_fingerprint=fingerprint(self._secret, draft.body) if draft and self._secret else None,
                detectors=versions,
                stream=self.inbound.stream,
                inspection_ms=round(self._inspection_s * 1000, 3),
                judged=None if question is not None else self.hearing.judged(),
                basis=basis_of(report, self._facts) if report and question is None else None,
                shadow=None if question is not None else self._shadow,
                suppressed=dict(report.suppressed) if report and question is None else {},
            )
        )
        self._metrics.recorded(perf_counter() - started)
        self._metrics.decided(outcome, label, draft.backend.name if draft else "")
        if question is None and report is not None:
            self._metrics.suppressed(dict(report.suppressed))
        if question is None and self._shadow is not None:
            self._metrics.shadowed(self._shadow.rules, self._shadow.zone)

    def provenance(self, verdict: Cleared) -> Provenance:
        """Who answers and why, for the client."""
        draft = verdict.draft
        return Provenance(
            self.inbound.request_id, verdict.label, verdict.rules, draft.backend.name, draft.model, self._added_s * 1000
        )

    # How it ends. Best effort, after the answer.

    def answered(self, backend: Backend, completion: Completion) -> Completion:
        """A whole answer is there."""
        self._first_byte_at = perf_counter()
        self._end(200, Ending.COMPLETED, backend, completion.finish_reason, completion.usage)
        return completion

    async def relay(self, backend: Backend, chunks: AsyncGenerator[Chunk]) -> AsyncGenerator[Chunk]:
        """Pass a stream on as it comes, and record how it ended: also when the client leaves or the backend breaks off.

        The generator has begun when this returns: closing one that has not would run nothing, so a client that left
        between two steps would leave the backend's stream open and the record without an end.
        """
        stream = self._relay(backend, chunks)
        await anext(stream)
        return stream

    async def _relay(self, backend: Backend, chunks: AsyncGenerator[Chunk]) -> AsyncGenerator[Chunk]:
        self._first_byte_at = perf_counter()
        ending, finish_reason, usage = Ending.CLIENT_DISCONNECTED, None, None
        try:
            async with aclosing(chunks):
                yield _BEGUN
                async for chunk in chunks:
                    usage = chunk.usage or usage
                    finish_reason = chunk.finish_reason or finish_reason
                    yield chunk
            ending = Ending.COMPLETED
        except UpstreamBroke:
            ending = Ending.UPSTREAM_BROKE
            raise
        except Exception:
            ending = Ending.FAILED  # a defect of ours: neither side is to blame for it in the record
            raise
        finally:
            status = HUNG_UP if ending is Ending.CLIENT_DISCONNECTED else 200
            self._end(status, ending, backend, finish_reason, usage)

    def ended(self, status: int, ending: Ending) -> None:
        """There is no answer: rejected by the backend, refused, nobody left, or the client went away."""
        self._end(int(status), ending, None, None, None)

    def _end(
        self, status: int, ending: Ending, backend: Backend | None, finish_reason: str | None, usage: Usage | None
    ) -> None:
        now = perf_counter()
        first_byte = self._first_byte_at - self._started if self._first_byte_at else None
        self._log.complete(
            CompletionRecord(
                time=utc_now(),
                request_id=self.inbound.request_id,
                status=int(status),  # the errors' statuses are members of HTTPStatus; a record holds a plain number
                outcome=ending,
                finish_reason=finish_reason,
                usage=usage,
                first_byte_ms=None if first_byte is None else round(first_byte * 1000, 3),
                total_ms=round((now - self._started) * 1000, 3),
            )
        )
        self._metrics.ended(ending, backend.name if backend else "", now - self._started, first_byte, usage)

    def _decided(self, verdict: Verdict, report: Report) -> None:
        """Keep what the last decision said: whatever is written next is about it."""
        self._label, self._rules, shadow = verdict.label, verdict.rules, verdict.shadow
        self._report = report
        zone = shadow and zone_of(self.policy, shadow, self.plan.backends, self._facts)
        self._shadow = Shadowed(shadow.rules, shadow.label, zone) if shadow and zone else None

    def _consider(self, backend: Backend, verdict: str) -> None:
        self._considered.append(Considered(backend.name, verdict))


def _host(draft: Draft) -> str:
    origin = Origin.of(draft.backend.base_url)
    return "unix" if origin.socket is not None else origin.netloc
