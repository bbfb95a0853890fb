"""Secrets of settings: kept out of the file's tree, then read from their variables and files."""

import hmac
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from gateway.configuration.complaints import Origin
from gateway.configuration.secret_files import read_secret
from gateway.configuration.shape import Settings
from gateway.errors import Problem
from gateway.policy.yaml_lines import Location

_DERIVED: Final = b"hybrid-llm-gateway: body fingerprints of audit records, version 1"


def without_secrets(tree: Mapping[str, Any]) -> dict[str, Any]:
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


def with_secrets(settings: Settings, environ: Mapping[str, str], origin: Origin) -> tuple[Settings, list[Problem]]:
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


def secret_paths(settings: Settings) -> Iterator[Path]:
    places = (settings.keys.secret_file, settings.audit.secret_file, *(one.api_key_file for one in settings.backends))
    return (path for path in places if path is not None)
