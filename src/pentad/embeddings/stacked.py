"""`StackedRows`: several mapped arrays that look like one; only what is asked for is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pentad.core.errors import InputError


class StackedRows:
    """Matrices of one width, one below the other.

    Rows are had by slices, flags or numbers, as from an array; a slice that lies within one of the
    matrices is a view of it. As a whole it becomes an array only where somebody asks for that.

    Attributes:
        shape: (rows, columns).
        dtype: Of the values.
        ndim: 2.
        size: How many values there are.
    """

    ndim = 2

    def __init__(self, parts: Sequence[NDArray[Any]]) -> None:
        """Stack matrices.

        Raises:
            InputError: There is none, or they differ in width or type.
        """
        kinds = {(part.shape[1:], part.dtype) for part in parts}
        if len(kinds) != 1:
            seen = sorted(f"{dtype} {width}" for width, dtype in kinds)
            raise InputError("shards must be of one width and type", seen=", ".join(seen) or "none")
        self._parts = tuple(parts)
        lengths = np.array([len(part) for part in parts])
        self._ends = np.cumsum(lengths)
        self._begins = self._ends - lengths
        self.dtype = parts[0].dtype
        self.shape = (int(self._ends[-1]), int(parts[0].shape[1]))
        self.size = self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        """Return how many rows there are."""
        return self.shape[0]

    def __getitem__(self, wanted: slice | NDArray[Any]) -> NDArray[Any]:
        """Return rows: a slice in steps of one, flags, or numbers from 0."""
        if isinstance(wanted, slice):
            start, stop, step = wanted.indices(len(self))
            if step == 1:
                return self._slice(start, max(start, stop))
            return self._rows(np.arange(start, stop, step))
        rows = np.asarray(wanted)
        return self._rows(np.flatnonzero(rows) if rows.dtype == np.bool_ else rows)

    def pieces(self, start: int, stop: int) -> list[NDArray[Any]]:
        """Return the rows from ``start`` to ``stop`` as views of the matrices they lie in."""
        first, last = np.searchsorted(self._ends, (start, max(start, stop - 1)), side="right")
        if first >= len(self._parts):
            return [self._parts[0][:0]]
        return [
            self._parts[p][max(0, start - self._begins[p]) : stop - self._begins[p]]
            for p in range(first, min(last, len(self._parts) - 1) + 1)
        ]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return all rows as one array; always a copy."""
        if copy is False:
            raise ValueError("rows in several files become one array by being copied")
        whole = self._slice(0, len(self))
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def _slice(self, start: int, stop: int) -> NDArray[Any]:
        found = self.pieces(start, stop)
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _rows(self, rows: NDArray[np.integer]) -> NDArray[Any]:
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
            raise IndexError("a row that is not there")
        found = np.empty((len(rows), self.shape[1]), self.dtype)
        part_of = np.searchsorted(self._ends, rows, side="right")
        order = np.argsort(part_of, kind="stable")
        bounds = np.searchsorted(part_of[order], np.arange(len(self._parts) + 1))
        for p in np.unique(part_of).tolist():
            places = order[bounds[p] : bounds[p + 1]]
            found[places] = self._parts[p][rows[places] - self._begins[p]]
        return found
