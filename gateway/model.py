"""The values that travel through a request's life, from bytes to decision.

All are frozen; none shows content in its repr. The drawing in ``docs/architecture.md`` names each of them. This module
knows nothing about HTTP, policies or detectors.
"""

import hashlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

Json = Any
"""A parsed JSON value. ``Any`` because a recursive alias makes every access a cast; readers check what they take."""

JsonObject = Mapping[str, Json]


class WireFormat(StrEnum):
    """What a backend speaks. The members are the values of ``format:`` in gateway.yaml."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``key_id`` is the public name of the client key, never the key."""

    key_id: str
    team: str = ""
    """Whose key it is, as gateway.yaml says; empty where it does not."""
    app: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One client request, parsed strictly. ``body`` is the whole JSON object and is never changed by anyone."""

    request_id: str
    caller: Caller
    endpoint: str
    body: JsonObject = field(repr=False)
    wanted_model: str = field(repr=False)
    stream: bool
    wants_usage: bool
    """The client asked for the usage chunk of a stream (``stream_options.include_usage``)."""
    size: int
    """Bytes of the client's body."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What the client sent beside the body, without credentials, for policies that ask. Never forwarded or recorded."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do. A draft that needs more is not sent to it (the next candidate is tried)."""

    context: int | None = None
    """Tokens that fit, prompt and answer together; None: unknown, not checked."""
    tools: bool = True
    vision: bool = False
    documents: bool = False
    audio: bool = False
    json_schema: bool = True


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. ``first_byte`` ends an attempt (the next candidate is tried), ``idle`` a stream with an error event."""

    connect: float = 5.0
    first_byte: float = 120.0
    idle: float = 60.0


@dataclass(frozen=True, slots=True)
class Backend:
    """One model server: where it is, what it speaks, and the highest label it may receive (``clearance``)."""

    name: str
    format: WireFormat
    base_url: str
    models: Mapping[str, str]
    """Public model name to the name the server knows. The first entry is the default."""
    clearance: str
    capabilities: Capabilities = Capabilities()
    timeouts: Timeouts = Timeouts()
    api_key: SecretStr | None = field(default=None, repr=False)
    api_version: str | None = None
    """Anthropic: the ``anthropic-version`` header. None: the format's default."""
    max_output_tokens: int = 4096
    """Used where the wire format demands a limit and the client gave none."""
    local: bool = False
    """Proven at start to be inside the organisation (loopback, unix socket, private range or a listed host) and cleared
    for the top label. A backend that is inside with a lower clearance counts as external."""

    @property
    def default_model(self) -> str:
        """The server's own name of the first model."""
        return next(iter(self.models.values()))


@dataclass(frozen=True, slots=True)
class Draft:
    """The exact request that would go to one backend. What is inspected is this, and what is sent is this.

    ``headers`` is complete (authorization included) and built by the gateway alone: no client header is carried.
    """

    backend: Backend
    url: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    model: str
    """The server's own name of the model asked."""
    stream: bool
    digest: bytes = field(init=False, repr=False)
    """blake2b-256 over backend, method, url, headers and body: what a report and a permission are bound to."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", request_digest(self.backend.name, self.url, self.headers, self.body))


def request_digest(backend: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    """Digest of everything that would leave in one POST. Parts are length-prefixed so that none can imitate another."""
    digest = hashlib.blake2b(digest_size=32)
    for part in (backend, url, *(text for pair in headers for text in pair)):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    digest.update(body)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class Segment:
    """One string of a draft: a leaf or an object key, with where it stood.

    ``path`` is fit for records: names outside the known field vocabulary are written ``*``.
    """

    path: str
    role: str
    """system, developer, user, assistant, tool, or "" outside messages."""
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector found: an entity type and a place, never the text.

    ``start`` and ``end`` are characters of the segment at ``path``; both are -1 where the value spans segments.
    """

    entity_type: str
    score: float
    path: str
    role: str
    start: int
    end: int
    detector: str
    value: int = field(default=-1, compare=False)
    """Ordinal of its value among the distinct values of the report; -1: not known, so it may be one of its own."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Did inspection read everything that would leave? No reasons: COMPLETE. Any reason: INCOMPLETE."""

    reasons: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Report:
    """What inspection says about one draft. Bound to the draft by its digest."""

    digest: bytes = field(repr=False)
    findings: tuple[Finding, ...]
    coverage: Coverage
    versions: tuple[tuple[str, str], ...] = ()
    """Detector name and version, for the record."""
    suppressed: tuple[tuple[str, int], ...] = ()
    """Suppressions of the policy, and how many findings each took out: ``findings`` are without them."""

    def counts(self) -> dict[str, int]:
        """Number of findings by entity type."""
        counts: dict[str, int] = {}
        for finding in self.findings:
            counts[finding.entity_type] = counts.get(finding.entity_type, 0) + 1
        return counts


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy may ask about a request besides its findings, and what a backend must be able to do for it."""

    key_id: str
    wanted_model: str = field(repr=False)
    stream: bool
    tokens: int
    """Estimate: a quarter of the text's bytes, a flat figure per media part, and the answer's limit if one is given."""
    tools: bool
    vision: bool
    documents: bool
    audio: bool
    json_schema: bool
    request_id: str = ""
    """The gateway's own, random: what a canary draws by. Empty where there is no request: nothing is drawn then."""
    team: str | None = None
    """Of the client key. Of this and the facts below None means that nobody knows: conditions on them are matched."""
    app: str | None = None
    at: datetime | None = None
    """When the request came, with a time zone: one instant for all that is asked about it."""
    tool_names: tuple[str, ...] | None = field(default=None, repr=False)
    """Of the tools that are offered."""
    system_prompt: bool | None = None
    headers: Mapping[str, tuple[str, ...]] | None = field(default=None, repr=False)
    """Those that the policy reads, by lower-case name: matched, and never recorded."""
    metadata: Mapping[str, str | None] | None = field(default=None, repr=False)
    """The same of the body's metadata; None: a value that is no text."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as OpenAI counts them: ``prompt`` includes cached tokens."""

    prompt: int
    completion: int
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer, as one OpenAI ``chat.completion`` object in bytes."""

    body: bytes = field(repr=False)
    model: str
    usage: Usage | None
    finish_reason: str | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """One event of a streamed answer, as one OpenAI ``chat.completion.chunk`` object in bytes, unframed."""

    data: bytes = field(repr=False)
    usage: Usage | None = None
    """Set on the event that carries the usage of the whole answer."""
    finish_reason: str | None = None
    usage_only: bool = False
    """``choices`` is empty: sent to the client only if it asked for usage."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who answered and why: the ``x-gateway-*`` headers of an answer."""

    request_id: str
    label: str
    rules: tuple[str, ...]
    backend: str
    model: str
    added_ms: float | None = None
    """What the gateway took from the request to its sending: inspection, decision and record."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the pipeline hands to ingress: either a whole completion or a stream of chunks, never both.

    ``chunks`` raises UpstreamBroke when the backend dies midway; closing it cancels the upstream request.
    """

    provenance: Provenance
    completion: Completion | None = None
    chunks: AsyncGenerator[Chunk, None] | None = None
