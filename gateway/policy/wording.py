"""What validation found, in the words of the file's author: where, what is wrong, and what to write instead."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from gateway.errors import Problem
from gateway.policy.vocabulary import remedy
from gateway.policy.yaml_lines import Lines, line_of, printable

MOST_PROBLEMS: Final = 100
"""Of one kind, that are put into words. A file with more has one cause for all of them."""

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("the key is missing", "Add it: `{key}`."),
    "model_type": ("a mapping is needed here", "Correct {this}: write `key: value` pairs."),
    "dict_type": ("a mapping is needed here", "Correct {this}: write `key: value` pairs."),
    "list_type": (
        "a list is needed here",
        "Correct {this}: write `[a, b]`, or a `- ` line for each entry.",
    ),
    "string_type": ("text is needed here", "Correct {this}: what looks like a number, true or null needs quotes."),
    "bool_type": ("true or false is needed here", "Correct {this}: write true or false, without quotes."),
    "int_type": ("a whole number is needed here", "Correct {this}: write digits alone, without quotes."),
    "float_type": ("a number is needed here", "Correct {this}: write a number such as 0.5, without quotes."),
    "literal_error": ("this has to be {expected}", "Correct {this}: write it exactly so."),
    "greater_than": ("this has to be more than {gt}", "Correct {this}: write a larger number."),
    "greater_than_equal": ("this has to be at least {ge}", "Correct {this}: write a larger number."),
    "less_than_equal": ("this has to be at most {le}", "Correct {this}: write a smaller number."),
    "string_too_short": ("this needs at least {min_length} character", "Correct {this}: write some text."),
    "string_too_long": ("this may have {max_length} characters at most", "Correct {this}: shorten it."),
}
"""Kind of mistake to message and remedy; the braces name what pydantic says about it."""


def problems_of(
    error: ValidationError, model: type[BaseModel], file: Path, lines: Lines, not_yet: Mapping[str, str]
) -> Iterator[Problem]:
    """What pydantic found, in the words of the file's author. Values are not quoted, except by our own validators."""
    for one in error.errors(include_url=False, include_input=False)[:MOST_PROBLEMS]:
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
            instead = details["remedy"]
            yield Problem(f"{where}: {details['message']}", instead() if callable(instead) else instead, file, line)
        else:
            message, instead = _SAID.get(one["type"], (one["msg"][:1].lower() + one["msg"][1:], "Correct {this}."))
            this = "this entry" if location and isinstance(location[-1], int) else f"`{printable(key)}`"
            named = {**details, "key": printable(key), "this": this}
            yield Problem(f"{where}: {message.format_map(named)}", instead.format_map(named), file, line)
    if (more := error.error_count() - MOST_PROBLEMS) > 0:
        yield further(more, file)


def first_of(problems: Iterable[Problem], file: Path) -> tuple[Problem, ...]:
    """The first problems, and a last one that says that there are more."""
    found = iter(problems)
    first = tuple(islice(found, MOST_PROBLEMS))
    return first if next(found, None) is None else (*first, further(None, file))


def further(count: int | None, file: Path) -> Problem:
    """Stands for the mistakes that are not listed."""
    said = "further mistakes are" if count != 1 else "further mistake is"
    return Problem(f"{f'{count} ' if count else ''}{said} not listed", "Correct these first.", file)


def dotted(location: Iterable[str | int]) -> str:
    """A place in the file as people write it: ``classify[0].when.entities``."""
    text = ""
    for step in location:
        word = f"[{step}]" if isinstance(step, int) else printable(step)
        text += f".{word}" if text and isinstance(step, str) else word
    return text or "the file"


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
