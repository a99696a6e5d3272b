"""Rows in blocks that fit a fixed amount of memory."""

from __future__ import annotations

from collections.abc import Iterator

CELLS = 1 << 24


def row_blocks(rows: int, cells_per_row: int, cells: int = CELLS) -> Iterator[slice]:
    """Yield slices that cover ``rows`` in order, each of at most ``cells`` cells or of one row."""
    step = max(1, cells // max(1, cells_per_row))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))
