"""The environment over the file: every setting has its variable, and every GATEWAY_* variable has its setting."""

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.configuration.overlay import lay_over, variable_name, variable_names
from gateway.errors import ConfigError
from gateway.settings import load

TREE: dict[str, Any] = {
    "keys": {"allow_anonymous": True},
    "backends": [
        {"name": "gpt", "format": "openai", "base_url": "https://a/v1", "models": ["gpt-5"], "clearance": "internal"},
        {
            "name": "qwen-local",
            "format": "openai",
            "base_url": "http://127.0.0.1/v1",
            "models": ["q"],
            "clearance": "top",
        },
    ],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The tree above as a file (JSON is YAML)."""
    file = tmp_path / "gateway.yaml"
    file.write_bytes(orjson.dumps(TREE))
    return file


def refused(path: Path | None, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, environ)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("GATEWAY_SERVER__PORT", "9090", lambda s: s.server.port == 9090),
        ("GATEWAY_SERVER__HOST", "::1", lambda s: s.server.host == "::1"),
        ("GATEWAY_INSPECTION__NER", "false", lambda s: not s.inspection.ner.on),
        ("GATEWAY_INSPECTION__NER", "off", lambda s: not s.inspection.ner.on),
        ("GATEWAY_INSPECTION__NER__ENGINE", "off", lambda s: not s.inspection.ner.on),
        ("GATEWAY_INSPECTION__NER", '{"engine": "rampart"}', lambda s: s.inspection.ner.on),
        ("GATEWAY_LIMITS__BODY_SECONDS", "1.5", lambda s: s.limits.body_seconds == 1.5),
        ("GATEWAY_SERVER", '{"port": 1}', lambda s: (s.server.port, s.server.host) == (1, "127.0.0.1")),
        ("GATEWAY_MODELS__ALIASES", '{"fast": "gpt-5"}', lambda s: s.models.aliases == {"fast": "gpt-5"}),
        ("GATEWAY_BACKENDS__GPT__BASE_URL", "https://b/v1", lambda s: s.backends[0].base_url == "https://b/v1"),
        ("GATEWAY_BACKENDS__QWEN_LOCAL__CLEARANCE", "low", lambda s: s.backends[1].clearance == "low"),
        ("GATEWAY_BACKENDS__GPT__TIMEOUTS__IDLE", "7", lambda s: s.backends[0].timeouts.idle == 7),
        ("GATEWAY_BACKENDS__GPT__CAPABILITIES__CONTEXT", "8", lambda s: s.backends[0].capabilities.context == 8),
        ("GATEWAY_BACKENDS__GPT__MODELS", '{"a": "b"}', lambda s: s.backends[0].models == {"a": "b"}),
        ("GATEWAY_BACKENDS__GPT__MODELS", '["a"]', lambda s: s.backends[0].models == {"a": "a"}),
        ("GATEWAY_BACKENDS__GPT__API_KEY", "k", lambda s: s.backends[0].api_key.get_secret_value() == "k"),
        ("GATEWAY_BACKENDS", orjson.dumps(TREE["backends"][:1]).decode(), lambda s: len(s.backends) == 1),
        ("GATEWAY_SERVER__PORT", "", lambda s: s.server.port == 8080),
    ],
)
def test_a_variable_overrides_its_setting(path: Path, name: str, value: str, read: Any) -> None:
    """Plain values as text, lists and mappings as JSON, entries of ``backends`` by name; empty counts as not set."""
    assert read(load(path, {name: value}))


def test_everything_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container needs no file; entry overrides apply to the list that another variable brought."""
    monkeypatch.chdir(tmp_path)
    settings = load(
        None,
        {
            "GATEWAY_BACKENDS": orjson.dumps(TREE["backends"]).decode(),
            "GATEWAY_BACKENDS__GPT__CLEARANCE": "public",
            "GATEWAY_KEYS__ALLOW_ANONYMOUS": "true",
        },
    )
    assert [backend.clearance for backend in settings.backends] == ["public", "top"]
    assert settings.audit.path == tmp_path / "audit.sqlite3"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("GATEWAY_SERVR__PORT", "GATEWAY_SERVER__PORT"),
        ("GATEWAY_SERVER_PORT", "GATEWAY_SERVER__PORT"),
        ("GATEWAY_SERVER__PROT", "GATEWAY_SERVER__PORT"),
        ("GATEWAY_BACKENDS__GTP__BASE_URL", "GATEWAY_BACKENDS__GPT__BASE_URL"),
        ("GATEWAY_BACKENDS__GPT__BASEURL", "GATEWAY_BACKENDS__GPT__BASE_URL"),
        ("GATEWAY_BACKENDS__GPT", "GATEWAY_BACKENDS__GPT__"),
        ("GATEWAY_SERVER__PORT__X", "GATEWAY_SERVER__PORT"),
        ("GATEWAY_MODELS__ALIASES__FAST", "GATEWAY_MODELS__ALIASES"),
        ("GATEWAY_SERVER__", "GATEWAY_SERVER"),
        ("GATEWAY_BACKENDS__0__BASE_URL", "GATEWAY_BACKENDS"),
    ],
)
def test_an_unknown_variable_ends_the_start(path: Path, name: str, near: str) -> None:
    """Law 7: an override that is misspelt is not passed over; the nearest name is offered, the value never shown."""
    message = refused(path, **{name: "hunter2"})
    assert f"{name} is set, and there is no such setting" in message
    assert f"Did you mean {near}" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("GATEWAY_SERVER__PORT", "hunter2", "server.port must be a valid integer"),
        ("GATEWAY_BACKENDS", "hunter2", "GATEWAY_BACKENDS is not JSON"),
        ("GATEWAY_BACKENDS", '"hunter2"', "backends must be a list"),
        ("GATEWAY_BACKENDS__GPT__MODELS", "hunter2", "GATEWAY_BACKENDS__GPT__MODELS is not JSON"),
        ("GATEWAY_BACKENDS__GPT__FORMAT", "hunter2", "backends[gpt].format must be 'openai' or 'anthropic'"),
        ("GATEWAY_BACKENDS__GPT__BASE_URL", "https://hunter2@h/v1", "(from GATEWAY_BACKENDS__GPT__BASE_URL)"),
        ("GATEWAY_KEYS", '{"secret": 5, "hunter2": 1}', "(from GATEWAY_KEYS)"),
    ],
)
def test_a_wrong_value_names_its_variable_and_not_itself(path: Path, name: str, value: str, expected: str) -> None:
    """The operator learns which variable to look at; a secret in the wrong place is not repeated."""
    message = refused(path, **{name: value})
    assert expected in message
    assert name in message
    assert "hunter2" not in message.replace("keys.hunter2 is not a setting", "")


