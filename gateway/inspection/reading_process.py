"""A process that reads names: loads the model once, then answers texts until the gateway's side of the socket closes.

It holds no text after its answer, writes nothing anywhere (its output goes nowhere, and a crash leaves no core file),
and ignores SIGINT and SIGTERM: a service manager that signals the whole group must not take it from under requests
that are still being answered. When the gateway ends, however it ends, the socket closes and so does this.
"""

import resource
import signal
import socket
from typing import Final

import orjson

from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.engines import Stopwatch, decode, load
from gateway.inspection.detectors.rampart import OutOfTime
from gateway.inspection.framing import FAILED, LATE, Lost, answer, asked, frame, receive

PROGRAM: Final = (
    "import sys; sys.path[:] = sys.argv[2:];from gateway.inspection.reading_process import main; main(int(sys.argv[1]))"
)
"""What ``python -c`` runs, with the socket's number and the import path of the gateway as arguments."""


def main(number: int) -> None:
    """Read the engine's description, load it, say so, and answer."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    watch = Stopwatch()
    with socket.socket(fileno=number) as connection:
        try:
            detector = load(decode(receive(connection)), watch.passed)
            detector.find("Please tell Jane Roe about it.")
            connection.sendall(frame(orjson.dumps([detector.name, detector.version])))
            while True:
                text, watch.deadline = asked(receive(connection))
                connection.sendall(frame(_read(detector, text)))
        except (Lost, OSError):
            return


def _read(detector: Detector, text: str) -> bytes:
    try:
        return answer(detector.find(text))
    except OutOfTime:
        return LATE
    except Exception:  # noqa: BLE001 - the gateway makes it a coverage reason; what was raised may quote the text
        return FAILED
