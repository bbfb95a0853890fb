"""Detectors that users bring as Python: ``module:Class`` in gateway.yaml, or a package's entry point.

Either follows the Detector protocol (detectors/base.py) or is a Presidio recognizer. A class is made without arguments;
a function is called without arguments; anything else is taken as it is. What it runs is trusted as the gateway's own
code is: whoever writes gateway.yaml, or installs a package, decides.
"""

import importlib
import re
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from presidio_analyzer import EntityRecognizer

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.user_recognizers import RecognizerDetector

GROUP: Final = "gateway.detectors"
"""The entry point group of packages with detectors."""

_SPEC: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_PARTS: Final = ("name", "version", "entity_types", "views", "find")


def is_class(spec: str) -> bool:
    """Is it written as ``module:Class``?"""
    return _SPEC.fullmatch(spec) is not None


def load_class(spec: str, name: str) -> Detector:
    """The detector behind ``module:Class``. Raises ConfigError."""
    module, _, attribute = spec.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
        return _detector(found, name)
    except Exception as error:  # noqa: BLE001 - a module may raise anything while it is imported or made
        raise _unusable(f"the detector {spec!r}", error) from None


def load_entry_points(found: tuple[EntryPoint, ...] | None = None) -> list[tuple[str, Detector]]:
    """Every detector that installed packages offer, by its entry point's name and in the order of names."""
    found = tuple(entry_points(group=GROUP)) if found is None else found
    loaded = []
    for one in sorted(found, key=lambda entry: entry.name):
        try:
            loaded.append((one.name, _detector(one.load(), f"own.{one.name}")))
        except Exception as error:  # noqa: BLE001 - as in load_class
            raise _unusable(f"the detector {one.name!r} of an installed package", error) from None
    return loaded


def _unusable(what: str, error: Exception) -> ConfigError:
    reason = str(error) if isinstance(error, ImportError | AttributeError | _Unfit | ValueError) else ""
    said = f"{what} cannot be used: {type(error).__name__}{': ' if reason else ''}{reason}"
    remedy = "It must be importable and be a Detector or a Presidio recognizer (docs/recognizers.md)."
    return ConfigError((Problem(said, remedy),))


class _Unfit(Exception):
    """It is neither a detector nor a recognizer."""


def _detector(found: Any, name: str) -> Detector:
    made = found() if callable(found) and not hasattr(found, "find") and not hasattr(found, "analyze") else found
    if isinstance(found, type):
        made = found()
    if isinstance(made, EntityRecognizer):
        return RecognizerDetector(name, (made,))
    missing = [part for part in _PARTS if not hasattr(made, part)]
    if missing:
        raise _Unfit(f"it lacks {', '.join(missing)}")
    if not (isinstance(made.entity_types, frozenset) and made.entity_types):
        raise _Unfit("entity_types must be a frozenset with at least one name")
    return _Named(name, made)


class _Named:
    """A detector under the name by which the configuration knows it."""

    def __init__(self, name: str, source: Detector) -> None:
        self.name, self._source = name, source
        self.version, self.entity_types, self.views = source.version, source.entity_types, source.views
        self.find = source.find
