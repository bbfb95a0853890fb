"""A process that reads names: loads the model once, then answers texts until the gateway's side of its input closes.

It holds no text after its answer, writes nothing anywhere (its output goes nowhere, and a crash leaves no core file),
and ignores SIGINT and SIGTERM: a service manager that signals the whole group must not take it from under requests
that are still being answered. When the gateway ends, however it ends, the pipe closes and so does this.
"""

import os
import resource
import signal
from typing import Final

import orjson

from gateway.errors import ConfigError
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.engines import Engine, Stopwatch, decode, load
from gateway.inspection.detectors.words import OutOfTime
from gateway.inspection.framing import FAILED, LATE, Lost, answer, asked, frame, receive

PROGRAM: Final = "import sys; sys.path[:] = sys.argv[1:]; from gateway.inspection.reading_process import main; main()"
"""What ``python -c`` runs, with the import path of the gateway as arguments."""
_IN, _OUT = 0, 1


def main() -> None:
    """Read the engine's description from standard input, load it, say so on standard output, and answer."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = os.dup(_OUT)
    os.dup2(os.open(os.devnull, os.O_WRONLY), _OUT)  # what a library prints must not stand between two answers
    watch = Stopwatch()
    try:
        detector, trouble = _loaded(decode(receive(_input)), watch)
        _say(out, orjson.dumps(trouble))
        if detector is None:
            return
        while True:
            text, watch.deadline = asked(receive(_input))
            _say(out, _read(detector, text))
    except (Lost, OSError):
        return


def _loaded(engine: Engine, watch: Stopwatch) -> tuple[Detector | None, str]:
    """The detector after its first text, or why there is none."""
    try:
        detector = load(engine, watch.passed)
        detector.find("Please tell Jane Roe about it.")
    except ConfigError as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001 - whatever fails, it is said, and nothing is read by it
        return None, type(error).__name__
    return detector, ""


def _input(size: int) -> bytes:
    return os.read(_IN, size)


def _say(out: int, payload: bytes) -> None:
    content = memoryview(frame(payload))
    while content:
        content = content[os.write(out, content) :]


def _read(detector: Detector, text: str) -> bytes:
    try:
        return answer(detector.find(text))
    except OutOfTime:
        return LATE
    except Exception:  # noqa: BLE001 - the gateway makes it a coverage reason; what was raised may quote the text
        return FAILED
