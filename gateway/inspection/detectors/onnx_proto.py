"""The few protobuf messages of ONNX that are needed to take a model apart and to write another (onnx.proto, ONNX 1.x).

The ``onnx`` package would be a large dependency for that.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MICROSOFT: Final = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""
_GRAPH, _OPSET, _IR = 7, 8, 1
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12
_TYPES: Final = {1: np.float32, 2: np.uint8, 3: np.int8, 7: np.int64}
"""TensorProto.DataType."""


class Malformed(ValueError):
    """Not an ONNX model, or one that is built otherwise than this file expects."""


@dataclass(frozen=True, slots=True)
class Node:
    """NodeProto: inputs (1), outputs (2), name (3), op_type (4), integer attributes (5)."""

    inputs: list[str]
    outputs: list[str]
    name: str
    op_type: str
    attributes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Graph:
    """What a model holds: nodes in order, and tensors by name."""

    nodes: tuple[Node, ...]
    tensors: Mapping[str, NDArray[np.generic]]


def read(model: bytes) -> Graph:
    """Take a model apart. Raises Malformed."""
    graphs = [payload for number, payload, _ in _fields(memoryview(model)) if number == _GRAPH and payload is not None]
    if len(graphs) != 1:
        raise Malformed("a model with one graph is expected")
    nodes: list[Node] = []
    tensors: dict[str, NDArray[np.generic]] = {}
    for number, payload, _ in _fields(graphs[0]):
        if number == _NODE and payload is not None:
            nodes.append(_node(payload))
        elif number == _INITIALIZER and payload is not None:
            name, tensor = _tensor(payload)
            if tensor is not None:
                tensors[name] = tensor
    return Graph(tuple(nodes), tensors)


class Builder:
    """Collects nodes and tensors and writes them as a model."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def tensor(self, name: str, array: NDArray[np.generic]) -> str:
        """A constant; returns its name. TensorProto: dims (1), data_type (2), name (8), raw_data (9)."""
        kind = next(number for number, one in _TYPES.items() if array.dtype == one)
        dims = b"".join(_integer(1, size) for size in array.shape)
        raw = np.ascontiguousarray(array).tobytes()
        self._parts.append(
            _message(_INITIALIZER, dims + _integer(2, kind) + _message(8, name.encode()) + _message(9, raw))
        )
        return name

    def node(
        self,
        op_type: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        domain: str = "",
        **attributes: float,
    ) -> str:
        """One operation; returns the name of its first output."""
        body = [_message(1, name.encode()) for name in inputs] + [_message(2, name.encode()) for name in outputs]
        body += [_message(3, outputs[0].encode()), _message(4, op_type.encode())]
        body += [_message(5, _attribute(name, value)) for name, value in attributes.items()]
        self._parts.append(_message(_NODE, b"".join([*body, _message(7, domain.encode())])))
        return outputs[0]

    def model(self, inputs: Sequence[str], output: str, *, opset: int) -> bytes:
        """The model: ``inputs`` of 64-bit integers and a float ``output``, all of free shape."""
        graph = [*self._parts, _message(2, b"graph")]
        graph += [_message(_INPUT, _value(name, 7, 2)) for name in inputs]
        graph.append(_message(_OUTPUT, _value(output, 1, 3)))
        opsets = b"".join(
            _message(_OPSET, _message(1, domain.encode()) + _integer(2, version))
            for domain, version in (("", opset), (MICROSOFT, 1))
        )
        return _integer(_IR, 8) + _message(_GRAPH, b"".join(graph)) + opsets


def _node(source: memoryview) -> Node:
    texts: dict[int, list[str]] = {1: [], 2: [], 3: [""], 4: [""]}
    attributes: dict[str, int] = {}
    for number, payload, _ in _fields(source):
        if payload is not None and number in texts:
            texts[number].append(bytes(payload).decode())
        elif payload is not None and number == 5:
            name, value = _integer_attribute(payload)
            attributes[name] = value
    return Node(texts[1], texts[2], texts[3][-1], texts[4][-1], attributes)


def _integer_attribute(source: memoryview) -> tuple[str, int]:
    """AttributeProto: name (1), integer (3); other kinds read as 0."""
    name, value = "", 0
    for number, payload, whole in _fields(source):
        if number == 1 and payload is not None:
            name = bytes(payload).decode()
        elif number == 3 and payload is None:
            value, _ = _varint(whole, 1)
    return name, value


def _tensor(source: memoryview) -> tuple[str, NDArray[np.generic] | None]:
    """TensorProto in its shape, from raw_data (9), float_data (4) or int32_data (5); None for other kinds."""
    name, raw, kind = "", b"", 0
    shape: list[int] = []
    small: list[int] = []
    for number, payload, whole in _fields(source):
        if number == 1:
            shape += _packed(payload) if payload is not None else [_varint(whole, 1)[0]]
        elif number == 2:
            kind = _varint(whole, 1)[0]
        elif number == 5:
            small += _packed(payload) if payload is not None else [_varint(whole, 1)[0]]
        elif number == 8 and payload is not None:
            name = bytes(payload).decode()
        elif number in {4, 9}:
            raw += bytes(whole[1:] if payload is None else payload)
    if kind in {2, 3} and small:
        raw = bytes(value & 0xFF for value in small)
    if kind not in _TYPES or not raw:
        return name, None
    try:
        return name, np.frombuffer(raw, _TYPES[kind]).reshape(shape)
    except ValueError:
        raise Malformed("the model is cut short") from None


def _packed(payload: memoryview) -> list[int]:
    values, position = [], 0
    while position < len(payload):
        value, position = _varint(payload, position)
        values.append(value)
    return values


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
                raise Malformed("not an ONNX model")
        if position > len(source):
            raise Malformed("the model is cut short")
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
    raise Malformed("the model is cut short")


def _attribute(name: str, value: float) -> bytes:
    """AttributeProto: name (1), float (2) or integer (3), type (20)."""
    if isinstance(value, int):
        return _message(1, name.encode()) + _integer(3, value) + _integer(20, 2)
    return _message(1, name.encode()) + _number(2 << 3 | 5) + struct.pack("<f", value) + _integer(20, 1)


def _value(name: str, kind: int, rank: int) -> bytes:
    """ValueInfoProto: name (1), type (2) of a tensor (1) with elem_type (1) and shape (2) of free dims (1)."""
    shape = b"".join(_message(1, _message(2, f"{name}{axis}".encode())) for axis in range(rank))
    return _message(1, name.encode()) + _message(2, _message(1, _integer(1, kind) + _message(2, shape)))


def _message(number: int, payload: bytes) -> bytes:
    return _number(number << 3 | 2) + _number(len(payload)) + payload


def _integer(number: int, value: int) -> bytes:
    """A field of kind varint; ``value`` below zero is written in two's complement, as protobuf has it."""
    return _number(number << 3) + _number(value & 0xFFFFFFFFFFFFFFFF)


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
