"""How many numbers an ONNX file stores as weights, read from the file without loading it."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from math import prod
from pathlib import Path

from pentad.core.errors import InputError
from pentad.encoders.onnx.wire import Malformed, fields, varint

# Numbers are those of onnx.proto: where graphs sit in nodes, and tensors in graphs.
_GRAPH, _NODE, _INITIALIZER, _SPARSE, _ATTRIBUTE = 7, 1, 5, 15, 5
_ATTRIBUTE_GRAPHS = (6, 11)
_DIMS, _TYPE, _SPARSE_VALUES = 1, 2, 1
# float, uint8, int8, float16, double, bfloat16, four of 8 bits, uint4, int4, one of 4 bits.
# Whole numbers of 32 and 64 bits are shapes and indices, not weights.
_WEIGHTS = frozenset({1, 2, 3, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23})
_DEEPEST = 64


def count_initializers(model: Path) -> int:
    """Return how many floating-point and 8-bit numbers the initializers of all graphs hold.

    Raises:
        InputError: The file cannot be read, or is not ONNX.
    """
    try:
        with model.open("rb") as file:
            # Left to be closed with its last view: an error on the way still holds some.
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        graphs = [v for n, v in fields(memoryview(data)) if n == _GRAPH]
        return sum(_in_graph(graph, 0) for graph in graphs if isinstance(graph, memoryview))
    except ValueError:
        raise InputError("is not an ONNX file", file=model) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=model) from None


def _in_graph(graph: memoryview, depth: int) -> int:
    if depth > _DEEPEST:
        raise Malformed
    total = 0
    for number, value in fields(graph):
        if not isinstance(value, memoryview):
            continue
        if number == _INITIALIZER:
            total += _size(value)
        elif number == _SPARSE:
            total += sum(_size(tensor) for tensor in _messages(value, _SPARSE_VALUES))
        elif number == _NODE:
            for attribute in _messages(value, _ATTRIBUTE):
                for inner in _messages(attribute, *_ATTRIBUTE_GRAPHS):
                    total += _in_graph(inner, depth + 1)
    return total


def _messages(data: memoryview, *numbers: int) -> Iterator[memoryview]:
    for number, value in fields(data):
        if number in numbers and isinstance(value, memoryview):
            yield value


def _size(tensor: memoryview) -> int:
    dims: list[int] = []
    kind = 0
    for number, value in fields(tensor):
        if number == _DIMS:
            dims += [value] if isinstance(value, int) else _packed(value)
        elif number == _TYPE and isinstance(value, int):
            kind = value
    return prod(dims) if kind in _WEIGHTS else 0


def _packed(data: memoryview) -> list[int]:
    numbers, place = [], 0
    while place < len(data):
        number, place = varint(data, place)
        numbers.append(number)
    return numbers
