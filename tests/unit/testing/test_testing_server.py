"""The recording server: what it keeps, and how it misbehaves when it is told to."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.testing import Break, Cut, Delay, Fail, Garbage, Pace, RecordingServer, Redirect, Stall

QUESTION = b'{"model":"m","messages":[{"role":"user","content":"a canary sings"}]}'
STREAMED = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"a canary sings"}]}'


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with RecordingServer("external") as running:
        yield running


def post(body: bytes, path: str = "/v1/chat/completions", extra: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: stand-in\r\ncontent-type: application/json\r\n{extra}"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def connect(server: RecordingServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def exchange(server: RecordingServer, request: bytes) -> bytes:
    """Send bytes, say no more will come after the answer, and read until the server hangs up."""
    with connect(server) as client:
        client.sendall(request.replace(b"host: stand-in\r\n", b"host: stand-in\r\nconnection: close\r\n", 1))
        return read_to_end(client)


def read_to_end(client: socket.socket) -> bytes:
    answer = b""
    while piece := client.recv(65536):
        answer += piece
    return answer


def test_a_request_is_kept_byte_for_byte(server: RecordingServer) -> None:
    """The request line, the headers in their order and the body are what came over the wire."""
    request = post(QUESTION, "/v1/chat/completions?from=query", "X-Trace: one\r\n")
    with connect(server) as client:
        client.sendall(request)
        client.recv(65536)
    (received,) = server.received
    assert received.raw == request
    assert (received.method, received.path) == ("POST", "/v1/chat/completions?from=query")
    assert received.headers[2] == ("x-trace", "one")
    assert received.header("X-Trace") == "one"
    assert received.body == QUESTION
    assert received.json()["model"] == "m"


def test_the_proof_covers_request_lines_headers_bodies_and_half_requests(server: RecordingServer) -> None:
    """``saw`` finds bytes wherever they arrived, even of a request that never became complete."""
    exchange(server, post(QUESTION, "/v1/chat/completions?q=in-the-query", "x-note: in-a-header\r\n"))
    with connect(server) as client:
        client.sendall(post(b'{"half": "in-a-torso', extra="")[:-1])
        client.shutdown(socket.SHUT_WR)
        read_to_end(client)
    for text in ("in-the-query", "in-a-header", "a canary sings", b"in-a-tors"):
        assert server.saw(text)
    assert not server.saw("in-nothing")
    assert len(server.received) == 1


def test_text_split_by_chunked_framing_is_still_seen(server: RecordingServer) -> None:
    """A value cut in two by the transfer coding is found in the body as it was put together."""
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    first, second = QUESTION[:55], QUESTION[55:]
    with connect(server) as client:
        client.sendall(head + b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(first), first, len(second), second))
        assert b"200" in read_to_end(client)[:20]
    assert server.saw("a canary sings")
    assert server.received[0].body == QUESTION


def test_requests_on_one_connection_are_kept_apart(server: RecordingServer) -> None:
    """Keep-alive and pipelined requests each have their own bytes and their own answer."""
    with connect(server) as client:
        client.sendall(post(QUESTION, extra="x-n: 1\r\n") + post(QUESTION, extra="x-n: 2\r\n"))
        assert server.wait_for_requests(2)
    assert [received.header("x-n") for received in server.received] == ["1", "2"]
    assert server.received[1].raw == post(QUESTION, extra="x-n: 2\r\n")
    assert server.connections == 1


def test_what_is_forgotten_is_seen_no_more(server: RecordingServer) -> None:
    """``clear`` starts a new count on connections that stay open."""
    with connect(server) as client:
        client.sendall(post(QUESTION))
        client.recv(65536)
        server.clear()
        assert not server.received
        assert not server.saw("canary")
        again = post(QUESTION, extra="x-n: 2\r\n")
        client.sendall(again)
        assert server.wait_for_requests(1)
    assert server.received[0].raw == again


def test_bytes_that_are_no_http_are_kept_and_refused(server: RecordingServer) -> None:
    """What leaks in a broken request has leaked nevertheless."""
    with connect(server) as client:
        client.sendall(b"a canary sings\r\n\r\n")
        assert b" 400 " in read_to_end(client)
    assert server.saw("canary")


def test_a_scripted_failure_is_played_once_and_then_the_server_is_well(server: RecordingServer) -> None:
    """Behaviours are played in order, one for each POST."""
    server.script(Fail(503, headers=(("retry-after", "7"),)), Fail(429))
    answers = [exchange(server, post(QUESTION)) for _ in range(3)]
    assert [answer.split(b" ")[1] for answer in answers] == [b"503", b"429", b"200"]
    assert b"retry-after: 7" in answers[0]


def test_a_standing_behaviour_holds_until_it_is_lifted(server: RecordingServer) -> None:
    """``always`` describes a server that is down, not a request that fails."""
    server.always(Fail(500))
    assert b" 500 " in exchange(server, post(QUESTION))[:20]
    assert b" 500 " in exchange(server, post(QUESTION))[:20]
    server.always(None)
    assert b" 200 " in exchange(server, post(QUESTION))[:20]


def test_a_redirect_asks_for_the_same_request_elsewhere(server: RecordingServer) -> None:
    """The 307 that vendor SDKs follow with the prompt."""
    server.script(Redirect("http://elsewhere.example/"))
    answer = exchange(server, post(QUESTION))
    assert b" 307 " in answer[:20]
    assert b"location: http://elsewhere.example/" in answer


def test_garbage_comes_with_a_friendly_status(server: RecordingServer) -> None:
    """A proxy's HTML page under a 200."""
    server.script(Garbage())
    assert exchange(server, post(QUESTION)).endswith(b"<html>It works!</html>")


