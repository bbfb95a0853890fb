"""The file of an exact list: whole or refused, bound to its key, and silent about its values."""

from pathlib import Path

import pytest
from terms_support import KEY, OTHER, build, detector, found

from gateway.errors import ConfigError
from gateway.inspection.terms.building import Builder
from gateway.inspection.terms.digests import as_bytes, as_rows, digester, key_id, stamp
from gateway.inspection.terms.spelling import Rules
from gateway.inspection.terms.store import MAGIC, open_store, read_header

VALUES = ("Maria Rossi", "DE89370400440532013000", "Li", "2024-01-01")


def complaint(path: Path, key: bytes = KEY) -> str:
    with pytest.raises(ConfigError) as caught:
        open_store(path, key)
    (problem,) = caught.value.problems
    assert problem.remedy
    assert problem.file == path
    return problem.message


def test_the_header_counts_and_names_columns(tmp_path: Path) -> None:
    """What anybody may know."""
    build(tmp_path / "a", VALUES)
    header = read_header(tmp_path / "a")
    assert header.entity_type == "CUSTOMER"
    assert header.key_id == key_id(KEY)
    assert header.entries == 3
    (column,) = header.columns
    assert (column.name, column.values, column.listed) == ("value", 4, 2)
    assert column.refused == {"too short": 1, "a date": 1}


def test_no_value_stands_in_the_file_nor_its_plain_hash(tmp_path: Path) -> None:
    """Whoever has the file alone has counts."""
    build(tmp_path / "a", VALUES)
    content = (tmp_path / "a").read_bytes()
    for said in (b"maria", b"Maria", b"rossi", b"de893704", b"DE893704"):
        assert said not in content
    assert digester(KEY)("maria rossi") in content
    assert digester(OTHER)("maria rossi") not in content


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    """A list that is configured and not there must not mean an empty one."""
    assert "cannot read" in complaint(tmp_path / "none")


def test_another_key_is_refused(tmp_path: Path) -> None:
    """With both ids, which are no secrets."""
    build(tmp_path / "a", VALUES)
    assert key_id(KEY) in complaint(tmp_path / "a", OTHER)


@pytest.mark.parametrize("at", [9, 14, 300, 4096, -40, -1])
def test_a_changed_byte_is_noticed(tmp_path: Path, at: int) -> None:
    """In the header, the tables, the digests and the stamp."""
    build(tmp_path / "a", VALUES)
    content = bytearray((tmp_path / "a").read_bytes())
    content[at] ^= 1
    (tmp_path / "a").write_bytes(content)
    assert complaint(tmp_path / "a")


@pytest.mark.parametrize("cut", [1, 32, 33, 4000])
def test_a_file_cut_short_is_noticed(tmp_path: Path, cut: int) -> None:
    """A copy that did not end."""
    build(tmp_path / "a", VALUES)
    content = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(content[:-cut])
    assert complaint(tmp_path / "a") == "the list is damaged or incomplete"


def test_other_files_and_later_formats_are_told_apart(tmp_path: Path) -> None:
    """A CSV in its place, and a file of the future."""
    (tmp_path / "a").write_text("name,iban\n")
    assert complaint(tmp_path / "a") == "this is no list of exact values"
    (tmp_path / "a").write_bytes(MAGIC[:-1] + b"\x09" + b"\0" * 100)
    assert "format" in complaint(tmp_path / "a")


def test_a_list_of_another_normalisation_is_refused(tmp_path: Path) -> None:
    """Its values would be looked up in a spelling that they do not have."""
    build(tmp_path / "a", VALUES)
    content = (tmp_path / "a").read_bytes().replace(b'"normalisation":1', b'"normalisation":0')
    (tmp_path / "a").write_bytes(content[:-32] + _stamped(content[:-32]))
    assert "normalisation" in complaint(tmp_path / "a")


def _stamped(content: bytes) -> bytes:
    running = stamp(KEY)
    running.update(content)
    return running.digest()


def test_a_rebuilt_file_does_not_disturb_those_who_read_the_old_one(tmp_path: Path) -> None:
    """It takes the name, not the place."""
    build(tmp_path / "a", VALUES)
    old = detector(tmp_path / "a")
    build(tmp_path / "a", ["Otto Kraus"])
    assert found(old, "Maria Rossi and Otto Kraus") == ["Maria Rossi"]
    assert found(detector(tmp_path / "a"), "Maria Rossi and Otto Kraus") == ["Otto Kraus"]
    assert old.version != detector(tmp_path / "a").version
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_list_without_values_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """It would find nothing and look like success."""
    with pytest.raises(ConfigError, match="no value is left"):
        build(tmp_path / "a", ["Li", ""])
    assert list(tmp_path.iterdir()) == []


def test_numbers_so_many_that_any_number_is_one_of_them_are_reported(tmp_path: Path) -> None:
    """2,000 of a million six-digit numbers: every 500th."""
    result = build(tmp_path / "a", [f"{number * 457 + 100_007:06d}" for number in range(1900)])
    (dense,) = result.dense
    assert (dense.digits, round(dense.share, 4)) == (6, 0.0019)


def test_many_values_in_many_batches_are_all_there(tmp_path: Path) -> None:
    """More than are hashed at once, with repetitions."""
    values = [f"K{number * 7919 % 1_000_003:07d}X" for number in range(40_000)]
    with Builder(tmp_path / "a", "CUSTOMER", ("one", "two"), KEY, Rules()) as builder:
        for value in values:
            builder.add([value, values[0]])
        assert builder.write().header.entries == len(set(values))
    one = detector(tmp_path / "a")
    assert all(found(one, f"see {value}.") == [value] for value in values[::997])
    assert found(one, "see K9999999X.") == []


def test_digests_and_rows_are_the_same_bytes() -> None:
    """What is sorted as numbers is read as bytes."""
    digests = [digester(KEY)(str(number)) for number in range(5)]
    assert as_bytes(as_rows(digests)) == b"".join(digests)
