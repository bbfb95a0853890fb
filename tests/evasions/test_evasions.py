"""Every row of the evasion table, through the real scanner and the default policy: found, said, or a stated limit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from evasions_made import MADE
from support.inspected import Inspected, message

ROOT = Path(__file__).parents[2]
DATA = yaml.safe_load((Path(__file__).parent / "evasions.yaml").read_text("utf-8"))
ROWS: list[dict[str, Any]] = DATA["rows"]
CASES = [
    pytest.param(row["id"], case, id=f"{row['id']} {case.get('text') or case['make']}"[:60])
    for row in ROWS
    for case in row.get("cases", ())
]
ROWS_OF_THE_TABLE = 39
LEAVES = 1
"""The level up to which a request leaves."""


@pytest.fixture(scope="module")
def inspected() -> Iterator[Inspected]:
    """Patterns and the classifier: what the names model adds can only keep more inside."""
    with Inspected() as made:
        yield made


def test_no_row_of_the_table_is_missing() -> None:
    """Each id once, in the table's order; and each has a case, another test, or a reason why it has none."""
    assert [row["id"] for row in ROWS] == DATA["table"]
    assert len(set(DATA["table"])) == ROWS_OF_THE_TABLE
    assert all(row["technique"] for row in ROWS)
    assert [row["id"] for row in ROWS if not {"cases", "elsewhere", "out_of_scope"} & row.keys()] == []


def test_the_tests_elsewhere_exist() -> None:
    """Rows that are no matter of inspection."""
    assert [row["elsewhere"] for row in ROWS if "elsewhere" in row and not (ROOT / row["elsewhere"]).is_file()] == []


def test_what_leaves_says_why() -> None:
    """A limit is stated, never silent."""
    assert [
        case for row in ROWS for case in row.get("cases", ()) if (case["expect"] == "leaves") != ("because" in case)
    ] == []


def made(case: dict[str, Any]) -> Any:
    if "text" in case:
        return case["text"]
    name, *arguments = case["make"]
    return MADE[name](*arguments)


def bodies(disguised: Any) -> Iterator[Any]:
    """A text by itself and among other words; a body as it is."""
    if isinstance(disguised, str):
        yield message(disguised)
        yield message(f"Please note: {disguised} and so on.")
    else:
        yield disguised


@pytest.mark.parametrize(("row", "case"), CASES)
def test_the_outcome_is_as_stated(inspected: Inspected, row: str, case: dict[str, Any]) -> None:
    """Found or said, and inside; or out of scope, which is said as well."""
    for body in bodies(made(case)):
        outcome = inspected(body)
        expected, _, reason = case["expect"].partition(":")
        if expected == "leaves":
            # Nothing at a place keeps it; the classifier may, by the words that happen to stand around it.
            assert outcome.floor <= LEAVES, f"{row}: the limit has moved, say so in the table"
            continue
        assert not outcome.leaves
        if expected == "found":
            assert case.get("type", "CREDIT_CARD") in outcome.found
        else:
            assert expected == "incomplete"
            assert any(one == reason or one.startswith(f"{reason}:") for one in outcome.reasons), outcome.reasons
