"""Running the command: in this process where nothing is served, as a process of its own where something is."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.testing import RecordingServer

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-c", "from gateway.cli import main; main()"]
NOWHERE = "http://127.0.0.1:9/v1"
"""Nobody listens on loopback's discard port."""
CARD = "4111 1111 1111 1111"
PATIENT_S = 60.0
"""Bound of every wait for a process; a busy machine needs a fraction of it."""


def run(*arguments: str, stdin: str | bytes | None = None, **environ: str) -> Result:
    """Run the command in this process. It may fail, but never with anything that would be a traceback."""
    cleared = dict.fromkeys(name for name in os.environ if name.startswith("GATEWAY_") or name.endswith("_API_KEY"))
    env = {**cleared, "COLUMNS": "200", "TERM": "dumb", **environ}
    result = CliRunner().invoke(app, list(arguments), input=stdin, env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert "Traceback" not in result.output
    return result


def environment(**more: str) -> dict[str, str]:
    """The environment of a process: nothing of this one's gateway, proxies or keys."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "dumb", "COLUMNS": "200", **more}


def complete(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own, to its end."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(**environ),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done


class Process:
    """A command that keeps running, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.output = ""
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.output += line
                self._changed.notify_all()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the output has it."""
        with self._changed:
            self._changed.wait_for(lambda: re.search(pattern, self.output), PATIENT_S)
        found = re.search(pattern, self.output)
        assert found, f"never said {pattern!r}:\n{self.output}"
        return found

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENT_S)


@contextmanager
def started(*arguments: str, cwd: Path, **environ: str) -> Iterator[Process]:
    """Start the command; kill it if it still runs afterwards."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(**environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        running = Process(process)
        try:
            yield running
            assert "Traceback" not in running.output, running.output
        finally:
            process.kill()


def wait_until_it_answers(url: str) -> None:
    """Poll a health URL."""
    deadline = time.monotonic() + PATIENT_S
    with httpx2.Client(trust_env=False) as http:
        while time.monotonic() < deadline:
            try:
                if http.get(url).status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
    raise AssertionError(f"{url} never answered")


@contextmanager
def taken_port() -> Iterator[int]:
    """A port of loopback on which somebody listens already."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def free_port() -> int:
    """A port on which nobody listens at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configured(
    folder: Path, local: RecordingServer | None = None, external: RecordingServer | None = None, **sections: Any
) -> Path:
    """A gateway.yaml (JSON is YAML): gpt outside, qwen at home, patterns only. Without servers they lead nowhere."""
    tree: Mapping[str, Any] = {
        "server": {"port": 0},
        "keys": {"allow_anonymous": True},
        "inspection": {"ner": False, "timeout_ms": 60_000},
        "backends": [
            {
                "name": "gpt",
                "format": "openai",
                "base_url": external.openai_base_url if external else NOWHERE,
                "models": ["gpt-5"],
                "clearance": "internal",
            },
            {
                "name": "qwen",
                "format": "openai",
                "base_url": local.openai_base_url if local else NOWHERE,
                "models": ["qwen3"],
                "clearance": "restricted",
            },
        ],
        **sections,
    }
    file = folder / "gateway.yaml"
    file.write_text(json.dumps(tree, indent=1))
    return file
