"""The YAML that configuration is written in: plain values, each with its line, and nothing that surprises."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConfigError
from gateway.policy import yaml_lines
from gateway.policy.yaml_lines import Location, line_of, load_mapping, load_yaml, parse_yaml

FILE = Path("some.yaml")


def read(text: str) -> Any:
    return parse_yaml(text, FILE)[0]


def problems(text: str) -> list[tuple[int | None, str]]:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, FILE)
    assert all(problem.remedy and problem.file == FILE for problem in caught.value.problems)
    return [(problem.line, problem.message) for problem in caught.value.problems]


def test_values_come_with_the_lines_of_their_keys_and_items() -> None:
    """Whoever checks the values can say where each of them stands."""
    value, lines = parse_yaml("a: 1\nb:\n  - x\n  - {c: [2,\n      3]}\nd:\n", FILE)
    assert value == {"a": 1, "b": ["x", {"c": [2, 3]}], "d": None}
    expected: dict[Location, int] = {
        (): 1,
        ("a",): 1,
        ("b",): 2,
        ("b", 0): 3,
        ("b", 1): 4,
        ("b", 1, "c"): 4,
        ("b", 1, "c", 0): 4,
        ("b", 1, "c", 1): 5,
        ("d",): 6,
    }
    assert lines == expected


def test_the_line_of_something_missing_is_that_of_what_should_hold_it() -> None:
    """A missing key is reported where its block begins."""
    _, lines = parse_yaml("a:\n  - id: x\n", FILE)
    assert line_of(lines, ("a", 0, "label")) == 2
    assert line_of(lines, ("nowhere",)) == 1
    assert line_of({}, ("a",)) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("YES", "YES"),
        ("2023-06-01", "2023-06-01"),
        ("12:30:45", "12:30:45"),
        ("0123", "0123"),
        ("1_000", "1_000"),
        ("0x1f", "0x1f"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("9" * 30, "9" * 30),
        ("=", "="),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("-7", -7),
        ("0", 0),
        ("0.4", 0.4),
        (".5", 0.5),
        ("1e3", 1000.0),
        ('"5"', "5"),
        ("'true'", "true"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_only_numbers_booleans_and_null_are_not_text(text: str, value: object) -> None:
    """Countries called `no`, dates and ids with leading zeros stay what the author typed."""
    assert read(f"k: {text}") == {"k": value}
    assert type(read(f"k: {text}")["k"]) is type(value)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "given twice (first on line 1)"),
        ("a: {b: 1, b: 2}", 1, "given twice"),
        ("a: &x [1]\n", 1, "anchors and aliases"),
        ("a: *x\n", 1, "anchors and aliases"),
        ("a: !!python/object/apply:os.system [ls]", 1, "tags are not allowed"),
        ("a: !!str 1", 1, "tags are not allowed"),
        ("1: a", 1, "'1' is not text"),
        ("true: a", 1, "'True' is not text"),
        ("? [a]\n: 1\n", 1, "must be text"),
        ("? {a: 1}\n: 1\n", 1, "must be text"),
        ("a: 1\n---\nb: 2\n", 2, "more than one document"),
        ("a:\n\t- 1\n", 2, "a tab is used"),
        ("a: 'x\n", 1, "not valid YAML"),
        ("a: [1\n", 1, "not valid YAML"),
        ("a\x07b: 1", 1, "character is not allowed"),
        ("\n\nb: \x01", 3, "character is not allowed"),
        ("[" * 60, 1, "nested deeper"),
    ],
)
def test_what_could_surprise_is_an_error_with_its_line(text: str, line: int, message: str) -> None:
    """Structure that YAML allows and a policy has no use for stops the load."""
    found = problems(text)
    assert any(at == line and message in said for at, said in found), found


def test_several_mistakes_are_reported_together() -> None:
    """One load, all problems."""
    assert [line for line, _ in problems("a: 1\na: 2\nb: *x\n2: c\n")] == [2, 3, 4]


def test_a_bomb_of_aliases_is_never_expanded() -> None:
    """Nine levels of nine references would be a billion values; aliases are refused instead."""
    rows = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"] + [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert len(problems("\n".join(rows))) <= 100


def test_too_many_values_and_too_many_bytes_stop_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file has a size that a person can review."""
    monkeypatch.setattr(yaml_lines, "MAX_VALUES", 10)
    assert problems("[1,1,1,1,1,1,1,1,1,1,1,1]")[0][1] == "more than 10 values"
    monkeypatch.setattr(yaml_lines, "MAX_BYTES", 10)
    file = tmp_path / "big.yaml"
    file.write_text("a: " + "x" * 20)
    with pytest.raises(ConfigError, match="larger than 10 bytes"):
        load_yaml(file)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """Missing, a folder, or not UTF-8: an error with the path."""
    with pytest.raises(ConfigError, match="No such file"):
        load_yaml(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="directory"):
        load_yaml(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xe9\n")
    with pytest.raises(ConfigError, match=r"latin\.yaml:2:4: the file is not UTF-8"):
        load_yaml(tmp_path / "latin.yaml")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert load_yaml(tmp_path / "bom.yaml")[0] == {"a": 1}


@pytest.mark.parametrize(("text", "message"), [("", "empty"), ("# only a comment\n", "empty"), ("- 1\n", "mapping")])
def test_a_mapping_is_asked_for_where_one_is_needed(tmp_path: Path, text: str, message: str) -> None:
    """An empty settings file or a list is an error, not a set of defaults."""
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_mapping(tmp_path / "x.yaml")
    (tmp_path / "x.yaml").write_text("a: 1")
    assert load_mapping(tmp_path / "x.yaml")[0] == {"a": 1}


TEXT = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=10)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(-1, 1).map(lambda x: round(x, 6)) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_json_reads_as_itself(value: object) -> None:
    """Every JSON document is a file in this language, and means the same."""
    assert read(json.dumps(value, ensure_ascii=False)) == value


@given(st.text(max_size=60))
def test_any_text_is_a_value_or_a_problem(text: str) -> None:
    """No input raises anything but ConfigError."""
    try:
        value, lines = parse_yaml(text, FILE)
    except ConfigError:
        return
    assert lines[()] == 1
    assert not (isinstance(value, float) and not math.isfinite(value))
