"""Validation errors in words: which setting, on which line or in which variable, and what to do. Never the value."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from gateway.configuration.forms import PATTERNS
from gateway.configuration.overlay import Overlaid, part_of
from gateway.configuration.shape import Settings
from gateway.errors import Problem
from gateway.policy.yaml_lines import Lines, Location, line_of

_FORMS: Final = {
    PATTERNS["name"]: "must be lower-case letters, digits and dashes, beginning with a letter (48 at most)",
    PATTERNS[
        "id"
    ]: "must be letters, digits, dots, dashes and underscores, beginning with a letter or digit (64 at most)",
    PATTERNS["model"]: "must be a model name: letters, digits and . _ : / @ + - (256 at most)",
    PATTERNS["hash"]: "must be hmac-sha256: and 64 hexadecimal digits, as `gateway keys new` prints it",
    PATTERNS["variable"]: "must be the name of an environment variable",
    PATTERNS["host"]: "must be a host name or address, without scheme, port or path",
    PATTERNS["module"]: "must be the name of an installed Python package",
    PATTERNS["date"]: "must be a date in quotes, such as '2023-06-01'",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a configuration came from: says for each place which file and line, or which variable, to look at."""

    overlaid: Overlaid
    lines: Lines
    file: Path | None

    def problem(self, location: Location, message: str, remedy: str) -> Problem:
        """A problem of the setting at this place."""
        where = spoken(location, self.overlaid.tree)
        variable = self.overlaid.variable(location)
        if variable is not None:
            return Problem(f"{where} {message} (from {variable})", remedy)
        return Problem(f"{where} {message}", remedy, self.file, line_of(self.lines, location))


def complaints(error: ValidationError, origin: Origin) -> Iterator[Problem]:
    """One problem per mistake. Built from kind and place alone; the input is never looked at."""
    details = error.errors(include_url=False, include_context=True, include_input=False)
    places = [_place(detail["loc"]) for detail in details]
    for place, detail in zip(places, details, strict=True):
        kind = detail["type"]
        if kind == "too_short" and any(other[: len(place)] == place and other != place for other in places):
            continue  # the list is short only because its entries are wrong, which is said already
        if kind == "extra_forbidden":
            yield _unknown(place, origin)
        elif kind == "too_short":
            yield origin.problem(place, f"needs {detail['ctx']['min_length']} entry or more", _meaning(place))
        elif kind == "missing":
            yield origin.problem(place, "is missing", f"Add it. {_meaning(place)}")
        elif kind == "string_pattern_mismatch":
            yield origin.problem(place, _FORMS[detail["ctx"]["pattern"]], _meaning(place))
        elif kind in ("dataclass_type", "model_type", "model_attributes_type", "dict_type"):
            yield origin.problem(place, "must be a mapping of `name: value` lines", _meaning(place))
        elif kind == "tuple_type":
            yield origin.problem(place, "must be a list", _meaning(place))
        else:
            message = detail["msg"].removeprefix("Value error, ")
            message = message.replace("Input should be", "must be", 1).replace("Tuple should", "the list should", 1)
            yield origin.problem(place, message, _meaning(place))


def spoken(location: Location, tree: Any) -> str:
    """A place as people say it: ``backends[gpt].base_url``."""
    words = ""
    for step in location:
        tree = tree[step] if _holds(tree, step) else None
        if isinstance(step, int):
            named = tree.get("name", tree.get("id")) if isinstance(tree, dict) else None
            words += f"[{named if isinstance(named, str) and re.fullmatch(PATTERNS['id'], named) else step}]"
        else:
            words += f".{step}" if words else step
    return words or "the file"


def _holds(tree: Any, step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(tree, list) and step < len(tree)
    return isinstance(tree, dict) and step in tree


def _place(loc: tuple[int | str, ...]) -> Location:
    return tuple(step for step in loc if step != "[key]")


def _unknown(place: Location, origin: Origin) -> Problem:
    part, _ = _field(place[:-1])
    known = [] if part is None else sorted(part.model_fields)
    near = get_close_matches(str(place[-1]).lower(), known, n=1)
    remedy = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}."
    return origin.problem(place, "is not a setting", remedy)


def _meaning(place: Location) -> str:
    """What the documentation of the setting says, which is most often the remedy."""
    _, field = _field(place)
    return (field.description if field else None) or "See deploy/examples/gateway.reference.yaml."


def _field(place: Location) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The mapping at a place, and the field whose value stands there."""
    part: type[BaseModel] | None = Settings
    field: FieldInfo | None = None
    for step in place:
        if isinstance(step, int) or part is None:
            continue
        field = part.model_fields.get(step)
        if field is None:
            return None, None
        part = part_of(field.annotation)
    return part, field
