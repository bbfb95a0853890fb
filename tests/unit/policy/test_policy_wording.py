"""Mistakes in words: short, in plain language, and only so many of them."""

from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from gateway.errors import Problem
from gateway.policy.block import Block, wrong
from gateway.policy.wording import MOST_PROBLEMS, dotted, first_of, problems_of

FILE = Path("policy.yaml")


class Shape(Block):
    """One key of each kind that a mistake can be made in."""

    many: list[int] = Field(default_factory=list)
    score: float = Field(default=0, ge=0, le=1)


def said(value: object) -> list[Problem]:
    with pytest.raises(ValidationError) as caught:
        Shape.model_validate(value)
    return list(problems_of(caught.value, Shape, FILE, {(): 1}, {"later": "What comes later"}))


def test_a_mistake_is_said_with_its_place_and_what_to_write() -> None:
    (found,) = said({"score": 40.0})
    assert (found.message, found.remedy) == (
        "score: this has to be at most 1.0",
        "Correct `score`: write a smaller number.",
    )
    (found,) = said({"many": ["1"]})
    assert found.remedy.startswith("Correct this entry: ")


def test_unknown_keys_are_corrected_and_reserved_ones_announced() -> None:
    (found,) = said({"scor": 1.0})
    assert (found.message, found.remedy) == ("unknown key `scor`", "Did you mean `score`?")
    (found,) = said({"later": 1})
    assert found.message == "later: What comes later is not available yet"


def test_of_very_many_mistakes_the_first_are_listed_and_the_others_counted() -> None:
    found = said({"many": ["x"] * 5000})
    assert len(found) == MOST_PROBLEMS + 1
    assert found[-1].message == f"{5000 - MOST_PROBLEMS} further mistakes are not listed"
    one = Problem("m", "r", FILE, 1)
    assert first_of([one], FILE) == (one,)
    assert len(first_of([one] * 500, FILE)) == MOST_PROBLEMS + 1


def test_a_terminal_obeys_nothing_that_stands_in_a_key() -> None:
    """A policy that somebody else wrote is read in a terminal, too."""
    (found,) = said({"\x1b[31m" + "k" * 500: 1})
    assert "\x1b" not in str(found)
    assert len(found.message) < 150


def test_a_remedy_may_be_searched_for_late() -> None:
    error = ValidationError.from_exception_data(
        "x", [{"type": wrong("odd", lambda: "Mend it."), "loc": ("score",), "input": 1}]
    )
    (found,) = problems_of(error, Shape, FILE, {}, {})
    assert (found.message, found.remedy) == ("score: odd", "Mend it.")


def test_places_are_written_as_people_write_them() -> None:
    """`classify[0].when`, and the whole file where there is no place."""
    assert dotted(("classify", 0, "when", "any", 1)) == "classify[0].when.any[1]"
    assert dotted(()) == "the file"
