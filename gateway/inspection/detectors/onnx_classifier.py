"""Any ONNX model that labels tokens, as the Hugging Face exporters write it: a folder with its tokenizer and labels."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from tokenizers import Tokenizer

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.detectors.engine_files import id2label, kind_of, kinds, model_file, unchanged
from gateway.inspection.detectors.engines import Engine
from gateway.inspection.detectors.onnx_runtime import onnxruntime
from gateway.inspection.detectors.words import Odds, Words, softmax

_INPUTS: Final = frozenset({"input_ids", "attention_mask", "token_type_ids", "position_ids"})
_SEVERAL: Final = re.compile(r"[^\W\d_][^\s]*\s+(?:\S+\s+)*[^\W\d_][^\s]*")
_SAMPLE: Final = "Jane"


class OnnxClassifier:
    """Reads every text whole, in windows. Thread-safe: the session is, and everything else is local to a call."""

    name: Final = "onnx"
    views: Final[Views] = "plain"

    def __init__(self, engine: Engine, passed: Callable[[], bool] | None = None) -> None:
        """Raises ConfigError when the model takes or gives something else than a token classifier does."""
        folder = Path(engine.model)
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.enable_mem_pattern = False
        self.version, self.entity_types = engine.version, engine.entity_types
        self._types: Mapping[str, str] = dict(engine.labels)
        self._labels = id2label(folder)
        self._kinds = kinds(self._labels)
        self._session: Any = runtime.InferenceSession(
            str(model_file(folder)), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {one.name: np.int32 if "int32" in one.type else np.int64 for one in self._session.get_inputs()}
        tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._before, self._after = _special(tokenizer)
        self._words = Words(tokenizer, self._kinds, self._probabilities, surest=True, passed=passed)
        self._sums = np.zeros((len(self._labels), len(self._kinds)), np.float32)
        for row, label in enumerate(self._labels):
            self._sums[row, self._kinds.index(kind_of(label))] = 1.0
        self._check(folder, tokenizer.encode(_SAMPLE, add_special_tokens=False).ids)

    def find(self, text: str) -> Sequence[Match]:
        """Time grows with the length of the text. Raises OutOfTime, and what onnxruntime raises; nothing is skipped."""
        matches: list[Match] = []
        for span in self._words.spans(text):
            if span.kind in self._types:
                matches += named(text, span.start, span.end, self._types[span.kind], span.score)
        return matches

    def _probabilities(self, ids: list[int]) -> Odds:
        """One window: probability of each kind for each token."""
        logits = self._logits(ids)
        odds = softmax(np.asarray(logits[0, len(self._before) : logits.shape[1] - len(self._after)], np.float32))
        return np.asarray(odds @ self._sums, np.float32)

    def _logits(self, ids: list[int]) -> Any:
        row = [*self._before, *ids, *self._after]
        given = {
            "input_ids": row,
            "attention_mask": [1] * len(row),
            "token_type_ids": [0] * len(row),
            "position_ids": list(range(len(row))),
        }
        return self._session.run(None, {name: np.array([given[name]], kind) for name, kind in self._inputs.items()})[0]

    def _check(self, folder: Path, ids: list[int]) -> None:
        if "input_ids" not in self._inputs or not self._inputs.keys() <= _INPUTS:
            message = f"the model takes other inputs than {', '.join(sorted(_INPUTS))}"
            raise ConfigError((Problem(message, "Export it for token classification.", folder),))
        shape = getattr(self._logits(ids), "shape", ())
        if shape != (1, len(ids) + len(self._before) + len(self._after), len(self._labels)):
            message = "the model's first output is not tokens by labels of config.json"
            raise ConfigError((Problem(message, "Export it for token classification.", folder),))


def load_classifier(engine: Engine, passed: Callable[[], bool] | None = None) -> OnnxClassifier:
    """Load the model that ``onnx_engine`` looked at. Raises ConfigError, and never an error that shows its bytes."""
    try:
        detector = OnnxClassifier(engine, passed)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - onnxruntime and tokenizers raise a family of their own each
        message = f"the model cannot be loaded: {type(error).__name__}"
        raise ConfigError((Problem(message, "Export the model and its tokenizer anew.", Path(engine.model)),)) from None
    confirm(engine)
    return detector


def confirm(engine: Engine) -> None:
    """Raise ConfigError when the files are others than those whose digest stands in the version."""
    if not unchanged(engine):
        message = "the model's files have changed since the gateway started"
        raise ConfigError((Problem(message, "Start the gateway anew.", Path(engine.model)),))


def named(text: str, start: int, end: int, entity_type: str, score: float) -> Iterator[Match]:
    """The match, and for a person of several words the full name that it is, too."""
    yield Match(start, end, entity_type, score)
    if entity_type == "PERSON" and _SEVERAL.fullmatch(text, start, end):
        yield Match(start, end, "FULL_NAME", score)


def _special(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The tokens that the tokenizer puts before and after a text: [CLS] and [SEP], or what this model has instead."""
    encoding = tokenizer.encode(_SAMPLE)
    mask = list(encoding.special_tokens_mask)
    first = mask.index(0)
    last = len(mask) - mask[::-1].index(0)
    return encoding.ids[:first], encoding.ids[last:]
