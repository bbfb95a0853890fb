"""A gateway as it is deployed, in a process of its own: where it connects to, what it prints, what it leaves on disk.

Invariants I5 and I7.
"""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from leak_canaries import KINDS, fresh
from leak_encodings import ENCODINGS
from leak_watch import wire_of
from support.served_process import SECRET, VENDOR_KEY, Installation, installation

from gateway.testing import Fail, RecordingServer

HERE = Path(__file__).parent
LEAD_ELSEWHERE = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "HF_ENDPOINT")


@dataclass(frozen=True)
class Deployed:
    """A running process and everything that it could have told anything to."""

    process: "subprocess.Popen[bytes]"
    installed: Installation
    elsewhere: RecordingServer

    def events(self) -> list[tuple[str, str]]:
        """What the audit hook wrote down: event and address or name."""
        lines = journal(self.installed).read_text().splitlines()
        return [(event, what) for event, _, what in (line.partition("\t") for line in lines)]

    def readers(self) -> list[int]:
        """Processes that it started and that live now: those that read names (Linux)."""
        return children(self.process.pid)

    def peers(self) -> set[tuple[str, int]]:
        """Remote ends of the sockets that the process has open now, as the kernel sees them (Linux)."""
        return set(remote_ends(self.process.pid))


def journal(installed: Installation) -> Path:
    return installed.folder / "journal"


def children(pid: int) -> list[int]:
    """The processes that this one started, by any of its threads, and that have not ended."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def remote_ends(pid: int) -> Iterator[tuple[str, int]]:
    """Addresses that sockets of this process are connected to, whoever in it made them."""
    inodes = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", str(handle.readlink()))
        except FileNotFoundError:
            continue
        if found:
            inodes.add(found[1])
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            address, _, port = columns[2].partition(":")
            if columns[9] in inodes and int(port, 16):
                yield ("127.0.0.1" if address.endswith("0100007F") else address), int(port, 16)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """``gateway serve`` under an audit hook, in an environment full of proxies and base URLs that lead elsewhere."""
    with RecordingServer("elsewhere", strict=False) as elsewhere:
        environment = {
            "PYTHONFAULTHANDLER": "1",
            "OPENAI_BASE_URL": f"{elsewhere.url}/v1",
            "ANTHROPIC_BASE_URL": elsewhere.url,
            "OPENAI_LOG": "debug",
            "ANTHROPIC_LOG": "debug",
            **dict.fromkeys(LEAD_ELSEWHERE, elsewhere.url),
        }
        with installation(tmp_path_factory.mktemp("deployed"), environment) as installed:
            command = (sys.executable, str(HERE / "audited_gateway.py"), str(journal(installed)))
            with installed.serving(command, ready="/healthz") as process:
                yield Deployed(process, installed, elsewhere)
                process.terminate()
                process.wait(timeout=40)


def chat(text: str, **fields: object) -> bytes:
    return orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": text}], **fields})


@pytest.fixture(scope="module")
def used(deployed: Deployed) -> tuple[Deployed, list[str]]:
    """The gateway after a day's work: general, sensitive, disguised, streamed, wrong and failed requests."""
    installed, texts = deployed.installed, []
    for number, kind in enumerate(sorted(KINDS) * 2):
        canary = fresh(kind, 1000 + number)
        texts += [canary.text, *canary.needles]
        stream = number % 2 == 1
        assert installed.post(chat(canary.text, stream=stream)).headers["x-gateway-backend"] == "inside"
        assert installed.post(chat(ENCODINGS["base64"](canary.text, None), user=canary.text)).status_code == 200  # type: ignore[arg-type]
        assert installed.post(chat(f"about {number}: why is the sky blue?", stream=stream)).status_code == 200
        assert installed.post(chat("Hello."), authorization=f"Bearer {as_one_line(canary.text)}").status_code == 401
        assert installed.post(chat(canary.text)[:-3]).status_code == 400
        assert installed.post(chat(canary.text, temperature=canary.text)).status_code == 400
        assert installed.get(f"/v1/{as_one_line(canary.text)}?q={as_one_line(canary.text)}").status_code == 404
        installed.local.script(Fail(500, message=f"cannot: {canary.text}"))
        assert installed.post(chat(f"once more {canary.text}")).status_code in {200, 503}
    assert installed.get("/metrics").status_code == installed.get("/docs").status_code == 200
    installed.get("/readyz")
    return deployed, texts


def as_one_line(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def test_connections_go_to_configured_backends_alone(used: tuple[Deployed, list[str]]) -> None:
    """Invariant I5: from the first import to now, nothing else was connected to, looked up or started."""
    running, _ = used
    allowed = {repr(("127.0.0.1", side.port)) for side in (running.installed.local, running.installed.external)}
    events = running.events()
    connected = {what for event, what in events if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}}
    assert connected == allowed, "the hook saw other addresses, or did not see these"
    looked_up = {what for event, what in events if event.startswith("socket.get")}
    assert looked_up <= {"'127.0.0.1'", "'localhost'", "None", repr(socket.gethostname())}
    started = [(event, what) for event, what in events if event.startswith(("subprocess", "os."))]
    assert all(one == ("subprocess.Popen", repr(sys.executable)) for one in started), "another program was started"
    assert len(started) == len(running.readers()), "beside the processes that read names, none of which was lost"
    order = [event for event, _ in events if event in {"subprocess.Popen", "socket.connect"}]
    assert order == sorted(order, reverse=True), "they start before anything is sent"
    assert wire_of(running.elsewhere) == b""


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="the kernel's table of connections is Linux's")
def test_the_kernel_sees_no_other_connection(used: tuple[Deployed, list[str]]) -> None:
    """The same from outside the process, where no event loop can pass an audit hook by."""
    running, _ = used
    assert running.installed.post(chat("Why is the sky blue?")).status_code == 200
    backends = {("127.0.0.1", side.port) for side in (running.installed.local, running.installed.external)}
    assert running.peers() & backends, "the table does not show what must be there"
    clients = {address for address, _ in running.peers() - backends}
    assert clients <= {"127.0.0.1"}
    assert ("127.0.0.1", running.elsewhere.port) not in running.peers()
    assert running.readers(), "names are read by processes of their own"
    assert [list(remote_ends(reader)) for reader in running.readers()] == [[]] * len(running.readers())


def test_nothing_of_a_prompt_is_printed_or_left_on_disk(used: tuple[Deployed, list[str]]) -> None:
    """Invariant I7: output, record, journal and every other file hold no value, no key and no traceback."""
    running, texts = used
    files = {path: path.read_bytes() for path in running.installed.folder.parent.rglob("*") if path.is_file()}
    assert any(path.name == "audit.sqlite3" for path in files)
    for path, held in files.items():
        for text in (*texts, running.installed.key, VENDOR_KEY):
            assert text.encode() not in held, f"{path.name} holds it"
        if path.name != "gateway.yaml":
            assert SECRET.encode() not in held
        assert b"Traceback" not in held, f"{path.name} holds a traceback"


def test_no_secret_is_among_the_arguments(used: tuple[Deployed, list[str]]) -> None:
    """Invariant I13: what every user of the machine can list names files alone."""
    running, _ = used
    arguments = json.dumps(running.process.args)
    for secret in (SECRET, VENDOR_KEY, running.installed.key):
        assert secret not in arguments


def test_metrics_hold_no_value(used: tuple[Deployed, list[str]]) -> None:
    """Counts and names of the configuration, nothing else."""
    running, texts = used
    metrics = running.installed.get("/metrics").text
    assert 'backend="inside"' in metrics
    assert not any(text in metrics for text in texts)
