"""Models taken apart and written: what was written is read back, and runs."""

import numpy as np
import pytest

from gateway.inspection.detectors.onnx_proto import Builder, Malformed, read
from gateway.inspection.detectors.onnx_runtime import onnxruntime


def built() -> bytes:
    """A model that looks up rows of a table: ids in, floats out."""
    builder = Builder()
    table = builder.tensor("table", np.arange(6, dtype=np.float32).reshape(2, 3))
    return builder.model(("ids",), builder.node("Gather", (table, "ids"), ("rows",), axis=0), opset=18)


def test_what_is_written_is_read_back() -> None:
    """Nodes in order with their attributes, tensors in their shapes."""
    graph = read(built())
    (node,) = graph.nodes
    assert (node.op_type, node.inputs, node.outputs, node.attributes) == (
        "Gather",
        ["table", "ids"],
        ["rows"],
        {"axis": 0},
    )
    assert graph.tensors["table"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_what_is_written_runs() -> None:
    """The runtime takes it for a model."""
    session = onnxruntime().InferenceSession(built(), providers=["CPUExecutionProvider"])
    assert session.run(None, {"ids": np.array([[1]], np.int64)})[0].tolist() == [[[3, 4, 5]]]


@pytest.mark.parametrize("axis", [-1, -2, 7])
def test_attributes_below_zero_are_written_as_protobuf_has_them(axis: int) -> None:
    """Ten bytes in two's complement: read back they are 64 bits without a sign."""
    builder = Builder()
    builder.node("Gather", ("a", "b"), ("c",), axis=axis)
    (node,) = read(builder.model(("a",), "c", opset=18)).nodes
    assert node.attributes["axis"] == axis % 2**64


@pytest.mark.parametrize("cut", [1, 5, 20, 60])
def test_a_cut_model_is_malformed(cut: int) -> None:
    """Never half a graph."""
    with pytest.raises(Malformed):
        read(built()[:cut])
