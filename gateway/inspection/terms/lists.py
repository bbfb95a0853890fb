"""Term lists as people write them: YAML, or a mapping in gateway.yaml. What is wrong names its file, line and remedy.

lists:                              # or the keys of one list at the top of the file
  - id: projects
    about: Code names of projects.
    entity_type: PROJECT_NAME
    terms: [Blue Fox, Nordlicht]    # or by language: {en: [...], de: [...]}
    languages: [en, de]             # of the endings; all seven by default
    inflect: true                   # plurals, genitives, compounds
    case: smart                     # any | exact | smart
    whole_word: true
    position: any                   # any | statement (no questions about it) | marking (headers, fields, brackets)
    match: [the Blue Foxes]
    no_match: [a blue foxglove]
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.errors import ConfigError, Problem
from gateway.inspection.terms.fold import fold
from gateway.inspection.terms.inflection import LANGUAGES
from gateway.policy.yaml_lines import Lines, Location, line_of, load_mapping

CASES: Final = ("any", "exact", "smart")
POSITIONS: Final = ("any", "statement", "marking")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_TYPE: Final = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_KEYS: Final = {
    "id", "about", "entity_type", "terms", "languages", "inflect", "case", "whole_word", "position", "score", "match",
    "no_match",
}  # fmt: skip
LEAST: Final = 2
"""Letters and digits of a term."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class TermList:
    """One list. ``terms`` are as written, each with the languages of its endings."""

    id: str
    entity_type: str
    terms: tuple[tuple[str, tuple[str, ...]], ...]
    inflect: bool = True
    case: str = "smart"
    whole_word: bool = True
    position: str = "any"
    score: float = 1.0
    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()


class _Reader:
    """Reads the keys of one list, collecting what is wrong."""

    def __init__(self, body: Mapping[str, Any], place: Location, path: Path | None, lines: Lines) -> None:
        self._body = body
        self._place = place
        self._path = path
        self._lines = lines
        self.problems: list[Problem] = []

    def wrong(self, message: str, remedy: str, *place: str | int) -> None:
        where = line_of(self._lines, (*self._place, *place)) if self._lines else None
        name = self._body.get("id")
        said = message if self._path is not None or not isinstance(name, str) else f"terms: list {name!r}: {message}"
        self.problems.append(Problem(said, remedy, self._path, where))

    def value(self, key: str, kind: type[_T], default: _T) -> _T:
        given = self._body.get(key, default)
        if isinstance(given, kind) and (kind is bool or not isinstance(given, bool)):
            return given
        self.wrong(f"`{key}` must be {_SAID[kind]}", "See docs/terms.md.", key)
        return default

    def texts(self, key: str) -> tuple[str, ...]:
        listed = self.value(key, list, [])
        for at, one in enumerate(listed):
            if not isinstance(one, str) or not one.strip():
                self.wrong(f"`{key}` holds something that is no text", "Put it in quotes.", key, at)
        return tuple(one for one in listed if isinstance(one, str) and one.strip())

    def choice(self, key: str, known: tuple[str, ...], default: str) -> str:
        given = self.value(key, str, default)
        if given not in known:
            self.wrong(f"`{key}` is none of {', '.join(known)}", f"Write one of them; without it: {default}.", key)
        return given

    def read(self) -> TermList:
        for key in sorted(self._body.keys() - _KEYS):
            self.wrong(f"unknown key {key!r}", f"Known: {', '.join(sorted(_KEYS))}.", key)
        identity, entity_type = self.value("id", str, ""), self.value("entity_type", str, "")
        if not _ID.fullmatch(identity):
            self.wrong("`id` is missing or no name", "Use small letters, digits, dashes and underscores.", "id")
        if not _TYPE.fullmatch(entity_type):
            message = "`entity_type` is missing or no entity type"
            self.wrong(message, "Use capitals, digits and underscores, such as PROJECT_NAME.", "entity_type")
        score = self._body.get("score", 1.0)
        if isinstance(score, bool) or not isinstance(score, int | float) or not 0 < score <= 1:
            self.wrong("`score` must be a number above 0, at most 1", "Leave it out for 1.", "score")
            score = 1.0
        self.value("about", str, "")
        return TermList(
            id=identity,
            entity_type=entity_type,
            terms=tuple(self._terms()),
            inflect=self.value("inflect", bool, True),
            case=self.choice("case", CASES, "smart"),
            whole_word=self.value("whole_word", bool, True),
            position=self.choice("position", POSITIONS, "any"),
            score=float(score),
            match=self.texts("match"),
            no_match=self.texts("no_match"),
        )

    def _terms(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        languages = self.texts("languages") or LANGUAGES
        given = self._body.get("terms")
        by_language = given if isinstance(given, dict) else {None: given}
        for language, listed in by_language.items():
            spoken = languages if language is None else (language,)
            for one in spoken:
                if one not in LANGUAGES:
                    self.wrong(f"{one!r} is no known language", f"Known: {', '.join(LANGUAGES)}.", "languages")
            if not isinstance(listed, list) or not listed:
                self.wrong("`terms` lists nothing", "List at least one term.", "terms")
                continue
            for at, term in enumerate(listed):
                if not isinstance(term, str) or sum(map(str.isalnum, fold(term))) < LEAST:
                    place = ("terms", at) if language is None else ("terms", language, at)
                    self.wrong("a term has fewer than two letters or digits", "Remove it or write it out.", *place)
                else:
                    yield term, tuple(one for one in spoken if one in LANGUAGES)


_SAID: Final[Mapping[type, str]] = {str: "text", bool: "true or false", list: "a list"}


def read_list(
    body: Mapping[str, Any], place: Location = (), path: Path | None = None, lines: Lines | None = None
) -> TermList:
    """One list from its keys. Raises ConfigError with every mistake."""
    reader = _Reader(body, place, path, lines or {})
    found = reader.read()
    if reader.problems:
        raise ConfigError(tuple(reader.problems))
    return found


def load_lists(path: Path) -> tuple[TermList, ...]:
    """The lists of a file. Raises ConfigError with file and line of every mistake."""
    top, lines = load_mapping(path)
    bodies: list[tuple[Location, Any]] = [((), top)]
    if "lists" in top:
        if top.keys() != {"lists"} or not isinstance(top["lists"], list) or not top["lists"]:
            message = "`lists` must be a list, with nothing beside it"
            raise ConfigError(
                (Problem(message, "Put the other keys into its entries.", path, line_of(lines, ("lists",))),)
            )
        bodies = [(("lists", at), body) for at, body in enumerate(top["lists"])]
    problems: list[Problem] = []
    found: list[TermList] = []
    for place, body in bodies:
        if not isinstance(body, dict):
            remedy = "Write `id`, `entity_type` and `terms`."
            problems.append(Problem("an entry of `lists` is no mapping", remedy, path, line_of(lines, place)))
            continue
        try:
            found.append(read_list(body, place, path, lines))
        except ConfigError as error:
            problems += error.problems
    problems += twice(found, path)
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(found)


def twice(lists: Iterable[TermList], path: Path | None = None) -> Iterator[Problem]:
    """A problem for each id that two lists have."""
    names = [one.id for one in lists]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(f"two term lists are called {name!r}", "Rename one.", path)
