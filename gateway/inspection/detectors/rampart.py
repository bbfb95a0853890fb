"""Names and addresses in running text: the Rampart model (National Design Studio, CC BY 4.0), run by onnxruntime.

The model reads text in lower case, so ALL CAPS and small letters make no difference to it. What its labels are worth
stands in rampart_spans.py, where its files come from in rampart_files.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.detectors.gate import candidates
from gateway.inspection.detectors.onnx_int8 import INPUTS, SLOW_FUSIONS, NotQuantizable, to_int8
from gateway.inspection.detectors.onnx_runtime import onnxruntime
from gateway.inspection.detectors.rampart_files import VERSION, model_files
from gateway.inspection.detectors.rampart_spans import ENTITY_TYPES, Span, interpret
from gateway.inspection.detectors.words import Words, softmax

KINDS: Final = (
    "O", "GIVEN_NAME", "SURNAME", "EMAIL", "PHONE", "URL", "TAX_ID", "BANK_ACCOUNT", "ROUTING_NUMBER", "GOVERNMENT_ID",
    "PASSPORT", "DRIVERS_LICENSE", "BUILDING_NUMBER", "STREET_NAME", "SECONDARY_ADDRESS", "CITY", "STATE", "ZIP_CODE",
)  # fmt: skip
"""The model's labels without B- and I-: label 0 is O, then a pair for each kind."""


class RampartDetector:
    """Reads text in windows. Thread-safe: the session is, and everything else is local to a call."""

    name: Final = "rampart"
    views: Final[Views] = "plain"
    entity_types: Final = ENTITY_TYPES

    def __init__(self, model: bytes, tokenizer: bytes, version: str, passed: Callable[[], bool] | None = None) -> None:
        """``passed`` is asked between two windows; true ends the reading with OutOfTime.

        Raises NotQuantizable or onnxruntime's errors when the model cannot be used.
        """
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self.version = version
        options.enable_mem_pattern = False  # it keeps a plan for each length that was ever seen
        self._session: Any = runtime.InferenceSession(
            to_int8(model), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(SLOW_FUSIONS)
        )
        self._tokenizer: Any = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._words = Words(self._tokenizer, KINDS, self._probabilities, passed=passed)
        self._first = self._tokenizer.token_to_id("[CLS]")
        self._last = self._tokenizer.token_to_id("[SEP]")

    def find(self, text: str) -> Sequence[Match]:
        """Time grows with the length of the text. Raises OutOfTime, and what onnxruntime raises; nothing is skipped."""
        return interpret(text, self.spans(text))

    def spans(self, text: str) -> list[Span]:
        """Runs of words with the model's own kinds, in order, from the parts of ``text`` that may hold any."""
        return [
            replace(span, start=span.start + start, end=span.end + start)
            for start, end in candidates(text)
            for span in self._words.spans(text[start:end])
        ]

    def _probabilities(self, ids: list[int]) -> NDArray[np.float32]:
        """One window: probability of each kind for each token."""
        tokens = np.array([[self._first, *ids, self._last]], np.int64)
        places = np.arange(tokens.shape[1], dtype=np.int64)[None]
        logits = self._session.run(None, dict(zip(INPUTS, (tokens, places), strict=True)))[0][0, 1:-1]
        odds = softmax(logits)
        return np.concatenate((odds[:, :1], odds[:, 1::2] + odds[:, 2::2]), axis=1)


def load_rampart(passed: Callable[[], bool] | None = None) -> RampartDetector:
    """Read, verify and load the installed model. Raises ConfigError when it is missing or another one."""
    folder, files = model_files()
    try:
        return RampartDetector(files["onnx/model_q4.onnx"], files["tokenizer.json"], VERSION, passed)
    except NotQuantizable as error:
        problem = Problem(f"the model cannot be used: {error}", "Install the gateway from its lock file.", folder)
        raise ConfigError((problem,)) from None