def test_a_broken_stream_ends_without_its_terminating_chunk(server: RecordingServer) -> None:
    """The connection is closed in the middle of the transfer coding."""
    server.script(Break(after=2))
    answer = exchange(server, post(STREAMED))
    assert answer.count(b"data: ") == 2
    assert not answer.endswith(b"0\r\n\r\n")


def test_a_broken_answer_is_shorter_than_announced(server: RecordingServer) -> None:
    """Half the body arrives under the full content-length."""
    server.script(Break())
    head, _, body = exchange(server, post(QUESTION)).partition(b"\r\n\r\n")
    announced = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert 0 < len(body) < announced


def test_a_cut_stream_ends_politely_and_incomplete(server: RecordingServer) -> None:
    """Proper framing, no finish reason, no terminator: what SDKs take for a complete answer."""
    server.script(Cut(after=3))
    answer = exchange(server, post(STREAMED))
    assert answer.endswith(b"0\r\n\r\n")
    assert b"[DONE]" not in answer
    assert answer.count(b"data: ") == 3


@pytest.mark.parametrize("behaviour", [Stall(), Stall(after=1), Delay(60), Pace(60)], ids=repr)
def test_a_silent_server_notices_that_the_client_left(server: RecordingServer, behaviour: Stall | Delay | Pace) -> None:
    """However the server keeps the client waiting, hanging up is noticed at once and counted."""
    server.script(behaviour)
    with connect(server) as client:
        client.sendall(post(STREAMED))
        assert server.wait_for_requests(1)
        assert server.disconnects == 0
    assert server.wait_for_disconnect()
    assert server.answered == 0


def test_a_delayed_answer_is_whole(server: RecordingServer) -> None:
    """Slowness is not failure."""
    server.script(Delay(0.05))
    started = time.monotonic()
    assert b"stand-in" in exchange(server, post(QUESTION))
    assert time.monotonic() - started >= 0.05


def test_waiting_for_what_does_not_come_ends(server: RecordingServer) -> None:
    """A test that waits in vain fails instead of hanging."""
    assert not server.wait_for_requests(1, timeout=0.01)
    assert not server.wait_for_disconnect(timeout=0.01)


def test_it_listens_on_a_unix_socket(tmp_path: Path) -> None:
    """Local model servers may have no port at all."""
    path = tmp_path / "model.sock"
    with RecordingServer("local", unix_socket=path) as server, socket.socket(socket.AF_UNIX) as client:
        assert server.openai_base_url == f"unix://{path}/v1"
        client.connect(str(path))
        client.sendall(post(QUESTION, extra="connection: close\r\n"))
        assert b"local stand-in" in read_to_end(client)


def test_a_taken_port_is_an_error_of_the_starter(server: RecordingServer) -> None:
    """A demo whose port is taken says so instead of hanging."""
    with pytest.raises(OSError, match="address already in use"):
        RecordingServer("second", port=server.port).start()


def test_stopping_twice_and_before_starting_is_harmless() -> None:
    """Cleanup code can be simple."""
    server = RecordingServer("external")
    server.stop()
    server.start()
    server.stop()
    server.stop()


def test_a_record_shows_no_content_in_its_repr(server: RecordingServer) -> None:
    """A failing assertion prints the record, and the prompt must not be in it."""
    exchange(server, post(QUESTION, extra="x-note: canary\r\n"))
    assert "canary" not in repr(server.received)
