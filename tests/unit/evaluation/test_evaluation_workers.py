"""Rows are spread over processes, and what goes wrong there is told in fixed words."""

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.evaluation import worker
from gateway.evaluation.decider import Recipe
from gateway.evaluation.profiles import profiles
from gateway.evaluation.rows import Row
from gateway.evaluation.workers import decide_rows, default_processes

BALANCED = {"balanced": profiles()["balanced"]}


def test_outcomes_come_in_the_order_of_the_rows() -> None:
    """However many processes, and each row is reported once."""
    texts = ["Why is the sky blue?", "Card 4111 1111 1111 1111", "Sort a list in C", "IBAN DE89 3704 0044 0532 0130 00"]
    rows = [Row(str(number), text, None, "s") for number, text in enumerate(texts)]
    done: list[None] = []
    outcomes, revisions = decide_rows(rows, Recipe(BALANCED), 2, lambda: done.append(None))
    assert [one.by_policy["balanced"].kept for one in outcomes] == [False, True, False, True]
    assert revisions["balanced"].name == "default"
    assert len(done) == 4


def test_a_policy_that_does_not_load_is_told_with_its_place(tmp_path: Path) -> None:
    """From the process to the person."""
    (tmp_path / "policy.yaml").write_text("version: 1\nname: x\nlabels: [a, b]\nnonsense: true\n")
    with pytest.raises(ConfigError) as caught:
        decide_rows([Row("1", "x", None, "s")], Recipe({"policy": tmp_path}), 1, lambda: None)
    assert any("nonsense" in one.message and one.line == 4 for one in caught.value.problems)


def test_a_row_travels_without_its_verdict() -> None:
    """What decides may not know what it ought to say."""
    assert worker.row_line(Row("7", "hello", True, "mail")) == b'{"text":"hello","spans":[]}\n'
    assert b'"config":null' in worker.recipe_line(Recipe(BALANCED))


def test_few_rows_need_one_process() -> None:
    """A second takes longer to start than it saves."""
    assert default_processes(3) == 1
    assert default_processes(1000) in {1, 2}
