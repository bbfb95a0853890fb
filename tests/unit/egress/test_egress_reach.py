"""A look at a backend: there, there with a key that it rejects, or not there. It carries nothing of a client's."""

import socket

import pytest
from egress_support import backend, run

from gateway.egress.anthropic import AnthropicFormat
from gateway.egress.openai import OpenAIFormat
from gateway.egress.reach import Reach
from gateway.egress.sender import Egress
from gateway.model import WireFormat
from gateway.testing import RecordingServer


def looked(
    base_url: str, format_: WireFormat = WireFormat.OPENAI, *, local: bool = False, wait_s: float = 2.0
) -> Reach:
    """One look at a backend there."""
    to = backend(base_url, format=format_, local=local)

    async def look() -> Reach:
        sender = Egress((to,), {WireFormat.OPENAI: OpenAIFormat(), WireFormat.ANTHROPIC: AnthropicFormat()})
        try:
            return await sender.look(to.name, timeout_s=wait_s)
        finally:
            await sender.aclose()

    return run(look())


@pytest.mark.parametrize("format_", list(WireFormat))
def test_it_asks_for_the_model_list_and_nothing_else(format_: WireFormat) -> None:
    """Both formats; a GET without body and without permission."""
    with RecordingServer() as server:
        base_url = server.openai_base_url if format_ is WireFormat.OPENAI else server.anthropic_base_url
        assert looked(base_url, format_) is Reach.UP
        (received,) = server.received
    assert (received.method, received.path, received.body) == ("GET", "/v1/models", b"")


def test_a_server_that_is_gone_is_down() -> None:
    """Nobody listens there any more."""
    with RecordingServer() as server:
        base_url = server.openai_base_url
    assert looked(base_url) is Reach.DOWN


def test_a_server_that_never_answers_is_down() -> None:
    """It accepts the connection and stays silent; the look ends all the same."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert looked(f"http://127.0.0.1:{silent.getsockname()[1]}/v1", wait_s=0.2) is Reach.DOWN


def test_a_server_that_rejects_our_key_is_told_apart() -> None:
    """Every request to it would fail, so an operator must not read that all is well."""
    with RecordingServer(needs_key=True) as server:
        assert looked(server.openai_base_url) is Reach.KEY_REJECTED


def test_a_local_backend_is_looked_at_where_it_was_proven_to_be() -> None:
    """Its name must still resolve inside."""
    with RecordingServer() as server:
        assert looked(f"http://localhost:{server.port}/v1", local=True) is Reach.UP
