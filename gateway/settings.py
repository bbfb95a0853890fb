"""Settings: gateway.yaml with the environment laid over it. The only module that reads the environment.

    file ── lines remembered ──┐
                               ├─ overlay ── shape (types, unknown names) ── secrets read ── checks ── Settings
    GATEWAY_* ─────────────────┘

Every problem is found before any is reported (``ConfigError``): its file and line, or its variable, and a remedy.
"""

import hmac
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr, ValidationError

from gateway.configuration.checks import MIN_SECRET, checks, literal_secrets
from gateway.configuration.complaints import Origin, complaints
from gateway.configuration.overlay import CONFIG, PREFIX, Overlaid, lay_over
from gateway.configuration.own_lists import Lists, detectors_of
from gateway.configuration.secret_files import read_secret, readable_by_others
from gateway.configuration.shape import Audit, BackendSettings, Settings
from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Detector
from gateway.model import Backend, Capabilities, Timeouts
from gateway.policy.yaml_lines import Location, load_mapping

__all__ = [
    "BackendSettings",
    "Settings",
    "audit_file",
    "config_file",
    "key_secret",
    "list_detectors",
    "load",
    "model_names",
    "own_detectors",
    "own_lists",
    "to_backends",
]

_logger = logging.getLogger(__name__)
DEFAULT_FILE: Final = Path("gateway.yaml")
_DERIVED: Final = b"hybrid-llm-gateway: body fingerprints of audit records, version 1"


def config_file(given: Path | None = None, environ: Mapping[str, str] | None = None) -> Path | None:
    """The configuration file: the one given, else GATEWAY_CONFIG's, else ./gateway.yaml if there is one, else none."""
    environ = os.environ if environ is None else environ
    if given is not None:
        return given
    if environ.get(CONFIG):
        return Path(environ[CONFIG])
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read settings from the file that ``config_file`` finds, if any, and the GATEWAY_* variables.

    Paths in the file start at its folder, paths in variables at the working directory; both are absolute afterwards.
    Secrets are read and stand in ``keys.secret``, ``audit.secret`` and ``backends[].api_key``. Raises ConfigError.
    """
    environ = os.environ if environ is None else environ
    path = config_file(path, environ)
    tree, lines = ({}, {}) if path is None else load_mapping(path)
    origin = Origin(lay_over(_without_secrets(tree), environ), lines, path)
    problems = [*literal_secrets(tree, Origin(Overlaid(tree, {}, ()), lines, path)), *origin.overlaid.problems]
    try:
        settings = Settings.model_validate(origin.overlaid.tree)
    except ValidationError as error:
        problems.extend(complaints(error, origin))
        raise ConfigError(tuple(problems)) from None  # the cause would print inputs
    settings = _rooted(settings, origin)
    settings, missing = _with_secrets(settings, environ, origin)
    problems += [*missing, *checks(settings, origin)]
    if problems:
        raise ConfigError(tuple(problems))
    for file in _secret_paths(settings):
        if readable_by_others(file):
            _logger.warning("every user of this machine may read the secret in %s; run: chmod 600", file)
    return settings


def first_set(names: Iterable[str], environ: Mapping[str, str] | None = None) -> str | None:
    """The first of these variables that is set and not empty; None: none is."""
    environ = os.environ if environ is None else environ
    return next((name for name in names if environ.get(name, "").strip()), None)


def key_secret(path: Path | None = None, environ: Mapping[str, str] | None = None) -> bytes:
    """The secret of the client keys alone, found as ``load`` finds it; the rest of the file may still be unfinished.

    Raises ConfigError where there is none.
    """
    environ = os.environ if environ is None else environ
    given = environ.get(f"{PREFIX}KEYS__SECRET", "").strip()
    if given:
        return _long_enough(given, None)
    file = _named_path("keys", "secret_file", path, environ)
    if file is None:
        remedy = f"Set {PREFIX}KEYS__SECRET or keys.secret_file; make a secret with `gateway keys secret`."
        raise ConfigError((Problem("there is no secret for client keys", remedy, config_file(path, environ)),))
    secret, problem = read_secret(file)
    if secret is None:
        raise ConfigError((problem,) if problem else ())
    return _long_enough(secret.get_secret_value(), file)


def audit_file(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """Where the records are, found as ``load`` finds it but without needing any secret: an auditor has none."""
    environ = os.environ if environ is None else environ
    here = config_file(path, environ)
    folder = Path.cwd() if here is None else here.parent.absolute()
    return _named_path("audit", "path", path, environ) or folder / Audit().path


def own_detectors(path: Path | None = None, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The detectors that the configuration adds, found as ``load`` finds it, without the rest having to be finished."""
    environ = os.environ if environ is None else environ
    here = config_file(path, environ)
    listed = None if here is None else load_mapping(here)[0].get("detectors")
    names = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) and here is not None else []
    return tuple(_placed(one, here.parent) if here is not None else one for one in names)


