"""Settings: gateway.yaml with the environment laid over it. The only module that reads the environment.

    file ── lines remembered ──┐
                               ├─ overlay ── shape (types, unknown names) ── secrets read ── checks ── Settings
    GATEWAY_* ─────────────────┘

Every problem is found before any is reported (``ConfigError``): its file and line, or its variable, and a remedy.
"""

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from gateway.configuration.checks import MIN_SECRET, checks, literal_secrets
from gateway.configuration.complaints import Origin, complaints
from gateway.configuration.overlay import CONFIG, PREFIX, Overlaid, lay_over
from gateway.configuration.own_lists import Lists, detectors_of
from gateway.configuration.rooted import placed, rooted
from gateway.configuration.secret_files import read_secret, readable_by_others
from gateway.configuration.secret_settings import secret_paths, with_secrets, without_secrets
from gateway.configuration.shape import Audit, Settings
from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Detector
from gateway.policy.yaml_lines import load_mapping

__all__ = [
    "Settings",
    "audit_file",
    "config_file",
    "key_secret",
    "list_detectors",
    "load",
    "own_detectors",
    "own_lists",
]

_logger = logging.getLogger(__name__)
DEFAULT_FILE: Final = Path("gateway.yaml")


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
    origin = Origin(lay_over(without_secrets(tree), environ), lines, path)
    problems = [*literal_secrets(tree, Origin(Overlaid(tree, {}, ()), lines, path)), *origin.overlaid.problems]
    try:
        settings = Settings.model_validate(origin.overlaid.tree)
    except ValidationError as error:
        problems.extend(complaints(error, origin))
        raise ConfigError(tuple(problems)) from None  # the cause would print inputs
    settings = rooted(settings, origin)
    settings, missing = with_secrets(settings, environ, origin)
    problems += [*missing, *checks(settings, origin)]
    if problems:
        raise ConfigError(tuple(problems))
    for file in secret_paths(settings):
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
    return tuple(placed(one, here.parent) if here is not None else one for one in names)


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
