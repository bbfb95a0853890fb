"""`gateway check`: would it start, and is everything there that it names?"""

import json
from pathlib import Path

import pytest
from cli_support import NOWHERE, configured, run

from gateway.testing import RecordingServer


def test_ready_is_exit_code_0(tmp_path: Path) -> None:
    """Every check, every backend with its zone, and which of them answers."""
    with RecordingServer("gpt") as gpt, RecordingServer("qwen") as qwen:
        file = configured(tmp_path, qwen, gpt)
        result = run("check", "--config", str(file), "--json")
        assert result.exit_code == 0
        told = json.loads(result.output)
        assert told["ready"] is True
        assert [check["ok"] for check in told["checks"]] == [True, True, True]
        assert [(one["name"], one["zone"], one["reachable"]) for one in told["backends"]] == [
            ("gpt", "external", True),
            ("qwen", "local", True),
        ]
        shown = run("check", "--config", str(file)).output
        assert "local backend" in shown
        assert "NOT OK" not in shown
        assert not any(one.method == "POST" for one in (*gpt.received, *qwen.received))


def test_a_vendor_that_rejects_the_key_does_not_look_healthy(tmp_path: Path) -> None:
    """It answers, and every request to it would fail."""
    with RecordingServer("gpt", needs_key=True) as gpt, RecordingServer("qwen") as qwen:
        file = configured(tmp_path, qwen, gpt)
        told = json.loads(run("check", "--config", str(file), "--json").output)
        assert [(one["reachable"], one["reach"]) for one in told["backends"]] == [(False, "key rejected"), (True, "up")]
        assert "KEY REJECTED" in run("check", "--config", str(file)).output


def test_an_unreachable_vendor_is_shown_and_no_reason_not_to_start(tmp_path: Path) -> None:
    """Everything stays local then; that is a state the gateway is made for."""
    with RecordingServer("qwen") as qwen:
        result = run("check", "--config", str(configured(tmp_path, qwen)), "--json")
        assert result.exit_code == 0
        assert [one["reachable"] for one in json.loads(result.output)["backends"]] == [False, True]


def test_not_ready_is_exit_code_1(tmp_path: Path) -> None:
    """The local model is down: it would start, and sensitive prompts would find nobody."""
    file = configured(tmp_path)
    result = run("check", "--config", str(file))
    assert result.exit_code == 1
    assert "none of qwen answers" in result.output
    assert "NO" in result.output
    assert json.loads(run("check", "--config", str(file), "--json").output)["ready"] is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("server: {prot: 80}\n", ":1: "),
        ("server:\n  port: many\n", ":2:3: server.port"),
        ("server: {port: 1\n", "gateway.yaml:"),
        ("- a\n", "gateway.yaml"),
        ("", "the file is empty"),
        ("server: {}\n", "backends"),
        ("keys: {secret: abc}\n", "must not stand in the file"),
        ("\x00", "gateway.yaml"),
    ],
)
def test_a_broken_configuration_is_exit_code_2_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    """Law 7: a typo ends the start, and says where."""
    file = tmp_path / "gateway.yaml"
    file.write_text(text)
    result = run("check", "--config", str(file))
    assert result.exit_code == 2
    assert said in result.output


def test_a_configuration_that_is_not_text_is_exit_code_2(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, and a folder in place of the file."""
    (tmp_path / "gateway.yaml").write_bytes(b"server: \xff\xfe")
    assert run("check", "--config", str(tmp_path / "gateway.yaml")).exit_code == 2
    assert run("check", "--config", str(tmp_path)).exit_code == 2


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """Not one per run."""
    file = configured(tmp_path, server={"prot": 1}, stream={"keep_alive_s": -1})
    output = run("check", "--config", str(file)).output
    assert "prot" in output
    assert "keep_alive_s" in output


def test_a_gateway_without_a_home_is_exit_code_2(tmp_path: Path) -> None:
    """No local backend for the top label."""
    backend = {"name": "gpt", "format": "openai", "base_url": NOWHERE, "models": ["m"], "clearance": "internal"}
    result = run("check", "--config", str(configured(tmp_path, backends=[backend])))
    assert result.exit_code == 2
    assert "no local backend" in result.output


def test_a_policy_with_a_typo_is_exit_code_2_with_its_own_file_and_line(tmp_path: Path) -> None:
    """The policy is part of the configuration."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "policy.yaml").write_text(
        "version: 1\nname: p\nlabels: [public, internal, restricted]\nclassify:\n"
        "  - {id: a, when: {entities: {any_of: [CREDIT_CRAD]}}, label: restricted}\n"
    )
    result = run("check", "--config", str(configured(tmp_path, policy="p")))
    assert result.exit_code == 2
    assert "policy.yaml:5:" in result.output
    assert "CREDIT_CARD" in result.output


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    """A variable that no setting has is an error, too."""
    file = str(configured(tmp_path))
    assert run("check", "--config", file, GATEWAY_SERVER__PROT="1").exit_code == 2
    with RecordingServer("qwen") as qwen:
        result = run("check", "--config", file, GATEWAY_BACKENDS__QWEN__BASE_URL=qwen.openai_base_url)
        assert result.exit_code == 0