def own_lists(path: Path | None = None, environ: Mapping[str, str] | None = None) -> tuple[Detector, ...]:
    """The detectors of the configured lists, found as ``load`` finds it, without the rest having to be finished.

    Raises ConfigError.
    """
    environ = os.environ if environ is None else environ
    here = config_file(path, environ)
    if here is None:
        return ()
    tree, lines = load_mapping(here)
    tree = {name: value for name, value in tree.items() if name in Lists.model_fields}
    try:
        lists = Lists.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(tuple(complaints(error, Origin(Overlaid(tree, {}, ()), lines, here)))) from None

    def root(file: Path | None) -> Path | None:
        return None if file is None else (here.parent / file.expanduser()).absolute()

    terms = [one.model_copy(update={"file": root(one.file)}) for one in lists.terms]
    exact = [one.model_copy(update={"file": root(one.file), "key_file": root(one.key_file)}) for one in lists.exact]
    needed = any(one.key_file is None for one in exact)
    return detectors_of(terms, exact, key_secret(path, environ) if needed else None)


def list_detectors(settings: Settings) -> tuple[Detector, ...]:
    """The detectors of the lists of finished settings. Raises ConfigError."""
    secret = settings.keys.secret
    return detectors_of(settings.terms, settings.exact, secret.get_secret_value().encode() if secret else None)


def _placed(one: str, folder: Path) -> str:
    """A file's path starts at the configuration's folder; module:Class is no path."""
    return str((folder / Path(one).expanduser()).absolute()) if one.endswith((".yaml", ".yml")) else one


