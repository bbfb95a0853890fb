"""Names by one of Presidio's engines: a spaCy model, run as Presidio runs it, less what is not needed for entities.

spaCy cannot be interrupted, so a text is read in pieces, and its string store grows for ever without a memory zone.
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final

import orjson

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.detectors.engine_files import spacy_labels
from gateway.inspection.detectors.engines import Engine
from gateway.inspection.detectors.onnx_classifier import confirm, named
from gateway.inspection.detectors.words import OutOfTime

PIECE: Final = 2000
"""Characters that are read at once: some 10 ms of a small model."""
OVERLAP: Final = 200
_NEEDED: Final = frozenset({"tok2vec", "transformer", "ner", "entity_ruler"})


class PresidioNames:
    """A Presidio NLP engine as a detector. spaCy's pipelines are not thread-safe: one thread reads at a time."""

    name: Final = "spacy"
    views: Final[Views] = "plain"

    def __init__(self, engine: Engine, passed: Callable[[], bool] | None = None) -> None:
        self.version, self.entity_types = engine.version, engine.entity_types
        self._passed = passed
        self._lock = Lock()
        folder = Path(engine.model)
        types = dict(engine.labels)
        provided: Any = importlib.import_module("presidio_analyzer.nlp_engine")
        meant = provided.NerModelConfiguration(
            model_to_presidio_entity_mapping=types,
            labels_to_ignore=[label for label in spacy_labels(folder) if label not in types],
        )
        self._language = str(orjson.loads((folder / "meta.json").read_bytes())["lang"])
        # By its folder: Presidio would download a model that it knows by name alone.
        models = [{"lang_code": self._language, "model_name": str(folder)}]
        self._engine: Any = provided.SpacyNlpEngine(models, meant)
        self._engine.load()
        self._nlp: Any = self._engine.get_nlp(self._language)
        self._nlp.select_pipes(enable=[name for name in self._nlp.pipe_names if name in _NEEDED])

    def find(self, text: str) -> Sequence[Match]:
        """Raises OutOfTime between two pieces, and what spaCy raises; nothing is skipped."""
        matches: dict[Match, None] = {}
        for begin, end in pieces(text):
            if self._passed is not None and self._passed():
                raise OutOfTime
            with self._lock, self._nlp.memory_zone():
                said = self._engine.process_text(text[begin:end], self._language)
                found = [(e.start_char, e.end_char, str(e.label_)) for e in said.entities]
                scores = [float(score) for score in said.scores]
            for (start, stop, kind), score in zip(found, scores, strict=True):
                matches.update(dict.fromkeys(named(text, start + begin, stop + begin, kind, score)))
        return list(matches)


def load_presidio_names(engine: Engine, passed: Callable[[], bool] | None = None) -> PresidioNames:
    """Load the model that ``presidio_engine`` looked at. Raises ConfigError."""
    try:
        detector = PresidioNames(engine, passed)
    except Exception as error:  # noqa: BLE001 - spaCy and Presidio raise whatever their parts raise
        message = f"the spaCy model cannot be loaded: {type(error).__name__}"
        remedy = "Install a model for the installed version of spaCy."
        raise ConfigError((Problem(message, remedy, Path(engine.model)),)) from None
    confirm(engine)
    return detector


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """``[start, end)`` of pieces that end with a line, or else overlap; together they hold the text."""
    start = 0
    while len(text) - start > PIECE:
        line = text.rfind("\n", start + PIECE // 2, start + PIECE)
        if line >= 0:
            yield start, line + 1
            start = line + 1
            continue
        space = text.rfind(" ", start + PIECE // 2, start + PIECE)
        end = space if space >= 0 else start + PIECE
        yield start, end
        back = text.rfind(" ", end - OVERLAP, end - OVERLAP // 2)
        start = back + 1 if back >= 0 else end - OVERLAP
    if start < len(text):
        yield start, len(text)
