"""The engines that read names: which there are, and how one is loaded, here or in a process of its own."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.rampart_files import VERSION
from gateway.inspection.detectors.rampart_spans import ENTITY_TYPES


@dataclass(frozen=True, slots=True)
class Engine:
    """What is known of an engine before it is loaded, so that the process that serves need not load it."""

    name: str
    version: str
    entity_types: frozenset[str]


RAMPART = Engine("rampart", VERSION, ENTITY_TYPES)


class Stopwatch:
    """Says whether the deadline of the text under way has passed."""

    def __init__(self) -> None:
        self.deadline = float("inf")

    def passed(self) -> bool:
        """To be asked between two steps of reading."""
        return time.monotonic() > self.deadline


def load(engine: Engine, passed: Callable[[], bool] | None = None) -> Detector:
    """Load the engine's model. ``passed`` ends a reading early, by ``OutOfTime``. Raises ConfigError."""
    from gateway.inspection.detectors.rampart import load_rampart  # noqa: PLC0415 - the model's runtime is 40 MB

    return load_rampart(passed)


def encode(engine: Engine) -> bytes:
    """The engine as bytes, for a process that is to load it."""
    return orjson.dumps([engine.name, engine.version, sorted(engine.entity_types)])


def decode(content: bytes) -> Engine:
    """The engine that ``encode`` described."""
    name, version, entity_types = orjson.loads(content)
    return Engine(name, version, frozenset(entity_types))
