"""Detectors written as rules in YAML: a pattern, what makes it plausible, and examples that prove it.

A rule cannot be loaded without a true positive that it finds and a false positive that it leaves alone::

    - id: github-token
      entity_type: GITHUB_TOKEN
      score: 1.0
      keywords: [ghp_, gho_]          # cheap gate: small letters, at least one must stand in the text
      gate: 'gh._'                    # optional, for Python's faster `re`: must be found somewhere in the text
      regex: '(?<![A-Za-z0-9])gh[opusr]_[A-Za-z0-9]{36,255}'
      validator: not_placeholder      # optional, see validators.py; judges group 1 of the pattern, or all of it
      entropy: 3.0                    # optional, bits per character at least
      needs: [github, token]          # optional: one of these words within 64 characters before or 32 after
      match: ['ghp_{b62:36}']         # {kind:length} stands for made-up characters, so that no key lies in the tree
      no_match: ['ghp_{x:36}']

Patterns run under a time limit and a pattern that reaches it raises: what was not read is not clean.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import regex

from gateway.errors import ConfigError, Problem
from gateway.inspection.confusables import LATIN
from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.detectors.labels import Labels
from gateway.inspection.detectors.prefilter import Wanted
from gateway.inspection.detectors.together import Seat, find_alone
from gateway.inspection.detectors.validators import VALIDATORS, Validator, entropy
from gateway.policy.yaml_lines import Lines, line_of, load_mapping

PATTERN_SECONDS: Final = 1.0
"""How long one pattern may take over one text. All shipped patterns are linear; this is for those written later."""

_KEYS: Final = {
    "id", "about", "entity_type", "score", "keywords", "gate", "regex", "validator", "entropy", "needs", "match",
    "no_match",
}  # fmt: skip
_ALPHABETS: Final = {
    "b62": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "b64": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "hex": "0123456789abcdef",
    "lower": "abcdefghijklmnopqrstuvwxyz0123456789",
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "digit": "0123456789",
    "x": "x",
}
_BLANK: Final = re.compile(r"\{(" + "|".join(_ALPHABETS) + r"):(\d{1,4})\}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One compiled rule. ``keywords`` is empty where nothing cheaper than the pattern can exclude a text."""

    id: str
    entity_type: str
    score: float
    keywords: tuple[str, ...]
    gate: "re.Pattern[str] | None" = field(repr=False)
    pattern: "regex.Pattern[str]" = field(repr=False)
    validator: Validator | None
    entropy: float
    labels: tuple[str, ...]
    """One of these words must stand near a value; empty: none need."""
    needs: Labels | None = field(repr=False)

    @property
    def wanted(self) -> Wanted:
        """The pattern, and the words without which the rule finds nothing."""
        return Wanted(self.pattern.pattern, words=tuple(words for words in (self.keywords, self.labels) if words))

    def may_stand_in(self, text: str, lowered: str) -> bool:
        """Could the pattern match at all? A cheap test that never says no to a text that it would find something in."""
        if self.keywords and not any(word in lowered for word in self.keywords):
            return False
        return self.gate is None or self.gate.search(text) is not None

    def find(self, text: str, at: int = 0) -> list[Match]:
        """Every match from ``at`` on. Raises TimeoutError when the pattern took longer than PATTERN_SECONDS."""
        found = []
        for hit in self.pattern.finditer(text, at, timeout=PATTERN_SECONDS):
            start, end = hit.span(1 if hit.lastindex else 0)
            if start < end and self._plausible(text, start, end):
                found.append(Match(start, end, self.entity_type, self.score))
        return found

    def _plausible(self, text: str, start: int, end: int) -> bool:
        value = text[start:end]
        if self.entropy and entropy(value) < self.entropy:
            return False
        if self.validator is not None and not self.validator(value):
            return False
        return self.needs is None or self.needs.near(text, start, end)


@dataclass(frozen=True, slots=True)
class RuleDetector:
    """All rules of one file. ``version`` is the digest of the file, so that an edited rule empties no cache by luck."""

    name: str
    version: str
    rules: tuple[Rule, ...] = field(repr=False)
    views: Views = "all"
    seat: Seat | None = field(default=None, repr=False)

    @property
    def entity_types(self) -> frozenset[str]:
        return frozenset(rule.entity_type for rule in self.rules)

    @property
    def wanted(self) -> Sequence[Wanted]:
        return [rule.wanted for rule in self.rules]

    def with_seat(self, seat: Seat) -> "RuleDetector":
        return replace(self, seat=seat)

    def find(self, text: str) -> Sequence[Match]:
        """Matches of every rule. Raises TimeoutError (see Rule.find)."""
        return find_alone(self, text)

    def find_hinted(self, text: str, hints: Mapping[int, int]) -> Sequence[Match]:
        """Matches of the rules that ``hints`` name. Raises TimeoutError (see Rule.find)."""
        lowered = text.lower()
        found: list[Match] = []
        for number in sorted(hints):
            rule = self.rules[number]
            if rule.may_stand_in(text, lowered):
                found += rule.find(text, hints[number])
        return found


def fill(example: str) -> str:
    """Replace each ``{kind:length}`` of an example by made-up characters, the same ones at every start."""

    def made_up(blank: "re.Match[str]") -> str:
        alphabet, length = _ALPHABETS[blank[1]], int(blank[2])
        stream = hashlib.shake_128(blank[0].encode() + blank.start().to_bytes(4, "big")).digest(length)
        return "".join(alphabet[byte % len(alphabet)] for byte in stream)

    return _BLANK.sub(made_up, example)


