"""Tables as they are exported: CSV with any delimiter, TSV, JSON lines."""

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.inspection.terms.rows import columns_of, rows_of


def values(path: Path, columns: str) -> list[tuple[str, ...]]:
    return [row.values for row in rows_of(path, columns_of(columns))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_under_which_the_columns_are_there(tmp_path: Path, delimiter: str) -> None:
    """Spreadsheets of different countries write different ones."""
    rows = [("id", "name", "iban"), ("1", "Maria Rossi", "DE1"), ("2", "Otto Kraus", "DE2")]
    (tmp_path / "a.csv").write_text("\ufeff" + "\n".join(delimiter.join(row) for row in rows))
    assert values(tmp_path / "a.csv", "iban,name") == [("DE1", "Maria Rossi"), ("DE2", "Otto Kraus")]


def test_columns_can_be_put_together(tmp_path: Path) -> None:
    """First and last name are one value."""
    (tmp_path / "a.csv").write_text('first,last\nMaria,"Rossi\nBianchi"\nOtto\n\n')
    assert values(tmp_path / "a.csv", "first+last") == [("Maria Rossi\nBianchi",), ("Otto",)]


def test_json_lines_hold_texts_and_whole_numbers(tmp_path: Path) -> None:
    """Anything else is no value."""
    (tmp_path / "a.jsonl").write_text('{"n": "Maria", "k": 12}\n\n{"n": null, "k": [1]}\n{"k": true}\n')
    assert values(tmp_path / "a.jsonl", "n,k") == [("Maria", "12"), ("", ""), ("", "")]


@pytest.mark.parametrize(
    ("name", "content", "columns", "said"),
    [
        ("a.csv", b"id,name\n", "iban", "no column iban"),
        ("a.csv", b"name\n\xff\n", "name", "not UTF-8"),
        ("a.csv", b"", "name", "no column name"),
        ("a.jsonl", b"{\n", "name", "not JSON"),
        ("a.jsonl", b"[1]\n", "name", "not a JSON object"),
        ("a.jsonl", b'{"x": 1}\n', "name", "no line has name"),
    ],
)
def test_what_cannot_be_read_says_where_and_never_what(
    tmp_path: Path, name: str, content: bytes, columns: str, said: str
) -> None:
    """File and remedy."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=said) as caught:
        values(tmp_path / name, columns)
    assert caught.value.problems[0].file == tmp_path / name


@pytest.mark.parametrize("given", ["", "a,,b", "a+", "a,a"])
def test_columns_have_names(given: str) -> None:
    """Each once."""
    with pytest.raises(ConfigError):
        columns_of(given)


def test_a_missing_table_is_said(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(ConfigError, match="cannot read"):
        values(tmp_path / "none.csv", "a")
