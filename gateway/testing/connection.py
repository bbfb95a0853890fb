"""One connection of a stand-in: bytes in, kept and parsed by h11; an answer out, cut where it shall be cut."""

import asyncio
from typing import Protocol

import h11

from gateway.model import WireFormat
from gateway.testing.received import Received
from gateway.testing.response import Ending, Response, error_response


class Keeper(Protocol):
    """What a connection needs of its server."""

    def opened(self, connection: "Connection") -> None: ...
    def closed(self, connection: "Connection", *, midway: bool) -> None: ...
    def arrived(self, received: Received) -> None: ...
    def finished(self) -> None: ...
    def respond(self, received: Received) -> Response: ...


class Connection(asyncio.Protocol):
    """Keeps every received byte in ``wire`` and answers the requests one after the other (keep-alive)."""

    def __init__(self, keeper: Keeper) -> None:
        self.wire = bytearray()
        self._keeper = keeper
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
        self._start = 0
        """Where in ``wire`` the current request begins."""
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._answer: asyncio.Task[None] | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._keeper.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._flowing.set()
        answering = self._answer is not None and not self._answer.done()
        if answering and self._answer is not None:
            self._answer.cancel()
        self._keeper.closed(self, midway=answering)

    def pause_writing(self) -> None:
        self._flowing.clear()

    def resume_writing(self) -> None:
        self._flowing.set()

    def abort(self) -> None:
        """Hang up without a word."""
        if self._answer is not None:
            self._answer.cancel()
            self._answer = None
        self._transport.abort()

    def forget(self) -> None:
        """Drop what was kept of earlier requests."""
        self.wire.clear()
        self._start = 0

    def data_received(self, data: bytes) -> None:
        self.wire += data
        self._h11.receive_data(data)
        self._advance()

    def _advance(self) -> None:
        """Read events until a request is complete, then answer it; the rest waits until the answer is out."""
        if self._answer is not None and not self._answer.done():
            return
        try:
            while True:
                event = self._h11.next_event()
                if isinstance(event, h11.Request):
                    self._request = event
                    if self._h11.they_are_waiting_for_100_continue:
                        self._write(h11.InformationalResponse(status_code=100, headers=[]))
                elif isinstance(event, h11.Data):
                    self._body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    self._complete()
                    return
                else:  # NEED_DATA, PAUSED or ConnectionClosed
                    return
        except h11.RemoteProtocolError as error:
            self._transport.write(
                f"HTTP/1.1 {error.error_status_hint} Bad Request\r\nconnection: close\r\n\r\n".encode()
            )
            self._transport.close()

    def _complete(self) -> None:
        assert self._request is not None
        end = len(self.wire) - len(self._h11.trailing_data[0])
        received = Received(
            method=self._request.method.decode(),
            path=self._request.target.decode("latin-1"),
            headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in self._request.headers),
            body=bytes(self._body),
            raw=bytes(self.wire[self._start : end]),
        )
        self._start, self._request = end, None
        self._body.clear()
        self._keeper.arrived(received)
        self._answer = asyncio.get_running_loop().create_task(self._send(received))

    async def _send(self, received: Received) -> None:
        try:
            response = self._keeper.respond(received)
        except Exception:  # noqa: BLE001 - a defect of the stand-in must show as a 500, not as a hang
            response = error_response(500, "The stand-in failed to answer.", WireFormat.OPENAI)
        if response.wait:
            await asyncio.sleep(response.wait)
        if response.silent_from_start:
            await asyncio.Event().wait()
        length = sum(map(len, response.pieces)) if response.length is None else response.length
        framing = [] if response.streamed else [("content-length", str(length))]
        self._write(h11.Response(status_code=response.status, headers=[*response.headers, *framing]))
        for number, piece in enumerate(response.pieces):
            if number and response.pace:
                await asyncio.sleep(response.pace)
            self._write(h11.Data(data=piece))
            await asyncio.sleep(0)
            await self._flowing.wait()
        if response.ending is Ending.SILENCE:
            await asyncio.Event().wait()
        if response.ending is Ending.HANG_UP:
            self._transport.close()
        else:
            self._write(h11.EndOfMessage())
            self._next()
        self._keeper.finished()

    def _next(self) -> None:
        """Make ready for the connection's next request, or close where either side asked for that."""
        if self._h11.our_state is h11.MUST_CLOSE or self._h11.their_state is not h11.DONE:
            self._transport.close()
            return
        self._h11.start_next_cycle()
        asyncio.get_running_loop().call_soon(self._advance)

    def _write(self, event: h11.Event) -> None:
        data = self._h11.send(event)
        if data and not self._transport.is_closing():
            self._transport.write(data)
