"""Rows of an array on their way to a worker: where they are on disk, or the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import StoreError
from pentad.embeddings.stacked import StackedRows


@dataclass(frozen=True)
class MappedRows:
    """Rows of a file that every worker sees under the same path.

    Attributes:
        path: The file.
        offset: Where the first row starts, in bytes.
        dtype: The type of a value, as numpy writes it.
        shape: (rows, dim).
    """

    path: str
    offset: int
    dtype: str
    shape: tuple[int, int]

    def open(self) -> NDArray[Any]:
        """Map the rows, read-only.

        Raises:
            StoreError: The file is not there on this machine, or ends too soon.
        """
        dtype = np.dtype(self.dtype)
        try:
            size = Path(self.path).stat().st_size
            if size < self.offset + self.shape[0] * self.shape[1] * dtype.itemsize:
                raise StoreError(f"{self.path}: is shorter than it was when the search began")
            return np.memmap(self.path, dtype, "r", self.offset, self.shape)
        except OSError as error:
            raise StoreError(
                f"{self.path}: cannot be read by a worker ({error.strerror}); vectors must lie "
                "where every machine of the cluster finds them"
            ) from error


@dataclass(frozen=True, eq=False)
class HeldRows:
    """Rows that travel themselves.

    Attributes:
        rows: (rows, dim).
    """

    rows: NDArray[Any]

    def open(self) -> NDArray[Any]:
        """Return the rows."""
        return self.rows


@dataclass(frozen=True)
class JoinedRows:
    """Rows of several files, one below the other.

    Attributes:
        parts: The rows of each.
    """

    parts: tuple[MappedRows | HeldRows, ...]

    def open(self) -> NDArray[Any]:
        """Return the rows, read into memory.

        Raises:
            StoreError: A file is not there on this machine, or ends too soon.
        """
        return np.concatenate([part.open() for part in self.parts])


StoredRows = MappedRows | HeldRows | JoinedRows


def stored_rows(vectors: NDArray[Any] | StackedRows, start: int, stop: int) -> StoredRows:
    """Return rows ``start`` to ``stop`` of ``vectors`` (n, dim) as they are best sent."""
    if not isinstance(vectors, StackedRows):
        return _stored(vectors[start:stop])
    parts = tuple(_stored(piece) for piece in vectors.pieces(start, stop))
    return parts[0] if len(parts) == 1 else JoinedRows(parts)


def _stored(rows: NDArray[Any]) -> MappedRows | HeldRows:
    mapped = _mapping(rows)
    if mapped is None or rows.size == 0 or not rows.flags.c_contiguous:
        return HeldRows(np.asarray(rows))
    path = str(Path(str(mapped.filename)).resolve())
    # A slice keeps the offset of what it was cut from, so it is counted from the addresses.
    offset = mapped.offset + _address(rows) - _address(mapped)
    return MappedRows(path, offset, rows.dtype.str, (rows.shape[0], rows.shape[1]))


def _mapping(rows: NDArray[Any]) -> np.memmap[Any, Any] | None:
    """Return the map of a file that ``rows`` is a view of; None where the file may say otherwise.

    A map in mode ``c`` has changes that its file never sees; one without a name has no file.
    """
    whole: Any = rows
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    if not isinstance(whole, np.memmap) or whole.filename is None or whole.mode == "c":
        return None
    if whole.mode != "r":
        whole.flush()
    return whole


def _address(array: NDArray[Any]) -> int:
    address: int = array.__array_interface__["data"][0]
    return address