@pytest.mark.parametrize(
    "name",
    [
        "GATEWAY_SERVICE_HOST",
        "GATEWAY_SERVICE_PORT",
        "GATEWAY_SERVICE_PORT_HTTP",
        "GATEWAY_PORT",
        "GATEWAY_PORT_8080_TCP",
        "GATEWAY_PORT_8080_TCP_ADDR",
        "GATEWAY_REQUIRE_E2E",
        "GATEWAYS",
        "PATH",
    ],
)
def test_what_others_set_is_left_alone(path: Path, name: str) -> None:
    """Kubernetes describes a Service named "gateway" to each pod in GATEWAY_* variables: no mistake of ours."""
    assert load(path, {name: "tcp://10.0.0.1:8080"}).server.port == 8080


def test_a_key_variable_may_begin_with_gateway(tmp_path: Path) -> None:
    """A variable that ``api_key_env`` names is known, whatever it is called."""
    tree = TREE | {"backends": [TREE["backends"][0] | {"api_key_env": "GATEWAY_GPT_KEY"}]}
    (tmp_path / "gateway.yaml").write_bytes(orjson.dumps(tree))
    key = load(tmp_path / "gateway.yaml", {"GATEWAY_GPT_KEY": "k"}).backends[0].api_key
    assert key is not None
    assert key.get_secret_value() == "k"


def test_paths_in_variables_start_at_the_working_directory(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the operator typed it is where it starts; paths in the file start at the file."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert load(path, {}).audit.path == path.parent / "audit.sqlite3"
    assert load(path, {"GATEWAY_AUDIT__PATH": "a.sqlite3"}).audit.path == elsewhere / "a.sqlite3"


def test_laying_over_changes_nothing_it_was_given() -> None:
    """Pure: the tree that was read stays what the file says."""
    before = orjson.dumps(TREE)
    overlaid = lay_over(TREE, {"GATEWAY_BACKENDS__GPT__CLEARANCE": "x"})
    assert orjson.dumps(TREE) == before
    assert overlaid.variable(("backends", 0, "clearance")) == "GATEWAY_BACKENDS__GPT__CLEARANCE"
    assert overlaid.variable(("backends", 1, "clearance")) is None


def test_every_setting_has_a_variable() -> None:
    """The names that the documentation lists are those that are accepted."""
    names = list(variable_names(TREE))
    assert len(names) == len(set(names))
    for name in names:
        assert lay_over(TREE, {name: ""}).problems == ()
    assert variable_name(("backends", "qwen-local", "api_key")) in names


@given(
    tree=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["server", "backends", "keys", "name", "models", "port"]), inner, max_size=3
            )
        ),
    ).filter(lambda value: isinstance(value, dict)),
    name=st.sampled_from(
        [
            "GATEWAY_SERVER__PORT",
            "GATEWAY_SERVER",
            "GATEWAY_BACKENDS__GPT__MODELS",
            "GATEWAY_BACKENDS",
            "GATEWAY_KEYS__CLIENTS",
        ]
    ),
    value=st.text(max_size=10),
)
def test_no_file_and_no_variable_can_crash_the_reading(tree: Any, name: str, value: str) -> None:
    """Whatever shape the file has, the answer is settings or problems, never another error."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "gateway.yaml"
        file.write_text(json.dumps(tree))
        with suppress(ConfigError):
            load(file, {name: value})
