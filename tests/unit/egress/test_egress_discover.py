"""Which model servers run on this machine."""

import socket

import pytest
from egress_support import Visit, raw_server, run

from gateway.egress.discover import USUAL_PORTS, Discovered, discover
from gateway.testing import RecordingServer


def test_the_usual_servers_are_looked_for_where_they_listen() -> None:
    """Ollama, vLLM and llama-server, on the ports of the documentation."""
    assert dict(USUAL_PORTS) == {"ollama": 11434, "vllm": 8000, "llama-server": 8081}


def test_a_server_that_lists_models_is_found() -> None:
    """Name, base_url and model ids, in the order asked; asked with a GET and nothing of anybody's."""
    with RecordingServer(models=("llama", "qwen")) as one, RecordingServer(models=("gemma",)) as two:
        found = run(discover({"vllm": one.port, "ollama": two.port}))
        assert found == (
            Discovered("vllm", one.openai_base_url, ("llama", "qwen")),
            Discovered("ollama", two.openai_base_url, ("gemma",)),
        )
        (received,) = one.received
    assert (received.method, received.body) == ("GET", b"")
    assert received.header("authorization") is None


def test_ports_where_nobody_or_nobody_in_time_answers_are_left_out() -> None:
    """A closed port, a silent program and one that never ends its answer."""

    async def endless(visit: Visit) -> None:
        await visit.begin_stream()
        while True:
            await visit.piece(b" " * 65536)

    async def go() -> tuple[Discovered, ...]:
        with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
            closed.close()
            async with raw_server(endless) as talkative:
                ports = {"closed": port, "silent": silent.getsockname()[1], "endless": talkative.port}
                return await discover(ports, timeout_s=0.3)

    assert run(go()) == ()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"data":{}}'),
        (200, b'{"data":[]}'),
        (200, b'{"data":[{"id":7},"x",{"id":""}]}'),
        (404, b'{"data":[{"id":"x"}]}'),
        (200, b'{"data":[' + b" " * 2_000_000 + b"]}"),
    ],
)
def test_another_program_on_that_port_is_not_taken_for_a_model_server(status: int, body: bytes) -> None:
    """8000 and 8081 are popular ports."""

    async def talk(visit: Visit) -> None:
        await visit.answer(status, body)

    async def go() -> tuple[Discovered, ...]:
        async with raw_server(talk) as server:
            return await discover({"vllm": server.port}, timeout_s=5.0)

    assert run(go()) == ()
