"""The gateway as an operator runs it: installed in a folder between two stand-ins, served by a process of its own.

with installation(tmp_path) as installed, installed.serving() as process:
    installed.client().chat.completions.create(...)
    process.send_signal(signal.SIGTERM)
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import openai
import yaml

from gateway.ingress.auth import hash_key, new_key
from gateway.testing import RecordingServer

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from gateway.cli import main; main()")
SECRET = "the secret of the process tests, long enough"
VENDOR_KEY = "sk-vendor-key-of-the-process-tests"
START_S = 60.0


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder with gateway.yaml between two stand-ins, and the environment that its commands run in."""

    folder: Path
    """Beside it stands ``home``, which is empty at first."""
    port: int
    environment: dict[str, str] = field(repr=False)
    key: str = field(repr=False)
    local: RecordingServer
    external: RecordingServer

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.origin}/v1", api_key=self.key, max_retries=0)

    def post(self, body: bytes, **headers: str) -> httpx2.Response:
        """A chat request as no SDK would send it."""
        sent = {"authorization": f"Bearer {self.key}", "content-type": "application/json", **headers}
        with httpx2.Client(trust_env=False, timeout=60) as http:
            return http.post(f"{self.origin}/v1/chat/completions", content=body, headers=sent)

    def get(self, path: str) -> httpx2.Response:
        with httpx2.Client(trust_env=False, timeout=60) as http:
            return http.get(f"{self.origin}{path}")

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
    def serving(
        self, command: Sequence[str] = COMMAND, *, ready: str = "/readyz"
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """``gateway serve``, from when ``ready`` answers 200; killed afterwards if it still runs. Prints to serve.log.

        ``command``: what stands before ``serve``, for a gateway under observation.
        """
        with (self.folder / "serve.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, "serve"], cwd=self.folder, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self._wait(process, ready)
            yield process
        finally:
            process.kill()
            process.wait()

    def _wait(self, process: "subprocess.Popen[bytes]", path: str) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if self.get(path).is_success:
                    return
            except httpx2.TransportError:
                pass  # not listening yet
            time.sleep(0.05)
        raise AssertionError(f"gateway serve did not become ready:\n{(self.folder / 'serve.log').read_text()}")


@contextmanager
def installation(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Installation]:
    """Write it into ``folder``, which is empty. ``environment``: variables besides those that it needs."""
    with RecordingServer("local", strict=False) as local, RecordingServer("external", needs_key=True) as external:
        key, port, home, place = new_key(), _free_port(), folder / "home", folder / "gateway"
        home.mkdir()
        place.mkdir()
        tree = _settings(port, key, local, external)
        (place / "gateway.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
        needed = {
            "PATH": os.defpath,
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "GATEWAY_KEYS__SECRET": SECRET,
            "VENDOR_API_KEY": VENDOR_KEY,
        }
        yield Installation(place, port, {**needed, **(environment or {})}, key, local, external)


def _settings(port: int, key: str, local: RecordingServer, external: RecordingServer) -> dict[str, Any]:
    vendor = {
        "name": "vendor",
        "format": "openai",
        "base_url": external.openai_base_url,
        "models": ["gpt-5"],
        "clearance": "internal",
        "api_key_env": "VENDOR_API_KEY",
    }
    inside = {
        "name": "inside",
        "format": "openai",
        "base_url": local.openai_base_url,
        "models": ["qwen3"],
        "clearance": "restricted",
    }
    return {
        "server": {"host": "127.0.0.1", "port": port},
        "keys": {"clients": [{"id": "tests", "hash": hash_key(SECRET.encode(), key)}]},
        "audit": {"path": "audit.sqlite3"},
        "inspection": {"timeout_ms": 60_000},
        "backends": [vendor, inside],
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
