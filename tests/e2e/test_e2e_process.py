"""The gateway as an operator runs it: a process of its own, started by the command, stopped and killed by signals."""

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from support.served_process import SECRET, VENDOR_KEY, Installation, installation

from gateway.testing import Pace, Stall

pytestmark = pytest.mark.e2e

CARD = "4111 1111 1111 1111"
SENSITIVE: list[Any] = [{"role": "user", "content": f"Is this card valid: {CARD}?"}]
GENERAL: list[Any] = [{"role": "user", "content": "Why is the sky blue?"}]


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    """Written anew for each test, in an environment that points elsewhere: nothing of the traffic may go there."""
    nowhere = "http://127.0.0.1:9"
    with installation(
        tmp_path,
        {"HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere, "ALL_PROXY": nowhere, "OPENAI_BASE_URL": nowhere},
    ) as written:
        yield written


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
