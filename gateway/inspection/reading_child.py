"""One process that reads names for this one, and the pipes to it: neither side can ever wait for the other for good."""

import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Final

import orjson

from gateway.inspection.detectors.engines import Engine, encode
from gateway.inspection.framing import Lost, frame, receive
from gateway.inspection.reading_process import PROGRAM

LOAD_S: Final = 60.0
_READ: Final = 65_536
_log = logging.getLogger(__name__)


class ReadingChild:
    """A context: left in any way, the process is gone."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            [sys.executable, "-P", "-c", PROGRAM, *sys.path],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        os.set_blocking(self._in.fileno(), False)
        self._heard = bytearray()
        self.id = self._process.pid

    def __enter__(self) -> "ReadingChild":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._process.wait()
        self._in.close()
        self._out.close()

    def load(self, engine: Engine) -> None:
        """Have it load ``engine``, and wait until it has. Raises Lost when it cannot."""
        self.say(frame(encode(engine)), LOAD_S)
        if trouble := orjson.loads(self.hear(LOAD_S)):
            _log.error("a process cannot load its engine: %s", trouble)
            raise Lost

    def kill(self) -> None:
        """By its id, which is ours until it is waited for."""
        self._process.kill()

    def ended(self) -> bool:
        """Has it ended by itself?"""
        return self._process.poll() is not None

    def say(self, content: bytes, timeout_s: float) -> None:
        """Answers that come meanwhile are taken: otherwise both sides could wait to write, as a pipe holds little.

        Raises TimeoutError when it does not read, and OSError when it is gone.
        """
        stop, left = time.monotonic() + timeout_s, memoryview(content)
        while left:
            ready = _await({self._in.fileno(): select.POLLOUT, self._out.fileno(): select.POLLIN}, stop)
            if self._out.fileno() in ready:
                self._heard += self._some()
            if self._in.fileno() in ready:
                left = left[os.write(self._in.fileno(), left) :]

    def hear(self, timeout_s: float) -> bytes:
        """Raises TimeoutError when it does not answer, and Lost when it is gone."""
        stop = time.monotonic() + timeout_s

        def some(size: int) -> bytes:
            if not self._heard:
                _await({self._out.fileno(): select.POLLIN}, stop)
                return os.read(self._out.fileno(), size)
            taken = bytes(self._heard[:size])
            del self._heard[:size]
            return taken

        return receive(some)

    def _some(self) -> bytes:
        """What stands in its output. Raises Lost at the end of it."""
        if not (content := os.read(self._out.fileno(), _READ)):
            raise Lost
        return content


def _await(events: Mapping[int, int], stop: float) -> set[int]:
    """Those of these pipes that can be used, or have been closed. Raises TimeoutError at ``stop``."""
    poll = select.poll()
    for number, event in events.items():
        poll.register(number, event)
    if ready := poll.poll(max(stop - time.monotonic(), 0.0) * 1000):
        return {number for number, _ in ready}
    raise TimeoutError
