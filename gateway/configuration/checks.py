"""What must hold across settings, each of which is well formed by itself."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from gateway.configuration.backend_shape import BackendSettings
from gateway.configuration.complaints import Origin
from gateway.configuration.overlay import plain
from gateway.configuration.shape import Settings
from gateway.errors import Problem
from gateway.model import WireFormat
from gateway.policy.route import AUTO

RESERVED_NAMES: Final = frozenset({"auto", "local", "external", "unlisted"})
"""Words of the policy language and of records, which no backend, alias or model may take for its name."""
MIN_SECRET: Final = 32
"""Characters; `gateway keys secret` makes 43."""
VENDORS: Final = (
    "openai.com", "openai.azure.com", "anthropic.com", "googleapis.com", "mistral.ai", "x.ai", "deepseek.com",
    "cohere.com", "groq.com", "together.ai", "together.xyz", "fireworks.ai", "perplexity.ai", "openrouter.ai",
    "huggingface.co",
)  # fmt: skip
"""Domains of model vendors, which nobody can vouch for as inside."""


def literal_secrets(tree: Mapping[str, Any], origin: Origin) -> Iterator[Problem]:
    """Secrets written into the file itself, which gets copied, reviewed and committed."""
    for part in ("keys", "audit"):
        section = tree.get(part)
        if isinstance(section, dict) and "secret" in section:
            remedy = (
                f"Remove it, make a new one, and give that in GATEWAY_{part.upper()}__SECRET or {part}.secret_file."
            )
            yield origin.problem((part, "secret"), "must not stand in the file", remedy)
    backends = tree.get("backends")
    for index, backend in enumerate(backends if isinstance(backends, list) else ()):
        if isinstance(backend, dict) and "api_key" in backend:
            remedy = "Remove it, revoke that key, and name a variable in api_key_env or a file in api_key_file."
            yield origin.problem(("backends", index, "api_key"), "must not stand in the file", remedy)


def checks(settings: Settings, origin: Origin) -> Iterator[Problem]:
    """Everything that is wrong with settings as a whole."""
    yield from _keys(settings, origin)
    yield from _names(settings, origin)
    yield from _aliases(settings, origin)
    yield from _ner(settings, origin)
    for index, backend in enumerate(settings.backends):
        yield from _backend(index, backend, origin)
    if settings.policy is not None and not settings.policy.exists():
        yield origin.problem(("policy",), "names a folder that does not exist", "Relative paths start at this file.")


def _keys(settings: Settings, origin: Origin) -> Iterator[Problem]:
    keys = settings.keys
    if keys.allow_anonymous and not _is_loopback(settings.server.host):
        remedy = "Set server.host to 127.0.0.1, or make keys with `gateway keys new NAME` and remove allow_anonymous."
        yield origin.problem(("keys", "allow_anonymous"), "is only possible while server.host is loopback", remedy)
    if keys.allow_anonymous and keys.clients:
        remedy = "Remove allow_anonymous, or the clients: with both, a request without a key would be a second way in."
        yield origin.problem(("keys", "allow_anonymous"), "contradicts keys.clients", remedy)
    if not keys.clients and not keys.allow_anonymous:
        remedy = (
            "Run `gateway keys new NAME` and paste its line; to try the gateway on loopback, set allow_anonymous: true."
        )
        yield origin.problem(("keys", "clients"), "lists no key, so nobody could use the gateway", remedy)
    if keys.clients and keys.secret is None and keys.secret_file is None:
        remedy = "Set GATEWAY_KEYS__SECRET or keys.secret_file to the secret that `gateway keys new` used."
        yield origin.problem(("keys", "secret"), "is missing, so no key could be checked", remedy)
    for part, secret in (("keys", keys.secret), ("audit", settings.audit.secret)):
        if secret is not None and len(secret.get_secret_value()) < MIN_SECRET:
            remedy = f"It needs {MIN_SECRET} characters; make one with `gateway keys secret`."
            yield origin.problem((part, "secret"), "is too short to resist guessing", remedy)
    for what in ("id", "hash"):
        first: dict[str, int] = {}
        for index, client in enumerate(keys.clients):
            if first.setdefault(getattr(client, what), index) != index:
                place = ("keys", "clients", index, what)
                yield origin.problem(place, "is given to two keys", "Each key has its own id and hash.")


def _names(settings: Settings, origin: Origin) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, backend in enumerate(settings.backends):
        place = ("backends", index, "name")
        if backend.name in RESERVED_NAMES:
            yield origin.problem(place, "is a word of the policy language", "Choose another name.")
        if plain(backend.name) in seen:
            yield origin.problem(place, "is given to two backends", "Give each backend a name of its own.")
        seen.add(plain(backend.name))
        for model in backend.models:
            if model in RESERVED_NAMES:
                yield origin.problem(
                    ("backends", index, "models", model), "is a reserved word", "Choose another public name."
                )


def _ner(settings: Settings, origin: Origin) -> Iterator[Problem]:
    ner = settings.inspection.ner
    at = ("inspection", "ner")
    if ner.onnx is not None and ner.presidio.model is not None:
        yield origin.problem((*at, "presidio"), "contradicts inspection.ner.onnx", "Keep one of them.")
        return
    if ner.labels and ner.onnx is None and ner.presidio.model is None:
        yield origin.problem((*at, "labels"), "are those of an engine of your own", "Remove them, or name a model.")
    if ner.onnx is None and ner.presidio.model is None:
        return
    # Not for everybody: the detectors' modules take longer to import than all of the settings.
    from gateway.configuration.ner import Unusable, engine_of  # noqa: PLC0415

    try:
        engine_of(ner)
    except Unusable as error:
        yield origin.problem((*at, *error.place), error.message, error.remedy)


def _aliases(settings: Settings, origin: Origin) -> Iterator[Problem]:
    by_name = {backend.name: backend for backend in settings.backends}
    public = {model for backend in settings.backends for model in backend.models}
    for alias, target in settings.models.aliases.items():
        place = ("models", "aliases", alias)
        if alias in public or alias in RESERVED_NAMES or alias in by_name:
            yield origin.problem(place, "already means a model, a backend or a reserved word", "Choose another alias.")
        if target in public or target == AUTO:  # auto: for an application whose model name cannot be changed
            continue
        backend_name, _, model = target.partition("/")
        backend = by_name.get(backend_name)
        if backend is None or model not in backend.models:
            known = sorted(public | {f"{name}/{model}" for name, one in by_name.items() for model in one.models})
            near = get_close_matches(target, known, n=1, cutoff=0.4)
            remedy = f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(known[:20])}."
            yield origin.problem(place, "points to a model that no backend has", remedy)


def _backend(index: int, backend: BackendSettings, origin: Origin) -> Iterator[Problem]:
    at = ("backends", index)
    url = urlsplit(backend.base_url)
    if backend.format is WireFormat.ANTHROPIC and url.path.rstrip("/").endswith("/v1"):
        remedy = "Leave /v1 off: for anthropic the base_url is what stands before /v1/messages."
        yield origin.problem((*at, "base_url"), "ends in /v1", remedy)
    if backend.format is not WireFormat.ANTHROPIC and backend.api_version is not None:
        yield origin.problem((*at, "api_version"), "belongs to format anthropic", "Remove it.")
    if backend.api_key_env is not None and backend.api_key_file is not None:
        yield origin.problem((*at, "api_key_file"), "contradicts api_key_env", "Keep one of them.")
    for number, host in enumerate(backend.local_hosts):
        if host.lower().rstrip(".") != (url.hostname or "").rstrip("."):
            remedy = f"base_url names {url.hostname or 'a socket'}; list that name or remove this one."
            yield origin.problem((*at, "local_hosts", number), "is not the host of base_url", remedy)
        if any(f".{host.lower().rstrip('.')}".endswith(f".{vendor}") for vendor in VENDORS):
            remedy = "Remove it: what is sent there leaves the organisation, whatever this file says."
            yield origin.problem((*at, "local_hosts", number), "is a vendor's host", remedy)


def _is_loopback(host: str) -> bool:
    """Is this listening address reachable from this machine alone? Names other than localhost are not resolved."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
