"""PLY clouds and meshes: ASCII and binary, of either byte order, read within bounds.

ASCII numbers are first rewritten as binary doubles, so that there is one reader for both. Every
count is compared with the bytes that are there before memory is given to it.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.media.geometry import Part, as_bytes, check_counts, fan, guess_bytes
from pentad.media.plyheader import MAX_HEADER_BYTES, Element, Header, Property, parse_header

_Buffer = bytes | memoryview
_FACE_LISTS = ("vertex_indices", "vertex_index")
_COLORS = (
    ("red", "green", "blue"),
    ("r", "g", "b"),
    ("diffuse_red", "diffuse_green", "diffuse_blue"),
)
_TEXT_BLOCK = 1 << 20
_LONGEST_WORD = 1 << 10


@dataclass(frozen=True, eq=False)
class _Lists:
    """One list column: row i has ``counts[i]`` values of ``type``, from byte ``starts[i]`` on."""

    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    body: _Buffer
    type: np.dtype[Any]


_Columns = dict[str, "NDArray[Any] | _Lists"]


def read_ply(path: Path) -> Part:
    """Read the vertices of a PLY file with their colours, and its faces cut into triangles.

    Raises:
        DecodeError: The file is damaged, cut off, or beyond the limits.
    """
    return parse_ply(path.read_bytes())


def parse_ply(data: bytes) -> Part:
    """Read a PLY file that is already in memory; see `read_ply`."""
    header = parse_header(data[:MAX_HEADER_BYTES])
    for element in header.elements:
        if element.name in {"vertex", "face"}:
            check_counts(element.rows, element.rows)
    body = memoryview(data)[header.size :]
    _check_size(header, len(body))
    if header.order:
        return _read(header, body, header)
    return _read(_with_doubles(header), _numbers(body), header)


def _check_size(header: Header, present: int) -> None:
    """Refuse counts that the file is too short for; ASCII takes two characters a number."""
    least = 0
    for element in header.elements:
        row = element.least_bytes() if header.order else 2 * len(element.properties)
        least += element.rows * row
    if least - (not header.order) > present:
        raise DecodeError(
            Reason.TRUNCATED,
            f"PLY: the header promises at least {least:,} bytes, {present:,} are there",
        )


def _with_doubles(header: Header) -> Header:
    def doubled(column: Property) -> Property:
        return Property(column.name, "f8", "f8" if column.count else None)

    elements = tuple(
        replace(element, properties=tuple(map(doubled, element.properties)))
        for element in header.elements
    )
    return Header("<", elements, 0)


def _numbers(text: memoryview) -> memoryview:
    """Return all numbers of an ASCII body as the bytes of little-endian doubles."""
    blocks, rest = [np.empty(0, "<f8")], b""
    for start in range(0, len(text), _TEXT_BLOCK):
        block = rest + bytes(text[start : start + _TEXT_BLOCK])
        words, rest = block.split(), b""
        # The last word may go on in the next block, unless a blank ends it.
        if words and not block[-1:].isspace() and start + _TEXT_BLOCK < len(text):
            rest = words.pop()
        blocks.append(_floats(words, rest))
    return memoryview(np.concatenate(blocks).tobytes())


def _floats(words: list[bytes], rest: bytes) -> NDArray[np.float64]:
    try:
        if len(rest) < _LONGEST_WORD:
            return np.array([float(word) for word in words], dtype="<f8")
    except ValueError:
        pass
    raise DecodeError(Reason.CORRUPT, "PLY: a word among the numbers")


def _read(header: Header, body: memoryview, declared: Header) -> Part:
    xyz, rgb, faces = np.empty((0, 3), np.float32), None, None
    start = 0
    for element, original in zip(header.elements, declared.elements, strict=True):
        columns, start = _rows(element, header.order, body, start)
        if element.name == "vertex":
            xyz, rgb = _vertices(columns, original)
        elif element.name == "face":
            faces = _triangles(columns)
    if bytes(body[start : start + 64]).strip():
        raise DecodeError(
            Reason.CORRUPT, f"PLY: {len(body) - start:,} bytes more than the header promises"
        )
    return Part(xyz, rgb, faces)


def _rows(element: Element, order: str, body: memoryview, start: int) -> tuple[_Columns, int]:
    """Return the columns of one element, and where the next one begins."""
    dtype, lengths = _row_type(element, order, body, start)
    end = start + element.rows * dtype.itemsize
    if end <= len(body):
        table = np.frombuffer(body, dtype, element.rows, start)
        if all((table[f"{i}#"] == length).all() for i, length in lengths.items()):
            columns = {p.name: np.array(table[f"{i}"]) for i, p in enumerate(element.properties)}
            return dict(columns), end
    if not lengths:
        raise DecodeError(Reason.TRUNCATED, f"PLY: the {element.name} rows are cut off")
    return _walk(element, order, body, start)


def _row_type(
    element: Element, order: str, body: memoryview, at: int
) -> tuple[np.dtype[Any], dict[int, int]]:
    """Return the layout of the first row and its list lengths; in most files all rows agree."""
    fields: list[Any] = []
    lengths: dict[int, int] = {}
    for i, column in enumerate(element.properties):
        shape: tuple[int, ...] = ()
        if column.count is not None:
            read = struct.Struct(order + np.dtype(column.count).char)
            lengths[i] = _length(read, body, at) if element.rows else 0
            at += read.size
            shape = (lengths[i],)
            fields.append((f"{i}#", order + column.count))
        fields.append((f"{i}", order + column.type, shape))
        at += np.dtype(column.type).itemsize * math.prod(shape)
    return np.dtype(fields), lengths


def _length(read: struct.Struct, body: memoryview, at: int) -> int:
    if at + read.size > len(body):
        raise DecodeError(Reason.TRUNCATED, "PLY: a list is cut off")
    length: float = read.unpack_from(body, at)[0]
    if not 0 <= length <= len(body) or length != int(length):
        raise DecodeError(Reason.CORRUPT, f"PLY: a list of {length} values")
    return int(length)


@dataclass(frozen=True, eq=False)
class _Stop:
    """One list column on the way through a row, and the plain bytes before it."""

    skip: int
    read: struct.Struct
    item: int
    spots: list[tuple[int, int]]


def _walk(element: Element, order: str, body: memoryview, at: int) -> tuple[_Columns, int]:
    """Find the lists of an element row by row, where their lengths differ."""
    stops, tail, found = _stops(element, order)
    for _ in range(element.rows):
        for stop in stops:
            at += stop.skip
            length = _length(stop.read, body, at)
            at += stop.read.size
            stop.spots.append((at, length))
            at += length * stop.item
        at += tail
    if at > len(body):
        raise DecodeError(Reason.TRUNCATED, f"PLY: the {element.name} rows are cut off")
    return {column.name: _lists(stop, order + column.type, body) for column, stop in found}, at


def _stops(element: Element, order: str) -> tuple[list[_Stop], int, list[tuple[Property, _Stop]]]:
    found: list[tuple[Property, _Stop]] = []
    skip = 0
    for column in element.properties:
        size = np.dtype(column.type).itemsize
        if column.count is None:
            skip += size
        else:
            read = struct.Struct(order + np.dtype(column.count).char)
            found.append((column, _Stop(skip, read, size, [])))
            skip = 0
    return [stop for _, stop in found], skip, found


def _lists(stop: _Stop, kind: str, body: memoryview) -> _Lists:
    table = np.array(stop.spots, np.int64).reshape(-1, 2)
    return _Lists(table[:, 0], table[:, 1], body, np.dtype(kind))


def _vertices(columns: _Columns, element: Element) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    plain = {n: c for n, c in columns.items() if isinstance(c, np.ndarray) and c.ndim == 1}
    if not {"x", "y", "z"} <= plain.keys():
        raise DecodeError(Reason.UNSUPPORTED, "PLY: vertices without plain x, y, z")
    xyz = np.stack([plain["x"], plain["y"], plain["z"]], axis=1)
    for names in _COLORS:
        if set(names) <= plain.keys():
            values = np.stack([plain[name] for name in names], axis=1)
            kind = next(p.type for p in element.properties if p.name == names[0])
            return xyz, _color_bytes(values, kind)
    return xyz, None


def _color_bytes(values: NDArray[Any], kind: str) -> NDArray[np.uint8]:
    if kind.startswith("f"):
        return guess_bytes(values)
    return as_bytes(values, whole=65535.0 if kind.endswith("2") else 255.0)


def _triangles(columns: _Columns) -> NDArray[np.int64] | None:
    column = next((columns[name] for name in _FACE_LISTS if name in columns), None)
    if column is None:
        return None
    if isinstance(column, _Lists):
        polygons = _by_corners(column)
    else:
        polygons = [column] if column.ndim == 2 and column.shape[1] >= 3 else []
    check_counts(0, sum(len(p) * (p.shape[1] - 2) for p in polygons))
    if not polygons:
        return None
    return np.concatenate([fan(_whole(p)) for p in polygons])


def _by_corners(lists: _Lists) -> list[NDArray[Any]]:
    """Return the lists of three values or more, one (lists, values) array for each length."""
    raw = np.frombuffer(lists.body, np.uint8)
    order = np.argsort(lists.counts, kind="stable")
    corners, firsts = np.unique(lists.counts[order], return_index=True)
    groups = np.split(lists.starts[order], firsts[1:])
    return [
        sliding_window_view(raw, int(n) * lists.type.itemsize)[starts].view(lists.type)
        for n, starts in zip(corners, groups, strict=True)
        if n >= 3
    ]


def _whole(values: NDArray[Any]) -> NDArray[np.int64]:
    if values.dtype.kind == "f" and not (np.isfinite(values) & (values == np.rint(values))).all():
        raise DecodeError(Reason.CORRUPT, "PLY: a face refers to a vertex that is no whole number")
    return values.astype(np.int64)
