"""Benign controls: code, figures and prose of every kind are read to the end, and most of it leaves (invariant I15)."""

from collections.abc import Iterator

import pytest
from properties_benign import benign
from support.inspected import Inspected

TEXTS = benign()
CODE = [(name, text) for name, text, is_code in TEXTS if is_code]
MOST_KEPT = 0.10
"""Of texts, by what is found at a place in them, in the balanced profile."""
MOST_KEPT_IN_ALL = 0.25
"""With what the classifier thinks of them. It is to come down to the other one, and must never go up."""


@pytest.fixture(scope="module")
def complete() -> Iterator[Inspected]:
    """With the names model, as a gateway runs it."""
    with Inspected(ner=True) as made:
        yield made


def test_there_are_enough_of_them() -> None:
    """Or a share would say little."""
    assert len(TEXTS) == len({text for _, text, _ in TEXTS}) >= 120
    assert len(CODE) >= 60


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, text, _ in TEXTS], ids=[name for name, _, _ in TEXTS]
)
def test_nothing_in_it_is_called_unreadable(inspected: Inspected, name: str, text: str) -> None:
    """No hash is a cipher, no formula a mixed script, no row of figures a code."""
    assert inspected.text(text).reasons == (), name


def test_code_leaves(complete: Inspected, capsys: pytest.CaptureFixture[str]) -> None:
    """Which is kept, and by which rule, stands in the output."""
    assert_most_leave(complete, CODE, "code", capsys)


def test_other_texts_leave(complete: Inspected, capsys: pytest.CaptureFixture[str]) -> None:
    """Prose in eleven languages, tables, formulas, sequences."""
    assert_most_leave(complete, [(name, text) for name, text, is_code in TEXTS if not is_code], "other", capsys)


def assert_most_leave(
    complete: Inspected, texts: list[tuple[str, str]], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most one in ten is kept for what was found in it, and few more for what the classifier thinks of it."""
    outcomes = [(name, complete.text(text)) for name, text in texts]
    kept = [(name, one.rules) for name, one in outcomes if not one.leaves]
    by_place = [name for name, one in outcomes if one.floor > 1]
    with capsys.disabled():
        print(f"\n{len(texts)} {what} prompts, {len(kept) / len(texts):.1%} kept inside: {kept}")
    assert len(by_place) <= MOST_KEPT * len(texts), by_place
    assert len(kept) <= MOST_KEPT_IN_ALL * len(texts)
