"""Two running gateways for the whole folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from leak_watch import Watch
from support.gateway_process import gateway_process


@pytest.fixture(scope="session", params=["openai", "anthropic"])
def watch(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """A gateway with the default policy; the external side speaks either vendor's format."""
    with gateway_process(_folder(tmp_path_factory), external=request.param) as running:
        yield Watch(running, request.param)


def _folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("gateway")
