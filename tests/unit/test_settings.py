"""gateway.yaml is read strictly: every mistake is named with its line and remedy, and no secret is ever shown."""

import logging
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.configuration.backends import model_names, to_backends
from gateway.errors import ConfigError, Problem
from gateway.model import Capabilities, Timeouts, WireFormat
from gateway.settings import (
    Settings,
    audit_file,
    config_file,
    key_secret,
    load,
    own_detectors,
)

SECRET = "s" * 43
HASH = "hmac-sha256:" + "0" * 64
ENVIRON = {"OPENAI_API_KEY": "sk-test-0123456789", "GATEWAY_KEYS__SECRET": SECRET}
GOOD = f"""\
keys:
  clients:
    - {{id: team-a, hash: "{HASH}"}}
models:
  aliases: {{fast: gpt-5, private: qwen-local/qwen}}
backends:
  - name: gpt
    format: openai
    base_url: https://api.openai.com/v1/
    api_key_env: OPENAI_API_KEY
    models: [gpt-5]
    clearance: internal
    capabilities: {{context: 400000, vision: true}}
    timeouts: {{first_byte: 30}}
  - name: qwen-local
    format: openai
    base_url: http://127.0.0.1:8000/v1
    models: {{qwen: Qwen/Qwen3-32B}}
    clearance: restricted
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for gateway.yaml."""
    return tmp_path


def write(folder: Path, text: str = GOOD) -> Path:
    path = folder / "gateway.yaml"
    path.write_text(textwrap.dedent(text))
    return path


def problems(path: Path | None, environ: dict[str, str] | None = None) -> tuple[Problem, ...]:
    """What is wrong, after checking that nothing secret is said about it."""
    with pytest.raises(ConfigError) as caught:
        load(path, ENVIRON if environ is None else environ)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    for secret in ("hunter2", SECRET, "sk-test"):
        assert secret not in str(caught.value)
    assert all(problem.remedy for problem in caught.value.problems)
    return caught.value.problems


def said(found: tuple[Problem, ...]) -> Iterator[str]:
    return (f"{problem.line}: {problem.message}" for problem in found)


def test_a_good_file_loads(folder: Path) -> None:
    """The values of the file, the defaults where it is silent, and the secrets from where it points."""
    settings = load(write(folder), ENVIRON)
    assert [backend.name for backend in settings.backends] == ["gpt", "qwen-local"]
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8080)
    assert settings.keys.secret is not None
    assert settings.keys.secret.get_secret_value() == SECRET
    assert settings.backends[0].api_key is not None
    assert settings.backends[0].api_key.get_secret_value() == ENVIRON["OPENAI_API_KEY"]
    assert settings.audit.path == folder / "audit.sqlite3"


def test_secrets_are_in_no_repr_or_dump(folder: Path) -> None:
    """Whoever prints or logs the settings shows no secret (law 6)."""
    settings = load(write(folder), ENVIRON)
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()} {to_backends(settings)!r}"
    assert SECRET not in shown
    assert ENVIRON["OPENAI_API_KEY"] not in shown


