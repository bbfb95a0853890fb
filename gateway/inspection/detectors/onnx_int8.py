"""Turns the 4-bit matrices of an ONNX model into 8-bit ones, which run about three times as fast on a CPU.

The shipped model multiplies with ``MatMulNBits`` (4-bit weights, float arithmetic). Each such node becomes one
``DynamicQuantizeMatMul`` with integer arithmetic; nothing else changes. Done in memory at start (about 0.1 s), so the
verified file stays the only model there is and no second copy has to be built, shipped and trusted.

Only the few protobuf fields that are needed are read and written (onnx.proto of ONNX 1.x); the ``onnx`` package would
be a large dependency for that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEVELS: Final = 63
"""Weights use 7 bits of 8: without VNNI, two products of 8-bit values overflow the 16-bit sum that MLAS keeps."""

_FLOAT: Final = 1
_INT8: Final = 3
_GRAPH: Final = 7
_NODE, _INITIALIZER = 1, 5


class NotQuantizable(ValueError):
    """The model is not built as this file expects."""


def to_int8(model: bytes) -> bytes:
    """Rewrite the model. Raises NotQuantizable when it has no 4-bit matrix or one of an unknown kind."""
    parts = []
    graphs = 0
    for number, payload, whole in _fields(memoryview(model)):
        if number == _GRAPH and payload is not None:
            graphs += 1
            parts.append(_message(_GRAPH, _graph(payload)))
        else:
            parts.append(bytes(whole))
    if graphs != 1:
        raise NotQuantizable("a model with one graph is expected")
    return b"".join(parts)


def _graph(graph: memoryview) -> bytes:
    tensors: dict[str, _Tensor] = {}
    for number, payload, _ in _fields(graph):
        if number == _INITIALIZER and payload is not None:
            tensor = _Tensor.read(payload)
            tensors[tensor.name] = tensor
    kept: list[bytes] = []
    added: list[bytes] = []
    replaced: set[str] = set()
    for number, payload, whole in _fields(graph):
        if number == _INITIALIZER:
            continue
        node = _Node.read(payload) if number == _NODE and payload is not None else None
        if node is None or node.op_type != "MatMulNBits":
            kept.append(bytes(whole))
            continue
        if len(node.inputs) != 3 or node.attributes.get("bits") != 4:
            raise NotQuantizable("a 4-bit matrix without zero points is expected")
        weight, scale = (tensors[name] for name in node.inputs[1:])
        added += _int8_initializers(node, weight, scale)
        replaced |= {weight.name, scale.name}
        kept.append(_message(_NODE, _int8_node(node, weight.name)))
    if not replaced:
        raise NotQuantizable("the model has no 4-bit matrices")
    untouched = [_message(_INITIALIZER, bytes(t.source)) for name, t in tensors.items() if name not in replaced]
    return b"".join((*kept, *untouched, *added))


def _int8_initializers(node: "_Node", weight: "_Tensor", scale: "_Tensor") -> list[bytes]:
    rows, columns, block = (node.attributes[name] for name in ("K", "N", "block_size"))
    packed = np.frombuffer(weight.raw, np.uint8).reshape(columns, rows // block, block // 2)
    values = np.empty((columns, rows // block, block), np.float32)
    values[..., 0::2], values[..., 1::2] = packed & 15, packed >> 4
    values -= 8.0
    values *= np.frombuffer(scale.raw, np.float32).reshape(columns, rows // block, 1)
    matrix = values.reshape(columns, rows)
    steps = np.abs(matrix).max(axis=1) / LEVELS
    steps[steps == 0] = 1.0
    rounded = np.rint(matrix / steps[:, None]).astype(np.int8)
    return [
        _initializer(weight.name + "_int8", np.ascontiguousarray(rounded.T), _INT8),
        _initializer(weight.name + "_step", steps.astype(np.float32), _FLOAT),
        _initializer(weight.name + "_zero", np.zeros(columns, np.int8), _INT8),
    ]


def _int8_node(node: "_Node", weight: str) -> bytes:
    inputs = (node.inputs[0], weight + "_int8", weight + "_step", weight + "_zero")
    return b"".join(
        (
            *(_message(1, name.encode()) for name in inputs),
            *(_message(2, name.encode()) for name in node.outputs),
            _message(3, node.name.encode()),
            _message(4, b"DynamicQuantizeMatMul"),
            _message(7, b"com.microsoft"),
        )
    )


@dataclass(frozen=True, slots=True)
class _Tensor:
    """TensorProto: name (8), raw_data (9)."""

    name: str
    raw: memoryview
    source: memoryview

    @classmethod
    def read(cls, source: memoryview) -> "_Tensor":
        name, raw = "", memoryview(b"")
        for number, payload, _ in _fields(source):
            if number == 8 and payload is not None:
                name = bytes(payload).decode()
            elif number == 9 and payload is not None:
                raw = payload
        return cls(name, raw, source)


@dataclass(frozen=True, slots=True)
class _Node:
    """NodeProto: inputs (1), outputs (2), name (3), op_type (4), integer attributes (5)."""

    inputs: list[str]
    outputs: list[str]
    name: str
    op_type: str
    attributes: dict[str, int]

    @classmethod
    def read(cls, source: memoryview) -> "_Node":
        texts: dict[int, list[str]] = {1: [], 2: [], 3: [""], 4: [""]}
        attributes: dict[str, int] = {}
        for number, payload, _ in _fields(source):
            if payload is not None and number in texts:
                texts[number].append(bytes(payload).decode())
            elif payload is not None and number == 5:
                name, value = _attribute(payload)
                attributes[name] = value
        return cls(texts[1], texts[2], texts[3][-1], texts[4][-1], attributes)


def _attribute(source: memoryview) -> tuple[str, int]:
    """AttributeProto: name (1), integer (3); other kinds read as 0."""
    name, value = "", 0
    for number, payload, whole in _fields(source):
        if number == 1 and payload is not None:
            name = bytes(payload).decode()
        elif number == 3 and payload is None:
            value, _ = _varint(whole, 1)
    return name, value


def _fields(source: memoryview) -> Iterator[tuple[int, memoryview | None, memoryview]]:
    """Each field of a protobuf message: its number, the payload of a length-prefixed one, and all of its bytes."""
    position = 0
    while position < len(source):
        start = position
        key, position = _varint(source, position)
        payload = None
        match key & 7:
            case 0:
                _, position = _varint(source, position)
            case 1:
                position += 8
            case 2:
                size, position = _varint(source, position)
                payload = source[position : position + size]
                position += size
            case 5:
                position += 4
            case _:
                raise NotQuantizable("not an ONNX model")
        if position > len(source):
            raise NotQuantizable("the model is cut short")
        yield key >> 3, payload, source[start:position]


def _varint(source: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(source):
        byte = source[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position
    raise NotQuantizable("the model is cut short")


def _message(number: int, payload: bytes) -> bytes:
    return _number(number << 3 | 2) + _number(len(payload)) + payload


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _initializer(name: str, array: NDArray[np.generic], data_type: int) -> bytes:
    """TensorProto: dims (1), data_type (2), name (8), raw_data (9)."""
    dims = b"".join(_number(1 << 3) + _number(size) for size in array.shape)
    body = dims + _number(2 << 3) + _number(data_type) + _message(8, name.encode()) + _message(9, array.tobytes())
    return _message(_INITIALIZER, body)
