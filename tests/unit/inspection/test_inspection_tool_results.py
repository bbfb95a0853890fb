"""Tool results are full of small numbers: read together they must not pass for cards, nor a spread card for results."""

import json
import random
from typing import Any

from inspection_fakes import CARD, scan

from gateway.inspection.detectors.shipped import default_detectors


def conversation(results: list[str]) -> dict[str, Any]:
    """An agent that asked for each of ``results``."""
    calls = [
        {"id": f"call_{number}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        for number, _ in enumerate(results)
    ]
    answers = [
        {"role": "tool", "tool_call_id": f"call_{number}", "content": result} for number, result in enumerate(results)
    ]
    return {"messages": [{"role": "user", "content": "Look."}, {"role": "assistant", "tool_calls": calls}, *answers]}


def weather(chance: random.Random) -> str:
    """One result as a weather service writes it."""
    degrees, humidity, wind = chance.uniform(-5, 30), chance.randrange(100), chance.randrange(60)
    return f'{{"temperature": {degrees:.1f}, "humidity": {humidity}, "wind_kph": {wind}, "at": "17:{wind:02}"}}'


def test_small_numbers_of_tool_results_are_no_card() -> None:
    """Sixty agents with six results each: joined in every row, one number in ten would pass the check of cards."""
    chance = random.Random(7)
    found = [scan(conversation([weather(chance) for _ in range(6)])).findings for _ in range(60)]
    assert sum(map(bool, found)) <= 3


def table(chance: random.Random) -> str:
    """One result as a database writes it."""
    rows = [
        {
            "id": chance.randrange(1_000_000),
            "item": f"part {number}",
            "price": chance.randrange(10_000) / 100,
            "date": f"2024-0{chance.randrange(1, 10)}-1{chance.randrange(10)}",
            "quantity": chance.randrange(500),
        }
        for number in range(8)
    ]
    return json.dumps({"rows": rows})


def test_a_date_and_the_quantity_beside_it_are_no_national_number() -> None:
    """Thirty tables: a date with three digits behind it passes the check of several countries one time in ten."""
    chance = random.Random(7)
    bodies = [conversation([table(chance)]) for _ in range(30)]
    detectors = default_detectors(ner=False)
    assert sum(bool(scan(body, *detectors).findings) for body in bodies) <= 2


def test_a_value_in_the_fields_of_one_object_is_found() -> None:
    """Evasion S4: other strings of the message, such as the tool's name, do not stand in between."""
    pieces = json.dumps({"a": "DE89 3704", "b": " 0044 0532 0130 00"})
    call = {"id": "call_1", "type": "function", "function": {"name": "pay", "arguments": pieces}}
    body = {"messages": [{"role": "assistant", "content": None, "tool_calls": [call]}]}
    assert "IBAN_CODE" in scan(body, *default_detectors(ner=False)).counts()


def test_a_card_in_groups_over_tool_results_is_found() -> None:
    """Evasion S4: in the sizes in which cards are written."""
    groups = [CARD[start : start + 4] for start in range(0, 16, 4)]
    assert scan(conversation(groups)).findings
    assert scan(conversation([f'{{"part": {group}}}' for group in groups])).findings
    assert scan(conversation([CARD[:8], CARD[8:]])).findings


def test_a_card_in_odd_pieces_of_one_result_is_found() -> None:
    """Evasion S4: the fields of one object, in any sizes."""
    pieces = f'{{"a": "{CARD[:5]}", "b": "{CARD[5:10]}", "c": "{CARD[10:]}"}}'
    assert scan(conversation([pieces])).findings


def test_a_card_in_odd_pieces_that_a_person_wrote_is_found() -> None:
    """Evasion S3: over three messages of nothing but digits."""
    messages = [{"role": "user", "content": piece} for piece in (CARD[:5], CARD[5:10], CARD[10:])]
    assert scan({"messages": messages}).findings