def test_settings_are_frozen(folder: Path) -> None:
    """Nobody changes a setting after the start."""
    settings = load(write(folder), ENVIRON)
    with pytest.raises(ValueError, match="frozen"):
        settings.server.port = 1


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("clearance: internal", "clearence: internal", "12: backends[gpt].clearence is not a setting"),
        ("keys:", "kyes:", "1: kyes is not a setting"),
        (
            "format: openai\n    base_url: https",
            "format: openia\n    base_url: https",
            "8: backends[gpt].format must be",
        ),
        ("first_byte: 30", "first_byte: soon", "14: backends[gpt].timeouts.first_byte must be a valid number"),
        ("first_byte: 30", "first_byte: true", "14: backends[gpt].timeouts.first_byte must be a number"),
        ("first_byte: 30", "first_byte: 0", "14: backends[gpt].timeouts.first_byte must be greater than 0"),
        ("first_byte: 30", "frist_byte: 30", "14: backends[gpt].timeouts.frist_byte is not a setting"),
        ("context: 400000", "context: true", "13: backends[gpt].capabilities.context must be a number"),
        ("vision: true", "vision: maybe", "13: backends[gpt].capabilities.vision must be a valid boolean"),
        ("    clearance: internal\n", "", "7: backends[gpt].clearance is missing"),
        ("name: gpt\n", "name: GPT\n", "7: backends[GPT].name must be lower-case letters"),
        ("name: gpt\n", "name: qwen-local\n", "15: backends[qwen-local].name is given to two backends"),
        ("name: gpt\n", "name: local\n", "7: backends[local].name is a word of the policy language"),
        ("models: [gpt-5]", "models: [auto]", "11: backends[gpt].models.auto is a reserved word"),
        ("models: [gpt-5]", "models: []", "11: backends[gpt].models needs 1 entry or more"),
        ("models: [gpt-5]", "models: gpt-5", "11: backends[gpt].models must be a mapping"),
        ("models: [gpt-5]", "models: [gpt 5]", "11: backends[gpt].models"),
        ("fast: gpt-5", "fast: gtp-5", "5: models.aliases.fast points to a model that no backend has"),
        ("fast: gpt-5", "gpt-5: qwen", "5: models.aliases.gpt-5 already means"),
        ("private: qwen-local/qwen", "private: qwen-local/gpt-5", "5: models.aliases.private points to"),
        (
            "https://api.openai.com/v1/",
            "https://u:hunter2@api.openai.com/v1",
            "9: backends[gpt].base_url must not hold a",
        ),
        (
            "https://api.openai.com/v1/",
            "https://api.openai.com/v1?key=hunter2",
            "9: backends[gpt].base_url must not hold",
        ),
        ("https://api.openai.com/v1/", "ftp://api.openai.com", "9: backends[gpt].base_url must begin with"),
        ("https://api.openai.com/v1/", "https:///v1", "9: backends[gpt].base_url must be https://host"),
        ("https://api.openai.com/v1/", "https://host:99999/v1", "9: backends[gpt].base_url"),
        ("https://api.openai.com/v1/", "'https://host/v1 '", "9: backends[gpt].base_url holds white space"),
        ("api_key_env: OPENAI_API_KEY", "api_key: hunter2", "10: backends[gpt].api_key must not stand in the file"),
        ("api_key_env: OPENAI_API_KEY", "api_key_env: NO_SUCH_KEY", "10: backends[gpt].api_key_env names NO_SUCH_KEY"),
        (
            "api_key_env: OPENAI_API_KEY",
            "api_key_file: nowhere",
            "10: backends[gpt].api_key_file cannot read the secret",
        ),
        ("api_key_env: OPENAI_API_KEY", "api_version: '2023-06-01'", "10: backends[gpt].api_version belongs to format"),
        (
            "api_key_env: OPENAI_API_KEY",
            "local_hosts: [api.openai.com]",
            "10: backends[gpt].local_hosts[0] is a vendor's",
        ),
        ("api_key_env: OPENAI_API_KEY", "local_hosts: [x.y]", "10: backends[gpt].local_hosts[0] is not the host of"),
        ("id: team-a", "id: 'team a'", "3: keys.clients[0].id must be letters, digits"),
        (HASH, "hunter2", "3: keys.clients[team-a].hash must be hmac-sha256:"),
        ("keys:\n", "keys:\n  secret: hunter2\n", "2: keys.secret must not stand in the file"),
        ("keys:\n", "audit: {secret: hunter2}\nkeys:\n", "1: audit.secret must not stand in the file"),
        ("keys:\n", "keys:\n  allow_anonymous: true\n", "2: keys.allow_anonymous contradicts keys.clients"),
        ("keys:\n", "policy: nowhere\nkeys:\n", "1: policy names a folder that does not exist"),
        ("keys:\n", "server: 5\nkeys:\n", "1: server must be a mapping"),
        ("keys:\n", "server: {port: 70000}\nkeys:\n", "1: server.port must be less than"),
        ("keys:\n", "server: {port: 80, port: 81}\nkeys:\n", "1: the key 'port' is given twice"),
        ("keys:\n", "_env_file: x\nkeys:\n", "1: _env_file is not a setting"),
    ],
    ids=str,
)
def test_a_mistake_is_named_with_its_line(folder: Path, old: str, new: str, expected: str) -> None:
    """Law 7: a typo in a setting ends the start with file, line and remedy; it is never passed over."""
    assert old in GOOD
    path = write(folder, GOOD.replace(old, new, 1))
    found = problems(path)
    assert any(message.startswith(expected) for message in said(found)), list(said(found))
    assert all(problem.file == path for problem in found)


