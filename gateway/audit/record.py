"""What is written down about one request. No text, ever (law 6).

Every field has a closed form, and construction refuses a value outside it: a prompt, a name or a card number does not
fit into an entity type, a path of known field names, a rule id or a model from the configuration. Errors name the
field, never the value, because a value that does not fit may be text.
"""

import hmac
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NewType

from gateway.model import Report, Usage
from gateway.policy.basis import MAX_GROUPS, Basis, FindingGroup

ListedModel = NewType("ListedModel", str)
"""A model name that stands in the configuration, or ``unlisted``. Made by ``listed_model`` alone."""

UNLISTED: Final = ListedModel("unlisted")
MAX_PLACES: Final = 64
"""Distinct paths kept per record; findings at further ones are counted under ``*``."""
MAX_ITEMS: Final = 1024
"""Rules, reasons, entity types, considered backends or detectors in one record."""


class Outcome(StrEnum):
    """What the gateway set out to do with one attempt. Written before the first byte leaves."""

    SENT_LOCAL = "sent_local"
    SENT_EXTERNAL = "sent_external"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    ASKED_JUDGE = "asked_judge"
    """A question about the request went to a backend inside; what became of the request itself is another record."""


class Ending(StrEnum):
    """How a request ended."""

    COMPLETED = "completed"
    CLIENT_DISCONNECTED = "client_disconnected"
    UPSTREAM_BROKE = "upstream_broke"
    REJECTED = "rejected"
    FAILED = "failed"


