"""Writes a flat faiss index row block by row block; faiss itself would hold all of it in memory."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.progress import Task
from pentad.embeddings.exchange.faiss_flat import HEADER, LENGTH
from pentad.embeddings.exchange.rows import blocks
from pentad.embeddings.ids import Ids

_TOTAL = slice(8, 16)
"""Where the header of every index has the number of its vectors."""
_HIGHEST = int(np.iinfo(np.int64).max)


def write_flat(path: Path, vectors: NDArray[Any], ids: Ids, task: Task | None = None) -> None:
    """Write an ``IndexFlatIP``, within an ``IndexIDMap`` where ids do not count from 0."""
    labels = None
    if len(ids) and (int(ids[0]) != 0 or int(ids[-1]) != len(ids) - 1):
        if int(ids[-1]) > _HIGHEST:
            raise InputError("faiss has ids up to 2^63 - 1", seen=int(ids[-1]))
        labels = ids.astype(np.int64)
    heads = _heads(int(vectors.shape[1]), mapped=labels is not None)
    if heads is None:
        _write_whole(path, vectors, labels)
        return
    outer, inner = heads
    count = len(vectors)
    with path.open("wb") as file:
        file.write(_with_total(outer, count) + _with_total(inner, count))
        file.write(LENGTH.pack(count * int(vectors.shape[1])))
        for _, block in blocks(vectors):
            file.write(np.ascontiguousarray(block, dtype="<f4").reshape(-1).view(np.uint8).data)
            if task is not None:
                task.advance(len(block))
        if labels is not None:
            file.write(LENGTH.pack(count))
            file.write(labels.astype("<i8").view(np.uint8).data)


def _heads(dim: int, *, mapped: bool) -> tuple[bytes, bytes] | None:
    """Return the headers that faiss writes around and before the vectors.

    They are taken from an index of two rows. None where that is not laid out as expected, as a
    later version might do.
    """
    rows = np.arange(2 * dim, dtype=np.float32).reshape(2, dim)
    data = _index(rows, np.array([3, 5]) if mapped else None)
    body = LENGTH.pack(2 * dim) + rows.astype("<f4").tobytes()
    tail = struct.pack("<Qqq", 2, 3, 5) if mapped else b""
    start = HEADER.size * (2 if mapped else 1)
    outer, inner = data[: start - HEADER.size], data[start - HEADER.size : start]
    total = LENGTH.pack(2)
    fits = data[start:] == body + tail and inner[_TOTAL] == total
    if not fits or (mapped and outer[_TOTAL] != total):
        return None
    return outer, inner


def _with_total(header: bytes, count: int) -> bytes:
    if not header:
        return header
    return header[: _TOTAL.start] + LENGTH.pack(count) + header[_TOTAL.stop :]


def _index(rows: NDArray[Any], labels: NDArray[np.int64] | None) -> bytes:
    import faiss

    return bytes(faiss.serialize_index(_made(rows, labels)))


def _write_whole(path: Path, vectors: NDArray[Any], labels: NDArray[np.int64] | None) -> None:
    import faiss

    faiss.write_index(_made(vectors, labels), str(path))


def _made(rows: NDArray[Any], labels: NDArray[np.int64] | None) -> Any:
    import faiss

    flat = faiss.IndexFlatIP(int(rows.shape[1]))
    index = flat if labels is None else faiss.IndexIDMap(flat)
    for start, block in blocks(rows):
        values = np.ascontiguousarray(block, dtype=np.float32)
        if labels is None:
            index.add(values)
        else:
            index.add_with_ids(values, labels[start : start + len(block)])
    return index
