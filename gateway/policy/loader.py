"""Read one policy from disk. Whatever is wrong is reported at once, each with its line and a remedy (law 7)."""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import inf
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from gateway.errors import ConfigError, Problem
from gateway.policy.block import MOST_ENTRIES, MOST_VALUES, Known
from gateway.policy.compiler import compile_policy
from gateway.policy.reads_block import declared
from gateway.policy.rules import Policy
from gateway.policy.schema import PolicyFile
from gateway.policy.term_files import read_terms
from gateway.policy.transform_block import not_built
from gateway.policy.vocabulary import Vocabulary, remedy
from gateway.policy.wording import MOST_PROBLEMS, first_of, problems_of
from gateway.policy.yaml_lines import Lines, line_of, load_mapping, shown

FILE_NAME: Final = "policy.yaml"
NOT_YET: Final[Mapping[str, str]] = {
    "session": "Remembering what a session has seen",
    "extends": "Building on another policy",
    "classifier": "The classifier condition",
    "task": "The task condition",
    "language": "The language condition",
    "budget": "The budget condition",
}
"""Keys that the language keeps for later. They stop the load: a rule that would silently do nothing protects nobody."""


def load_policy(path: Path, vocabulary: Vocabulary, profile: str | None = None) -> Policy:
    """Read a policy: a folder that holds ``policy.yaml``, or the file itself.

    Raises ConfigError with every problem: syntax, unknown keys and names, missing keys, rules that cannot be, backends
    whose clearance the policy does not know. ``profile``: the classifier's operating point instead of the file's own.
    """
    file = path / FILE_NAME if os.path.isdir(path) else path  # noqa: PTH112 - Path.is_dir raises where it may not look
    value, lines = load_mapping(file, MOST_VALUES)
    known = Known(vocabulary, _labels(value), declared(value.get("reads")))
    problems = list(islice(_doubled_ids(value, file, lines), MOST_PROBLEMS))
    problems += [*_unreached(value, file, lines), *_backends(known, file, lines), *not_built(value, file, lines)]
    try:
        document = PolicyFile.model_validate(value, context=known)
    except ValidationError as error:
        problems += problems_of(error, PolicyFile, file, lines, NOT_YET)
    else:
        terms, unread = read_terms(document.suppress, file, lines)
        problems += unread
    if problems:
        raise ConfigError(first_of(sorted(problems, key=lambda problem: problem.line or inf), file))
    return compile_policy(document, vocabulary, profile, terms)


def _labels(value: Mapping[str, Any]) -> tuple[str, ...]:
    labels = value.get("labels")
    if not isinstance(labels, list) or len(labels) > MOST_ENTRIES:
        return ()
    return tuple(label for label in labels if isinstance(label, str))


def _rules(value: Mapping[str, Any], part: str) -> Sequence[Any]:
    rules = value.get(part)
    return rules if isinstance(rules, list) else ()


def _doubled_ids(value: Mapping[str, Any], file: Path, lines: Lines) -> Iterator[Problem]:
    first: dict[str, int | None] = {}
    for part in ("classify", "refuse", "suppress"):
        for index, rule in enumerate(_rules(value, part)):
            name = rule.get("id") if isinstance(rule, dict) else None
            line = line_of(lines, (part, index, "id"))
            if isinstance(name, str) and name in first:
                yield Problem(
                    f"the id {shown(name)} is given twice (first on line {first[name]})", "Rename one rule.", file, line
                )
            elif isinstance(name, str):
                first[name] = line


def _unreached(value: Mapping[str, Any], file: Path, lines: Lines) -> Iterator[Problem]:
    """The first route rule that matches is taken, so nothing after one without a condition is ever asked."""
    rules = _rules(value, "route")
    for index, rule in enumerate(rules[:-1]):
        if isinstance(rule, dict) and rule.get("when", "always") in ("always", {"always": True}):
            line = line_of(lines, ("route", index + 1))
            message = (
                f"this route is never reached: the one on line {line_of(lines, ('route', index))} takes everything"
            )
            yield Problem(message, "Move the route without a condition to the end.", file, line)
            return


def _backends(known: Known, file: Path, lines: Lines) -> Iterator[Problem]:
    """Clearances stand in gateway.yaml and labels here; they have to speak of the same things."""
    labels = known.labels
    for name, (clearance, local) in sorted((known.vocabulary.backends or {}).items()) if labels else ():
        line = line_of(lines, ("labels",))
        if clearance not in labels:
            message = f"the backend `{name}` has the clearance `{clearance}`, which is not a label of this policy"
            yield Problem(message, f"In gateway.yaml: {remedy(clearance, labels)}", file, line)
        elif clearance == labels[-1] and not local:
            message = f"the backend `{name}` is cleared for the top label `{clearance}`, but is not proven to be local"
            yield Problem(message, "Lower its clearance in gateway.yaml, or list its host as local there.", file, line)
