"""The detectors of an organisation's own lists, as gateway.yaml names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Detector
from gateway.inspection.terms.exact import exact_detector
from gateway.inspection.terms.lists import TermList, load_lists, read_list
from gateway.inspection.terms.store import Store, open_store
from gateway.inspection.terms.terms import term_detector

TERMS: Final = "terms"
EXACT: Final = "exact"
LISTED: Final = frozenset({TERMS, EXACT})
"""Names of these detectors. Their entity types need not stand in groups.yaml."""


@dataclass(frozen=True, slots=True)
class ExactFile:
    """A file of exact values, with the key that it was made with."""

    path: Path
    key: bytes = field(repr=False)


def list_detectors(
    files: Sequence[Path] = (), inline: Sequence[Mapping[str, Any]] = (), exact: Sequence[ExactFile] = ()
) -> tuple[Detector, ...]:
    """The detector ``terms`` over all term lists and ``exact`` over all exact ones; neither where there is no list.

    ``inline``: the keys of lists that stand in gateway.yaml. Raises ConfigError with every mistake of every file.
    """
    problems: list[Problem] = []
    lists: list[TermList] = []
    stores: list[tuple[Store, bytes]] = []
    for path in files:
        try:
            lists += load_lists(path)
        except ConfigError as error:
            problems += error.problems
    for body in inline:
        try:
            lists.append(read_list(body))
        except ConfigError as error:
            problems += error.problems
    for file in exact:
        try:
            stores.append((open_store(file.path, file.key), file.key))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(tuple(problems))
    found: list[Detector] = []
    if lists:
        found.append(term_detector(lists, TERMS))
    if stores:
        found.append(exact_detector(stores))
    return tuple(found)
