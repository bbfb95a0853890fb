"""Read one policy from disk. Whatever is wrong is reported at once, each with its line and a remedy (law 7)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from gateway.errors import ConfigError, Problem
from gateway.policy.block import Known
from gateway.policy.compiler import compile_policy
from gateway.policy.rules import Policy
from gateway.policy.schema import PolicyFile
from gateway.policy.vocabulary import Vocabulary, remedy
from gateway.policy.yaml_lines import Lines, line_of, load_mapping

FILE_NAME: Final = "policy.yaml"
NOT_YET: Final[Mapping[str, str]] = {
    "suppress": "Suppressions of false positives",
    "transform": "Pseudonymising and redacting",
    "session": "Remembering what a session has seen",
    "extends": "Building on another policy",
    "classifier": "The classifier condition",
    "task": "The task condition",
    "language": "The language condition",
    "budget": "The budget condition",
}
"""Keys that the language keeps for later. They stop the load: a rule that would silently do nothing protects nobody."""

_PLAIN: Final[Mapping[str, str]] = {
    "missing": "the key is missing",
    "model_type": "a mapping is needed here",
    "list_type": "a list is needed here",
    "string_type": "text is needed here",
    "bool_type": "true or false is needed here",
    "int_type": "a whole number is needed here",
    "float_type": "a number is needed here",
}


def load_policy(path: Path, vocabulary: Vocabulary, profile: str | None = None) -> Policy:
    """Read a policy: a folder that holds ``policy.yaml``, or the file itself.

    Raises ConfigError with every problem: syntax, unknown keys and names, missing keys, rules that cannot be, backends
    whose clearance the policy does not know. ``profile``: the classifier's operating point instead of the file's own.
    """
    file = path / FILE_NAME if path.is_dir() else path
    value, lines = load_mapping(file)
    known = Known(vocabulary, _labels(value))
    problems = [*_doubled_ids(value, file, lines), *_unreached(value, file, lines), *_backends(known, file, lines)]
    try:
        document = PolicyFile.model_validate(value, context=known)
    except ValidationError as error:
        problems += problems_of(error, PolicyFile, file, lines)
    if problems:
        raise ConfigError(tuple(sorted(problems, key=lambda problem: problem.line or 0)))
    return compile_policy(document, vocabulary, profile)


def problems_of(
    error: ValidationError, model: type[BaseModel], file: Path, lines: Lines, not_yet: Mapping[str, str] = NOT_YET
) -> Iterator[Problem]:
    """What pydantic found, in the words of the file's author. Values are not quoted, except by our own validators."""
    for one in error.errors(include_url=False, include_input=False):
        location = one["loc"]
        line = line_of(lines, location)
        key = str(location[-1]) if location else ""
        where = dotted(location)
        details = one.get("ctx", {})
        if one["type"] == "extra_forbidden" and key in not_yet:
            yield Problem(f"{where}: {not_yet[key]} is not available yet", f"Remove `{key}` for now.", file, line)
        elif one["type"] == "extra_forbidden":
            yield Problem(f"unknown key `{where}`", remedy(key, _keys(model, location[:-1])), file, line)
        elif one["type"] == "policy":
            yield Problem(f"{where}: {details['message']}", details["remedy"], file, line)
        else:
            message = _PLAIN.get(one["type"], one["msg"][:1].lower() + one["msg"][1:])
            about = "Add it." if one["type"] == "missing" else f"Correct `{key}`."
            yield Problem(f"{where}: {message}", about, file, line)


def dotted(location: Iterable[str | int]) -> str:
    """A place in the file as people write it: ``classify[0].when.entities``."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "the file"


def _labels(value: Mapping[str, Any]) -> tuple[str, ...]:
    labels = value.get("labels")
    return tuple(label for label in labels if isinstance(label, str)) if isinstance(labels, list) else ()


def _rules(value: Mapping[str, Any], part: str) -> Sequence[Any]:
    rules = value.get(part)
    return rules if isinstance(rules, list) else ()


def _doubled_ids(value: Mapping[str, Any], file: Path, lines: Lines) -> Iterator[Problem]:
    first: dict[str, int | None] = {}
    for part in ("classify", "refuse"):
        for index, rule in enumerate(_rules(value, part)):
            name = rule.get("id") if isinstance(rule, dict) else None
            line = line_of(lines, (part, index, "id"))
            if isinstance(name, str) and name in first:
                yield Problem(
                    f"the id {name!r} is given twice (first on line {first[name]})", "Rename one rule.", file, line
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


def _keys(model: type[BaseModel], location: Sequence[str | int]) -> set[str]:
    """The keys that may stand in the mapping at ``location``."""
    here: type[BaseModel] | None = model
    for step in location:
        if isinstance(step, str) and here is not None:
            here = _block(next((f.annotation for n, f in here.model_fields.items() if step in (n, f.alias)), None))
    return {one.alias or name for name, one in here.model_fields.items()} if here else set()


def _block(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as ``list[Block] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _block(part)) is not None), None)
