"""What is wrong with a policy that loads: rules that can never match, or that change nothing; routes never reached.

A ``warning`` is a rule or a test that does not do what somebody wrote it for. A ``note`` is worth knowing and may be
meant: a rule that changes no label still shows in records.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from gateway.errors import Problem
from gateway.policy.implies import implies, never
from gateway.policy.loader import FILE_NAME
from gateway.policy.probe_file import FILE_NAME as PROBES_NAME
from gateway.policy.probe_file import load_probes
from gateway.policy.rules import ClassifyRule, Policy, RefuseRule
from gateway.policy.term_files import expired
from gateway.policy.vocabulary import ANYTHING, Vocabulary
from gateway.policy.yaml_lines import Lines, Location, line_of, load_mapping


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that the lint says."""

    level: Literal["warning", "note"]
    problem: Problem

    def __str__(self) -> str:
        return f"{self.level}: {self.problem}"


@dataclass(frozen=True, slots=True)
class _Source:
    """The file that a policy was compiled from."""

    file: Path
    value: Mapping[str, Any]
    lines: Lines

    def problem(self, message: str, remedy: str, *location: str | int) -> Problem:
        return Problem(message, remedy, self.file, line_of(self.lines, location))


def lint(path: Path, policy: Policy, vocabulary: Vocabulary, on: date | None = None) -> tuple[Remark, ...]:
    """All remarks on the policy that was loaded from ``path``, warnings first. Raises ConfigError for broken probes.

    ``on``: the day in UTC on which suppressions have to work; default: today.
    """
    file = path / FILE_NAME if path.is_dir() else path
    source = _Source(file, *load_mapping(file))
    today = on or datetime.now(UTC).date()
    warnings = [
        *expired(source.value, source.lines, file, policy, today),
        *_unmatched(policy, source),
        *_unreached(policy, source),
        *_unprobed(policy, source),
    ]
    notes = [
        *_covered(policy, source),
        *_unused(policy, source),
        *_unfound(source, vocabulary),
        *_unnamed(policy, source),
    ]
    return (*(Remark("warning", one) for one in warnings), *(Remark("note", one) for one in notes))


def _unmatched(policy: Policy, source: _Source) -> Iterator[Problem]:
    for place, rule in _rules(policy):
        if never(rule.when):
            message = f"the rule `{rule.id}` can never match: its conditions exclude each other"
            yield source.problem(message, "Correct the condition, or remove the rule.", *place)


def _rules(policy: Policy) -> Iterator[tuple[Location, ClassifyRule | RefuseRule]]:
    """The rules, each with its place in the file."""
    yield from ((("classify", index), rule) for index, rule in enumerate(policy.classify))
    yield from ((("refuse", index), rule) for index, rule in enumerate(policy.refuse))


def _unreached(policy: Policy, source: _Source) -> Iterator[Problem]:
    for index, rule in enumerate(policy.route):
        if never(rule.when):
            message = "this route is never taken: its conditions exclude each other"
            yield source.problem(message, "Correct the condition, or remove the route.", "route", index)
            continue
        earlier = next((at for at in range(index) if implies(rule.when, policy.route[at].when)), None)
        if earlier is not None:
            line = line_of(source.lines, ("route", earlier))
            message = f"this route is never reached: the one on line {line} takes all that it would take"
            yield source.problem(message, "Move it before that one, or remove it.", "route", index)


def _unprobed(policy: Policy, source: _Source) -> Iterator[Problem]:
    file = source.file.parent / PROBES_NAME
    if not file.is_file():
        yield Problem("the policy has no probes", f"Write {PROBES_NAME} beside it.", source.file)
    elif not load_probes(file).probes:
        yield Problem("there are no probes", "Write probes that each rule has to catch, and to leave alone.", file)


def _covered(policy: Policy, source: _Source) -> Iterator[Problem]:
    """Rules that change nothing, because another one always does as much."""
    rank = policy.labels.index
    for index, rule in enumerate(policy.classify):
        if never(rule.when):
            continue
        if rank(rule.label) == 0:
            message = f"the rule `{rule.id}` changes no label: without it a request has `{rule.label}`, too"
            yield source.problem(message, "Give it a higher label, or keep it for what records say.", "classify", index)
            continue
        for at, other in enumerate(policy.classify):
            if rank(other.label) >= rank(rule.label) and _takes(other, at, rule, index):
                line = line_of(source.lines, ("classify", at))
                message = f"the rule `{rule.id}` changes no label: `{other.id}` (line {line}) matches whenever it does"
                remedy = "Narrow one of them, or keep it for what records say."
                yield source.problem(message, remedy, "classify", index)
                break
    for index, refusal in enumerate(policy.refuse):
        for at, earlier in enumerate(policy.refuse[:index]):
            if _takes(earlier, at, refusal, index):
                message = f"the rule `{refusal.id}` never gives its message: `{earlier.id}` stands before it"
                yield source.problem(message, "Move the narrower rule to the front.", "refuse", index)
                break


def _takes(other: ClassifyRule | RefuseRule, at: int, rule: ClassifyRule | RefuseRule, index: int) -> bool:
    """Does ``other`` match whenever ``rule`` does? Of two that match alike it is the first one that does the work."""
    if at == index or not _enforced(other) or not implies(rule.when, other.when):
        return False
    return at < index or getattr(rule, "label", "") != getattr(other, "label", "") or not implies(other.when, rule.when)


def _enforced(rule: object) -> bool:
    """A rule that is only watched, or enforced for a part of the requests, takes nothing from another one."""
    return bool(getattr(getattr(rule, "mode", None), "always", True))


def _unused(policy: Policy, source: _Source) -> Iterator[Problem]:
    """The first label is what remains and the last one what is unread; the others need a rule."""
    given = {rule.label for rule in policy.classify}
    for index, label in enumerate(policy.labels[1:-1], start=1):
        if label not in given:
            message = f"no rule gives the label `{label}`"
            yield source.problem(message, "Fine where a clearance of gateway.yaml names it.", "labels", index)


def _unfound(source: _Source, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Groups that are empty at the moment: an installation's own lists, where none is configured."""
    for location, name in _entity_names(source.value, ()):
        if name != ANYTHING and not vocabulary.types(name):
            message = f"nothing finds `{name}` in this installation"
            yield source.problem(message, "It matches nothing until gateway.yaml names what finds it.", *location)


def _entity_names(value: Any, location: Location) -> Iterator[tuple[Location, str]]:
    """Each name under ``any_of`` and ``all_of`` of a checked file, wherever ``entities`` stand."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if key in ("any_of", "all_of") and location and location[-1] == "entities":
            names = [inner] if isinstance(inner, str) else inner
            yield from (((*location, key, at), name) for at, name in enumerate(names))
        else:
            yield from _entity_names(inner, (*location, key))


def _unnamed(policy: Policy, source: _Source) -> Iterator[Problem]:
    """Rules that no probe expects by name. ``policy test`` says whether one hits them all the same."""
    file = source.file.parent / PROBES_NAME
    probes = load_probes(file).probes if file.is_file() else ()
    named = {name for probe in probes for name in (*probe.expect.rule, *probe.expect.shadow)}
    for place, rule in _rules(policy) if probes else ():
        if rule.id not in named:
            message = f"no probe expects the rule `{rule.id}` by name"
            remedy = f"Add `rule: {rule.id}` to the `expect` of one that it has to catch."
            yield source.problem(message, remedy, *place)
