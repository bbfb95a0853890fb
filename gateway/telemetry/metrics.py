"""What Prometheus may know: counts, seconds and names from the configuration. Never text, never a client's words.

A label value outside the closed sets given at the start is counted as ``other``: no request can name a series or make
the number of series grow. One registry per gateway, no global one.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from gateway.model import Report, Usage

OTHER: Final = "other"
MAX_TOKENS: Final = 10**9
"""Tokens counted for one answer: a backend that reports more is wrong."""
_OUTCOMES: Final = frozenset({"sent_local", "sent_external", "refused", "unavailable", "asked_judge"})
_ENDINGS: Final = frozenset({"completed", "client_disconnected", "upstream_broke", "rejected", "failed"})
_VERDICTS: Final = frozenset({"private", "general", "timeout", "error", "unavailable", "answer"})
_FAILURES: Final = re.compile(r"connect|connect_timeout|timeout|redirect|garbage|status_[1-5]\d\d")
"""Why an attempt failed, as far as a series of its own is worth it."""
_FAST: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_ASKING: Final = (0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0)
_SLOW: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


@dataclass(frozen=True, slots=True)
class Definition:
    """One metric, as the documentation lists it."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


METRICS: Final = (
    Definition(
        "gateway_decisions_total",
        "counter",
        "Decisions by outcome (sent_local, sent_external, refused, unavailable, asked_judge), label and backend.",
        ("outcome", "label", "backend"),
    ),
    Definition(
        "gateway_shadow_total",
        "counter",
        "Decisions in which a rule that was only watched matched, by rule and by who would have answered.",
        ("rule", "zone"),
    ),
    Definition(
        "gateway_suppressed_total",
        "counter",
        "Findings that a suppression of the policy took out, by suppression.",
        ("suppression",),
    ),
    Definition("gateway_responses_total", "counter", "Answers to clients by HTTP status.", ("status",)),
    Definition("gateway_endings_total", "counter", "How requests ended, by backend.", ("ending", "backend")),
    Definition(
        "gateway_failed_attempts_total",
        "counter",
        "Attempts that failed before an answer began, by backend and reason (connect, timeout, status_401 …).",
        ("backend", "reason"),
    ),
    Definition("gateway_in_flight", "gauge", "Requests being handled now."),
    Definition("gateway_findings_total", "counter", "Findings by entity type.", ("entity_type",)),
    Definition("gateway_incomplete_total", "counter", "Drafts that could not be read whole, by reason.", ("reason",)),
    Definition("gateway_inspection_seconds", "histogram", "Inspection of one draft.", buckets=_FAST),
    Definition("gateway_cache_total", "counter", "Segments whose findings were remembered or not.", ("result",)),
    Definition(
        "gateway_judge_total",
        "counter",
        "Texts that the judge was needed for, by verdict (private, general) or why there was none (timeout, error, "
        "unavailable, answer), and whether it was asked or remembered.",
        ("verdict", "source"),
    ),
    Definition("gateway_judge_seconds", "histogram", "One question to the judge, asked to answered.", buckets=_ASKING),
    Definition("gateway_added_seconds", "histogram", "From the request to its sending: what we add.", buckets=_FAST),
    Definition("gateway_response_seconds", "histogram", "From the request to the end of its answer.", buckets=_SLOW),
    Definition(
        "gateway_first_byte_seconds",
        "histogram",
        "From the request to the backend's first byte.",
        ("backend",),
        buckets=_SLOW,
    ),
    Definition(
        "gateway_answer_seconds",
        "histogram",
        "From the request to the backend's last byte.",
        ("backend",),
        buckets=_SLOW,
    ),
    Definition(
        "gateway_tokens_total",
        "counter",
        "Tokens by backend and kind (prompt, completion, cached).",
        ("backend", "kind"),
    ),
    Definition("gateway_audit_write_seconds", "histogram", "Until a decision was on the disk.", buckets=_FAST),
    Definition("gateway_audit_lost_total", "counter", "Completion records that could not be written."),
)
"""Every metric there is. A test holds that docs list them, and that ``render`` shows each."""


