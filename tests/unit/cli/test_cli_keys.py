"""`gateway keys`: a key that is shown once, and the line that makes the gateway know it."""

from pathlib import Path

import orjson
import pytest
import yaml
from typer.testing import CliRunner, Result

from gateway.cli.keys import app
from gateway.ingress.auth import hash_key
from gateway.settings import load

SECRET = "s" * 43


def run(*arguments: str, secret: str = SECRET) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"GATEWAY_KEYS__SECRET": secret, "TERM": "dumb"})


def test_a_new_key_works_when_its_line_is_pasted(tmp_path: Path) -> None:
    """The printed line is valid YAML, loads, and is the keyed hash of the printed key."""
    result = run("new", "team-a")
    assert result.exit_code == 0
    key = next(line.strip() for line in result.output.splitlines() if line.strip().startswith("gw-"))
    line = next(line for line in result.output.splitlines() if line.strip().startswith("- {"))
    (client,) = yaml.safe_load(line)
    assert client == {"id": "team-a", "hash": hash_key(SECRET.encode(), key)}
    backend = "{name: a, format: openai, base_url: 'http://127.0.0.1/v1', models: [m], clearance: top}"
    config = tmp_path / "gateway.yaml"
    config.write_text(f"keys:\n  clients:\n{line}\nbackends: [{backend}]\n")
    assert load(config, {"GATEWAY_KEYS__SECRET": SECRET}).keys.clients[0].id == "team-a"


def test_keys_differ_and_come_as_json() -> None:
    """Two keys of one name are two keys."""
    one, other = (orjson.loads(run("new", "team-a", "--json").output) for _ in range(2))
    assert one["key"] != other["key"]
    assert one["hash"] == hash_key(SECRET.encode(), one["key"])


@pytest.mark.parametrize("name", ["team a", "", "-", "a" * 65, "näme"])
def test_a_name_that_cannot_stand_in_records_is_refused(name: str) -> None:
    """Said before a key is made."""
    result = run("new", "--", name)
    assert result.exit_code == 2
    assert "gw-" not in result.output


@pytest.mark.parametrize("secret", ["", "short"])
def test_without_a_good_secret_no_key_is_made(secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy says how to make a secret."""
    monkeypatch.chdir(tmp_path)
    result = run("new", "team-a", secret=secret)
    assert result.exit_code == 2
    assert "gateway keys secret" in result.output
    assert "gw-" not in result.output


def test_a_secret_is_long_enough_and_new() -> None:
    """What `gateway keys secret` prints is accepted as it is."""
    one, other = run("secret").output.strip(), orjson.loads(run("secret", "--json").output)["secret"]
    assert one != other
    assert run("new", "team-a", secret=one).exit_code == 0
