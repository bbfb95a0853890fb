"""Paths and secrets of settings, once they are well formed: where they start, and where they come from."""

from pathlib import Path
from typing import Any

import pytest

from gateway.configuration.complaints import Origin
from gateway.configuration.overlay import Overlaid
from gateway.configuration.rooted import placed, rooted
from gateway.configuration.secret_settings import secret_paths, with_secrets, without_secrets
from gateway.configuration.shape import Settings

BACKEND = {"name": "qwen", "format": "openai", "base_url": "http://qwen/v1", "models": ["qwen3"], "clearance": "top"}


def made(tree: dict[str, Any], file: Path | None, variables: dict[tuple[str | int, ...], str] | None = None) -> Any:
    """Settings, and where they came from."""
    whole = {"backends": [BACKEND], **tree}
    return Settings.model_validate(whole), Origin(Overlaid(whole, variables or {}, ()), {}, file)


def test_paths_of_the_file_start_at_its_folder_and_those_of_variables_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree = {"policy": "rules", "audit": {"path": "audit.db"}, "detectors": ["own.yaml", "package.module:Class"]}
    settings, origin = made(tree, Path("etc/gateway.yaml"), {("audit", "path"): "GATEWAY_AUDIT__PATH"})
    found = rooted(settings, origin)
    assert found.policy == tmp_path / "etc" / "rules"
    assert found.audit.path == tmp_path / "audit.db"
    assert found.detectors == (str(tmp_path / "etc" / "own.yaml"), "package.module:Class")


def test_a_class_is_no_path(tmp_path: Path) -> None:
    assert placed("package.module:Class", tmp_path) == "package.module:Class"
    assert placed("own.yml", tmp_path) == str(tmp_path / "own.yml")


def test_secrets_of_the_file_itself_never_reach_validation() -> None:
    """They are reported by their place; everything else stays."""
    tree = {"keys": {"secret": "hushhush", "clients": []}, "backends": [{"name": "gpt", "api_key": "hushhush"}, "odd"]}
    assert without_secrets(tree) == {"keys": {"clients": []}, "backends": [{"name": "gpt"}, "odd"]}
    assert tree["keys"] == {"secret": "hushhush", "clients": []}, "the tree itself is left as it was"


def test_secrets_are_read_from_files_and_variables(tmp_path: Path) -> None:
    """That of the fingerprints is made from that of the keys where nobody gave another."""
    file = tmp_path / "secret"
    file.write_text("s" * 43 + "\n")
    tree = {"keys": {"secret_file": str(file)}, "backends": [{**BACKEND, "api_key_env": "QWEN_KEY"}]}
    settings, problems = with_secrets(made(tree, None)[0], {"QWEN_KEY": "sk-hushhush"}, made(tree, None)[1])
    assert problems == []
    assert settings.keys.secret.get_secret_value() == "s" * 43
    assert settings.audit.secret.get_secret_value() not in ("", "s" * 43)
    assert settings.backends[0].api_key.get_secret_value() == "sk-hushhush"
    assert list(secret_paths(settings)) == [file]


@pytest.mark.parametrize(("value", "said"), [("", "not set"), ("two words", "no header carries")])
def test_a_key_that_is_missing_or_unusable_is_a_problem_and_is_not_shown(value: str, said: str) -> None:
    tree = {"backends": [{**BACKEND, "api_key_env": "QWEN_KEY"}]}
    settings, origin = made(tree, None)
    _, (problem,) = with_secrets(settings, {"QWEN_KEY": value}, origin)
    assert said in problem.message
    assert "two words" not in str(problem)
