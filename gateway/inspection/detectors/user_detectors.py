"""The detectors that an installation adds: what ``detectors`` of gateway.yaml lists, and what packages offer."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.user_classes import is_class, load_class, load_entry_points
from gateway.inspection.detectors.user_files import load_file

OWN: Final = "own."
"""What the names of added detectors begin with. Their entity types need not stand in groups.yaml."""


def user_detectors(listed: Sequence[str] = (), *, packages: bool = True) -> tuple[Detector, ...]:
    """Load every entry: the path of a YAML file, or ``module:Class``. ``packages``: and what installed packages offer.

    Raises ConfigError for everything that cannot be loaded, and for two entries with one name.
    """
    problems: list[Problem] = []
    detectors: list[Detector] = []
    for entry in listed:
        try:
            detectors.append(_loaded(entry))
        except ConfigError as error:
            problems += error.problems
    if packages:
        detectors += [detector for _, detector in load_entry_points()]
    names = [detector.name for detector in detectors]
    problems += [
        Problem(f"two detectors are called {name!r}", "Rename a file or an entry point.")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(detectors)


def _loaded(entry: str) -> Detector:
    if is_class(entry):
        return load_class(entry, _name(entry.partition(":")[2]))
    path = Path(entry)
    if path.suffix not in {".yaml", ".yml"}:
        remedy = "Write the path of a .yaml file, or module:Class."
        raise ConfigError((Problem(f"the detector {entry!r} is neither a file nor a class", remedy),))
    return load_file(path, _name(path.stem))


def _name(text: str) -> str:
    return OWN + (re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-") or "detector")[:48]
