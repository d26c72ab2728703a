"""What an ONNX file names, read from its bytes without running or building anything.

Only two things are looked for: files beside it that hold weights ("external data"), and operators
that measure a whole batch at once. The format is the wire format of protocol buffers.

References
----------
ONNX, *onnx.proto*, IR version 3 and later; Protocol Buffers, *Encoding*.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from cryptovolt.domain.errors import ModelError

MAX_DEPTH = 24
"""Graphs inside graphs beyond this are refused."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# Which fields of a message lead to others: {message: {field: message}}.
_TREE: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "model": {7: "graph", 20: "training", 25: "function"},
        "training": {1: "graph", 2: "graph"},
        "function": {7: "node", 11: "attribute"},
        "graph": {1: "node", 5: "tensor", 15: "sparse"},
        "sparse": {1: "tensor", 2: "tensor"},
        "node": {5: "attribute"},
        "attribute": {
            5: "tensor",
            6: "graph",
            10: "tensor",
            11: "graph",
            22: "sparse",
            23: "sparse",
        },
        "tensor": {13: "entry"},
    }
)
_NODE_OPERATOR = 4
_ENTRY_KEY, _ENTRY_VALUE = 1, 2


class OnnxContent(NamedTuple):
    """Locations of external data as the file writes them, and the names of its operators."""

    locations: frozenset[str]
    operators: frozenset[str]


def read_onnx_content(data: bytes) -> OnnxContent:
    """Return what an ONNX file refers to.

    Raises
    ------
    ModelError
        If the bytes are no ONNX model.
    """
    locations: set[str] = set()
    operators: set[str] = set()
    try:
        _walk(memoryview(data), "model", 0, locations, operators)
    except (IndexError, UnicodeDecodeError) as error:
        raise ModelError(f"expected an ONNX model, found bytes that are none ({error})") from error
    if not operators:
        raise ModelError("expected an ONNX model, found one without a single operator")
    return OnnxContent(frozenset(locations), frozenset(operators))


def _walk(
    data: memoryview, message: str, depth: int, locations: set[str], operators: set[str]
) -> None:
    if depth > MAX_DEPTH:
        raise ModelError(f"expected an ONNX model of at most {MAX_DEPTH} levels, found more")
    if message == "entry":
        entry = {field: bytes(value).decode() for field, value in _fields(data)}
        if entry.get(_ENTRY_KEY) == "location":
            locations.add(entry.get(_ENTRY_VALUE, ""))
        return
    children = _TREE[message]
    for field, value in _fields(data):
        if message == "node" and field == _NODE_OPERATOR:
            operators.add(bytes(value).decode())
        elif field in children:
            _walk(value, children[field], depth + 1, locations, operators)


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield every field that holds bytes; numbers are stepped over."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        wire = tag & 7
        if wire == _VARINT:
            _, place = _varint(data, place)
        elif wire in {_FIXED64, _FIXED32}:
            place += 8 if wire == _FIXED64 else 4
        elif wire == _BYTES:
            size, place = _varint(data, place)
            yield tag >> 3, data[place : place + size]
            place += size
        else:
            raise IndexError(f"wire type {wire}")
    if place != len(data):
        raise IndexError("a field ends beyond its message")


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise IndexError("a number of more than ten bytes")
