"""Reads flat faiss indexes without faiss: nothing but a header, floats, and perhaps ids.

A file is taken only if its header accounts for every byte of it; any other is left to faiss.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pentad.embeddings.exchange.rows import MAX_DIM, block_rows
from pentad.embeddings.exchange.spool import Spool

HEADER = struct.Struct("<4siqqq?i")
"""What begins every index: kind, width, number of vectors, two fillers, trained, metric."""
LENGTH = struct.Struct("<Q")

_FLAT = {b"IxFI": "IndexFlatIP", b"IxF2": "IndexFlatL2"}
_MAPPED = {b"IxMp": "IndexIDMap", b"IxM2": "IndexIDMap2"}
_KNOWN_METRICS = (0, 1)


@dataclass(frozen=True, eq=False)
class Read:
    """What was in an index.

    Attributes:
        vectors: float32 (rows, dim), mapped.
        ids: int64 (rows,), or None where rows count from 0.
        kind: Its class in faiss.
        exact: Whether the vectors are those that the index was given, or stores as floats.
    """

    vectors: NDArray[Any]
    ids: NDArray[np.int64] | None
    kind: str
    exact: bool


@dataclass(frozen=True)
class _Layout:
    kind: str
    rows: int
    dim: int
    start: int
    mapped: bool

    @property
    def end(self) -> int:
        """Where the vectors end."""
        return self.start + 4 * self.rows * self.dim


def read_flat(path: Path) -> Read | None:
    """Return the vectors of a flat index; None where the file is anything else, or not whole.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        layout = _layout(file, path.stat().st_size)
        if layout is None:
            return None
        file.seek(layout.start)
        step = block_rows(layout.dim)
        with Spool() as spool:
            for first in range(0, layout.rows, step):
                count = min(step, layout.rows - first) * layout.dim
                spool.add(np.frombuffer(file.read(4 * count), "<f4"))
            vectors = spool.matrix(layout.dim)
        ids = None
        if layout.mapped:
            file.seek(layout.end + LENGTH.size)
            ids = np.frombuffer(file.read(8 * layout.rows), "<i8").astype(np.int64)
    return Read(vectors, ids, layout.kind, True)


def _layout(file: IO[bytes], size: int) -> _Layout | None:
    outer = _header(file)
    mapped = outer is not None and outer[0] in _MAPPED
    inner = _header(file) if mapped else outer
    if outer is None or inner is None or inner[0] not in _FLAT or inner[1:] != outer[1:]:
        return None
    kind = _MAPPED[outer[0]] if mapped else _FLAT[inner[0]]
    layout = _Layout(kind, inner[2], inner[1], file.tell() + LENGTH.size, mapped)
    if not 0 < layout.dim <= MAX_DIM or not 0 <= layout.rows <= size:
        return None
    if _length(file) != layout.rows * layout.dim:
        return None
    whole = layout.end + (LENGTH.size + 8 * layout.rows if mapped else 0)
    if whole != size:
        return None
    if mapped:
        file.seek(layout.end)
        return layout if _length(file) == layout.rows else None
    return layout


def _header(file: IO[bytes]) -> tuple[bytes, int, int] | None:
    """Return kind, width and number of vectors of a header that is as usual."""
    data = file.read(HEADER.size)
    if len(data) < HEADER.size:
        return None
    kind, dim, rows, _, _, trained, metric = HEADER.unpack(data)
    return (kind, dim, rows) if trained and metric in _KNOWN_METRICS else None


def _length(file: IO[bytes]) -> int:
    data = file.read(LENGTH.size)
    return int(LENGTH.unpack(data)[0]) if len(data) == LENGTH.size else -1
