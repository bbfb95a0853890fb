"""The ids that tie tool results to tool calls are drawn by lot, and agents send all of them with every turn."""

import base64
from typing import Any

import pytest
from inspection_fakes import CARD, CardFinder, WordFinder, scan

DRAWN = [
    "call_9pw3cLKLkVb5mJq0QbC6w3Xn",
    "toolu_01A09q90qw90lq917835lq9Zb",
    "chatcmpl-tool-0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "tQ7Zb3kXv9LmN2pR5sT8wY1cF4gH6jKd",
    "functions.get_weather:0",
    "9pw3cLKLk",
    "call_4111",
    "1111",
]
"""As OpenAI, Anthropic, vLLM, llama.cpp, Moonshot, Mistral and test suites write them."""


def openai(*ids: str) -> dict[str, Any]:
    """A history with one call and one result for each id, in OpenAI's format."""
    calls = [{"id": one, "type": "function", "function": {"name": "look", "arguments": "{}"}} for one in ids]
    results = [{"role": "tool", "tool_call_id": one, "content": "fine"} for one in ids]
    return {"messages": [{"role": "user", "content": "Look."}, {"role": "assistant", "tool_calls": calls}, *results]}


def anthropic(*ids: str) -> dict[str, Any]:
    """The same in Anthropic's."""
    calls = [{"type": "tool_use", "id": one, "name": "look", "input": {}} for one in ids]
    results = [{"type": "tool_result", "tool_use_id": one, "content": "fine"} for one in ids]
    messages = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": calls},
        {"role": "user", "content": results},
    ]
    return {"messages": messages}


@pytest.mark.parametrize("history", [openai, anthropic])
@pytest.mark.parametrize("one", DRAWN)
def test_an_id_as_servers_draw_them_hides_nothing(history: Any, one: str) -> None:
    """Otherwise every agent's second turn would count as unreadable and stay inside for ever."""
    report = scan(history(one))
    assert report.coverage.complete
    assert not report.findings


@pytest.mark.parametrize("history", [openai, anthropic])
def test_ids_are_not_joined_to_numbers(history: Any) -> None:
    """Four short ids beside each other are no card number."""
    assert not scan(history("4111", "1111", "1112", "1113")).findings
    assert not scan(history("call_4111", "call_1111", "call_1111_2", "call_1111")).findings


@pytest.mark.parametrize("history", [openai, anthropic])
@pytest.mark.parametrize("written", [CARD, f"call_{CARD[:4]}-{CARD[4:8]}-{CARD[8:12]}-{CARD[12:]}", f"id:{CARD}"])
def test_a_card_number_as_an_id_is_found(history: Any, written: str) -> None:
    """Each id is still read by itself, in every view."""
    assert "CREDIT_CARD" in scan(history(written)).counts()


@pytest.mark.parametrize("history", [openai, anthropic])
def test_a_card_number_in_base64_as_an_id_is_found(history: Any) -> None:
    """What can be decoded is decoded."""
    written = base64.urlsafe_b64encode(f"card {CARD} x".encode()).decode().rstrip("=")
    assert "CREDIT_CARD" in scan(history(written)).counts()


@pytest.mark.parametrize("history", [openai, anthropic])
@pytest.mark.parametrize(
    "odd",
    ["tQ7Zb3kXv9LmN2pR5sT8wY1cF4gH6jKd" * 3, "tQ7Zb3kXv9LmN2/pR5sT8wY1+cF4gH6jKd==", "my tQ7Zb3kXv9LmN2pR5sT8wY1cF4gH"],
    ids=["too long", "no id's characters", "two words"],
)
def test_what_no_vendor_takes_for_an_id_is_read_as_text(history: Any, odd: str) -> None:
    """A ciphertext does not pass for an id."""
    assert "opaque:entropy" in scan(history(odd)).coverage.reasons


def test_an_id_elsewhere_is_text() -> None:
    """Only the places that tie results to calls: the same string in a text, an argument or metadata is judged."""
    drawn = DRAWN[3]
    for body in (
        {"messages": [{"role": "user", "content": f"What is {drawn}?"}]},
        {"messages": [{"role": "user", "content": "Hi"}], "metadata": {"id": drawn}},
        {"messages": [{"role": "user", "content": "Hi", "id": drawn}]},
    ):
        assert scan(body).coverage.reasons == ("opaque:entropy",)


def test_names_are_not_looked_for_in_ids() -> None:
    """A name detector reads sentences; an id beside a word would make it see an address."""
    names = WordFinder("look", "call_1")
    scan(openai("call_1"), CardFinder(), names)
    assert all("call_1" not in text for text in names.asked)
