"""The gateway as an operator runs it: a process of its own, started by the command, stopped and killed by signals."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
import yaml

from gateway.ingress.auth import hash_key, new_key
from gateway.testing import Pace, RecordingServer, Stall

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from gateway.cli import main; main()"]
SECRET = "the secret of the process tests, long enough"
VENDOR_KEY = "sk-vendor-key-of-the-process-tests"
CARD = "4111 1111 1111 1111"
SENSITIVE: list[Any] = [{"role": "user", "content": f"Is this card valid: {CARD}?"}]
GENERAL: list[Any] = [{"role": "user", "content": "Why is the sky blue?"}]


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder with gateway.yaml between two stand-ins, and the environment that its commands run in."""

    folder: Path
    port: int
    environment: dict[str, str] = field(repr=False)
    key: str = field(repr=False)
    local: RecordingServer
    external: RecordingServer

    def client(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"http://127.0.0.1:{self.port}/v1", api_key=self.key, max_retries=0)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run ``gateway ARGUMENTS`` to its end."""
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def decisions(self) -> list[dict[str, Any]]:
        """What ``gateway audit tail`` shows, oldest first."""
        done = self.command("audit", "tail", "--json")
        assert done.returncode == 0, done.stderr
        shown: list[dict[str, Any]] = json.loads(done.stdout)
        return shown

    @contextmanager
    def serving(self) -> Iterator["subprocess.Popen[bytes]"]:
        """``gateway serve``, ready; killed afterwards if it still runs. Its output goes to serve.log."""
        with (self.folder / "serve.log").open("ab") as log:
            process = subprocess.Popen(
                [*COMMAND, "serve"], cwd=self.folder, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self._until_ready(process)
            yield process
        finally:
            process.kill()
            process.wait()

    def _until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if httpx2.get(f"http://127.0.0.1:{self.port}/readyz", trust_env=False).is_success:
                    return
            except httpx2.TransportError:
                pass  # not listening yet
            time.sleep(0.05)
        pytest.fail(f"gateway serve did not become ready:\n{(self.folder / 'serve.log').read_text()}")


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    """Written anew for each test. HOME is an empty folder of its own."""
    with RecordingServer("local", strict=False) as local, RecordingServer("external", needs_key=True) as external:
        key, home = new_key(), tmp_path / "home"
        folder = tmp_path / "gateway"
        home.mkdir()
        folder.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        tree = {
            "server": {"host": "127.0.0.1", "port": port},
            "keys": {"clients": [{"id": "tests", "hash": hash_key(SECRET.encode(), key)}]},
            "audit": {"path": "audit.sqlite3"},
            "inspection": {"timeout_ms": 60_000},
            "backends": [
                {
                    "name": "vendor",
                    "format": "openai",
                    "base_url": external.openai_base_url,
                    "models": ["gpt-5"],
                    "clearance": "internal",
                    "api_key_env": "VENDOR_API_KEY",
                },
                {
                    "name": "inside",
                    "format": "openai",
                    "base_url": local.openai_base_url,
                    "models": ["qwen3"],
                    "clearance": "restricted",
                },
            ],
        }
        (folder / "gateway.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
        environment = {
            "PATH": os.defpath,
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "GATEWAY_KEYS__SECRET": SECRET,
            "VENDOR_API_KEY": VENDOR_KEY,
            # What must not matter: nothing of the gateway's traffic goes where the environment points.
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "HTTP_PROXY": "http://127.0.0.1:9",
            "ALL_PROXY": "http://127.0.0.1:9",
            "OPENAI_BASE_URL": "http://127.0.0.1:9",
        }
        yield Installation(folder, port, environment, key, local, external)


def test_the_command_serves_routes_and_records(installed: Installation) -> None:
    """A sensitive and a general prompt go their ways, past the environment's proxies; no text stays behind."""
    with installed.serving() as process, installed.client() as client:
        inside = client.chat.completions.create(model="auto", messages=SENSITIVE)
        outside = client.chat.completions.create(model="auto", messages=GENERAL)
        arguments = Path(f"/proc/{process.pid}/cmdline")
        shown = arguments.read_bytes() if arguments.exists() else b""
    assert "local stand-in" in (inside.choices[0].message.content or "")
    assert "external stand-in" in (outside.choices[0].message.content or "")
    assert not installed.external.saw("4111")
    assert installed.external.received[0].header("authorization") == f"Bearer {VENDOR_KEY}"
    assert [entry["outcome"] for entry in installed.decisions()] == ["sent_local", "sent_external"]
    assert SECRET.encode() not in shown
    assert VENDOR_KEY.encode() not in shown
    left = b"".join(path.read_bytes() for path in installed.folder.iterdir())
    for text in ("4111", "sky blue", installed.key, VENDOR_KEY, SECRET):
        assert text.encode() not in left
    assert list((installed.folder.parent / "home").iterdir()) == [], "something wrote into the home folder"


def test_a_stream_in_flight_ends_properly_after_sigterm(installed: Installation) -> None:
    """A deployment loses no answer: the stream goes on to its end, then the process does."""
    installed.local.script(Pace(0.1))
    texts: list[str] = []
    first = threading.Event()

    def read() -> None:
        with installed.client() as client:
            for chunk in client.chat.completions.create(model="auto", messages=SENSITIVE, stream=True):
                texts.extend(choice.delta.content or "" for choice in chunk.choices)
                first.set()

    with installed.serving() as process:
        reader = threading.Thread(target=read)
        reader.start()
        assert first.wait(30)
        process.send_signal(signal.SIGTERM)
        reader.join(30)
        assert process.wait(30) in {0, -signal.SIGTERM}
    assert "".join(texts).endswith("How can I help further?")
    (entry,) = installed.decisions()
    assert "completed" in json.dumps(entry)


def test_a_killed_gateway_has_recorded_what_it_sent(installed: Installation) -> None:
    """kill -9 while the vendor is being asked: the decision is there after a restart, and the next request works."""
    installed.external.script(Stall())
    with installed.serving() as process:
        threading.Thread(target=_ask_in_vain, args=(installed,), daemon=True).start()
        assert installed.external.wait_for_requests(1, timeout=30)
        process.kill()
        process.wait()
    assert [entry["outcome"] for entry in installed.decisions()] == ["sent_external"]
    with installed.serving(), installed.client() as client:
        client.chat.completions.create(model="auto", messages=GENERAL)
    assert len(installed.decisions()) == 2


def _ask_in_vain(installed: Installation) -> None:
    with installed.client() as client, pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(model="auto", messages=GENERAL)


def test_a_mistake_in_the_configuration_ends_the_start_with_its_line(installed: Installation) -> None:
    """A misspelt setting, a secret that is not set: exit code 2, file, line and remedy; no key is printed."""
    file = installed.folder / "gateway.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("clearance: restricted", "clearence: restricted"))
    del installed.environment["VENDOR_API_KEY"]
    done = installed.command("serve")
    assert done.returncode == 2
    assert "gateway.yaml:" in done.stderr
    assert "clearence" in done.stderr
    assert "VENDOR_API_KEY" in done.stderr or "clearance" in done.stderr
    assert SECRET not in done.stdout + done.stderr
