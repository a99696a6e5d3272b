"""Matrices of vectors, block by block, so that memory does not grow with the number of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pentad.embeddings.exchange.spool import Spool
from pentad.embeddings.stacked import StackedRows

BLOCK_BYTES = 1 << 24
MAX_DIM = 1 << 20
"""Longer vectors are taken for damage: nothing that embeds makes them."""


def block_rows(dim: int, itemsize: int = 4) -> int:
    """Return how many rows make a block."""
    return max(1, BLOCK_BYTES // max(1, dim * itemsize))


def blocks(
    vectors: NDArray[Any], start: int = 0, stop: int | None = None
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield the first row and the rows of each block between two rows, by default all."""
    end = len(vectors) if stop is None else stop
    step = block_rows(vectors.shape[1], vectors.dtype.itemsize)
    for first in range(start, end, step):
        yield first, np.asarray(vectors[first : min(end, first + step)])


def not_finite(vectors: NDArray[Any]) -> NDArray[np.int64]:
    """Return the rows that have a value which is not finite."""
    found = [
        start + np.flatnonzero(~np.isfinite(block).all(axis=1)) for start, block in blocks(vectors)
    ]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def without(vectors: NDArray[Any], rows: NDArray[np.int64]) -> list[NDArray[Any]]:
    """Return what lies between some rows, as views."""
    begins = np.concatenate([[0], rows + 1]).tolist()
    ends = [*rows.tolist(), len(vectors)]
    pairs = zip(begins, ends, strict=True)
    return [vectors[begin:end] for begin, end in pairs if end > begin]


def stacked(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return matrices of one width and type as if they were one; nothing is read."""
    filled = [part for part in parts if len(part)] or list(parts[:1])
    if len(filled) == 1:
        return filled[0]
    # Whatever takes vectors takes rows by slices, flags and numbers, which these have.
    return cast("NDArray[Any]", StackedRows(filled))


def converted(vectors: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Return a copy of another type in a file of its own, mapped."""
    with Spool(dtype) as spool:
        for _, block in blocks(vectors):
            spool.add(block)
        return spool.matrix(vectors.shape[1])


def reordered(vectors: NDArray[Any], order: NDArray[np.int64]) -> NDArray[Any]:
    """Return a copy with the rows in another order in a file of its own, mapped."""
    step = block_rows(vectors.shape[1], vectors.dtype.itemsize)
    with Spool(vectors.dtype) as spool:
        for start in range(0, len(order), step):
            spool.add(vectors[order[start : start + step]])
        return spool.matrix(vectors.shape[1])
