"""A recording HTTP/1.1 server in a thread of its own, on loopback.

It stands on asyncio and h11 rather than on a web framework, because it must keep every byte it receives, hang up in the
middle of an answer, and notice at once when a client goes away.
"""

import asyncio
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.testing import anthropic_side, openai_side
from gateway.testing.behaviour import Behaviour, Echo, Say, shape
from gateway.testing.connection import Connection
from gateway.testing.received import Received
from gateway.testing.response import Response


class RecordingServer:
    """A stand-in for a model server. Start it with ``with`` or ``start()``/``stop()``, from sync or async code.

    ``name`` is what its answers call it. ``strict`` judges requests as the vendors do (unknown top-level fields,
    message order); servers of open weights are laxer. ``needs_key`` answers 401 without a key. ``models`` is what
    ``GET /v1/models`` lists; any model name is answered. ``unix_socket`` listens there instead of on a port.
    """

    def __init__(
        self,
        name: str = "external",
        *,
        strict: bool = True,
        needs_key: bool = False,
        models: tuple[str, ...] = ("stand-in",),
        port: int = 0,
        unix_socket: Path | None = None,
    ) -> None:
        self.name = name
        self.strict = strict
        self.needs_key = needs_key
        self.models = models
        self.received: list[Received] = []
        """Complete requests, in order of arrival."""
        self.connections = 0
        """Connections ever accepted."""
        self.disconnects = 0
        """Answers that the client cut off by going away."""
        self.answered = 0
        """Answers that were sent to their end."""
        self._port = port
        self._unix_socket = unix_socket
        self._accepted: list[Connection] = []
        self._scripted: deque[Behaviour] = deque()
        self._standing: Behaviour | None = None
        self._changed = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._thread: threading.Thread | None = None
        self._open: set[Connection] = set()

    # Where it is

    @property
    def port(self) -> int:
        """The TCP port, known once started."""
        return self._port

    @property
    def url(self) -> str:
        """Scheme, host and port; for a unix socket, ``unix://`` and its path."""
        return f"unix://{self._unix_socket}" if self._unix_socket else f"http://127.0.0.1:{self._port}"

    @property
    def openai_base_url(self) -> str:
        """What an OpenAI client or backend is pointed at."""
        return f"{self.url}/v1"

    @property
    def anthropic_base_url(self) -> str:
        """What an Anthropic client or backend is pointed at."""
        return self.url

    # What it received

    def saw(self, text: str | bytes) -> bool:
        """Whether these bytes arrived on any connection: in a request line, a header or a body, complete or not.

        Bodies are searched both as they came and with chunked framing removed.
        """
        needle = text.encode() if isinstance(text, str) else text
        return any(needle in connection.wire for connection in self._accepted) or any(
            needle in each.body for each in self.received
        )

    def wait_for_requests(self, count: int, timeout: float = 10.0) -> bool:
        """Block until that many complete requests have come; False when ``timeout`` seconds passed before."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.received) >= count, timeout)

    def wait_for_disconnect(self, count: int = 1, timeout: float = 10.0) -> bool:
        """Block until that many answers were cut off by the client; False when ``timeout`` seconds passed before."""
        with self._changed:
            return self._changed.wait_for(lambda: self.disconnects >= count, timeout)

    def clear(self) -> None:
        """Forget what was received and what was scripted. Call it between requests, not during one."""
        with self._changed:
            self.received.clear()
            for connection in self._accepted:
                connection.forget()
            self._scripted.clear()
            self._standing = None

    # What it shall do

    def script(self, *behaviours: Behaviour) -> None:
        """Play one behaviour for each POST to come, in this order; after them the standing behaviour."""
        self._scripted.extend(behaviours)

    def always(self, behaviour: Behaviour | None) -> None:
        """The behaviour of every POST that nothing is scripted for. None: healthy."""
        self._standing = behaviour

    # Life

    def start(self) -> Self:
        """Listen. Returns once connections are accepted. Raises OSError when the port is taken."""
        started: list[BaseException | None] = []
        ready = threading.Event()

        async def serve() -> None:
            loop = asyncio.get_running_loop()
            try:
                if self._unix_socket:
                    server = await loop.create_unix_server(self._connect, str(self._unix_socket))
                else:
                    server = await loop.create_server(self._connect, "127.0.0.1", self._port)
                    self._port = server.sockets[0].getsockname()[1]
            except OSError as error:
                started.append(error)
                return
            finally:
                self._loop = loop
                ready.set()
            await self._stop.wait()
            server.close()
            for connection in tuple(self._open):
                connection.abort()
            await asyncio.sleep(0)  # lets cancelled answers end before the loop closes

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), name=f"stand-in {self.name}", daemon=True)
        self._thread.start()
        ready.wait()
        if started and started[0] is not None:
            self._thread.join()
            raise started[0]
        return self

    def stop(self) -> None:
        """Hang up on everybody and stop listening. What was received stays readable."""
        if self._loop is not None and self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Called by connections, in the server's own thread

    def _connect(self) -> Connection:
        return Connection(self)

    def opened(self, connection: Connection) -> None:
        """A client connected; from now on its bytes are kept."""
        self.connections += 1
        self._open.add(connection)
        self._accepted.append(connection)

    def closed(self, connection: Connection, *, midway: bool) -> None:
        """A connection ended; ``midway``: while it was being answered."""
        self._open.discard(connection)
        if midway:
            with self._changed:
                self.disconnects += 1
                self._changed.notify_all()

    def arrived(self, received: Received) -> None:
        """A request is complete."""
        with self._changed:
            self.received.append(received)
            self._changed.notify_all()

    def finished(self) -> None:
        """An answer was sent to its end."""
        with self._changed:
            self.answered += 1
            self._changed.notify_all()

    def respond(self, received: Received) -> Response:
        """The answer to a request, as the behaviour in turn would give it."""
        if received.method == "GET":
            return openai_side.listing(received, self.models, needs_key=self.needs_key)
        behaviour = self._scripted.popleft() if self._scripted else self._standing
        side = (
            anthropic_side if received.path.partition("?")[0].endswith(("/messages", "/count_tokens")) else openai_side
        )
        say = behaviour if isinstance(behaviour, Say | Echo) else None
        response = side.respond(received, self.name, strict=self.strict, needs_key=self.needs_key, say=say)
        return response if behaviour is None else shape(behaviour, response)