def load_rules(path: Path, name: str) -> RuleDetector:
    """Read a rule file. Raises ConfigError with file, line and remedy of every mistake, failed examples included."""
    top, lines = load_mapping(path)
    problems: list[Problem] = []
    rules: list[Rule] = []
    listed = top.get("rules")
    if top.keys() != {"rules"} or not isinstance(listed, list) or not listed:
        raise ConfigError((Problem("the file needs a list `rules` and nothing else", "See secrets.yaml.", path, 1),))
    for index, body in enumerate(listed):
        try:
            rule = _rule(body)
            _prove(rule, body)
        except _BadRule as error:
            where = ("rules", index) if error.key is None else ("rules", index, error.key)
            problems.append(_problem(error, path, lines, where))
            continue
        if any(rule.id == other.id for other in rules):
            problems.append(
                Problem(f"the id {rule.id!r} is given twice", "Rename one.", path, line_of(lines, ("rules", index)))
            )
        rules.append(rule)
    if problems:
        raise ConfigError(tuple(problems))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return RuleDetector(name, digest, tuple(rules))


class _BadRule(Exception):
    def __init__(self, key: str | None, message: str, remedy: str) -> None:
        super().__init__(message)
        self.key, self.remedy = key, remedy


def _problem(error: _BadRule, path: Path, lines: Lines, where: tuple[str | int, ...]) -> Problem:
    return Problem(str(error), error.remedy, path, line_of(lines, where))


def _rule(body: Any) -> Rule:
    if not isinstance(body, dict):
        raise _BadRule(None, "a rule must be a mapping", "Begin it with `- id: ...`.")
    for key in body.keys() - _KEYS:
        raise _BadRule(key, f"unknown key {key!r}", f"Use one of: {', '.join(sorted(_KEYS))}.")
    identifier, entity_type, score = body.get("id"), body.get("entity_type"), body.get("score", 1.0)
    if not isinstance(identifier, str) or not re.fullmatch(r"[a-z][a-z0-9-]{1,63}", identifier):
        raise _BadRule("id", "a rule needs an id of small letters, digits and hyphens", "Name it for what it finds.")
    if not isinstance(entity_type, str) or not re.fullmatch(r"[A-Z][A-Z0-9_]{1,63}", entity_type):
        raise _BadRule("entity_type", "entity_type must be capitals, digits and underscores", "See groups.yaml.")
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 < score <= 1:
        raise _BadRule("score", "score must be a number above 0 and at most 1", "Write for example 0.8.")
    least = body.get("entropy", 0)
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least <= 8:
        raise _BadRule("entropy", "entropy must be a number from 0 to 8", "Write bits per character, such as 3.0.")
    validator = body.get("validator")
    if validator is not None and validator not in VALIDATORS:
        raise _BadRule("validator", f"no validator {validator!r}", f"Use one of: {', '.join(sorted(VALIDATORS))}.")
    needs = _as_read(_texts(body, "needs"))
    return Rule(
        id=identifier,
        entity_type=entity_type,
        score=float(score),
        keywords=tuple(word.lower() for word in _texts(body, "keywords")),
        gate=_gate(body.get("gate")),
        pattern=_pattern(body.get("regex")),
        validator=None if validator is None else VALIDATORS[validator],
        entropy=float(least),
        labels=tuple(word.lower().strip() for word in needs),
        needs=Labels(needs) if needs else None,
    )


def _as_read(words: Sequence[str]) -> list[str]:
    """The words, and what is read where they stand in Latin text: a word of look-alikes alone is taken for Latin."""
    return list(dict.fromkeys([*words, *(word.lower().translate(LATIN) for word in words)]))


def _texts(body: dict[str, Any], key: str) -> list[str]:
    value = body.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise _BadRule(key, f"{key} must be a list of texts", "Put each text in quotes.")
    return value


def _gate(source: Any) -> "re.Pattern[str] | None":
    if source is None:
        return None
    try:
        return re.compile(source if isinstance(source, str) and source else "(")
    except re.error:
        raise _BadRule("gate", "the gate is not a valid regex", "Keep it short, without repetition.") from None


def _pattern(source: Any) -> "regex.Pattern[str]":
    if not isinstance(source, str) or not source:
        raise _BadRule("regex", "a rule needs a regex", "Put it in single quotes.")
    try:
        pattern = regex.compile(source, regex.VERSION0)
    except regex.error as error:
        raise _BadRule("regex", f"the regex is not valid: {error.msg}", "Check brackets and backslashes.") from None
    if pattern.groups > 1:
        raise _BadRule("regex", "the regex has more than one group", "Write (?:...) for all but the value.")
    return pattern


def _prove(rule: Rule, body: dict[str, Any]) -> None:
    """Run the examples through the rule exactly as a text would be."""
    alone = RuleDetector("proof", "", (rule,))
    for key, wanted in (("match", True), ("no_match", False)):
        examples = _texts(body, key)
        if not examples:
            raise _BadRule(key, f"the rule {rule.id!r} has no {key} example", "Add at least one.")
        for number, example in enumerate(examples, 1):
            if bool(alone.find(fill(example))) is not wanted:
                verb = "does not find" if wanted else "finds"
                raise _BadRule(key, f"the rule {rule.id!r} {verb} its {key} example {number}", "Mend one of the two.")
