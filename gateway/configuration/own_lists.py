"""From the settings ``terms`` and ``exact`` to the detectors of an organisation's own lists."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from gateway.configuration.forms import Part
from gateway.configuration.inspection_shape import ExactSettings, TermSettings
from gateway.configuration.list_keys import key_from_file, key_from_secret
from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Detector
from gateway.inspection.terms.own import ExactFile, list_detectors


class Lists(Part):
    """The two settings alone, for commands that need no finished configuration."""

    terms: tuple[TermSettings, ...] = Field((), max_length=100)
    exact: tuple[ExactSettings, ...] = Field((), max_length=100)


def detectors_of(
    terms: Sequence[TermSettings], exact: Sequence[ExactSettings], secret: bytes | None
) -> tuple[Detector, ...]:
    """The detectors of these lists; none where there is no list. Paths are absolute.

    ``secret``: of the client keys, for lists without a key file. Raises ConfigError for what cannot be read or used.
    """
    files = [one.file for one in terms if one.file is not None]
    inline = [_body(one) for one in terms if one.file is None]
    return list_detectors(files, inline, list(_with_keys(exact, secret)))


def key_of(key_file: Path | None, secret: bytes | None, file: Path) -> bytes:
    """The key of the exact list in ``file``. Raises ConfigError where there is none."""
    if key_file is not None:
        return key_from_file(key_file)
    if secret is None:
        remedy = "Name its key_file, or set the secret of the client keys that it was made with."
        raise ConfigError((Problem("there is no key for this list of exact values", remedy, file),))
    return key_from_secret(secret)


def _with_keys(exact: Sequence[ExactSettings], secret: bytes | None) -> Iterator[ExactFile]:
    for one in exact:
        yield ExactFile(one.file, key_of(one.key_file, secret, one.file))


def _body(one: TermSettings) -> dict[str, Any]:
    """The keys of a list as a file would have them."""
    said = one.model_dump(exclude_unset=True, exclude={"file"})
    return {key: list(value) if isinstance(value, tuple) else value for key, value in said.items() if value is not None}
