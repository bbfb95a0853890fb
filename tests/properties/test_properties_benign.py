"""Benign controls: code, figures and prose of every kind are read to the end, and most of it leaves (invariant I15)."""

from collections.abc import Iterator

import pytest
from properties_benign import benign
from support.inspected import Inspected

TEXTS = benign()
CODE = [(name, text) for name, text, is_code in TEXTS if is_code]
MOST_KEPT = 0.10
"""Of code prompts, in the balanced profile."""


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
    """At most one in ten is kept; which, and by which rule, stands in the output."""
    kept = [(name, outcome.rules) for name, text in CODE if not (outcome := complete.text(text)).leaves]
    with capsys.disabled():
        print(f"\n{len(CODE)} code prompts, {len(kept) / len(CODE):.1%} kept inside: {kept}")
    assert len(kept) <= MOST_KEPT * len(CODE)


def test_other_texts_leave(complete: Inspected, capsys: pytest.CaptureFixture[str]) -> None:
    """Prose in eleven languages, tables, formulas, sequences."""
    texts = [(name, text) for name, text, is_code in TEXTS if not is_code]
    kept = [(name, outcome.rules) for name, text in texts if not (outcome := complete.text(text)).leaves]
    with capsys.disabled():
        print(f"\n{len(texts)} other prompts, {len(kept) / len(texts):.1%} kept inside: {kept}")
    assert len(kept) <= MOST_KEPT * len(texts)