def test_a_typo_gets_the_nearest_name(folder: Path) -> None:
    """The remedy names what was probably meant."""
    found = problems(write(folder, GOOD.replace("clearance: internal", "clearence: internal")))
    assert "Did you mean `clearance`?" in {problem.remedy for problem in found}
    (alias,) = problems(write(folder, GOOD.replace("fast: gpt-5", "fast: gtp-5")))
    assert "gpt-5" in alias.remedy


def test_all_mistakes_are_named_at_once(folder: Path) -> None:
    """Five mistakes take one start to find, not five."""
    text = GOOD.replace("clearance: internal", "clearence: internal").replace("format: openai", "format: soap")
    found = problems(write(folder, text.replace("first_byte: 30", "first_byte: soon")), {"GATEWAY_SERVR__PORT": "1"})
    assert len(found) == 6


def test_a_file_that_is_not_there_is_a_problem(folder: Path) -> None:
    """A wrong --config is said plainly."""
    (problem,) = problems(folder / "nothing.yaml")
    assert "cannot read the file" in problem.message


def test_no_keys_at_all_is_a_problem(folder: Path) -> None:
    """A gateway that nobody could use, or everybody, does not start."""
    (problem,) = problems(
        write(folder, GOOD.replace("keys:", "keys: {}", 1).replace(GOOD[6 : GOOD.index("models:")], "\n"))
    )
    assert "lists no key" in problem.message


def test_anonymous_use_is_for_loopback_alone(folder: Path) -> None:
    """allow_anonymous on an address that others reach ends the start."""
    text = GOOD.replace(GOOD[: GOOD.index("models:")], "server: {host: HOST}\nkeys: {allow_anonymous: true}\n")
    for host in ("127.0.0.1", "localhost", "127.9.9.9", "'::1'"):
        assert load(write(folder, text.replace("HOST", host)), ENVIRON).keys.allow_anonymous
    for host in ("0.0.0.0", "'::'", "10.0.0.1", "localhost.example.com", "gateway"):
        (problem,) = problems(write(folder, text.replace("HOST", host)))
        assert "only possible while server.host is loopback" in problem.message


@pytest.mark.parametrize("given", ["", "   ", "short", "s" * 31])
def test_a_weak_or_missing_key_secret_is_a_problem(folder: Path, given: str) -> None:
    """Key hashes are only as good as their secret."""
    found = problems(write(folder), ENVIRON | {"GATEWAY_KEYS__SECRET": given})
    assert any("keys.secret" in problem.message for problem in found)


def test_a_key_twice_is_a_problem(folder: Path) -> None:
    """Two ids with one hash, or one id with two hashes, make records ambiguous."""
    line = f'    - {{id: team-a, hash: "{HASH}"}}\n'
    found = problems(write(folder, GOOD.replace(line, line + line)))
    assert [problem.line for problem in found] == [4, 4]