class Metrics:
    """The gateway's numbers. Safe to use from any thread."""

    def __init__(
        self,
        *,
        labels: Iterable[str],
        backends: Iterable[str],
        entity_types: Iterable[str],
        coverage_kinds: Iterable[str],
    ) -> None:
        self._labels = frozenset(labels) | {"unknown"}
        self._backends = frozenset(backends) | {""}
        self._entity_types = frozenset(entity_types)
        self._coverage_kinds = frozenset(coverage_kinds)
        self._registry = CollectorRegistry()
        self._cache: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self._cached = (0, 0)
        self._rendering = Lock()
        self._counters = {one.name: _counter(one, self._registry) for one in METRICS if one.kind == "counter"}
        self._histograms = {one.name: _histogram(one, self._registry) for one in METRICS if one.kind == "histogram"}
        self._in_flight = Gauge("gateway_in_flight", _help("gateway_in_flight"), registry=self._registry)

    def watch_in_flight(self, count: Callable[[], float]) -> None:
        """Ask ``count`` for the number of requests being handled whenever metrics are read."""
        self._in_flight.set_function(count)

    def answered(self, status: int, seconds: float) -> None:
        """A client got its answer: its status, and the time since its request."""
        self._counters["gateway_responses_total"].labels(str(status) if 100 <= status <= 599 else OTHER).inc()
        self._histograms["gateway_response_seconds"].observe(seconds)

    def inspected(self, report: Report, seconds: float) -> None:
        """A draft was inspected."""
        self._histograms["gateway_inspection_seconds"].observe(seconds)
        for entity_type, number in report.counts().items():
            self._counters["gateway_findings_total"].labels(_one_of(self._entity_types, entity_type)).inc(number)
        for kind in {reason.partition(":")[0] for reason in report.coverage.reasons}:
            self._counters["gateway_incomplete_total"].labels(_one_of(self._coverage_kinds, kind)).inc()

    def judged(self, verdict: str, seconds: float | None) -> None:
        """The judge was needed for one text; ``seconds`` None: it was not asked, because the answer was known."""
        source = "remembered" if seconds is None else "asked"
        self._counters["gateway_judge_total"].labels(_one_of(_VERDICTS, verdict), source).inc()
        if seconds is not None:
            self._histograms["gateway_judge_seconds"].observe(seconds)

    def watch_cache(self, counts: Callable[[], tuple[int, int]]) -> None:
        """Ask ``counts`` for hits and misses of the cache of findings, since the start, whenever metrics are read."""
        self._cache = counts

    def recorded(self, seconds: float) -> None:
        """A decision is on the disk, after this time."""
        self._histograms["gateway_audit_write_seconds"].observe(seconds)

    def lost(self, number: int) -> None:
        """So many completion records could not be written."""
        self._counters["gateway_audit_lost_total"].inc(number)

    def decided(self, outcome: str, label: str, backend: str) -> None:
        """A decision was made for one attempt; ``backend`` is empty when nothing was sent."""
        self._counters["gateway_decisions_total"].labels(
            _one_of(_OUTCOMES, outcome), _one_of(self._labels, label), _one_of(self._backends, backend)
        ).inc()

    def shadowed(self, rules: Iterable[str], zone: str) -> None:
        """Rules that were only watched matched. Their ids stand in the policy, so no request can name a series."""
        for rule in rules:
            self._counters["gateway_shadow_total"].labels(rule, zone).inc()

    def suppressed(self, counts: Mapping[str, int]) -> None:
        """Findings were taken out, by the id that the suppression has in the policy."""
        for suppression, number in counts.items():
            self._counters["gateway_suppressed_total"].labels(suppression).inc(number)

    def failed(self, backend: str, reason: str) -> None:
        """An attempt failed before its answer began; ``reason`` is that of ``BackendUnavailable``."""
        known = reason if _FAILURES.fullmatch(reason) else OTHER
        self._counters["gateway_failed_attempts_total"].labels(_one_of(self._backends, backend), known).inc()

    def added(self, seconds: float) -> None:
        """The time between a request and its sending: what the gateway adds."""
        self._histograms["gateway_added_seconds"].observe(seconds)

    def ended(self, ending: str, backend: str, total_s: float, first_byte_s: float | None, usage: Usage | None) -> None:
        """A request ended. Seconds since it came; ``backend`` is empty when none answered."""
        name = _one_of(self._backends, backend)
        self._counters["gateway_endings_total"].labels(_one_of(_ENDINGS, ending), name).inc()
        if not backend:
            return
        self._histograms["gateway_answer_seconds"].labels(name).observe(total_s)
        if first_byte_s is not None:
            self._histograms["gateway_first_byte_seconds"].labels(name).observe(first_byte_s)
        if usage is not None:
            for kind, number in (("prompt", usage.prompt), ("completion", usage.completion), ("cached", usage.cached)):
                self._counters["gateway_tokens_total"].labels(name, kind).inc(min(max(0, number), MAX_TOKENS))

    def render(self) -> bytes:
        """The text that Prometheus reads (format 0.0.4, UTF-8)."""
        with self._rendering:
            now = self._cache()
            for result, before, count in zip(("hit", "miss"), self._cached, now, strict=True):
                self._counters["gateway_cache_total"].labels(result).inc(count - before)
            self._cached = now
        return generate_latest(_Slim(self._registry))


class _Slim(CollectorRegistry):
    """A registry's families without the ``_created`` series, which double what is stored and say nothing here."""

    def __init__(self, registry: Collector) -> None:
        super().__init__()
        self._inner = registry

    def collect(self) -> Iterator[Family]:
        for family in self._inner.collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family


def _one_of(known: frozenset[str], value: str) -> str:
    return value if value in known else OTHER


def _help(name: str) -> str:
    return next(one.help for one in METRICS if one.name == name)


def _counter(one: Definition, registry: CollectorRegistry) -> Counter:
    return Counter(one.name, one.help, one.labels, registry=registry)


def _histogram(one: Definition, registry: CollectorRegistry) -> Histogram:
    return Histogram(one.name, one.help, one.labels, registry=registry, buckets=one.buckets)
