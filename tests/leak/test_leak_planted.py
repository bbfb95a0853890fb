"""A planted value, in any key or leaf of a request and in any disguise, never reaches the external side nor rests.

Invariants I1 and I7 of the threat model; evasions U1 to U9, S1 to S5, C1, J3 and F1 where they concern whole requests.
``LEAK_EXAMPLES=5000`` tries that many new examples of the first property, and the others in proportion; ``LEAK_SEED=7``
makes other values for the table at the end.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from leak_bodies import (
    GENERAL,
    LONGEST_PIECE,
    NUMBER_SHAPES,
    NUMBER_SPLITS,
    SHAPES,
    SPLITS,
    TEMPLATES,
    Position,
    cut,
    dumped,
    groups,
    is_free,
    planted,
    positions,
)
from leak_canaries import KINDS, NUMBERS, Canary, fresh
from leak_encodings import ENCODINGS, PER_CHARACTER
from leak_profile import LEAK
from leak_watch import Watch, echoed, leak
from support.gateway_process import LOCAL_MODEL

SEEDS = st.integers(0, 2**64 - 1)


@dataclass(frozen=True, slots=True)
class Case:
    """One request with one planted value. ``pieces`` are the texts that were planted, together the whole value."""

    where: str
    canary: Canary
    pieces: tuple[str, ...] = field(repr=False)
    body: dict[str, Any] = field(repr=False)


def at_position(kind: str, encoding: str, shape: str, position: Position, seed: int) -> Case:
    """The value in place of that key or leaf."""
    random = Random(seed)
    canary = fresh(kind, seed)
    where = f"{kind} as {encoding}, {shape} at {position}"
    if shape in NUMBER_SHAPES:
        return Case(where, canary, (canary.digits,), planted(position, NUMBER_SHAPES[shape](canary.digits, random)))
    text = ENCODINGS[encoding](canary.text, random)
    value = text if position.key else SHAPES[shape](text, random)
    return Case(where, canary, (text,), planted(position, value))


@st.composite
def placed(draw: st.DrawFn, choice: Sequence[Position]) -> Case:
    """Any value in any disguise at one of these positions."""
    kind, position = draw(st.sampled_from(sorted(KINDS))), draw(st.sampled_from(choice))
    shapes = ["text"]
    if is_free(position):
        shapes += [*SHAPES, *(NUMBER_SHAPES if kind in NUMBERS else ())]
    shape = draw(st.sampled_from(shapes))
    encoding = "plain" if shape in NUMBER_SHAPES else draw(st.sampled_from(sorted(ENCODINGS)))
    return at_position(kind, encoding, shape, position, draw(SEEDS))


@st.composite
def split(draw: st.DrawFn) -> Case:
    """Any value cut into pieces that stand in several strings: as people spread them over turns, parts and lists."""
    kind, seed = draw(st.sampled_from(sorted(KINDS))), draw(SEEDS)
    canary = fresh(kind, seed)
    way = draw(st.sampled_from(sorted(SPLITS) + (sorted(NUMBER_SPLITS) if kind in NUMBERS else [])))
    encoding = draw(st.sampled_from(PER_CHARACTER))
    if way in NUMBER_SPLITS:
        pieces = [ENCODINGS[encoding](group, Random(seed)) for group in groups(canary.digits)]
    else:
        # A password without the word before it says nothing of itself: it is the value that is cut, not its label.
        said = canary.text if ";Password=" not in canary.text else f"redis://:{canary.needles[0]}@cache:6379"
        text = ENCODINGS[encoding](said, Random(seed))
        pieces = cut(text, max(draw(st.integers(2, 4)), -(-len(text) // LONGEST_PIECE)))
    body = (NUMBER_SPLITS if way in NUMBER_SPLITS else SPLITS)[way](pieces)
    return Case(f"{kind} as {encoding} in {len(pieces)} {way}", canary, tuple(pieces), body)


@st.composite
def grown(draw: st.DrawFn) -> Case:
    """Any value anywhere in fields that nobody knows, nested at random."""
    kind, encoding, seed = draw(st.sampled_from(sorted(KINDS))), draw(st.sampled_from(sorted(ENCODINGS))), draw(SEEDS)
    canary = fresh(kind, seed)
    text = ENCODINGS[encoding](canary.text, Random(seed))
    words = st.sampled_from(["sand", "tide", "gull", "shell"])
    value: Any = text
    for step in draw(st.lists(st.sampled_from(["list", "field", "beside"]), max_size=5)):
        beside = draw(words | st.integers(0, 9) | st.none() | st.booleans())
        value = [beside, value] if step == "list" else {draw(words): value}
        if step == "beside":
            value["x_beside"] = beside
    if draw(st.booleans()):
        value = {text: value} if value is not text else {text: 1}
    body = {**TEMPLATES["chat"], draw(words): value}
    if draw(st.booleans()):  # where no unknown field may stand, arguments of a call take anything
        arguments = ("messages", 1, "tool_calls", 0, "function", "arguments", "json", "options")
        body = planted(Position("tools", arguments, key=False), value)
    return Case(f"{kind} as {encoding} in fields that nobody knows", canary, (text,), body)


def check(watch: Watch, case: Case, *, model: str, stream: bool, ascii_only: bool) -> str:
    """Send the request. AssertionError where the value leaves or is repeated; else who answered."""
    body = dumped(case.body, model=model, stream=stream, ascii_only=ascii_only)
    watch.forget()
    reply = watch.send(body)
    watch.planted(case.where, (*case.canary.needles, *case.pieces, case.canary.text))
    found = leak(case.canary, case.pieces, watch.running.external)
    assert not found, f"{case.where}: {found}\n{body.decode()}"
    assert not echoed(case.canary, case.pieces, reply), f"{case.where}: the answer repeats it"
    assert reply.status in {200, 400, 403, 404, 413, 422, 503}, f"{case.where}: status {reply.status}"
    if reply.status != 200:
        reply.error()
    return reply.backend or str(reply.status)


def property_of(watch: Watch, cases: st.SearchStrategy[Case], share: float = 1.0) -> Counter[str]:
    """Try that many cases, and count who answered."""
    seen: Counter[str] = Counter()
    models = st.sampled_from(["auto", watch.running.external_model, "best", LOCAL_MODEL])

    @settings(LEAK, max_examples=max(1, int(LEAK.max_examples * share)))
    @given(case=cases, model=models, stream=st.booleans(), ascii_only=st.booleans())
    def never_leaves(case: Case, model: str, stream: bool, ascii_only: bool) -> None:
        answered = check(watch, case, model=model, stream=stream, ascii_only=ascii_only)
        seen[answered] += 1
        event(answered)

    never_leaves()
    return seen


@pytest.fixture(scope="module")
def open_positions(watch: Watch) -> list[Position]:
    """Positions at which a harmless word leaves: what is planted there is kept by nothing but inspection."""
    found = []
    for name in GENERAL[watch.format]:
        for position in positions(name):
            watch.forget()
            watch.send(dumped(planted(position, "pebble"), model=watch.running.external_model))
            if watch.running.external.received:
                found.append(position)
    return found


def test_harmless_words_leave_from_most_positions(watch: Watch, open_positions: list[Position]) -> None:
    """The properties below prove something: at these positions the same request without the value does go out."""
    roots = {position.template for position in open_positions}
    assert roots == set(GENERAL[watch.format])
    assert len(open_positions) >= {"openai": 200, "anthropic": 80}[watch.format]


def test_a_value_at_any_open_position_never_leaves(
    watch: Watch, open_positions: list[Position], capfd: pytest.CaptureFixture[str]
) -> None:
    """Every key and leaf at which other words do leave, any kind of value, any disguise, streamed or not."""
    seen = property_of(watch, placed(open_positions))
    assert seen["inside"] * 2 > seen.total(), f"most of these requests should be answered inside: {seen}"
    assert watch.at_rest("".join(capfd.readouterr())) == []


def test_a_value_at_any_position_at_all_never_leaves(watch: Watch, capfd: pytest.CaptureFixture[str]) -> None:
    """Also where the request becomes odd or wrong by it: types, roles, model names, unread parts."""
    everywhere = [position for name in TEMPLATES for position in positions(name)]
    property_of(watch, placed(everywhere), 0.5)
    assert watch.at_rest("".join(capfd.readouterr())) == []


def test_a_value_in_pieces_never_leaves(watch: Watch, capfd: pytest.CaptureFixture[str]) -> None:
    """Evasions S3 and S4: cut over parts, messages, turns, roles, stop sequences, metadata, enumerations, arguments."""
    property_of(watch, split(), 0.5)
    assert watch.at_rest("".join(capfd.readouterr())) == []


def test_a_value_in_fields_that_nobody_knows_never_leaves(watch: Watch, capfd: pytest.CaptureFixture[str]) -> None:
    """Evasion F1: unknown fields at any depth, as keys and as values."""
    property_of(watch, grown(), 0.25)
    assert watch.at_rest("".join(capfd.readouterr())) == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_value_in_every_disguise_is_tried_once(watch: Watch, kind: str) -> None:
    """Chance leaves gaps: here each kind meets each disguise, and each disguise a message and a key of an argument."""
    spots = [
        Position("talk", ("messages", 4, "content"), key=False),
        Position("tools", ("messages", 1, "tool_calls", 0, "function", "arguments", "json", "city"), key=True),
    ]
    seed = int(os.environ.get("LEAK_SEED", "1"))
    for encoding in ENCODINGS:
        for number, spot in enumerate(spots):
            case = at_position(kind, encoding, "text", spot, seed + number)
            check(watch, case, model="auto", stream=number == 1, ascii_only=number == 2)