def _form(pattern: str) -> Callable[[object], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


_time = _form(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_request_id = _form(r"req_[A-Za-z0-9_-]{1,64}")
_name = _form(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Labels, rules, backends, client keys, detectors: names that somebody wrote into a configuration file."""
_endpoint = _form(r"/v1(/[a-z_]{1,32}){1,4}")
_model = _form(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,255}")
_host = _form(r"[A-Za-z0-9_.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?|unix")
_revision = _form(r"[0-9a-f]{8,64}")
_fingerprint = _form(r"[0-9a-f]{64}")
_version = _form(r"[A-Za-z0-9][A-Za-z0-9._+:-]{0,95}")
_entity_type = _form(r"[A-Z][A-Z0-9_]{0,63}")
_STEP: Final = r"(\$?[a-z_][A-Za-z_]{0,47}(\d{1,3}[A-Za-z_]{1,47})?|\d{1,6}|\*)"
_path = _form(rf"(?=.{{1,400}}\Z)[$.]{{0,2}}\[?{_STEP}([][.#{{}}]{{1,3}}{_STEP})*[]#}}]{{0,2}}")
"""Known field names, short indexes and ``*``. Separators and names share no character, so that matching is linear."""
_word = _form(r"[a-z][a-z0-9_]{0,47}(:[A-Za-z0-9][A-Za-z0-9._-]{0,63}){0,2}")
"""Coverage reasons and verdicts: a fixed word, and what it is about (``detector_error:cards``)."""
_FINISH_REASONS: Final = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call", "other"})


def _count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _duration(value: object) -> bool:
    return isinstance(value, int | float) and type(value) is not bool and math.isfinite(value) and value >= 0


def _empty_or(form: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value == "" or form(value)


def _none_or(form: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or form(value)


def _each(form: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, tuple) and len(value) <= MAX_ITEMS and all(map(form, value))


def _counted(form: Callable[[object], bool]) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        if not isinstance(value, Mapping) or len(value) > MAX_ITEMS:
            return False
        return all(form(name) and _count(number) for name, number in value.items())

    return check


@lru_cache(maxsize=64)
def _detectors(value: tuple[tuple[str, str], ...]) -> bool:
    """Dozens of names that are the same in every record: looked at once."""
    return _each(_pair(_name, _version))(value)


def _is(kind: type) -> Callable[[object], bool]:
    return lambda value: type(value) is kind


def _pair(first: Callable[[object], bool], second: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, tuple) and len(value) == 2 and first(value[0]) and second(value[1])


def _check(record: object, forms: Mapping[str, Callable[[object], bool]]) -> None:
    for one in fields(record):  # type: ignore[arg-type]  # called from __post_init__ of the dataclasses below alone
        if not forms[one.name](getattr(record, one.name)):
            raise ValueError(f"{type(record).__name__}.{one.name} does not have the form that a record may hold")


@dataclass(frozen=True, slots=True)
class Considered:
    """One backend that was asked about, and the answer: ``cleared``, ``not_cleared``, ``incapable:tools`` ..."""

    backend: str
    verdict: str

    def __post_init__(self) -> None:
        _check(self, _CONSIDERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the judge said of the texts of a request, now or earlier: how many are private, general, without verdict."""

    private: int
    general: int
    failed: int
    reasons: tuple[str, ...] = ()
    """Reason codes of the private ones, and why there was no verdict about the others."""
    backend: str = ""
    """Whose verdicts these are; empty where there are none."""
    ms: float
    """Time that the request waited for them."""

    def __post_init__(self) -> None:
        _check(self, _JUDGED)


@dataclass(frozen=True, slots=True)
class Shadowed:
    """What rules that were only watched would have made of a request: their ids, the label, who would have answered."""

    rules: tuple[str, ...]
    label: str
    zone: str
    """``local``, ``external``, ``refused`` or ``nowhere``."""

    def __post_init__(self) -> None:
        _check(self, _SHADOWED)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """One decision for one attempt of one request. ValueError when a value is outside its closed form."""

    time: str
    """UTC, ISO 8601 with microseconds and ``Z`` (``utc_now``)."""
    request_id: str
    attempt: int
    """Numbers the records of a request from 0: each backend tried has its own, and each question to the judge."""
    key_id: str
    endpoint: str
    wanted_model: ListedModel
    outcome: Outcome
    backend: str = ""
    """Empty when nothing was sent, as are ``host`` and ``model``."""
    host: str = ""
    """``host[:port]``, or ``unix`` for a socket."""
    model: str = ""
    """The server's own name of the model."""
    label: str
    rules: tuple[str, ...] = ()
    revision: str
    findings: Mapping[str, int] = field(default_factory=dict)
    """Number of findings by entity type."""
    places: Mapping[str, int] = field(default_factory=dict)
    """Number of findings by record-safe path."""
    coverage: tuple[str, ...] = ()
    """Reasons why inspection did not read everything; none: it did."""
    considered: tuple[Considered, ...] = ()
    body_bytes: int
    body_fingerprint: str | None = None
    """Keyed (``fingerprint``), so that nobody can confirm a guessed text without the audit secret; None: no secret."""
    detectors: tuple[tuple[str, str], ...] = ()
    """Name and version of every detector that ran."""
    stream: bool
    inspection_ms: float
    judged: Judged | None = None
    """None: the judge had no say."""
    basis: Basis | None = None
    """What another policy can be asked about (`gateway policy diff`). None: nothing was inspected, it is a question to
    the judge, or an earlier version wrote this."""
    shadow: Shadowed | None = None
    """None: no rule that is only watched matched."""
    suppressed: Mapping[str, int] = field(default_factory=dict)
    """Number of findings that suppressions of the policy took out, by suppression. ``findings`` are what stayed."""

    def __post_init__(self) -> None:
        _check(self, _DECISION)
        object.__setattr__(self, "suppressed", MappingProxyType(dict(self.suppressed)))
        object.__setattr__(self, "findings", MappingProxyType(dict(self.findings)))
        object.__setattr__(self, "places", MappingProxyType(dict(self.places)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRecord:
    """How one request ended. Best effort: it follows the answer and can never hold it up.

    What a backend says of its own answer is not trusted and never an error here: an unknown finish reason is recorded
    as ``other``, an impossible usage as none.
    """

    time: str
    request_id: str
    status: int
    """HTTP status that the client got; 499 when it left first."""
    outcome: Ending
    finish_reason: str | None = None
    usage: Usage | None = None
    first_byte_ms: float | None = None
    total_ms: float

    def __post_init__(self) -> None:
        if self.finish_reason is not None and self.finish_reason not in _FINISH_REASONS:
            object.__setattr__(self, "finish_reason", "other")
        if self.usage is not None and not _possible(self.usage):
            object.__setattr__(self, "usage", None)
        _check(self, _COMPLETION)


def _possible(usage: object) -> bool:
    return isinstance(usage, Usage) and all(map(_count, (usage.prompt, usage.completion, usage.cached)))


_ROLES: Final = frozenset({"", "system", "developer", "user", "assistant", "tool"})


def _basis(value: object) -> bool:
    if not isinstance(value, Basis):
        return value is None
    flags = (value.tools, value.vision, value.documents, value.audio, value.json_schema)
    return (
        _count(value.tokens)
        and _count(value.beyond)
        and all(type(flag) is bool for flag in flags)
        and isinstance(value.groups, tuple)
        and len(value.groups) <= MAX_GROUPS
        and all(map(_group, value.groups))
    )


def _group(value: object) -> bool:
    return (
        isinstance(value, FindingGroup)
        and _entity_type(value.entity_type)
        and (value.score is None or (_duration(value.score) and value.score <= 1))
        and value.role in _ROLES
        and type(value.spans) is bool
        and _path(value.place)
        and _count(value.count)
    )


_CONSIDERED: Final[Mapping[str, Callable[[object], bool]]] = {"backend": _name, "verdict": _word}
_JUDGED: Final[Mapping[str, Callable[[object], bool]]] = {
    "private": _count,
    "general": _count,
    "failed": _count,
    "reasons": _each(_word),
    "backend": _empty_or(_name),
    "ms": _duration,
}
_SHADOWED: Final[Mapping[str, Callable[[object], bool]]] = {
    "rules": _each(_name),
    "label": _name,
    "zone": lambda value: value in ("local", "external", "refused", "nowhere"),
}
_DECISION: Final[Mapping[str, Callable[[object], bool]]] = {
    "time": _time,
    "request_id": _request_id,
    "attempt": _count,
    "key_id": _name,
    "endpoint": _endpoint,
    "wanted_model": _model,
    "outcome": _is(Outcome),
    "backend": _empty_or(_name),
    "host": _empty_or(_host),
    "model": _empty_or(_model),
    "label": _name,
    "rules": _each(_name),
    "revision": _revision,
    "findings": _counted(_entity_type),
    "places": _counted(_path),
    "coverage": _each(_word),
    "considered": _each(_is(Considered)),
    "body_bytes": _count,
    "body_fingerprint": _none_or(_fingerprint),
    "detectors": lambda value: isinstance(value, tuple) and _detectors(value),
    "stream": _is(bool),
    "inspection_ms": _duration,
    "judged": _none_or(_is(Judged)),
    "basis": _basis,
    "shadow": _none_or(_is(Shadowed)),
    "suppressed": _counted(_name),
}
_COMPLETION: Final[Mapping[str, Callable[[object], bool]]] = {
    "time": _time,
    "request_id": _request_id,
    "status": lambda value: type(value) is int and 100 <= value <= 599,
    "outcome": _is(Ending),
    "finish_reason": lambda value: value is None or value in _FINISH_REASONS,
    "usage": _none_or(_possible),
    "first_byte_ms": _none_or(_duration),
    "total_ms": _duration,
}


def utc_now() -> str:
    """The time in the form that records hold: ``2026-11-23T21:22:05.012345Z``."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def listed_model(wanted: str, names: Collection[str]) -> ListedModel:
    """The client's wanted model if it is one of the configured ``names``, else ``unlisted``: it may be anything."""
    return ListedModel(wanted) if wanted in names and _model(wanted) else UNLISTED


def fingerprint(secret: bytes, body: bytes) -> str:
    """HMAC-SHA256 of a body in hex: equal bodies can be matched, none can be guessed without the secret."""
    return hmac.digest(secret, body, "sha256").hex()


def places(report: Report) -> dict[str, int]:
    """Number of findings by path. At most ``MAX_PLACES`` paths; findings at further ones are counted under ``*``."""
    counts: dict[str, int] = {}
    for finding in report.findings:
        path = finding.path if finding.path in counts or len(counts) < MAX_PLACES else "*"
        counts[path] = counts.get(path, 0) + 1
    return counts
