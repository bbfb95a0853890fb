"""Two running gateways for the whole folder, and how many examples the properties try."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from leak_watch import Watch
from support.gateway_process import gateway_process

settings.register_profile(
    "leak",
    # One running gateway answers every example, so none depends on the one before; its speed is not the subject here.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=int(os.environ.get("LEAK_EXAMPLES", "250")),
)
LEAK = settings.get_profile("leak")


@pytest.fixture(scope="session", params=["openai", "anthropic"])
def watch(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """A gateway with the default policy; the external side speaks either vendor's format."""
    with gateway_process(_folder(tmp_path_factory), external=request.param) as running:
        yield Watch(running, request.param)


def _folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("gateway")
