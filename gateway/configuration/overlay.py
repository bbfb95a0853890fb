"""The environment laid over gateway.yaml: GATEWAY_SERVER__PORT, GATEWAY_BACKENDS__GPT__BASE_URL, GATEWAY_BACKENDS.

Pure: takes the parsed file and a mapping, reads nothing itself. A name that fits no setting is a problem, because a
misspelt override that is passed over leaves a machine in a state that nobody chose.
"""

import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Any, Final

import orjson
from pydantic import BaseModel

from gateway.configuration.forms import Part
from gateway.configuration.inspection_shape import Ner
from gateway.configuration.shape import Settings
from gateway.errors import Problem
from gateway.policy.yaml_lines import Location

PREFIX: Final = "GATEWAY_"
CONFIG: Final = "GATEWAY_CONFIG"
"""Names the file itself, so it is no setting of the file."""
_FOREIGN: Final = re.compile(r"GATEWAY_(SERVICE_(HOST|PORT\w*)|PORT(_\d+_\w+)?|REQUIRE_E2E)")
"""What others set: Kubernetes describes a Service called "gateway" to each pod this way; REQUIRE_E2E is the tests'."""


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The tree to validate, and which variable gave each place that the environment changed."""

    tree: dict[str, Any]
    variables: Mapping[Location, str]
    problems: tuple[Problem, ...]

    def variable(self, location: Location) -> str | None:
        """The variable that gave this place or one above it."""
        for length in range(len(location), 0, -1):
            if location[:length] in self.variables:
                return self.variables[location[:length]]
        return None


def lay_over(tree: Mapping[str, Any], environ: Mapping[str, str]) -> Overlaid:
    """Lay every ``GATEWAY_*`` variable over the tree. Empty variables count as not set. Values are never quoted."""
    merged = deepcopy(dict(tree))
    variables: dict[Location, str] = {}
    problems: list[Problem] = []
    # Whole lists first, so that GATEWAY_BACKENDS__GPT__BASE_URL finds the entry that GATEWAY_BACKENDS brought.
    for name in sorted(_ours(environ, tree), key=lambda name: (name.count("__"), name)):
        found = _find(merged, name)
        if found is None:
            problems.append(_unknown(name, merged))
        elif environ[name]:
            location, annotation = found
            try:
                value = (
                    orjson.loads(environ[name])
                    if _structured(annotation) and not _short(annotation, environ[name])
                    else environ[name]
                )
            except orjson.JSONDecodeError:
                problems.append(Problem(f"{name} is not JSON", "A list or mapping is given as JSON in a variable."))
                continue
            if _put(merged, location, value):
                variables[location] = name
    return Overlaid(merged, variables, tuple(problems))


def variable_name(location: Iterable[str]) -> str:
    """The variable of a setting: ``("backends", "qwen-local", "format")`` is GATEWAY_BACKENDS__QWEN_LOCAL__FORMAT."""
    return PREFIX + "__".join(map(plain, location))


def plain(name: str) -> str:
    """A name as it stands in a variable: upper case, dashes as underscores."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def part_of(annotation: Any) -> type[BaseModel] | None:
    """The mapping that a field holds, alone or in a list; None where it holds a plain value or a free mapping."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    if typing.get_origin(annotation) is tuple:
        return part_of(typing.get_args(annotation)[0])
    return None


def _ours(environ: Mapping[str, str], tree: Mapping[str, Any]) -> Iterator[str]:
    keys = {entry.get("api_key_env") for _, entry in _entries(tree)}
    for name in environ:
        if name.startswith(PREFIX) and name != CONFIG and name not in keys and not _FOREIGN.fullmatch(name):
            yield name


def _entries(tree: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    backends = tree.get("backends")
    if isinstance(backends, list):
        yield from ((index, entry) for index, entry in enumerate(backends) if isinstance(entry, dict))


def _find(tree: Mapping[str, Any], name: str) -> tuple[Location, Any] | None:
    """Where a variable points, and the type that belongs there."""
    location: Location = ()
    part: type[BaseModel] | None = Settings
    annotation: Any = None
    words = name.removeprefix(PREFIX).split("__")
    while words:
        word = words.pop(0)
        field = (
            None if part is None else next((known for known in part.model_fields if plain(known) == plain(word)), None)
        )
        if part is None or field is None:
            return None
        location = (*location, field)
        annotation = part.model_fields[field].annotation
        part = part_of(annotation)
        if location == ("backends",) and words:
            wanted = plain(words.pop(0))
            entry = next((at for at, entry in _entries(tree) if plain(str(entry.get("name"))) == wanted), None)
            if entry is None or not words:
                return None
            location = (*location, entry)
        elif typing.get_origin(annotation) is tuple:
            part = None
    return location, annotation


def _structured(annotation: Any) -> bool:
    if typing.get_origin(annotation) in (UnionType, typing.Union):
        return any(map(_structured, typing.get_args(annotation)))
    return part_of(annotation) is not None or typing.get_origin(annotation) in (tuple, dict, list)


def _short(annotation: Any, value: str) -> bool:
    """``GATEWAY_INSPECTION__NER=off``: a mapping that may be written as one word."""
    return annotation is Ner and not value.lstrip().startswith("{")


def _put(tree: Any, location: Location, value: Any) -> bool:
    """Set a place, making mappings on the way. False where the file has something else there: validation says so."""
    for depth, step in enumerate(location[:-1]):
        if isinstance(tree, dict):
            short = location[: depth + 1] == ("inspection", "ner") and not isinstance(tree.get(step), dict)
            if tree.get(step) is None or short:
                tree[step] = {}
            tree = tree[step]
        elif isinstance(tree, list) and isinstance(step, int):
            tree = tree[step]
    if not isinstance(tree, dict):
        return False
    tree[location[-1]] = value
    return True


def _unknown(name: str, tree: Mapping[str, Any]) -> Problem:
    near = get_close_matches(name, list(variable_names(tree)), n=1)
    remedy = (
        f"Did you mean {near[0]}?"
        if near
        else "Remove it, or see deploy/examples/gateway.reference.yaml for all names."
    )
    return Problem(f"{name} is set, and there is no such setting", remedy)


def variable_names(tree: Mapping[str, Any]) -> Iterator[str]:
    """Every variable that this configuration knows, its backends' included."""
    yield from _names_in(Settings, ())
    for _, entry in _entries(tree):
        yield from _names_in(
            typing.cast(type[BaseModel], part_of(Settings.model_fields["backends"].annotation)),
            ("backends", str(entry.get("name"))),
        )


def every_setting(part: type[BaseModel] = Settings, above: str = "") -> Iterator[tuple[str, str]]:
    """Every setting there is: its dotted name (``backends.timeouts.idle``) and what it means. For documentation."""
    for name, field in part.model_fields.items():
        below = part_of(field.annotation)
        if below is None:
            yield f"{above}{name}", field.description or ""
        else:
            yield from every_setting(below, f"{above}{name}.")


def _names_in(part: type[BaseModel], above: tuple[str, ...]) -> Iterator[str]:
    for name, field in part.model_fields.items():
        yield variable_name((*above, name))
        below = part_of(field.annotation)
        if below is not None and typing.get_origin(field.annotation) is not tuple:
            yield from _names_in(below, (*above, name))
