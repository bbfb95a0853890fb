"""Probes are a policy's tests: a prompt, and what has to become of it. They stand beside the policy in ``probes.yaml``.

A probe runs the real decision against backends that the file assumes (or those of a gateway.yaml), with a report that
the caller's inspection makes. Nothing is sent. A policy without probes fails, and so does one with a rule that no probe
hits or that every probe hits: such a rule is not tested.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from gateway.errors import ConfigError, Problem
from gateway.model import Backend, Capabilities, Coverage, Draft, Facts, Report, WireFormat
from gateway.policy.body_facts import has_system_prompt, metadata, tool_names
from gateway.policy.conditions import Always
from gateway.policy.decision import Cleared, Refused, Verdict, classify, decide, watched
from gateway.policy.loader import load_policy
from gateway.policy.probe_file import FILE_NAME, Expect, Probe, Probes, load_probes, unknown_names
from gateway.policy.route import EXTERNAL, LOCAL, incapable, plan
from gateway.policy.rules import Policy
from gateway.policy.shadow import Zone
from gateway.policy.vocabulary import Vocabulary, rights
from gateway.policy.wording import first_of

Inspect: TypeAlias = Callable[[Mapping[str, Any]], Report]
"""Inspects a chat completions body. The report's digest is not looked at."""
Suppress: TypeAlias = Callable[[Policy, Mapping[str, Any], Report], Report]
"""Takes out of the report about a body what the policy's suppressions name."""

