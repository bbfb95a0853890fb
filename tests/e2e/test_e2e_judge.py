"""A real llama-server as judge. Held to a schema it answers one of the two words whatever its weights know."""

from pathlib import Path

import pytest
from llama_server import llama_server, real_model, require_llama_server, tiny_model
from support.gateway_process import LOCAL, LOCAL_MODEL
from support.judged_gateway import DOUBT, judged_gateway, wired

from gateway.settings import Settings
from gateway.wiring import Gateway

pytestmark = pytest.mark.e2e


def examined(settings: Settings) -> Gateway:
    return wired(settings, controls=True)


@pytest.mark.parametrize("family", ["qwen", "llama", "real"])
def test_a_model_that_does_not_know_what_it_says_releases_nothing(tmp_path: Path, family: str) -> None:
    """Weights that say one sentence, and 135 million honest ones, fail the controls: what is in doubt stays."""
    require_llama_server()
    model = real_model() if family == "real" else tiny_model(family)
    with llama_server(model, LOCAL_MODEL, tmp_path) as server:
        folder = tmp_path / "gateway"
        folder.mkdir()
        judge = "{mode: uncertain, timeout_ms: 60000}"
        with judged_gateway(folder, judge, backends={LOCAL: {"base_url": server.base_url}}, wire=examined) as running:
            body = {"model": "auto", "max_tokens": 4, "messages": [{"role": "user", "content": f"It is {DOUBT} so."}]}
            assert running.post(body).headers["x-gateway-backend"] == LOCAL
            assert not running.external.received
            *asked, last = running.entries()
            assert asked
            assert {one.decision.outcome for one in asked} == {"asked_judge"}
            assert last.decision.coverage == ("judge:unavailable",)
