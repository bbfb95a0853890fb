"""Rows are read strictly, and a bad one is named without being quoted."""

import json
from collections import Counter
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.evaluation.rows import EXAMPLES, examples, read_rows


def written(folder: Path, *lines: str, name: str = "mail.jsonl") -> Path:
    file = folder / name
    file.write_text("\n".join(lines))
    return file


def test_a_row_says_what_it_is(tmp_path: Path) -> None:
    """All keys; further ones are the author's business."""
    line = {"id": 7, "text": "Hello Ann", "sensitive": True, "source": "s", "language": "en", "spans": [[6, 9, "NAME"]]}
    (row,) = read_rows([written(tmp_path, json.dumps(line | {"why": ["x"]}))])
    assert (row.id, row.verdict, row.source, row.language, row.spans) == (
        "7",
        "sensitive",
        "s",
        "en",
        ((6, 9, "NAME"),),
    )
    assert "Ann" not in repr(row)


def test_what_is_left_out_follows_from_the_place(tmp_path: Path) -> None:
    """Line number, file name, not scored; a byte order mark and empty lines are nothing."""
    file = written(tmp_path, '\ufeff{"text": "a"}', "", '{"text": "b", "sensitive": false}')
    first, second = read_rows([file])
    assert (first.id, first.source, first.verdict) == ("1", "mail.jsonl", "unscored")
    assert (second.id, second.verdict) == ("3", "general")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"text": "hushhush"', "not JSON"),
        ('["hushhush"]', "not a JSON object"),
        ('{"prompt": "hushhush"}', "`text` is missing"),
        ('{"text": ["hushhush"]}', "`text` is not a string"),
        ('{"text": "hushhush", "sensitive": "yes"}', "`sensitive` is neither"),
        ('{"text": "hushhush", "id": ["hushhush"]}', "`id` is neither"),
        ('{"text": "hushhush", "spans": [[0, 99, "X"]]}', "`spans` is not"),
        ('{"text": "hushhush", "spans": 7}', "`spans` is not"),
    ],
)
def test_a_bad_line_is_named_by_file_and_line(tmp_path: Path, line: str, problem: str) -> None:
    """Never by what stands in it."""
    file = written(tmp_path, '{"text": "fine"}', line)
    with pytest.raises(ConfigError) as caught:
        read_rows([file])
    (told,) = caught.value.problems
    assert problem in told.message
    assert (told.file, told.line) == (file, 2)
    assert "hushhush" not in str(told)


def test_many_bad_lines_are_counted(tmp_path: Path) -> None:
    """A file in the wrong format does not fill the terminal."""
    with pytest.raises(ConfigError) as caught:
        read_rows([written(tmp_path, *["nothing"] * 30)])
    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1].message == "and 10 further lines"


def test_no_rows_and_no_file_are_problems(tmp_path: Path) -> None:
    """A figure about nothing would look like a figure."""
    with pytest.raises(ConfigError, match="no rows"):
        read_rows([written(tmp_path, "")])
    with pytest.raises(ConfigError, match="cannot be read"):
        read_rows([tmp_path / "missing.jsonl"])


def test_the_examples_come_along() -> None:
    """Seven languages, both verdicts in each, every id once."""
    rows = read_rows([Path(EXAMPLES)])
    assert examples().is_file()
    assert len(rows) >= 100
    assert len({row.id for row in rows}) == len(rows)
    verdicts = Counter((row.language, row.verdict) for row in rows)
    assert {language for language, _ in verdicts} == {"de", "en", "es", "fr", "it", "nl", "pt"}
    assert min(verdicts.values()) >= 5
    assert len(verdicts) == 14
