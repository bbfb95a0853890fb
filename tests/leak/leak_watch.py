"""Sends what no SDK would send, and looks for planted values wherever they could turn up."""

import http.client
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from leak_canaries import Canary
from leak_decoder import carries, reveals
from support.gateway_process import RunningGateway

from gateway.testing import RecordingServer

CHAT_PATH = "/v1/chat/completions"
Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the gateway."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def backend(self) -> str:
        """Who answered; empty for an error."""
        return self.headers.get("x-gateway-backend", "")

    def error(self) -> dict[str, Any]:
        """The error object. AssertionError where the body has not exactly OpenAI's shape."""
        body = json.loads(self.body)
        assert body.keys() == {"error"}, "an error body with something beside the error"
        assert body["error"].keys() == {"message", "type", "param", "code"}, "an error in another shape than OpenAI's"
        return dict(body["error"])


class Watch:
    """A running gateway under watch: sends requests, and remembers every planted value until ``at_rest`` is asked."""

    def __init__(self, running: RunningGateway, format_: str) -> None:
        self.running = running
        self.format = format_
        self._planted: list[tuple[str, frozenset[str]]] = []
        self._port = int(running.origin.rpartition(":")[2])

    def send(
        self,
        body: bytes,
        *,
        headers: Headers = (),
        path: str = CHAT_PATH,
        method: str = "POST",
        key: str | None = None,
        timeout_s: float = 60.0,
    ) -> Reply:
        """One request on a connection of its own. ``headers`` come after the usual ones, repeated names included."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout_s)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            given = {name.lower() for name, _ in headers}
            usual = [("authorization", f"Bearer {key or self.running.key}"), ("content-type", "application/json")]
            for name, value in [*(pair for pair in usual if pair[0] not in given), *headers]:
                connection.putheader(name, value.encode("utf-8"))
            connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def forget(self) -> None:
        """Before a request: what the sides received so far. Logs and records are kept until the end."""
        for side in (self.running.local, self.running.external):
            side.clear()

    def planted(self, where: str, texts: Iterable[str]) -> None:
        """Remember texts that must not be found at rest, and where they were planted."""
        self._planted.append((where, frozenset(text for text in texts if len(text) >= 6)))

    def at_rest(self, output: str = "") -> list[str]:
        """Where planted texts stand in logs, captured output, the record's files and the metrics. Empty: nowhere."""
        metrics = self.send(b"", method="GET", path="/metrics").body.decode()
        folder = self.running.records.parent
        files = {path.name: path.read_bytes() for path in sorted(folder.glob(f"{self.running.records.name}*"))}
        assert files, "there is no record to look at"
        found = []
        for where, texts in self._planted:
            for text in texts:
                places = [name for name, held in files.items() if text.encode() in held]
                places += [name for name, held in _named(self.running.logs.text, output, metrics) if text in held]
                if places:
                    found.append(f"{where}: found in {', '.join(places)}")
        return found


def _named(logs: str, output: str, metrics: str) -> tuple[tuple[str, str], ...]:
    return (("the log", logs), ("the output", output), ("the metrics", metrics))


def wire_of(side: RecordingServer) -> bytes:
    """Every byte that a side received since it was last cleared, complete requests or not."""
    return b"".join(bytes(connection.wire) for connection in side._accepted) + b"".join(
        received.body for received in side.received
    )


def leak(canary: Canary, pieces: Sequence[str], external: RecordingServer) -> str | None:
    """How the external side could know the value; None: it cannot.

    ``pieces`` are the texts as they were planted: all of them together are the value, in whatever disguise.
    """
    wires = [received.body for received in external.received] + [wire_of(external)]
    for wire in wires:
        if wire and carries(pieces, wire):
            return "the disguised value stands in what was received"
        if wire and reveals(canary, wire):
            return "the value can be decoded from what was received"
    return None


def echoed(canary: Canary, pieces: Sequence[str], reply: Reply) -> bool:
    """Does an error answer, or the head of any answer, repeat the value?"""
    head = "\n".join(f"{name}: {value}" for name, value in reply.headers.items())
    said = head + (reply.body.decode("utf-8", "replace") if reply.status >= 400 else "")
    return any(text in said for text in (*canary.needles, *pieces) if len(text) >= 6)
