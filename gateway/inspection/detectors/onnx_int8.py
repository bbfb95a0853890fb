"""Rebuilds the shipped 4-bit BERT for speed: 8-bit matrices, and one operator where the exported graph has twenty.

The exported model multiplies with ``MatMulNBits`` (4-bit weights, float arithmetic) and spells attention, Gelu and
shapes out in small nodes, between which its time goes. Here the same weights become a graph of about 70 nodes:
``QAttention`` (query, key and value in one product), ``DynamicQuantizeMatMul`` with bias, ``Gelu`` and
``LayerNormalization``. Done in memory at start (0.1 s), so the verified file stays the only model there is and no
second copy has to be built, shipped and trusted.

Each row of tokens is a call of its own: activations are quantised by the range of the whole tensor, so batched rows
would change each other's odds, and the same text would not always read the same.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.inspection.detectors.onnx_proto import MICROSOFT, Builder, Graph, Malformed, Node, read

LEVELS: Final = 63
"""Weights use 7 bits of 8: without VNNI, two products of 8-bit values overflow the 16-bit sum that MLAS keeps."""
HEADS: Final = 12
SLOW_FUSIONS: Final = ("SkipLayerNormFusion", "BiasSkipLayerNormFusion")
"""Graph optimisations to switch off: one SkipLayerNormalization costs a CPU more than an Add and a LayerNormalization
(measured with onnxruntime 1.32: a third of the whole time, against a tenth)."""
INPUTS: Final = ("input_ids", "position_ids")
_EPSILON: Final = 1e-12
_OPSET: Final = 20
_EMBEDDINGS: Final = "bert.embeddings."

Matrix = NDArray[np.float32]


class NotQuantizable(ValueError):
    """The model is not built as this file expects."""


def to_int8(model: bytes) -> bytes:
    """The rebuilt model: rows of token ids and positions in, logits out. Raises NotQuantizable for any other model.

    It takes no mask and no token types: there is no padding, and one type.
    """
    try:
        return _Bert(read(model)).build()
    except (Malformed, KeyError, ValueError, UnicodeDecodeError) as error:
        told = str(error) if isinstance(error, Malformed) else "it is built otherwise than expected"
        raise NotQuantizable(told) from None


class _Bert:
    def __init__(self, graph: Graph) -> None:
        self._tensors = graph.tensors
        self._matrices = {node.name: node for node in graph.nodes if node.op_type == "MatMulNBits"}
        if not self._matrices:
            raise Malformed("the model has no 4-bit matrices")
        self._out = Builder()

    def build(self) -> bytes:
        hidden = self._embeddings()
        layers = sum(name.endswith("/intermediate/dense/MatMul_Q4") for name in self._matrices)
        if len(self._matrices) != 6 * layers + 1:
            raise Malformed("it has other matrices than a BERT that labels tokens")
        for layer in range(layers):
            hidden = self._layer(f"encoder/layer.{layer}/", hidden)
        weight = self._out.tensor("classifier.weight", self._matrix("/classifier/MatMul_Q4"))
        product = self._out.node("MatMul", (hidden, weight), ("classified",))
        bias = self._out.tensor("classifier.bias", self._tensors["classifier.bias"])
        return self._out.model(INPUTS, self._out.node("Add", (product, bias), ("logits",)), opset=_OPSET)

    def _embeddings(self) -> str:
        """Words from their 8-bit table; positions, with the one token type added, as floats."""
        names = ("weight_quantized", "weight_scale", "weight_zero_point")
        table, scale, zero = (
            self._out.tensor(name, self._tensors[f"{_EMBEDDINGS}word_embeddings.{name}"]) for name in names
        )
        types = self._floats("token_type_embeddings")
        places = self._out.tensor("places", self._floats("position_embeddings") + types[0])
        rows = self._out.node("Gather", (table, "input_ids"), ("rows",))
        words = self._out.node("DequantizeLinear", (rows, scale, zero), ("words",))
        position = self._out.node("Gather", (places, "position_ids"), ("position",))
        return self._normalised(words, position, "bert.embeddings.LayerNorm")

    def _floats(self, table: str) -> Matrix:
        values = self._tensors[f"{_EMBEDDINGS}{table}.weight_quantized"].astype(np.float32)
        zero = self._tensors[f"{_EMBEDDINGS}{table}.weight_zero_point"].astype(np.float32)
        scale = self._tensors[f"{_EMBEDDINGS}{table}.weight_scale"].astype(np.float32)
        return (values - zero) * scale

    def _layer(self, layer: str, hidden: str) -> str:
        attended = self._attention(layer, hidden)
        dense = self._product(f"{layer}attention/output/dense", attended)
        inner = self._normalised(dense, hidden, _dotted(f"{layer}attention/output/LayerNorm"))
        wide = self._product(f"{layer}intermediate/dense", inner)
        bent = self._out.node("Gelu", (wide,), (f"{wide}.gelu",), MICROSOFT)
        return self._normalised(self._product(f"{layer}output/dense", bent), inner, _dotted(f"{layer}output/LayerNorm"))

    def _attention(self, layer: str, hidden: str) -> str:
        parts = [f"{layer}attention/self/{name}" for name in ("query", "key", "value")]
        matrix = np.concatenate([self._matrix(f"/bert/{part}/MatMul_Q4") for part in parts], axis=1)
        bias = np.concatenate([self._tensors[f"{_dotted(part)}.bias"] for part in parts])
        weight, step, zero = self._quantized(f"{layer}qkv", matrix)
        told = self._out.tensor(f"{layer}qkv.bias", bias)
        outputs = (f"{layer}x", f"{layer}x.step", f"{layer}x.zero")
        self._out.node("DynamicQuantizeLinear", (hidden,), outputs)
        inputs = (outputs[0], weight, told, outputs[1], step, "", outputs[2], zero)
        return self._out.node("QAttention", inputs, (f"{layer}attended",), MICROSOFT, num_heads=HEADS)

    def _product(self, name: str, hidden: str) -> str:
        weight, step, zero = self._quantized(name, self._matrix(f"/bert/{name}/MatMul_Q4"))
        bias = self._out.tensor(f"{name}.bias", self._tensors[f"{_dotted(name)}.bias"])
        return self._out.node("DynamicQuantizeMatMul", (hidden, weight, step, zero, bias), (f"{name}.out",), MICROSOFT)

    def _normalised(self, one: str, other: str, name: str) -> str:
        total = self._out.node("Add", (one, other), (f"{name}.sum",))
        scale, shift = (self._out.tensor(f"{name}.{part}", self._tensors[f"{name}.{part}"]) for part in _PARTS)
        return self._out.node("LayerNormalization", (total, scale, shift), (f"{name}.out",), axis=-1, epsilon=_EPSILON)

    def _quantized(self, name: str, matrix: Matrix) -> tuple[str, str, str]:
        """8-bit weights with a step for each column, and zero points."""
        steps = np.abs(matrix).max(axis=0) / LEVELS
        steps[steps == 0] = 1.0
        rounded = np.rint(matrix / steps).astype(np.int8)
        return (
            self._out.tensor(f"{name}.int8", rounded),
            self._out.tensor(f"{name}.step", steps.astype(np.float32)),
            self._out.tensor(f"{name}.zero", np.zeros(len(steps), np.int8)),
        )

    def _matrix(self, name: str) -> Matrix:
        """The floats that a 4-bit matrix stands for, inputs by outputs."""
        node: Node = self._matrices[name]
        if len(node.inputs) != 3 or node.attributes.get("bits") != 4:
            raise Malformed("a 4-bit matrix without zero points is expected")
        rows, columns, block = (node.attributes[key] for key in ("K", "N", "block_size"))
        packed = self._tensors[node.inputs[1]].reshape(columns, rows // block, block // 2).astype(np.uint8)
        values = np.empty((columns, rows // block, block), np.float32)
        values[..., 0::2], values[..., 1::2] = packed & 15, packed >> 4
        values -= 8.0
        values *= self._tensors[node.inputs[2]].astype(np.float32).reshape(columns, rows // block, 1)
        return np.ascontiguousarray(values.reshape(columns, rows).T)


_PARTS: Final = ("weight", "bias")


def _dotted(name: str) -> str:
    """The tensor's name: nodes are named by slashes, tensors by dots."""
    return "bert." + name.replace("/", ".")
