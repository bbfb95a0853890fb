"""Puts the parts together: one explicit table of what is used. Nothing registers itself by import."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Protocol

from gateway.audit.log import AuditLog
from gateway.configuration.backends import model_names, to_backends
from gateway.configuration.ner import engine_of
from gateway.egress.anthropic import AnthropicFormat
from gateway.egress.formats import BackendFormat
from gateway.egress.health import Health
from gateway.egress.locality import prove_local
from gateway.egress.openai import OpenAIFormat
from gateway.egress.reach import Reach
from gateway.egress.sender import Egress
from gateway.errors import ConfigError, Problem
from gateway.ingress.auth import KeyRing
from gateway.ingress.endpoint import ChatEndpoint
from gateway.ingress.limits import IngressLimits
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.catalogue import OWN_LISTS, load_catalogue
from gateway.inspection.detectors.shipped import default_detectors
from gateway.inspection.detectors.user_detectors import OWN
from gateway.inspection.matter.assessor import MatterAssessor, load_matter
from gateway.inspection.names import Names
from gateway.inspection.reading_pool import ReadingPool, spare_processors
from gateway.inspection.scanner import Scanner
from gateway.inspection.terms.own import LISTED
from gateway.judge.bench import Bench
from gateway.judge.judge import Judge
from gateway.judge.prompt import load_prompt
from gateway.model import Backend, Finding, WireFormat
from gateway.pipeline import Pipeline
from gateway.policy.loader import load_policy
from gateway.policy.rules import Policy
from gateway.policy.settled import settled_by
from gateway.policy.shipped import shipped
from gateway.policy.vocabulary import FAULTS, UNREAD, Vocabulary, rights
from gateway.settings import Settings, list_detectors
from gateway.telemetry.metrics import Metrics

FORMATS: Final[Mapping[WireFormat, BackendFormat]] = MappingProxyType(
    {WireFormat.OPENAI: OpenAIFormat(), WireFormat.ANTHROPIC: AnthropicFormat()}
)
QUEUED_TEXTS: Final = 4
"""Texts that may wait for a process that reads names, for each request that may wait for a thread."""
INLINE: Final = 256
"""Characters that our own patterns read in less time than it takes to ask a thread (0.3 ms). Others' may be slow."""
PROBE_S: Final = 2.0
"""How long readiness waits for a backend to say that it is there."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of readiness: fixed words and names from the configuration."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Gateway:
    """An assembled gateway. ``start`` before the first request, ``close`` after the last."""

    settings: Settings = field(repr=False)
    policy: Policy
    backends: tuple[Backend, ...]
    scanner: Scanner
    egress: Egress
    log: AuditLog
    metrics: Metrics
    keys: KeyRing
    chat: ChatEndpoint

    async def start(self) -> None:
        """Run one real detection: inspection that finds nothing in a known text ends the start, not a request."""
        if not await self.scanner.warm():
            raise ConfigError(
                (Problem("inspection finds nothing in a known text", "See the log; run `gateway check`."),)
            )

    async def close(self) -> None:
        """Let go of connections and threads; write what is still to be recorded."""
        await self.egress.aclose()
        await asyncio.to_thread(self.scanner.close)
        await self.log.close()

    def model_cards(self) -> Sequence[tuple[str, str]]:
        """Every name a client may ask for, with who answers to it."""
        cards = {"auto": "gateway"} | dict.fromkeys(self.settings.models.aliases, "gateway")
        for backend in self.backends:
            for model in backend.models:
                cards.setdefault(model, backend.name)
        return tuple(cards.items())

    async def readiness(self) -> tuple[Check, ...]:
        """What a request needs: a detection that finds something, a policy with rules, a local backend that answers."""
        try:
            found = await self.scanner.warm()
            names = (
                "" if self.settings.inspection.ner.on else "; names and addresses by their form alone (inspection.ner)"
            )
            detail = f"finds {len(found)} entity types in a known text{names}"
            inspection = Check("inspection", ok=bool(found), detail=detail)
        except Exception as error:  # noqa: BLE001  any failure means "not ready"; its type is said, never its text
            inspection = Check("inspection", ok=False, detail=f"failed with {type(error).__name__}")
        rules = len(self.policy.classify)
        policy = Check(
            "policy",
            ok=rules > 0,
            detail=f"{self.policy.name} {self.policy.revision}, {rules} classify rules"
            + ("" if rules else ": everything stays local"),
        )
        top = [backend for backend in self.backends if backend.local and backend.clearance == self.policy.top]
        answers = await asyncio.gather(*(self.egress.look(backend.name, timeout_s=PROBE_S) for backend in top))
        up = [backend.name for backend, found in zip(top, answers, strict=True) if found is Reach.UP]
        local = Check(
            "local backend",
            ok=bool(up),
            detail=f"{', '.join(up)} cleared for {self.policy.top}" if up else f"none of {_names(top)} answers",
        )
        return inspection, policy, local


class _Finds(Protocol):
    """A detector, a reader of names or an assessor: whatever says what it can find."""

    @property
    def name(self) -> str: ...

    @property
    def entity_types(self) -> frozenset[str]: ...


def vocabulary(detectors: Sequence[_Finds], backends: Sequence[Backend] | None = None) -> Vocabulary:
    """The names that a policy may use: those that one of these detectors can find.

    A policy that names what nobody looks for must not load: such a rule never matches. ConfigError where a detector
    finds what the catalogue does not list, but for detectors that the installation added.
    """
    catalogue = load_catalogue()
    found = frozenset[str]().union(*(detector.entity_types for detector in detectors))
    shipped_types = (detector.entity_types for detector in detectors if not _added(detector))
    if unlisted := sorted(frozenset[str]().union(*shipped_types) - catalogue.entity_types):
        message = f"found by a detector and in no group: {', '.join(unlisted)}"
        raise ConfigError((Problem(message, "List it.", catalogue.path),))
    found |= MatterAssessor.entity_types
    groups = {name: types & found for name, types in catalogue.groups.items() if types & found}
    groups[OWN_LISTS] = frozenset[str]().union(*(one.entity_types for one in detectors if one.name in LISTED))
    known = None if backends is None else rights(backends)
    return Vocabulary(found, groups, known, load_matter().model.profiles)


def _added(detector: _Finds) -> bool:
    """Does the installation say what this detector finds?"""
    return detector.name.startswith(OWN) or detector.name in LISTED


def zoned(backends: Sequence[Backend], policy: Policy) -> tuple[Backend, ...]:
    """The backends, ``local`` only where they are inside *and* cleared for everything.

    A lower clearance on a private address is how one configures an internal proxy to a vendor: that is the outside.
    """
    return tuple(replace(one, local=one.local and one.clearance == policy.top) for one in backends)


def names_reader(settings: Settings) -> Names | None:
    """The processes that read names; None where they are not read, or in this process."""
    inspection = settings.inspection
    engine = engine_of(inspection.ner)
    if engine is None or inspection.ner_processes == 0:
        return None
    processes = inspection.ner_processes or spare_processors()
    return ReadingPool(engine, processes=processes, queue=inspection.queue * QUEUED_TEXTS)


def scanner(
    settings: Settings,
    detectors: Sequence[Detector],
    names: Names | None = None,
    settled: Callable[[Sequence[Finding]], bool] | None = None,
) -> Scanner:
    """The scanner that these settings ask for."""
    inspection = settings.inspection
    quick = not settings.detectors and (names is not None or not inspection.ner.on)
    return Scanner(
        detectors,
        names=names,
        assessors=(load_matter(),),
        settled=settled,
        timeout_s=inspection.timeout_ms / 1000,
        workers=inspection.workers,
        queue=inspection.queue,
        cache_entries=inspection.cache_entries,
        inline=INLINE if quick else 0,
    )


def assemble(settings: Settings) -> Gateway:
    """Build everything; opens no connection. ConfigError for whatever would make the gateway unsafe or useless."""
    backends = to_backends(settings, prove_local)
    names = names_reader(settings)
    here = engine_of(settings.inspection.ner) if names is None else None
    detectors = default_detectors(ner=here, own=settings.detectors)
    detectors += list_detectors(settings)
    known = vocabulary((*detectors, *(() if names is None else (names,))), backends)
    policy = load_policy(settings.policy or shipped() / "default", known)
    backends = zoned(backends, policy)
    _has_a_home(backends, policy)
    metrics = Metrics(
        labels=policy.labels,
        backends=(backend.name for backend in backends),
        entity_types=known.entity_types,
        coverage_kinds=FAULTS | UNREAD.keys(),
    )
    log = AuditLog(
        settings.audit.path,
        queue=settings.audit.queue,
        timeout_s=settings.audit.timeout_ms / 1000,
        on_lost=metrics.lost,
    )
    listed_hosts = {host for one in settings.backends for host in one.local_hosts}
    egress = Egress(backends, FORMATS, listed_hosts=listed_hosts)
    later = MatterAssessor.entity_types if names is None else MatterAssessor.entity_types | names.entity_types
    inspector = scanner(settings, detectors, names, settled_by(policy, later))
    secret = settings.audit.secret
    pipeline = Pipeline(
        policy=lambda: policy,
        backends=backends,
        aliases=settings.models.aliases,
        formats=FORMATS,
        scanner=inspector,
        judge=Judge(Bench(backends, FORMATS, egress, load_prompt()), metrics.judged),
        log=log,
        egress=egress,
        health=Health(),
        metrics=metrics,
        names=model_names(settings),
        audit_secret=secret.get_secret_value().encode() if secret else None,
    )
    keys = _key_ring(settings)
    limits = settings.limits
    chat = ChatEndpoint(
        pipeline.answer,
        keys,
        IngressLimits(
            body_bytes=limits.body_bytes,
            body_seconds=limits.body_seconds,
            json_depth=limits.json_depth,
            json_nodes=limits.json_nodes,
            concurrent=limits.concurrent,
        ),
        settings.stream.keep_alive_s,
        metrics.answered,
    )
    metrics.watch_in_flight(lambda: chat.in_flight)
    metrics.watch_cache(lambda: (inspector.cache.hits, inspector.cache.misses))
    return Gateway(settings, policy, backends, inspector, egress, log, metrics, keys, chat)


def _key_ring(settings: Settings) -> KeyRing:
    secret = settings.keys.secret
    try:
        return KeyRing(
            secret.get_secret_value().encode() if secret else b"",
            {client.id: client.hash for client in settings.keys.clients},
            owners={client.id: (client.team or "", client.app or "") for client in settings.keys.clients},
            allow_anonymous=settings.keys.allow_anonymous,
        )
    except ValueError as error:
        remedy = "Make a key with `gateway keys new NAME`, or set keys.allow_anonymous on a loopback address."
        raise ConfigError((Problem(str(error), remedy),)) from None


def _has_a_home(backends: Sequence[Backend], policy: Policy) -> None:
    """Without a local backend of the top clearance a sensitive prompt has nowhere to go: that is no gateway."""
    if any(backend.local and backend.clearance == policy.top for backend in backends):
        return
    raise ConfigError(
        (
            Problem(
                f"no local backend has the clearance {policy.top!r}, the top label of the policy {policy.name}",
                f"Add a backend on a loopback or private address with `clearance: {policy.top}`.",
            ),
        )
    )


def _names(backends: Sequence[Backend]) -> str:
    return ", ".join(backend.name for backend in backends)
