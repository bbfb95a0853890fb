"""The rewritten model: the same weights in 8 bits and in fewer, larger nodes, or an error."""

import importlib.metadata
from pathlib import Path

import numpy as np
import pytest

from gateway.inspection.detectors.onnx_int8 import INPUTS, NotQuantizable, to_int8
from gateway.inspection.detectors.onnx_runtime import onnxruntime
from gateway.inspection.detectors.rampart_files import DISTRIBUTION, FOLDER


@pytest.fixture(scope="module")
def model() -> bytes:
    """The shipped 4-bit model."""
    folder = Path(str(importlib.metadata.distribution(DISTRIBUTION).locate_file(FOLDER)))
    return (folder / "onnx" / "model_q4.onnx").read_bytes()


def test_both_models_say_nearly_the_same(model: bytes) -> None:
    """Weights are rounded once more, so odds move a little; the likeliest label of a token hardly ever does."""
    runtime = onnxruntime()
    tokens = np.random.default_rng(7).integers(5, 19000, (1, 96))
    places = np.arange(96)[None]
    feeds = (
        {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)},
        dict(zip(INPUTS, (tokens, places), strict=True)),
    )
    four, eight = (
        runtime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, feed)[0][0]
        for content, feed in zip((model, to_int8(model)), feeds, strict=True)
    )
    assert (four.argmax(axis=1) == eight.argmax(axis=1)).mean() > 0.95
    assert np.abs(four - eight).mean() < 0.3


@pytest.mark.parametrize("content", [b"", b"\x00", b"not a model at all", b"\x3a\x02\x0a\x00"])
def test_what_is_no_such_model_is_refused(content: bytes) -> None:
    """A model that was not rewritten would run, three times as slow: better to say so."""
    with pytest.raises(NotQuantizable):
        to_int8(content)


def test_a_cut_model_is_refused(model: bytes) -> None:
    """Wherever it is cut; the digest catches that before, this is the second line."""
    for size in (10, 1000, len(model) // 2, len(model) - 1):
        with pytest.raises((NotQuantizable, ValueError)):
            to_int8(model[:size])


def test_a_second_rewriting_finds_nothing_to_do(model: bytes) -> None:
    """It has no 4-bit matrices any more."""
    with pytest.raises(NotQuantizable, match="no 4-bit matrices"):
        to_int8(to_int8(model))
