"""The settings `terms` and `exact`: paths start at the file, keys are found, and finished or not they mean the same."""

from pathlib import Path

import pytest

from gateway.configuration.inspection_shape import TermSettings
from gateway.configuration.list_keys import key_from_secret, make_key_file
from gateway.configuration.own_lists import key_of
from gateway.errors import ConfigError
from gateway.inspection.terms.building import Builder
from gateway.inspection.terms.spelling import Rules
from gateway.settings import list_detectors, load, own_lists

SECRET = "s" * 43
REST = (
    "keys: {allow_anonymous: true}\n"
    "backends: [{name: a, format: openai, base_url: 'http://127.0.0.1/v1', models: [m], clearance: top}]\n"
)
LISTS = (
    "terms: [{file: lists/own.yaml}, {id: b, entity_type: ROOM_NAME, terms: [Kranichsaal]}]\n"
    "exact: [{file: lists/a.exact, key_file: lists/a.key}, {file: lists/b.exact}]\n"
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "own.yaml").write_text("{id: a, entity_type: PROJECT_NAME, terms: [Blue Fox]}\n")
    keys = {"a": make_key_file(folder / "a.key"), "b": key_from_secret(SECRET.encode())}
    for name, key in keys.items():
        with Builder(folder / f"{name}.exact", f"TYPE_{name.upper()}", ("v",), key, Rules()) as builder:
            builder.add([f"{name}0048213"])
            builder.write()
    (tmp_path / "gateway.yaml").write_text(LISTS)
    return tmp_path / "gateway.yaml"


def test_lists_are_found_with_and_without_a_finished_configuration(config: Path) -> None:
    """Commands need no backends; the gateway has them."""
    environ = {"GATEWAY_KEYS__SECRET": SECRET}
    unfinished = own_lists(config, environ)
    config.write_text(LISTS + REST)
    finished = list_detectors(load(config, environ))
    for detectors in (unfinished, finished):
        terms, exact = detectors
        assert terms.entity_types == {"PROJECT_NAME", "ROOM_NAME"}
        assert exact.entity_types == {"TYPE_A", "TYPE_B"}
        assert len(exact.find("a0048213 b0048213")) == 2


def test_without_a_configuration_there_is_no_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands work anywhere."""
    monkeypatch.chdir(tmp_path)
    assert own_lists(None, {}) == ()


def test_a_list_without_a_key_says_so(config: Path) -> None:
    """With the secret missing, and with another one."""
    with pytest.raises(ConfigError, match="no secret"):
        own_lists(config, {})
    with pytest.raises(ConfigError, match="was made with the key"):
        own_lists(config, {"GATEWAY_KEYS__SECRET": "t" * 43})
    with pytest.raises(ConfigError, match="no key for this list"):
        key_of(None, None, config)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{}", "needs either file"),
        ("{id: a, terms: [Blue Fox]}", "needs either file"),
        ("{file: own.yaml, id: a}", "names a file and more"),
        ("{id: a, entity_type: X_Y, terms: [Blue Fox], cases: any}", "is not a setting"),
        ("{id: a, entity_type: X_Y, terms: [Blue Fox], case: loud}", "terms"),
        ("{id: a, entity_type: x, terms: [Blue Fox]}", "entity_type"),
        ("{id: a, entity_type: X_Y, terms: [Blue Fox], match: [none]}", "is not found"),
    ],
)
def test_mistakes_in_a_list_that_is_written_out_end_the_start(tmp_path: Path, entry: str, said: str) -> None:
    """As they do in a file."""
    (tmp_path / "gateway.yaml").write_text(f"terms: [{entry}]\n")
    with pytest.raises(ConfigError, match=said):
        own_lists(tmp_path / "gateway.yaml", {})


def test_a_file_and_a_list_are_told_apart() -> None:
    """Either, whole."""
    assert TermSettings(file=Path("own.yaml")).terms == ()
    assert TermSettings(id="a", entity_type="X_Y", terms=("Blue Fox",)).inflect
