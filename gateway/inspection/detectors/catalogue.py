"""Every entity type and group that policies may name, read from ``policies/detectors/groups.yaml``.

The file and the detectors must agree exactly: a type that is listed and found by nobody would be a rule that can never
match, and one that is found and not listed could not be named in a policy. Both end the start.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Assessor, Detector
from gateway.policy.yaml_lines import Lines, line_of, load_mapping

_TYPE: Final = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
OWN_LISTS: Final = "own_lists"
"""The group of all entity types of an installation's own lists, which every policy may name."""
_GROUP: Final = re.compile(r"[a-z][a-z0-9_]{1,63}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What may stand in a policy's ``entities``: types in capitals, groups in small letters."""

    entity_types: frozenset[str]
    groups: Mapping[str, frozenset[str]]
    about: Mapping[str, str]
    """One sentence per group, for documentation and ``--help``."""
    path: Path


def detector_files() -> Path:
    """The folder of the shipped rule files: inside an installed package, or at the top of a source tree."""
    package = Path(__file__).resolve().parents[2]
    installed = package / "_policies" / "detectors"
    return installed if installed.is_dir() else package.parent / "policies" / "detectors"


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read groups.yaml (the shipped one by default). Raises ConfigError with file and line of every mistake."""
    path = path or detector_files() / "groups.yaml"
    top, lines = load_mapping(path)
    problems: list[Problem] = []
    groups: dict[str, frozenset[str]] = {}
    about: dict[str, str] = {}
    problems += [
        Problem(f"unknown key {key!r}", "Only `groups` may stand here.", path, line_of(lines, (key,)))
        for key in sorted(top.keys() - {"groups"})
    ]
    listed = top.get("groups")
    for name, body in listed.items() if isinstance(listed, dict) else ():
        problem = _group_problem(name, body)
        if problem is not None:
            problems.append(Problem(*problem, path, line_of(lines, ("groups", name))))
            continue
        problems += _type_problems(name, body["types"], path, lines)
        groups[name] = frozenset(str(item) for item in body["types"])
        about[name] = body["about"]
    if not groups and not problems:
        problems.append(Problem("no groups are listed", "Write `groups:` with at least one group.", path, 1))
    if problems:
        raise ConfigError(tuple(problems))
    types = frozenset().union(*groups.values())
    groups[OWN_LISTS] = frozenset()
    about[OWN_LISTS] = "What lists of your own find. Empty until gateway.yaml names one."
    return Catalogue(types, MappingProxyType(groups), MappingProxyType(about), path)


def check_agreement(catalogue: Catalogue, detectors: Iterable[Detector | Assessor]) -> None:
    """Raise ConfigError unless the listed types are exactly those that ``detectors`` can find."""
    found = frozenset[str]().union(*(detector.entity_types for detector in detectors))
    problems = [
        Problem(f"no detector finds {name}", "Remove it, or add the detector that finds it.", catalogue.path)
        for name in sorted(catalogue.entity_types - found)
    ] + [
        Problem(f"{name} is found by a detector and in no group", "List it in a group.", catalogue.path)
        for name in sorted(found - catalogue.entity_types)
    ]
    if problems:
        raise ConfigError(tuple(problems))


def _group_problem(name: str, body: Any) -> tuple[str, str] | None:
    if not _GROUP.fullmatch(name):
        return f"{name!r} is not a group name", "Use small letters, digits and underscores."
    if not isinstance(body, dict) or body.keys() != {"about", "types"}:
        return f"the group {name!r} needs `about` and `types`, nothing else", "Write both keys."
    if not isinstance(body["about"], str) or not body["about"].strip():
        return f"the group {name!r} has no `about`", "Say in a sentence what it holds."
    if not isinstance(body["types"], list) or not body["types"]:
        return f"the group {name!r} lists no types", "List at least one entity type."
    return None


def _type_problems(name: str, types: list[Any], path: Path, lines: Lines) -> list[Problem]:
    problems = []
    for index, entity_type in enumerate(types):
        line = line_of(lines, ("groups", name, "types", index))
        if not isinstance(entity_type, str) or not _TYPE.fullmatch(entity_type):
            message = f"{entity_type!r} is not an entity type"
            problems.append(Problem(message, "Use capitals, digits and underscores.", path, line))
        elif entity_type in types[:index]:
            problems.append(Problem(f"{entity_type} stands twice in {name!r}", "Remove one.", path, line))
    return problems
