"""Files that a policy's suppressions name, and the days on which they end."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from gateway.errors import Problem
from gateway.policy.rules import Policy
from gateway.policy.suppress_block import SHORTEST, SuppressBlock
from gateway.policy.suppression import grouped
from gateway.policy.yaml_lines import Lines, line_of

MAX_BYTES: Final = 1024 * 1024
MAX_TERMS: Final = 10_000


def read_terms(
    blocks: Sequence[SuppressBlock], file: Path, lines: Lines
) -> tuple[Mapping[str, tuple[str, ...]], tuple[Problem, ...]]:
    """The values in the file of each suppression that names one, by its id, and what is wrong with these files.

    One value in a line; empty lines and lines that begin with ``#`` are left out. The file stands in the policy's
    folder or below it.
    """
    terms: dict[str, tuple[str, ...]] = {}
    problems: list[Problem] = []
    for index, block in enumerate(blocks):
        if block.terms is None:
            continue
        line = line_of(lines, ("suppress", index, "terms"))
        path = (file.parent / block.terms).resolve()
        if not path.is_relative_to(file.parent.resolve()):
            message = f"suppress[{index}].terms: the file is outside the policy's folder"
            problems.append(Problem(message, "Put it beside policy.yaml.", file, line))
            continue
        try:
            if not path.is_file():  # a pipe would hold up the start
                raise FileNotFoundError
            with path.open("rb") as opened:
                raw = opened.read(MAX_BYTES + 1)
            rows = raw.decode("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError):
            message = f"suppress[{index}].terms: cannot read {block.terms!r}"
            problems.append(Problem(message, "Name a UTF-8 file beside policy.yaml.", file, line))
            continue
        values = tuple(row.strip() for row in rows if row.strip() and not row.lstrip().startswith("#"))
        if len(raw) > MAX_BYTES or len(values) > MAX_TERMS or not values:
            message = f"suppress[{index}].terms: {block.terms!r} has no values, or more than {MAX_TERMS}"
            problems.append(Problem(message, "Write one value in a line.", file, line))
            continue
        problems += _short(rows, path)
        terms[block.id] = values
    return terms, tuple(problems)


def _short(rows: Sequence[str], path: Path) -> Iterator[Problem]:
    for number, row in enumerate(rows, 1):
        if row.strip() and not row.lstrip().startswith("#") and len(grouped(row)) < SHORTEST:
            message = f"a value has less than {SHORTEST} letters or digits"
            yield Problem(message, "Write the whole value.", path, number)


def expired(value: Mapping[str, Any], lines: Lines, file: Path, policy: Policy, on: date) -> Iterator[Problem]:
    """Suppressions of a policy that do not work any more on this day (UTC), with their lines in the file it is from."""
    gone = {one.id: one.until for one in policy.suppress if not one.works(on)}
    for index, block in enumerate(value["suppress"] if gone else ()):
        if (name := block["id"]) in gone:
            message = f"the suppression `{name}` ended on {gone[name]}: its findings count again"
            remedy = "Remove it, or decide anew and give it a later day."
            yield Problem(message, remedy, file, line_of(lines, ("suppress", index, "until")))