_NOWHERE: Final = "http://probe.invalid/v1"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What became of one probe. ``failures`` say what differs from its expectation; none: it passed."""

    name: str
    line: int | None
    label: str
    rules: tuple[str, ...]
    zone: Zone
    failures: tuple[str, ...]
    shadow: tuple[str, ...] = ()
    """Rules that matched and are only watched. A canary counts as enforced: a probe is no request to draw by."""
    suppressed: tuple[str, ...] = ()
    left: frozenset[str] = frozenset()
    """Entity types of what was found and not suppressed."""

    @property
    def passed(self) -> bool:
        return not self.failures


@dataclass(frozen=True, slots=True)
class ProbeRun:
    """All probes of one policy. ``problems`` are about the file as a whole, such as a rule that no probe hits."""

    policy: Policy
    results: tuple[ProbeResult, ...]
    problems: tuple[Problem, ...]

    @property
    def passed(self) -> bool:
        return bool(self.results) and not self.problems and all(result.passed for result in self.results)


def run_probes(
    folder: Path,
    inspect: Inspect,
    vocabulary: Vocabulary,
    backends: Sequence[Backend] | None = None,
    suppress: Suppress = lambda _policy, _body, report: report,
) -> ProbeRun:
    """Run the probes of the policy in ``folder``, against ``backends`` or those that probes.yaml assumes.

    ``vocabulary.backends`` is not looked at. Raises ConfigError when the policy or the probes cannot be loaded.
    """
    probes = load_probes(folder / FILE_NAME)
    chosen = tuple(backends) if backends else _assumed(probes)
    policy = load_policy(folder, replace(vocabulary, backends=rights(chosen) if chosen else None))
    chosen = chosen or _pair(policy)
    if problems := first_of(unknown_names(probes, policy, chosen), probes.file):
        raise ConfigError(problems)

    def inspected(body: Mapping[str, Any]) -> Report:
        return suppress(policy, body, inspect(body))

    results = tuple(
        _run(probe, probes.line(index), policy, chosen, inspected) for index, probe in enumerate(probes.probes)
    )
    return ProbeRun(policy, results, tuple(_untested(policy, results, probes.file)))


def _assumed(probes: Probes) -> tuple[Backend, ...]:
    return tuple(_backend(name, one.clearance, local=one.local) for name, one in probes.backends.items())


def _pair(policy: Policy) -> tuple[Backend, ...]:
    """Without assumed backends: an external one that may have what is least sensitive, and a local one for all."""
    return _backend(EXTERNAL, policy.labels[0], local=False), _backend(LOCAL, policy.top, local=True)


def _backend(name: str, clearance: str, *, local: bool) -> Backend:
    return Backend(
        name=name,
        format=WireFormat.OPENAI,
        base_url=_NOWHERE,
        models={name: name},
        clearance=clearance,
        capabilities=Capabilities(vision=True, documents=True, audio=True),
        local=local,
    )


def _run(probe: Probe, line: int | None, policy: Policy, backends: Sequence[Backend], inspect: Inspect) -> ProbeResult:
    request = probe.request()
    facts = _facts(probe, request, policy)
    report = _report(probe, request, inspect)
    if report is None:
        return ProbeResult(probe.name, line, "", (), "nowhere", ("inspection raised an error",))

    def verdict(backend: Backend) -> Verdict:
        body = orjson.dumps(request)
        draft = Draft(backend, _NOWHERE, (), body, backend.default_model, facts.stream)
        return decide(policy, draft, replace(report, digest=draft.digest), facts)

    found = classify(policy, report, facts)
    seen = watched(policy, report, facts)
    shadow = seen.rules if seen else ()
    rules, zone = found.rules, _zone(plan(policy, facts, backends).backends, facts, verdict)
    refusals = [refused.rules for one in backends if isinstance(refused := verdict(one), Refused)]
    rules = refusals[0] if refusals else rules
    reached = {one.name for one in _meant(probe.expect.nothing_to, backends) if isinstance(verdict(one), Cleared)}
    result = ProbeResult(probe.name, line, found.label, rules, zone, (), shadow)
    gone = tuple(name for name, _ in report.suppressed)
    result = replace(result, suppressed=gone, left=frozenset(one.entity_type for one in report.findings))
    return replace(result, failures=tuple(_differences(probe.expect, result, reached)))


def _zone(candidates: Sequence[Backend], facts: Facts, verdict: Callable[[Backend], Verdict]) -> Zone:
    """Walk the candidates as the pipeline does, with every backend up."""
    for backend in candidates:
        if incapable(backend, facts) is not None:
            continue
        match verdict(backend):
            case Refused():
                return "refused"
            case Cleared():
                return "local" if backend.local else "external"
            case _:
                continue
    return "nowhere"


def _differences(expect: Expect, found: ProbeResult, reached: set[str]) -> Iterator[str]:
    if expect.label is not None and found.label != expect.label:
        yield f"label is {found.label}, expected {expect.label}"
    for rule in expect.rule:
        if rule not in found.rules:
            yield f"rule {rule} did not match; matched: {', '.join(found.rules) or 'none'}"
    for name in expect.suppressed:
        if name not in found.suppressed:
            yield f"{name} suppressed nothing; what did: {', '.join(found.suppressed) or 'none'}"
    for rule in expect.shadow:
        if rule not in found.shadow:
            yield f"rule {rule} did not match in the shadow; matched there: {', '.join(found.shadow) or 'none'}"
    if expect.zone is not None and found.zone != expect.zone:
        yield f"zone is {found.zone}, expected {expect.zone}"
    for name in sorted(reached):
        yield f"{name} could have received it"


def _report(probe: Probe, request: Mapping[str, Any], inspect: Inspect) -> Report | None:
    if probe.fault is not None:  # the worst of that fault: nothing at all was found before it
        return Report(b"", (), Coverage((probe.fault,)))
    try:
        return inspect(request)
    except Exception:  # noqa: BLE001 - a failing inspection fails the probe; it never counts as clean
        return None


def _facts(probe: Probe, request: Mapping[str, Any], policy: Policy) -> Facts:
    """What ingress would say about the body, as far as probes need it."""
    raw = orjson.dumps(request)
    limit = request.get("max_completion_tokens") or request.get("max_tokens")
    return Facts(
        key_id=probe.key,
        wanted_model=str(request.get("model")),
        stream=request.get("stream") is True,
        tokens=len(raw) // 4 + (limit if isinstance(limit, int) else 0),
        tools=bool(request.get("tools") or request.get("functions")) or b'"tool_calls"' in raw,
        vision=b'"image_url"' in raw,
        documents=b'"type":"file"' in raw,
        audio=b'"input_audio"' in raw,
        json_schema=b'"json_schema"' in raw,
        team=probe.team,
        app=probe.app,
        at=probe.instant,
        tool_names=tool_names(request),
        system_prompt=has_system_prompt(request),
        headers={name.lower(): (value,) for name, value in probe.headers.items()},
        metadata=metadata(request, policy.reads.metadata),
    )


def _meant(names: Sequence[str], backends: Sequence[Backend]) -> tuple[Backend, ...]:
    return tuple(
        backend
        for backend in backends
        if backend.name in names or (LOCAL in names and backend.local) or (EXTERNAL in names and not backend.local)
    )


def _untested(policy: Policy, results: Sequence[ProbeResult], file: Path) -> Iterator[Problem]:
    if not results:
        yield Problem("there are no probes", "Write probes that each rule has to catch, and to leave alone.", file)
    conditions = {rule.id: rule.when for rule in policy.classify} | {rule.id: rule.when for rule in policy.refuse}
    for name, condition in conditions.items() if results else ():
        hits = sum(name in result.rules or name in result.shadow for result in results)
        if hits == 0:
            yield Problem(f"no probe hits the rule `{name}`", "Add one that it has to catch.", file)
        elif hits == len(results) and not isinstance(condition, Always):
            yield Problem(f"every probe hits the rule `{name}`", "Add one that it has to leave alone.", file)
    for one in policy.suppress if results else ():
        if not any(one.id in result.suppressed for result in results):
            yield Problem(f"no probe hits the suppression `{one.id}`", "Add one with a value that it names.", file)
        if not any(one.entity_types & result.left for result in results):
            message = f"no probe shows that the suppression `{one.id}` leaves other values alone"
            yield Problem(message, "Add one with another value of the same entity type, and what becomes of it.", file)