def test_secrets_come_from_files_too(folder: Path) -> None:
    """White space around a secret, such as the final line break, is not part of it."""
    (folder / "keys").write_text(SECRET + "\n")
    (folder / "openai").write_text("sk-test-file\n")
    for name in ("keys", "openai"):
        (folder / name).chmod(0o600)
    text = GOOD.replace("keys:\n", "keys:\n  secret_file: keys\n").replace(
        "api_key_env: OPENAI_API_KEY", "api_key_file: openai"
    )
    settings = load(write(folder, text), {})
    assert settings.keys.secret is not None
    assert settings.keys.secret.get_secret_value() == SECRET
    assert settings.backends[0].api_key is not None
    assert settings.backends[0].api_key.get_secret_value() == "sk-test-file"


@pytest.mark.parametrize(
    ("content", "mode", "expected"),
    [
        (b"", 0o600, "empty"),
        (b"\xff\xfe", 0o600, "not text"),
        (b"x" * 70_000, 0o600, "too large"),
        (b"sk-test", 0o622, "may write this secret"),
        (b"sk test", 0o600, "no header carries"),
        (b"sk-test\nx-injected: 1", 0o600, "no header carries"),
    ],
)
def test_a_secret_file_that_cannot_be_right_is_a_problem(
    folder: Path, content: bytes, mode: int, expected: str
) -> None:
    """Empty, binary, huge, writable by anybody, or unfit for a header: said at the start, not at the first request."""
    (folder / "openai").write_bytes(content)
    (folder / "openai").chmod(mode)
    found = problems(write(folder, GOOD.replace("api_key_env: OPENAI_API_KEY", "api_key_file: openai")))
    assert expected in str(found[0])


