"""A request's life, top to bottom. Read this file first; ``docs/architecture.md`` draws it.

For each candidate backend, in the policy's order of preference: draft the exact bytes, inspect them, decide, record,
send. The loop is the failover: every attempt is inspected and decided afresh against the clearance of the backend that
would get it, so a local backend that is down can never become a cloud call.
"""

from asyncio import CancelledError
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import assert_never

from gateway.audit.log import AuditLog
from gateway.audit.record import Ending, listed_model
from gateway.egress.formats import BackendFormat
from gateway.egress.health import Health
from gateway.egress.sender import Egress
from gateway.errors import BackendUnavailable, GatewayError, NotFound, PolicyRefusal, Untranslatable, UpstreamRejected
from gateway.ingress.facts import facts as facts_of
from gateway.inspection.scanner import Scanner
from gateway.inspection.suppressing import suppress
from gateway.judge.judge import Judge
from gateway.model import Answer, Backend, Completion, Draft, Facts, Inbound, WireFormat
from gateway.policy.decision import Cleared, NotCleared, Refused, decide
from gateway.policy.route import incapable, model_for, plan, serves
from gateway.policy.rules import Otherwise, Policy
from gateway.telemetry.metrics import Metrics
from gateway.trail import HUNG_UP, Trail


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything a request meets, chosen once in ``wiring.py``. Holds no state of any request."""

    policy: Callable[[], Policy]
    backends: tuple[Backend, ...]
    aliases: Mapping[str, str]
    formats: Mapping[WireFormat, BackendFormat]
    scanner: Scanner
    judge: Judge
    log: AuditLog
    egress: Egress
    health: Health
    metrics: Metrics
    names: frozenset[str]
    """The model names of the configuration: the only ones that a record may hold."""
    audit_secret: bytes | None = field(default=None, repr=False)

    async def answer(self, inbound: Inbound) -> Answer:
        """Answer one request. Raises a GatewayError when there is no answer; what was sent until then is recorded."""
        policy = self.policy()  # one snapshot for the whole request
        facts = facts_of(inbound, policy.reads)
        if not serves(self.backends, self.aliases, inbound.wanted_model):
            raise NotFound(
                "There is no such model here; GET /v1/models lists them.", param="model", code="model_not_found"
            )
        trail = Trail(
            inbound,
            policy,
            plan(policy, facts, self.backends, self.aliases),
            facts=facts,
            wanted=listed_model(inbound.wanted_model, self.names),
            log=self.log,
            metrics=self.metrics,
            secret=self.audit_secret,
        )
        try:
            return await self._first_answer(trail, facts)
        except UpstreamRejected as error:
            trail.ended(error.status, Ending.REJECTED)
            raise
        except GatewayError as error:
            trail.ended(error.status, Ending.FAILED)
            raise
        except CancelledError:
            trail.ended(HUNG_UP, Ending.CLIENT_DISCONNECTED)
            raise
        except Exception:
            trail.ended(500, Ending.FAILED)
            raise

    async def _first_answer(self, trail: Trail, facts: Facts) -> Answer:
        """The candidate loop. Backends that failed lately come last: one that works is better than waiting for them."""
        for backend in sorted(trail.plan.backends, key=lambda backend: not self.health.available(backend.name)):
            cleared = await self._permission(backend, trail, facts)
            if cleared is None:
                continue
            try:
                answer = await self.egress.send(cleared)
            except BackendUnavailable as why:
                self.health.failed(backend.name, retry_after=why.retry_after)
                trail.unavailable(backend, why.reason, why.retry_after)
                if trail.plan.on_unavailable is Otherwise.REFUSE:
                    break
                continue
            self.health.succeeded(backend.name)
            if isinstance(answer, Completion):
                return Answer(trail.provenance(cleared), completion=trail.answered(backend, answer))
            return Answer(trail.provenance(cleared), chunks=await trail.relay(backend, answer))
        raise await trail.nobody()

    async def _permission(self, backend: Backend, trail: Trail, facts: Facts) -> Cleared | None:
        """Draft, inspect, decide, record. None: this candidate is not the one, and the trail knows why."""
        draft = await self._draft(backend, trail, facts)
        if draft is None:
            return None
        started = perf_counter()
        report = await self.scanner.scan(draft)
        trail.inspected(report, perf_counter() - started)
        report = await suppress(
            trail.policy, draft, report
        )  # the policy's own named values: the only thing that lowers
        report = await self.judge.settled(draft, report, facts, trail.hearing)  # asks a model inside where in doubt
        match decide(trail.policy, draft, report, facts):
            case NotCleared() as verdict:
                trail.not_cleared(backend, verdict, report)
                return None
            case Refused() as verdict:
                await trail.refused(draft, verdict, report)
                raise trail.explained(PolicyRefusal(verdict.message, code=verdict.code))
            case Cleared() as verdict:
                await trail.cleared(verdict, report)  # durable before the first byte leaves; raises if it cannot be
                return verdict
            case never:
                assert_never(never)

    async def _draft(self, backend: Backend, trail: Trail, facts: Facts) -> Draft | None:
        """The exact bytes for this backend. None, or nobody at all (``on_incapable: refuse``), if it cannot do them."""
        if need := incapable(backend, facts):
            trail.incapable(backend, need)
        else:
            try:
                model = model_for(backend, trail.inbound.wanted_model, self.aliases)
                return self.formats[backend.format].draft(trail.inbound, backend, model)
            except Untranslatable as why:
                trail.inexpressible(backend, why)
        if trail.plan.on_incapable is Otherwise.REFUSE:
            raise await trail.nobody()
        return None