def _named_path(part: str, name: str, path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """One path setting, without validating the others."""
    variable = environ.get(f"{PREFIX}{part}__{name}".upper())
    if variable:
        return Path(variable).expanduser().absolute()
    file = config_file(path, environ)
    section = None if file is None else load_mapping(file)[0].get(part)
    value = section.get(name) if isinstance(section, dict) else None
    return (file.parent / Path(value).expanduser()).absolute() if file and isinstance(value, str) else None


def _long_enough(secret: str, file: Path | None) -> bytes:
    if len(secret) < MIN_SECRET:
        remedy = f"It needs {MIN_SECRET} characters; make one with `gateway keys secret`."
        raise ConfigError((Problem("the secret of the client keys is too short to resist guessing", remedy, file),))
    return secret.encode()


def model_names(settings: Settings) -> frozenset[str]:
    """Every model name that a client may ask for: what a record may name; anything else is ``unlisted``."""
    plain = {name for one in settings.backends for name in (*one.models, *one.models.values())}
    qualified = {f"{one.name}/{name}" for one in settings.backends for name in (*one.models, *one.models.values())}
    return frozenset({"auto", *settings.models.aliases, *plain, *qualified})


def to_backends(
    settings: Settings, prove: Callable[[str, frozenset[str]], object] | None = None
) -> tuple[Backend, ...]:
    """The backends, in the file's order. None is ``local`` until ``prove(base_url, local_hosts)`` returned for it.

    ``prove`` raises ConfigError for a place that it cannot prove to be inside the organisation (``egress.locality``).
    Raises ConfigError for plain http to such a place: prompts and keys would travel in clear.
    """
    backends = tuple(_backend(one, prove) for one in settings.backends)
    clear = [one.name for one in backends if prove and not one.local and one.base_url.startswith("http://")]
    if clear:
        remedy = "Use https, or list the host under local_hosts if the network between is yours."
        raise ConfigError(
            tuple(Problem(f"backends[{name}].base_url is http to an outside host", remedy) for name in clear)
        )
    return backends


def _backend(one: BackendSettings, prove: Callable[[str, frozenset[str]], object] | None) -> Backend:
    backend = Backend(
        name=one.name,
        format=one.format,
        base_url=one.base_url,
        models=dict(one.models),
        clearance=one.clearance,
        capabilities=Capabilities(**one.capabilities.model_dump()),
        timeouts=Timeouts(**one.timeouts.model_dump()),
        api_key=one.api_key,
        api_version=one.api_version,
        max_output_tokens=one.max_output_tokens,
    )
    if prove is None:
        return backend
    try:
        prove(one.base_url, frozenset(one.local_hosts))
    except ConfigError:
        return backend
    return replace(backend, local=True)


def _without_secrets(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The tree less the secrets that must not be in it: they are reported once and never reach validation."""
    copy = dict(tree)
    for part in ("keys", "audit"):
        if isinstance(copy.get(part), dict):
            copy[part] = {name: value for name, value in copy[part].items() if name != "secret"}
    if isinstance(copy.get("backends"), list):
        copy["backends"] = [
            {name: value for name, value in entry.items() if name != "api_key"} if isinstance(entry, dict) else entry
            for entry in copy["backends"]
        ]
    return copy


def _rooted(settings: Settings, origin: Origin) -> Settings:
    """The same with absolute paths."""
    folder = Path.cwd() if origin.file is None else origin.file.parent

    def root(path: Path | None, *place: str | int) -> Path | None:
        if path is None:
            return None
        base = Path.cwd() if origin.overlaid.variable(place) else folder
        return (base / path.expanduser()).absolute()

    keys = {"secret_file": root(settings.keys.secret_file, "keys", "secret_file")}
    audit = {
        "path": root(settings.audit.path, "audit", "path"),
        "secret_file": root(settings.audit.secret_file, "audit", "secret_file"),
    }
    backends = tuple(
        one.model_copy(update={"api_key_file": root(one.api_key_file, "backends", index, "api_key_file")})
        for index, one in enumerate(settings.backends)
    )
    ner = settings.inspection.ner
    ner = ner.model_copy(update={"onnx": root(ner.onnx, "inspection", "ner", "onnx")})
    terms = tuple(
        one.model_copy(update={"file": root(one.file, "terms", index, "file")}) if one.file else one
        for index, one in enumerate(settings.terms)
    )
    exact = tuple(
        one.model_copy(update={name: root(getattr(one, name), "exact", index, name) for name in ("file", "key_file")})
        for index, one in enumerate(settings.exact)
    )
    base = Path.cwd() if origin.overlaid.variable(("detectors",)) else folder
    detectors = tuple(_placed(one, base) for one in settings.detectors)
    return settings.model_copy(
        update={
            "detectors": detectors,
            "terms": terms,
            "exact": exact,
            "inspection": settings.inspection.model_copy(update={"ner": ner}),
            "keys": settings.keys.model_copy(update=keys),
            "audit": settings.audit.model_copy(update=audit),
            "policy": root(settings.policy, "policy"),
            "backends": backends,
        }
    )


def _with_secrets(settings: Settings, environ: Mapping[str, str], origin: Origin) -> tuple[Settings, list[Problem]]:
    """The same with every secret read from its variable or file, and what could not be read."""
    problems: list[Problem] = []

    def read(given: SecretStr | None, file: Path | None, place: Location) -> SecretStr | None:
        if given is not None or file is None:
            return None if given is None else SecretStr(given.get_secret_value().strip())
        secret, problem = read_secret(file)
        if problem is not None:
            problems.append(origin.problem(place, problem.message, f"{problem.remedy} ({file})"))
        return secret

    keys = read(settings.keys.secret, settings.keys.secret_file, ("keys", "secret_file"))
    audit = read(settings.audit.secret, settings.audit.secret_file, ("audit", "secret_file"))
    if audit is None and keys is not None:
        audit = SecretStr(hmac.digest(keys.get_secret_value().encode(), _DERIVED, "sha256").hex())
    backends = []
    for index, one in enumerate(settings.backends):
        at: Location = ("backends", index)
        key = one.api_key
        if key is None and one.api_key_env is not None:
            key = SecretStr(environ.get(one.api_key_env, ""))
            if not key.get_secret_value().strip():
                remedy = f"Set {one.api_key_env}, or remove api_key_env where the server needs no key."
                problems.append(
                    origin.problem((*at, "api_key_env"), f"names {one.api_key_env}, which is not set", remedy)
                )
                key = None
        key = read(key, one.api_key_file, (*at, "api_key_file"))
        if key is not None and not _fits_header(key.get_secret_value()):
            remedy = "A key is printable ASCII without spaces."
            problems.append(origin.problem((*at, "api_key"), "holds characters that no header carries", remedy))
        backends.append(one.model_copy(update={"api_key": key}))
    update = {
        "keys": settings.keys.model_copy(update={"secret": keys}),
        "audit": settings.audit.model_copy(update={"secret": audit}),
        "backends": tuple(backends),
    }
    return settings.model_copy(update=update), problems


def _fits_header(key: str) -> bool:
    return bool(key) and key.isascii() and all(33 <= ord(character) < 127 for character in key)


def _secret_paths(settings: Settings) -> Iterator[Path]:
    places = (settings.keys.secret_file, settings.audit.secret_file, *(one.api_key_file for one in settings.backends))
    return (path for path in places if path is not None)
