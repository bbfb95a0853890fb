"""`gateway serve` as a process of its own: it starts, answers, and ends as it should."""

import json
import signal
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx2
import openai
import pytest
from cli_support import CARD, configured, run, started, taken_port, wait_until_it_answers

from gateway.audit.query import tail
from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.scanner import Scanner
from gateway.settings import Settings
from gateway.testing import Pace, RecordingServer, Say
from gateway.wiring import Gateway, assemble

ADDRESS = r"gateway on (http://127\.0\.0\.1:\d+)/v1"


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """The line it prints says where it really listens; a general prompt leaves, a card does not; SIGTERM is exit 0."""
    with RecordingServer("gpt") as gpt, RecordingServer("qwen", strict=False) as qwen:
        file = configured(tmp_path, qwen, gpt)
        with started("serve", "--config", str(file), cwd=tmp_path) as gateway:
            origin = gateway.wait_for(ADDRESS)[1]
            wait_until_it_answers(f"{origin}/healthz")
            with openai.OpenAI(base_url=f"{origin}/v1", api_key="any", max_retries=0) as client:
                for text in ("Why is the sky blue?", f"Charge {CARD}."):
                    client.chat.completions.create(model="auto", messages=[{"role": "user", "content": text}])
            assert (len(gpt.received), len(qwen.received)) == (1, 1)
            assert not gpt.saw(CARD)
            assert gateway.end(signal.SIGTERM) == 0
            assert "policy default" in gateway.output
            assert CARD not in gateway.output
    entries = tail(tmp_path / "audit.sqlite3")
    assert [entry.decision.outcome for entry in entries] == ["sent_external", "sent_local"]
    assert all(entry.completion for entry in entries), "what was queued is written before the end"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stream_that_runs_is_finished_first(tmp_path: Path, number: signal.Signals) -> None:
    """A deployment cuts nobody's answer short: the stream ends with [DONE], then the process with 0."""
    with RecordingServer("gpt") as gpt, RecordingServer("qwen") as qwen:
        gpt.always(Pace(0.1))
        gpt.script(Say("one two three four five six seven eight nine ten"))
        file = configured(tmp_path, qwen, gpt)
        body = {"model": "auto", "stream": True, "messages": [{"role": "user", "content": "Count to ten."}]}
        with started("serve", "--config", str(file), cwd=tmp_path) as gateway:
            origin = gateway.wait_for(ADDRESS)[1]
            wait_until_it_answers(f"{origin}/healthz")
            with (
                httpx2.Client(trust_env=False, timeout=60) as http,
                http.stream("POST", f"{origin}/v1/chat/completions", json=body) as answer,
            ):
                lines = answer.iter_lines()
                first = next(lines)
                ended: list[int] = []
                waiting = threading.Thread(target=lambda: ended.append(gateway.end(number)))
                waiting.start()
                rest = [line for line in lines if line]
            waiting.join()
            assert first.startswith("data: ")
            assert rest[-1] == "data: [DONE]"
            assert ended == [0]


def test_a_taken_port_is_exit_code_2(tmp_path: Path) -> None:
    """Said in words, with both ways out."""
    with taken_port() as port:
        file = configured(tmp_path, server={"port": port})
        result = run("serve", "--config", str(file))
    assert result.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr
    assert "server.port" in result.stderr


def test_an_address_that_is_not_ours_is_exit_code_2(tmp_path: Path) -> None:
    """An interface of another machine; a key is needed there, so there is one."""
    keys = {"clients": [{"id": "a", "hash": "hmac-sha256:" + "0" * 64}]}
    file = configured(tmp_path, server={"host": "192.0.2.1", "port": 8080}, keys=keys)
    result = run("serve", "--config", str(file), GATEWAY_KEYS__SECRET="s" * 43)
    assert result.exit_code == 2
    assert "cannot listen on 192.0.2.1:8080" in result.stderr


class Broken:
    """A detector that cannot run."""

    name = "broken"
    version = "1"
    entity_types = frozenset({"CREDIT_CARD"})
    views: Views = "all"

    def find(self, text: str) -> Sequence[Match]:
        raise RuntimeError("cannot run")


def test_inspection_that_does_not_work_is_exit_code_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found out before anybody is served."""

    def broken(settings: Settings) -> Gateway:
        gateway = assemble(settings)
        gateway.scanner.close()
        return replace(gateway, scanner=Scanner((Broken(),)))

    monkeypatch.setattr("gateway.cli.serve.assemble", broken)
    file = configured(tmp_path, inspection={"ner": False})
    result = run("serve", "--config", str(file))
    assert result.exit_code == 2
    assert "inspection finds nothing" in result.stderr


@pytest.mark.parametrize("text", ["server: {prot: 1}\n", "keys: {secret: abc}\n", "[", ""])
def test_a_broken_configuration_is_exit_code_2(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens; file and line are on stderr, stdout stays empty."""
    (tmp_path / "gateway.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    result = run("serve")
    assert result.exit_code == 2
    assert "gateway.yaml" in result.stderr
    assert result.stdout == ""


def test_without_any_configuration_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file, no variables."""
    monkeypatch.chdir(tmp_path)
    result = run("serve")
    assert result.exit_code == 2
    assert "backends" in result.stderr


def test_records_that_cannot_be_written_are_exit_code_2(tmp_path: Path) -> None:
    """A gateway that could not record anything would refuse every request."""
    (tmp_path / "folder").mkdir()
    file = configured(tmp_path, audit={"path": "folder"})
    assert run("serve", "--config", str(file)).exit_code == 2


def test_everything_can_come_from_the_environment(tmp_path: Path) -> None:
    """No file at all, as containers like it."""
    with RecordingServer("qwen", strict=False) as qwen:
        backend = {"name": "qwen", "format": "openai", "base_url": qwen.openai_base_url, "models": ["qwen3"]}
        environ = {
            "GATEWAY_BACKENDS": json.dumps([backend | {"clearance": "restricted"}]),
            "GATEWAY_KEYS__ALLOW_ANONYMOUS": "true",
            "GATEWAY_SERVER__PORT": "0",
            "GATEWAY_INSPECTION__NER": "false",
        }
        with started("serve", cwd=tmp_path, **environ) as gateway:
            origin = gateway.wait_for(ADDRESS)[1]
            wait_until_it_answers(f"{origin}/readyz")
            assert "external: none" in gateway.output
            assert gateway.end(signal.SIGTERM) == 0
