"""The checks of this folder can fail: planted leaks are noticed, in every disguise, at every place."""

import socket
import time
from collections.abc import Iterator
from random import Random

import pytest
from leak_bodies import NUMBER_SHAPES, SHAPES, SPLITS, TEMPLATES, Position, cut, dumped, is_free, planted, positions
from leak_canaries import KINDS, NUMBERS, fresh
from leak_decoder import carries, reveals
from leak_encodings import ENCODINGS, PER_CHARACTER
from leak_watch import Reply, Watch, echoed, leak
from support.gateway_process import gateway_process
from test_leak_planted import at_position, check

OPEN_DOOR = """
version: 1
name: open-door
labels: [public, internal, confidential, restricted]
classify:
  - {id: nothing, when: {model: [a-model-that-nobody-asks-for]}, label: restricted}
coverage:
  accept: [opaque, script]
route:
  - {to: [external, local]}
"""
"""The policy of somebody who made a mistake: nothing is sensitive, and what cannot be read is accepted."""
EVERYWHERE = [position for name in TEMPLATES for position in positions(name)]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """A gateway that lets everything out."""
    with gateway_process(tmp_path_factory.mktemp("door"), policy=OPEN_DOOR) as running:
        yield Watch(running, "openai")


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_a_leak_is_noticed_when_the_policy_lets_everything_out(door: Watch, kind: str, encoding: str) -> None:
    """Self-test of the properties: the very check that they use fails, for every value in every disguise."""
    case = at_position(kind, encoding, "text", Position("chat", ("messages", 1, "content"), key=False), 5)
    with pytest.raises(AssertionError, match="received"):
        check(door, case, model="auto", stream=False, ascii_only=False)


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_a_value_is_recovered_from_what_was_sent(encoding: str) -> None:
    """The test's own decoder reads every value in every disguise at places drawn at random."""
    for kind in sorted(KINDS):
        random = Random(f"{kind} {encoding}")
        for shape in SHAPES:
            position = random.choice([spot for spot in EVERYWHERE if shape == "text" or is_free(spot)])
            case = at_position(kind, encoding, shape, position, random.getrandbits(32))
            body = dumped(case.body, model="auto", ascii_only=random.random() < 0.5)
            assert reveals(case.canary, body), case.where


@pytest.mark.parametrize("shape", sorted(NUMBER_SHAPES))
def test_a_number_is_recovered_from_every_shape(shape: str) -> None:
    """Digits as JSON numbers, with exponents, in arrays and fields."""
    for kind in NUMBERS:
        for seed in range(20):
            case = at_position(kind, "plain", shape, Position("extras", ("x_house", "level"), key=False), seed)
            assert reveals(case.canary, dumped(case.body, model="auto"))


@pytest.mark.parametrize("way", sorted(SPLITS))
def test_a_value_in_pieces_is_recognised(way: str) -> None:
    """All pieces together are the value, wherever they stand; all but one are not."""
    for kind in sorted(KINDS):
        for encoding in PER_CHARACTER:
            canary = fresh(kind, 3)
            pieces = cut(ENCODINGS[encoding](canary.text, Random(3)), 3)
            body = dumped(SPLITS[way](pieces), model="auto")
            assert carries(pieces, body)
            assert not carries([*pieces, "another piece"], body)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_nothing_is_recovered_where_nothing_was_planted(name: str) -> None:
    """Benign control: the decoder does not find values in requests without them."""
    for kind in sorted(KINDS):
        for seed in range(10):
            canary = fresh(kind, seed)
            assert not reveals(canary, dumped(TEMPLATES[name], model="auto"))
            another = planted(Position("talk", ("stop", 0), key=False), fresh(kind, seed + 1).text)
            assert not reveals(canary, dumped(another, model="auto"))


def test_an_echo_in_an_error_is_noticed() -> None:
    """The check of error answers looks at heads and bodies."""
    canary = fresh("card", 1)
    assert echoed(canary, [], Reply(400, {}, f"no such thing as {canary.needles[0]}".encode()))
    assert echoed(canary, [canary.text], Reply(200, {"x-note": canary.text}, b""))
    assert not echoed(canary, [canary.text], Reply(200, {}, canary.text.encode())), "an answer may repeat the prompt"


def test_a_value_at_rest_is_noticed(door: Watch) -> None:
    """The check of logs, records and metrics finds a value that was written there."""
    canary = fresh("iban", 1)
    door.planted("nowhere", canary.needles)
    assert door.at_rest() == []
    assert door.at_rest(f"output {canary.needles[0]}") != []
    stray = door.running.records.with_name(f"{door.running.records.name}-stray")
    stray.write_text(canary.needles[0])
    assert door.at_rest() != []
    stray.unlink()
    logged = door.running.logs
    logged._lines.append(canary.needles[0])
    assert door.at_rest() != []
    logged.forget()


def test_bytes_of_a_request_that_never_ends_are_seen(door: Watch) -> None:
    """The external side counts what arrives, not what is complete."""
    canary, external = fresh("card", 9), door.running.external
    door.forget()
    begun = f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 999\r\n\r\n{canary.text}"
    with socket.create_connection(("127.0.0.1", external.port)) as connection:
        connection.sendall(begun.encode())
        deadline = time.monotonic() + 10
        while not (noticed := leak(canary, [canary.text], external)) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert noticed
