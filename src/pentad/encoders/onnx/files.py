"""Which other files an ONNX file draws its weights from, read from the file without loading it.

An ONNX file is a protocol buffer; large models keep tensors in files beside it. Those belong to the
fingerprint, and none may lie outside the model's folder. Only the few fields on the way to a tensor
are followed here; the numbers are those of onnx.proto.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

from pentad.core.errors import InputError
from pentad.encoders.onnx.wire import Malformed, fields

_GRAPH, _FUNCTION = 7, 25
# Where tensors and further graphs sit: kind of message -> field -> kind of message inside it.
_INSIDE: dict[str, dict[int, str]] = {
    "model": {_GRAPH: "graph", _FUNCTION: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "external"},
}
_DEEPEST = 64


def external_files(model: Path) -> tuple[Path, ...]:
    """Return the files that ``model`` keeps tensors in, sorted; none for most models.

    Raises:
        InputError: The file is not ONNX, or it names a file that is missing or outside its folder.
    """
    try:
        with model.open("rb") as file:
            # Left to be closed with its last view: an error on the way still holds some.
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        names = _names(memoryview(data))
    except ValueError:
        raise InputError("is not an ONNX file", file=model) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=model) from None
    return tuple(_beside(model, name) for name in names)


def _names(data: memoryview) -> list[str]:
    if _GRAPH not in {number for number, _ in fields(data)}:
        raise Malformed
    return sorted(set(_walk(data, "model", 0)))


def _beside(model: Path, name: str) -> Path:
    path = model.parent / name
    if Path(name).is_absolute() or not path.resolve().is_relative_to(model.parent.resolve()):
        raise InputError("keeps weights in a file outside its folder", file=model, seen=name)
    if not path.is_file():
        raise InputError("keeps weights in a file that is not there", file=model, seen=name)
    return path


def _walk(data: memoryview, kind: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise Malformed
    if kind == "external":
        entry = {n: bytes(v) for n, v in fields(data) if isinstance(v, memoryview)}
        if entry.get(1, b"") == b"location":
            yield entry.get(2, b"").decode("utf-8")
        return
    inside = _INSIDE[kind]
    for number, value in fields(data):
        if number in inside and isinstance(value, memoryview):
            yield from _walk(value, inside[number], depth + 1)
