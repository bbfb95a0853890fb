"""`gateway demo`: the proof, as a newcomer runs it. A model server of this machine is used where one answers."""

import json
import signal
from pathlib import Path

import httpx2
from cli_support import CARD, complete, free_port, run, started, taken_port

from gateway.cli.demo_prompts import ASKS


def test_the_proof_holds_and_ends_with_0(tmp_path: Path) -> None:
    """Every prompt went where it should; nothing sensitive is among the bytes that the external side received."""
    done = complete("demo", "--once", "--json", "--port", str(free_port()), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["nothing_sensitive_left"] is True
    assert [one["title"] for one in told["prompts"]] == [ask.title for ask in ASKS]
    assert [one["title"] for one in told["prompts"] if not one["as_expected"]] == []
    assert [one["title"] for one in told["prompts"] if one["leaked"]] == []
    zones = [one["zone"] for one in told["prompts"]]
    assert zones == [ask.zone for ask in ASKS]
    assert told["external_received"]["requests"] == zones.count("external")
    assert all(one["added_ms"] is not None for one in told["prompts"] if one["zone"] != "refused")
    assert not any(secret in done.stdout for ask in ASKS for secret in ask.secrets)
    assert list(tmp_path.iterdir()) == [], "the demo leaves nothing behind"


def test_the_prompts_tell_something_of_every_kind() -> None:
    """Both ways, streamed and not, and a refusal; what must stay has values that can be searched for."""
    assert {ask.zone for ask in ASKS} == {"external", "local", "refused"}
    assert {ask.stream for ask in ASKS if ask.zone == "local"} == {False, True}
    assert all(bool(ask.secrets) == (ask.zone != "external") for ask in ASKS)


def test_it_keeps_serving_so_that_one_can_try(tmp_path: Path) -> None:
    """The table, the proof, and then a gateway that answers one's own prompt; Ctrl-C ends it with 0."""
    port = free_port()
    with started("demo", "--port", str(port), cwd=tmp_path) as demo:
        demo.wait_for(r"Ctrl-C ends it\.")
        assert "None of the" in demo.output
        assert "Added latency" in demo.output
        body = {"model": "auto", "messages": [{"role": "user", "content": f"My card is {CARD}"}]}
        with httpx2.Client(trust_env=False, timeout=60) as http:
            answer = http.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body)
        assert (answer.status_code, answer.headers["x-gateway-label"]) == (200, "restricted")
        assert demo.end(signal.SIGINT) == 0
        demo.wait_for("Stopped")


def test_a_taken_port_is_exit_code_2() -> None:
    """Port 8080 is a popular one."""
    with taken_port() as port:
        result = run("demo", "--once", "--port", str(port))
    assert result.exit_code == 2
    assert f"127.0.0.1:{port} is taken" in result.stderr


def test_a_port_that_there_is_not_is_exit_code_2() -> None:
    """Usage errors of typer, not of the socket."""
    for port in ("0", "65536", "http"):
        assert run("demo", "--once", "--port", port).exit_code == 2


def test_live_without_a_key_is_exit_code_2() -> None:
    """It says which variables it looks for; an empty one is none."""
    result = run("demo", "--once", "--live", OPENAI_API_KEY=" ")
    assert result.exit_code == 2
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"):
        assert name in result.stderr