def test_a_secret_that_others_may_read_is_warned_about(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Orchestrators mount secrets so, hence no error; the warning names the file and not the secret."""
    (folder / "openai").write_text("sk-test-file")
    (folder / "openai").chmod(0o644)
    with caplog.at_level(logging.WARNING):
        load(write(folder, GOOD.replace("api_key_env: OPENAI_API_KEY", "api_key_file: openai")), ENVIRON)
    assert str(folder / "openai") in caplog.text
    assert "sk-test" not in caplog.text


def test_the_audit_secret_is_made_from_the_key_secret_unless_given(folder: Path) -> None:
    """Fingerprints are keyed without further ado, with a secret that is not the keys' own."""
    made, again = (load(write(folder), ENVIRON).audit.secret for _ in range(2))
    given = load(write(folder), ENVIRON | {"GATEWAY_AUDIT__SECRET": "t" * 40}).audit.secret
    assert made is not None
    assert given is not None
    assert made == again
    assert SECRET not in made.get_secret_value()
    assert given.get_secret_value() == "t" * 40


def test_backends_carry_everything_over(folder: Path) -> None:
    """Settings become the values that the pipeline works with; the trailing slash is gone."""
    gpt, qwen = to_backends(load(write(folder), ENVIRON))
    assert gpt.format is WireFormat.OPENAI
    assert gpt.base_url == "https://api.openai.com/v1"
    assert gpt.capabilities == Capabilities(context=400000, vision=True)
    assert gpt.timeouts == Timeouts(first_byte=30)
    assert gpt.models == {"gpt-5": "gpt-5"}
    assert qwen.models == {"qwen": "Qwen/Qwen3-32B"}
    assert qwen.default_model == "Qwen/Qwen3-32B"
    assert qwen.clearance == "restricted"
    assert qwen.api_key is None


def test_no_backend_is_local_unless_it_was_proven(folder: Path) -> None:
    """Nothing in the file can declare a backend local; only the proof that is handed in can."""
    settings = load(write(folder), ENVIRON)

    def prove(base_url: str, listed: frozenset[str]) -> None:
        assert listed == frozenset()
        if "127.0.0.1" not in base_url:
            raise ConfigError((Problem("outside", "Stay inside."),))

    assert [backend.local for backend in to_backends(settings)] == [False, False]
    assert [backend.local for backend in to_backends(settings, prove)] == [False, True]


def test_plain_http_to_the_outside_is_a_problem(folder: Path) -> None:
    """Prompts and keys do not cross the internet in clear."""

    def prove(base_url: str, listed: frozenset[str]) -> None:
        raise ConfigError((Problem("outside", "Stay inside."),))

    settings = load(write(folder), ENVIRON)
    with pytest.raises(ConfigError, match="http to an outside host"):
        to_backends(settings, prove)


def test_the_anthropic_base_url_has_no_version(folder: Path) -> None:
    """The most frequent mistake in moving from one format to the other is named."""
    text = GOOD.replace("format: openai\n    base_url: https", "format: anthropic\n    base_url: https")
    (problem,) = problems(write(folder, text))
    assert "ends in /v1" in problem.message


def test_model_names_are_what_a_record_may_name(folder: Path) -> None:
    """auto, aliases, public names and the servers' own, which stand in answers; each also with its backend."""
    names = model_names(load(write(folder), ENVIRON))
    own = {"Qwen/Qwen3-32B", "qwen-local/Qwen/Qwen3-32B"}
    assert names == {"auto", "fast", "private", "gpt-5", "gpt/gpt-5", "qwen", "qwen-local/qwen"} | own


def test_an_alias_may_mean_auto(folder: Path) -> None:
    """An application whose model name cannot be changed is routed like any other."""
    settings = load(write(folder, GOOD.replace("fast: gpt-5", "gpt-4o-mini: auto")), ENVIRON)
    assert settings.models.aliases["gpt-4o-mini"] == "auto"


def test_the_file_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one given, else GATEWAY_CONFIG's, else ./gateway.yaml, else none."""
    monkeypatch.chdir(folder)
    assert config_file(None, {}) is None
    path = write(folder)
    assert config_file(None, {}) == Path("gateway.yaml")
    assert config_file(None, {"GATEWAY_CONFIG": "a.yaml"}) == Path("a.yaml")
    assert config_file(Path("b.yaml"), {"GATEWAY_CONFIG": "a.yaml"}) == Path("b.yaml")
    assert isinstance(load(None, ENVIRON), Settings)
    assert load(None, ENVIRON | {"GATEWAY_CONFIG": str(path)}).audit.path == folder / "audit.sqlite3"


def test_an_auditor_and_a_key_maker_need_no_other_secret(folder: Path) -> None:
    """Single settings are found as a whole load finds them, while the rest is unfinished."""
    text = "audit: {path: records/a.sqlite3}\nkeys: {secret_file: keys}\nbackends: []\n"
    path = write(folder, text)
    (folder / "keys").write_text(SECRET)
    assert audit_file(path, {}) == folder / "records/a.sqlite3"
    assert audit_file(path, {"GATEWAY_AUDIT__PATH": "/var/a"}) == Path("/var/a")
    assert audit_file(write(folder, "backends: []\n"), {}) == folder / "audit.sqlite3"
    assert key_secret(write(folder, text), {}) == SECRET.encode()
    assert key_secret(path, {"GATEWAY_KEYS__SECRET": "t" * 40}) == b"t" * 40
    with pytest.raises(ConfigError, match="no secret for client keys"):
        key_secret(write(folder, "backends: []\n"), {})
    with pytest.raises(ConfigError, match="too short"):
        key_secret(path, {"GATEWAY_KEYS__SECRET": "short"})


def test_detectors_of_ones_own_stand_at_the_files_folder(folder: Path) -> None:
    """Paths become absolute, module:Class stays; a half-finished file says what is listed all the same."""
    path = write(folder, GOOD + "detectors: [more/ids.yaml, 'acme:Badge']\n")
    wanted = (str(folder / "more" / "ids.yaml"), "acme:Badge")
    assert load(path, ENVIRON).detectors == wanted
    assert own_detectors(path, {}) == wanted
    assert own_detectors(write(folder, "detectors: []\n"), {}) == ()
