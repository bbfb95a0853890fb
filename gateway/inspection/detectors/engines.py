"""The engines that read names: which there are, and how one is loaded, here or in a process of its own."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import orjson

from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.rampart_files import VERSION
from gateway.inspection.detectors.rampart_spans import ENTITY_TYPES

Kind = Literal["rampart", "onnx", "spacy"]


@dataclass(frozen=True, slots=True)
class Engine:
    """What is known of an engine before it is loaded, so that the process that serves need not load it."""

    name: Kind
    version: str
    """Holds a digest of the files and labels: another model is another detector."""
    entity_types: frozenset[str]
    model: str = ""
    """An ONNX model's folder, or the folder of a spaCy model; empty for what is shipped."""
    labels: tuple[tuple[str, str], ...] = ()
    """The model's labels that count, each with its entity type."""

    @property
    def gated(self) -> bool:
        """May sentences of ordinary words alone be left out? That was measured for the shipped model only."""
        return self.name == "rampart"


RAMPART: Final = Engine("rampart", VERSION, ENTITY_TYPES)


class Stopwatch:
    """Says whether the deadline of the text under way has passed."""

    def __init__(self) -> None:
        self.deadline = float("inf")

    def passed(self) -> bool:
        """To be asked between two steps of reading."""
        return time.monotonic() > self.deadline


def load(engine: Engine, passed: Callable[[], bool] | None = None) -> Detector:
    """Load the engine's model. ``passed`` ends a reading early, by ``OutOfTime``. Raises ConfigError."""
    # Each brings a runtime of 40 MB and more, which only the process that reads is to have.
    if engine.name == "onnx":
        from gateway.inspection.detectors.onnx_classifier import load_classifier  # noqa: PLC0415

        return load_classifier(engine, passed)
    if engine.name == "spacy":
        from gateway.inspection.detectors.presidio_names import load_presidio_names  # noqa: PLC0415

        return load_presidio_names(engine, passed)
    from gateway.inspection.detectors.rampart import load_rampart  # noqa: PLC0415

    return load_rampart(passed)


def encode(engine: Engine) -> bytes:
    """The engine as bytes, for a process that is to load it."""
    return orjson.dumps([engine.name, engine.version, sorted(engine.entity_types), engine.model, engine.labels])


def decode(content: bytes) -> Engine:
    """The engine that ``encode`` described."""
    name, version, entity_types, model, labels = orjson.loads(content)
    return Engine(name, version, frozenset(entity_types), model, tuple((label, kind) for label, kind in labels))
