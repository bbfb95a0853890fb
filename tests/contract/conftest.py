"""Gateways that are started once for all contract tests, and one law that holds after each of them.

The law: what arrived at each side is what is on record as sent there, attempt by attempt, and every request that was
decided about has exactly one ending.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest
from support.gateway_process import EXTERNAL, LOCAL, RunningGateway, gateway_process

from gateway.audit.query import Entry
from gateway.audit.record import Outcome, utc_now

SETTINGS: Mapping[str, Any] = {
    "limits": {"body_bytes": 1_000_000},
    "stream": {"keep_alive_s": 0.2},
    "models": {"aliases": {"m": "auto"}},
}
PATIENCE = {"first_byte": 4, "idle": 2}
"""Seconds; for the tests in which a side falls silent."""
BACKENDS: Mapping[str, Mapping[str, Any]] = {
    EXTERNAL: {"timeouts": PATIENCE, "capabilities": {"context": 4000}},
    LOCAL: {"timeouts": PATIENCE, "models": {"qwen3": "qwen3:8b", "meta/llama-3": "llama-3"}},
}
POLICY_WITH_FILES = """\
version: 1
name: files-may-leave
labels: [public, internal, confidential, restricted]
coverage: {accept: [part, reference]}
classify:
  - {id: numbers, when: {entities: {any_of: [payment]}}, label: restricted}
route:
  - to: [external, local]
"""
NOWHERE = "http://127.0.0.1:9/v1"
"""Nobody listens on loopback's discard port."""

WAYS: Mapping[str, Mapping[str, Any]] = {
    "openai": {"external": "openai", "settings": SETTINGS, "backends": BACKENDS},
    "anthropic": {
        "external": "anthropic",
        "settings": SETTINGS,
        "backends": {**BACKENDS, EXTERNAL: {**BACKENDS[EXTERNAL], "models": ["claude-sonnet-4-5", "claude-opus-4-8"]}},
    },
    "external_down": {"backends": {EXTERNAL: {"base_url": NOWHERE}}},
    "local_down": {"backends": {LOCAL: {"base_url": NOWHERE}}},
    "limited_local": {
        "backends": {LOCAL: {"capabilities": {"tools": False, "json_schema": False, "vision": False, "context": 2000}}}
    },
    "files_to_claude": {"external": "anthropic", "policy": POLICY_WITH_FILES},
}

Start = Callable[[str], RunningGateway]


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start the gateway of that name in WAYS, or give the one that runs already."""
    with ExitStack() as stack:
        running: dict[str, RunningGateway] = {}

        def get(way: str) -> RunningGateway:
            if way not in running:
                folder = tmp_path_factory.mktemp(way)
                running[way] = stack.enter_context(gateway_process(folder, **WAYS[way]))
            return running[way]

        yield get


@pytest.fixture(params=["openai", "anthropic"])
def running(request: pytest.FixtureRequest, start: Start) -> Iterator[RunningGateway]:
    """A gateway whose external side speaks OpenAI's format, then one whose external side speaks Anthropic's."""
    yield from held_to_the_law(start(request.param))


@pytest.fixture
def with_gpt(start: Start) -> Iterator[RunningGateway]:
    """The gateway whose external side speaks OpenAI's format."""
    yield from held_to_the_law(start("openai"))


@pytest.fixture
def with_claude(start: Start) -> Iterator[RunningGateway]:
    """The gateway whose external side speaks Anthropic's format."""
    yield from held_to_the_law(start("anthropic"))


@pytest.fixture
def files_to_claude(start: Start) -> Iterator[RunningGateway]:
    """A gateway whose policy lets images and files leave, to an external side that speaks Anthropic's format."""
    yield from held_to_the_law(start("files_to_claude"))


@pytest.fixture
def limited_local(start: Start) -> Iterator[RunningGateway]:
    """A gateway whose local model is small and knows neither tools, schemas nor images."""
    yield from held_to_the_law(start("limited_local"))


@pytest.fixture
def external_down(start: Start) -> Iterator[RunningGateway]:
    """A gateway whose external side cannot be reached. What it has on record as sent there arrived nowhere."""
    gateway = start("external_down")
    gateway.forget()
    yield gateway
    assert not gateway.external.received


@pytest.fixture
def local_down(start: Start) -> Iterator[RunningGateway]:
    """A gateway whose local side cannot be reached."""
    gateway = start("local_down")
    gateway.forget()
    yield gateway
    assert not gateway.local.received


def held_to_the_law(gateway: RunningGateway) -> Iterator[RunningGateway]:
    """A clean gateway for one test; afterwards its records must agree with what arrived."""
    gateway.forget()
    since = utc_now()
    yield gateway
    deadline = time.monotonic() + 5
    while not _agree(entries := gateway.entries(since=since), gateway) and time.monotonic() < deadline:
        time.sleep(0.02)  # a request that its client abandoned may still be on its way
    assert sent(entries) == arrived(gateway), "what arrived at a side is not what is on record as sent there"
    assert all(entry.completion for entry in entries), "a request without an ending"
    assert all(numbers == list(range(len(numbers))) for numbers in attempts(entries).values()), (
        "attempts are not counted"
    )


def _agree(entries: tuple[Entry, ...], gateway: RunningGateway) -> bool:
    return sent(entries) == arrived(gateway)


def sent(entries: tuple[Entry, ...]) -> Counter[Outcome]:
    """How many attempts are on record as sent to each side."""
    outcomes = (entry.decision.outcome for entry in entries)
    return Counter(one for one in outcomes if one in {Outcome.SENT_LOCAL, Outcome.SENT_EXTERNAL})


def arrived(gateway: RunningGateway) -> Counter[Outcome]:
    """How many prompts arrived at each side."""
    sides = {Outcome.SENT_LOCAL: gateway.local, Outcome.SENT_EXTERNAL: gateway.external}
    return Counter(outcome for outcome, side in sides.items() for one in side.received if one.method == "POST")


def attempts(entries: tuple[Entry, ...]) -> dict[str, list[int]]:
    """The numbers of the attempts of each request, as recorded."""
    numbers: dict[str, list[int]] = {}
    for entry in entries:
        numbers.setdefault(entry.decision.request_id, []).append(entry.decision.attempt)
    return numbers
