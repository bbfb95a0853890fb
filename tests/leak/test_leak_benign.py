"""Benign controls: general prompts do reach the external side, or all the other tests here would prove nothing.

Invariant I15.
"""

import orjson
import pytest
from leak_prompts import GENERAL
from leak_watch import Watch

BOUND = 0.95
"""Share of the prompts that leaves, at least. What it is today stands in the test's output (``-rP``)."""


def test_general_prompts_leave(watch: Watch, capsys: pytest.CaptureFixture[str]) -> None:
    """The share of everyday prompts that the proprietary API answers; those kept inside are named with their rule."""
    assert len(set(GENERAL)) == len(GENERAL) >= 40
    kept = []
    for number, text in enumerate(GENERAL):
        stream = number % 2 == 1
        body = {"model": "auto", "messages": [{"role": "user", "content": text}], "stream": stream}
        watch.forget()
        reply = watch.send(orjson.dumps(body))
        assert reply.status == 200
        left = reply.backend == "vendor"
        assert left == bool(watch.running.external.received)
        if not left:
            kept.append(f"{reply.headers['x-gateway-rule']}: {text[:60]}")
    share = 1 - len(kept) / len(GENERAL)
    with capsys.disabled():
        print(f"\n{len(GENERAL)} general prompts, {share:.1%} answered outside ({watch.format}); inside: {kept}")
    assert share >= BOUND, kept


def test_a_conversation_with_tools_leaves(watch: Watch) -> None:
    """A longer exchange with a system text, a tool, its call and its result is still general."""
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
    messages = [
        {"role": "system", "content": "You are the assistant of a travel magazine. Be brief and cheerful."},
        {"role": "user", "content": "Shall I take an umbrella to Paris tomorrow?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"rain_mm": 3.5, "wind": "west"}'},
        {"role": "user", "content": "And the day after?"},
    ]
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = {
        "type": "function",
        "function": {"name": "weather", "description": "Looks up weather.", "parameters": schema},
    }
    watch.forget()
    reply = watch.send(orjson.dumps({"model": "auto", "messages": messages, "tools": [tool]}))
    assert (reply.status, reply.backend) == (200, "vendor")


def test_a_general_turn_after_a_sensitive_one_stays_inside(watch: Watch) -> None:
    """The whole conversation is in each request: it stays inside as long as the sensitive turn is part of it."""
    turns = [
        {"role": "user", "content": "please charge 4012 8888 8888 1881"},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": "Why is the sky blue?"},
    ]
    for messages, backend in ((turns, "inside"), (turns[2:], "vendor")):
        watch.forget()
        assert watch.send(orjson.dumps({"model": "auto", "messages": messages})).backend == backend
