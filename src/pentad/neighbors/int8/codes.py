"""Vectors as bytes, in the order in which tiles read them, with what was lost told for each.

A row is taken relative to a mean, divided by one scale for all rows, rounded, and cut off at 127.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.int8.jit import compiled_sums
from pentad.neighbors.int8.tile import TILE_ITEMS, TILE_QUERIES

LIMIT = 127
SHIFT = 128
"""Items are stored as unsigned bytes, their number plus this."""

Rows = NDArray[np.float32]


def aligned(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Return an array of zeros that starts at a multiple of 64 bytes."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    buffer = np.zeros(size + 64, np.uint8)
    start = -buffer.ctypes.data % 64
    found: NDArray[Any] = buffer[start : start + size].view(dtype).reshape(shape)
    return found


@compiled_sums
def encode_queries(
    rows: Rows,
    dim: int,
    mean: Rows,
    scale: np.float32,
    codes: NDArray[np.int8],
    sums: NDArray[np.int64],
    lengths: Rows,
    losses: Rows,
) -> None:
    """Encode queries.

    Args:
        rows: (q, at least dim).
        dim: How many values of a row count.
        mean: (dim,), what codes are relative to.
        scale: What a code is multiplied with.
        codes: (tiles, groups, 6, 4), written.
        sums: (q,), written: the sum of the codes of each.
        lengths: (q,), written: the length of the codes of each.
        losses: (q,), written: the length of what the codes miss, divided by the scale.
    """
    for i in range(len(rows)):
        tile, place = i // TILE_QUERIES, i % TILE_QUERIES
        total, square, loss = np.int64(0), np.int64(0), np.float32(0)
        for j in range(dim):
            value = (rows[i, j] - mean[j]) / scale
            code = min(max(np.rint(value), np.float32(-LIMIT)), np.float32(LIMIT))
            loss += (value - code) * (value - code)
            whole = np.int64(code)
            total += whole
            square += whole * whole
            codes[tile, j // 4, place, j % 4] = whole
        sums[i] = total
        lengths[i] = np.sqrt(np.float32(square))
        losses[i] = np.sqrt(loss)


@compiled_sums
def encode_items(
    rows: Rows,
    dim: int,
    mean: Rows,
    other: Rows,
    scale: np.float32,
    codes: NDArray[np.uint8],
    losses: Rows,
    along: Rows,
    lengths: Rows,
) -> None:
    """Encode items.

    Args:
        rows: (n, at least dim).
        dim: How many values of a row count.
        mean: (dim,), what codes are relative to.
        other: (dim,), the mean of the queries.
        scale: What a code is multiplied with.
        codes: (tiles, groups, 64, 4), written.
        losses: (n,), written: the length of what the codes miss.
        along: (n,), written: the product of each centered item with ``other``.
        lengths: (n,), written: the length of each centered item.
    """
    inverse = np.float32(1) / scale
    row = np.empty(dim, np.float32)
    for i in range(len(rows)):
        tile, place = i // TILE_ITEMS, i % TILE_ITEMS
        product, square, loss = np.float32(0), np.float32(0), np.float32(0)
        for j in range(dim):
            value = rows[i, j] - mean[j]
            row[j] = value
            product += value * other[j]
            square += value * value
        for j in range(dim):
            code = min(max(np.rint(row[j] * inverse), np.float32(-LIMIT)), np.float32(LIMIT))
            miss = row[j] - scale * code
            loss += miss * miss
            row[j] = code + np.float32(SHIFT)
        for j in range(dim):
            codes[tile, j // 4, place, j % 4] = np.uint8(row[j])
        losses[i] = np.sqrt(loss)
        along[i] = product
        lengths[i] = np.sqrt(square)
