"""`gateway terms`: a table becomes a list without values, and the gateway's other commands use it."""

from pathlib import Path

import orjson
import pytest
from cli_support import run

SECRET = "s" * 43
TABLE = 'name,mrn\nMaria Rossi,MRN0048213\n"Müller, Jörg",MRN0048999\nLi,12\n'


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "customers.csv").write_text(TABLE)
    return tmp_path / "customers.csv"


def built(table: Path, *more: str) -> Path:
    out = table.with_suffix(".exact")
    key = str(table.with_suffix(".key"))
    result = run("terms", "build", str(table), "--columns", "name,mrn", "--out", str(out), "--key-file", key, *more)
    assert result.exit_code == 0, result.output
    return out


def test_a_list_is_made_with_its_key_and_says_what_it_left_out(table: Path) -> None:
    """Counts and reasons, never a value."""
    out = table.with_suffix(".exact")
    key = table.with_suffix(".key")
    result = run("terms", "build", str(table), "--columns", "name,mrn", "--out", str(out), "--key-file", str(key))
    assert result.exit_code == 0
    assert key.stat().st_mode & 0o777 == 0o600
    assert "warning: 1 of 3 values of name are not listed: too short." in result.output
    assert f"- {{file: {out}, key_file: {key}}}" in result.output
    assert "Rossi" not in result.output
    assert b"Rossi" not in out.read_bytes()


def test_the_json_has_counts_by_column(table: Path) -> None:
    """For the job that makes the list every night."""
    out = table.with_suffix(".exact")
    arguments = ("--columns", "name,mrn", "--out", str(out), "--key-file", str(table.with_suffix(".key")), "--json")
    said = orjson.loads(run("terms", "build", str(table), *arguments).stdout)
    assert said["columns"][0] == {"name": "name", "values": 3, "listed": 2, "refused": {"too short": 1}}
    assert said["key_made"] is True
    assert orjson.loads(run("terms", "build", str(table), *arguments).stdout)["key_made"] is False


@pytest.mark.parametrize(("value", "code", "said"), [("ROSSI,  maria", 0, "yes"), ("Maria Bianchi", 1, "no")])
def test_a_value_is_tried_from_standard_input(table: Path, value: str, code: int, said: str) -> None:
    """Arguments are seen by everybody on the machine."""
    out = built(table)
    result = run("terms", "test", str(out), "--value", "--key-file", str(table.with_suffix(".key")), stdin=value)
    assert (result.exit_code, result.output.strip()) == (code, said)


def test_a_list_is_checked_against_its_key(table: Path) -> None:
    """Whole and of this key; or not."""
    out = built(table)
    assert run("terms", "test", str(out), "--key-file", str(table.with_suffix(".key"))).exit_code == 0
    result = run("terms", "test", str(out), GATEWAY_KEYS__SECRET=SECRET)
    assert result.exit_code == 2
    assert "was made with the key" in result.output


def test_what_anybody_may_know_is_shown(table: Path) -> None:
    """Without the key."""
    said = orjson.loads(run("terms", "show", str(built(table)), "--json").stdout)
    assert said["entity_type"] == "CUSTOMER"
    assert [column["listed"] for column in said["columns"]] == [2, 2]


def test_without_a_key_file_the_key_comes_from_the_secret_of_the_client_keys(table: Path) -> None:
    """One secret fewer to keep; another secret makes the list unusable."""
    out = table.with_suffix(".exact")
    arguments = ("terms", "build", str(table), "--columns", "name", "--out", str(out))
    assert run(*arguments).exit_code == 2
    assert run(*arguments, GATEWAY_KEYS__SECRET=SECRET).exit_code == 0
    assert run("terms", "test", str(out), "--value", stdin="Maria Rossi", GATEWAY_KEYS__SECRET=SECRET).exit_code == 0


def test_a_table_without_the_column_is_no_list(table: Path) -> None:
    """Exit 2, and nothing is left behind but the key."""
    key = str(table.with_suffix(".key"))
    result = run("terms", "build", str(table), "--columns", "iban", "--out", str(table.parent / "x"), "--key-file", key)
    assert result.exit_code == 2
    assert "There are: name, mrn." in result.output
    assert sorted(path.name for path in table.parent.iterdir()) == ["customers.csv", "customers.key"]


def test_other_commands_find_what_is_listed(table: Path) -> None:
    """scan and policy, with an unfinished gateway.yaml that names lists alone."""
    out = built(table)
    config = table.parent / "gateway.yaml"
    config.write_text(
        f"exact: [{{file: {out.name}, key_file: customers.key}}]\n"
        "terms: [{id: projects, entity_type: PROJECT_NAME, terms: [Blue Fox]}]\n"
    )
    result = run("scan", "--no-ner", "--json", "-t", "Jörg Müller leads Blue Fox.", GATEWAY_CONFIG=str(config))
    assert {"CUSTOMER", "PROJECT_NAME"} <= {
        found["entity_type"] for found in orjson.loads(result.stdout)[0]["findings"]
    }
    policy = table.parent / "mine"
    policy.mkdir()
    (policy / "policy.yaml").write_text(
        "version: 1\nname: mine\nlabels: [public, inner, secret]\nclassify:\n"
        "  - {id: customers, when: {entities: {any_of: [CUSTOMER]}}, label: secret}\n"
        "  - {id: lists, when: {entities: {any_of: [own_lists]}}, label: inner}\nroute:\n  - to: [external, local]\n"
    )
    checked = run("policy", "check", str(policy), GATEWAY_CONFIG=str(config))
    assert checked.exit_code == 1
    assert checked.output.count("warning: ") == checked.output.count("the policy has no probes") == 1
    (policy / "policy.yaml").write_text((policy / "policy.yaml").read_text().replace("[CUSTOMER]", "[CUSTOMERS]"))
    assert run("policy", "check", str(policy), GATEWAY_CONFIG=str(config)).exit_code == 2


def test_a_list_that_cannot_be_used_ends_the_start_with_what_to_do(table: Path) -> None:
    """Missing file, wrong key, unknown keys of a list."""
    (table.parent / "gateway.yaml").write_text("exact: [{file: none.exact, key_file: none.key}]\n")
    result = run("scan", "-t", "x", "--no-ner", GATEWAY_CONFIG=str(table.parent / "gateway.yaml"))
    assert result.exit_code == 2
    (table.parent / "gateway.yaml").write_text("terms: [{id: a, file: b.yaml}]\n")
    result = run("scan", "-t", "x", "--no-ner", GATEWAY_CONFIG=str(table.parent / "gateway.yaml"))
    assert result.exit_code == 2
    assert "names a file and more" in result.output
