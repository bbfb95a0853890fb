"""Files that users bring: rules in our own format (``rules:``), or recognizers in Presidio's (``recognizers:``).

Presidio's format is what its ``recognizers_conf`` holds. Every language of an entry is looked for in every text: nobody
says in which language a prompt is written, and a further detector can only raise a label.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import regex
from presidio_analyzer import EntityRecognizer, PatternRecognizer, predefined_recognizers

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.rules import load_rules
from gateway.inspection.detectors.user_recognizers import RecognizerDetector, entity_type
from gateway.policy.yaml_lines import Lines, line_of, load_mapping

_TOP: Final = {"recognizers", "supported_languages", "global_regex_flags", "supported_countries"}
_KEYS: Final = {
    "name", "class_name", "type", "enabled", "supported_language", "supported_languages", "supported_entity",
    "supported_entities", "patterns", "context", "deny_list", "deny_list_score", "global_regex_flags", "version",
    "country_code",
}  # fmt: skip
_PATTERN_KEYS: Final = {"name", "regex", "score"}


class _Bad(Exception):
    """What is wrong with one entry, where in it, and what to do."""

    def __init__(self, message: str, remedy: str, *place: str | int) -> None:
        super().__init__(message)
        self.remedy, self.place = remedy, place


def load_file(path: Path, name: str) -> Detector:
    """The detector of one file. Raises ConfigError with file, line and remedy of every mistake."""
    top, lines = load_mapping(path)
    if "rules" in top:
        return load_rules(path, name)
    if "recognizers" not in top:
        remedy = "Write `recognizers:` (Presidio's format) or `rules:` (docs/recognizers.md)."
        raise ConfigError((Problem("the file lists no recognizers and no rules", remedy, path, 1),))
    problems = [
        Problem(f"unknown key {key!r}", f"Use one of: {', '.join(sorted(_TOP))}.", path, line_of(lines, (key,)))
        for key in sorted(top.keys() - _TOP)
    ]
    recognizers: list[EntityRecognizer] = []
    listed = top["recognizers"]
    for index, body in enumerate(listed if isinstance(listed, list) else ()):
        try:
            recognizers += _recognizers(body, top.get("global_regex_flags"))
        except _Bad as bad:
            problems.append(_problem(bad, path, lines, index))
    if not problems and not recognizers:
        problems.append(
            Problem("no recognizer is enabled", "List at least one.", path, line_of(lines, ("recognizers",)))
        )
    if problems:
        raise ConfigError(tuple(problems))
    try:
        return RecognizerDetector(name, recognizers, hashlib.sha256(path.read_bytes()).hexdigest()[:12])
    except ValueError as error:
        raise ConfigError((Problem(str(error), "Mend the recognizer.", path, 1),)) from None


def _problem(bad: _Bad, path: Path, lines: Lines, index: int) -> Problem:
    return Problem(str(bad), bad.remedy, path, line_of(lines, ("recognizers", index, *bad.place)))


def _recognizers(body: Any, flags: Any) -> Iterator[EntityRecognizer]:
    if isinstance(body, str):
        yield _predefined(body, {})
        return
    if not isinstance(body, dict):
        raise _Bad("a recognizer must be a mapping, or the name of one of Presidio's", "Begin it with `- name: ...`.")
    for key in sorted(body.keys() - _KEYS):
        raise _Bad(f"unknown key {key!r}", f"Use one of: {', '.join(sorted(_KEYS))}.", key)
    if not isinstance(body.get("name"), str) or not body["name"]:
        raise _Bad("a recognizer needs a name", "Write `name: ...`.", "name")
    if body.get("enabled", True) is False:
        return
    if body.get("type") == "predefined":
        yield _predefined(body.get("class_name") or body["name"], body)
    else:
        yield _custom(body, flags)


def _predefined(name: str, body: dict[str, Any]) -> EntityRecognizer:
    kind: Any = getattr(predefined_recognizers, name, None)
    if not (isinstance(kind, type) and issubclass(kind, EntityRecognizer)):
        raise _Bad(f"Presidio has no recognizer {name!r}", "See presidio_analyzer.predefined_recognizers.", "name")
    options: dict[str, Any] = {"context": words} if (words := _context(body)) else {}
    try:
        made: EntityRecognizer = kind(**options)
    except Exception as error:  # noqa: BLE001 - models that are not installed raise all sorts of things
        raise _Bad(
            f"Presidio's {name} cannot be made: {type(error).__name__}", "It may need a further package.", "name"
        ) from None
    return made


def _custom(body: dict[str, Any], flags: Any) -> EntityRecognizer:
    given = body.get("supported_entity") or next(iter(_texts(body, "supported_entities")), None)
    if not isinstance(given, str):
        raise _Bad("a recognizer needs a supported_entity", "Write `supported_entity: MY_TYPE`.", "supported_entity")
    try:
        entity_type(given)
    except ValueError as error:
        raise _Bad(str(error), "Use capitals, digits and underscores.", "supported_entity") from None
    flags = body.get("global_regex_flags", flags)
    patterns = body.get("patterns") or []
    if not isinstance(patterns, list):
        raise _Bad("patterns must be a list", "Begin each with `- name: ...`.", "patterns")
    for number, pattern in enumerate(patterns):
        _check_pattern(pattern, flags, number)
    deny_list = _texts(body, "deny_list")
    if not patterns and not deny_list:
        raise _Bad("a recognizer needs patterns or a deny_list", "Write one of them.")
    made: dict[str, Any] = {
        "name": body["name"],
        "supported_entity": given,
        "patterns": [dict(pattern) for pattern in patterns],
        "deny_list": deny_list,
        "context": _context(body),
        "deny_list_score": _score(body.get("deny_list_score", 1.0), "deny_list_score"),
    }
    if isinstance(flags, int) and not isinstance(flags, bool):
        made["global_regex_flags"] = flags
    return PatternRecognizer.from_dict(made)


def _check_pattern(pattern: Any, flags: Any, number: int) -> None:
    place = ("patterns", number)
    if not isinstance(pattern, dict) or pattern.keys() != _PATTERN_KEYS:
        raise _Bad("a pattern needs name, regex and score, nothing else", "Write the three keys.", *place)
    if not isinstance(pattern["name"], str):
        raise _Bad("the name of a pattern must be text", "Put it in quotes.", *place, "name")
    _score(pattern["score"], *place, "score")
    if not isinstance(pattern["regex"], str) or not pattern["regex"]:
        raise _Bad("the regex must be text", "Put it in single quotes.", *place, "regex")
    try:
        regex.compile(pattern["regex"], flags if isinstance(flags, int) else 0)
    except regex.error as error:
        raise _Bad(f"the regex is not valid: {error.msg}", "Check brackets and backslashes.", *place, "regex") from None


def _score(value: Any, *place: str | int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise _Bad("a score must be a number from 0 to 1", "Write for example 0.6.", *place)
    return float(value)


def _context(body: dict[str, Any]) -> list[str]:
    """The words of the entry and of each of its languages."""
    words = _texts(body, "context")
    languages = body.get("supported_languages") or []
    if not isinstance(languages, list):
        raise _Bad("supported_languages must be a list", "Write for example [en, de].", "supported_languages")
    for index, language in enumerate(languages):
        if isinstance(language, dict):
            if language.keys() - {"language", "context"}:
                raise _Bad("a language has language and context", "Write these two.", "supported_languages", index)
            words += _texts(language, "context")
    return words


def _texts(body: dict[str, Any], key: str) -> list[str]:
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise _Bad(f"{key} must be a list of texts", "Put each text in quotes.", key)
    return list(value)
