"""Counts different ids of a column that arrives in blocks, in little memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.sources.emm1.csv_table import ID_LIMIT

_MAPPED = 1 << 27


class IdCounter:
    """Smallest, largest and how many different ids there are.

    A byte an id up to 128 M, which is more than any table has; ids beyond that are kept one by one.
    """

    def __init__(self) -> None:
        self._seen = np.zeros(0, np.bool_)
        self._beyond: NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._empty = 0

    def add(self, ids: NDArray[np.uint32]) -> None:
        """Count (rows,) ids; `ID_LIMIT` stands for an empty cell."""
        known = ids[ids != ID_LIMIT]
        self._empty += len(ids) - len(known)
        near = known[known < _MAPPED]
        if len(near) < len(known):
            beyond = np.unique(known[known >= _MAPPED])
            self._beyond = np.union1d(self._beyond, beyond).astype(np.uint32)
        largest = int(near.max(initial=0))
        if largest >= len(self._seen):
            grown = np.zeros(min(_MAPPED, max(2 * len(self._seen), largest + 1)), np.bool_)
            grown[: len(self._seen)] = self._seen
            self._seen = grown
        self._seen[near] = True

    def facts(self) -> dict[str, Any]:
        """Return ``smallest``, ``largest`` (None without ids), ``count`` and ``empty`` cells."""
        near = np.flatnonzero(self._seen)
        ends = [part[end] for part in (near, self._beyond) if len(part) for end in (0, -1)]
        return {
            "smallest": int(ends[0]) if ends else None,
            "largest": int(ends[-1]) if ends else None,
            "count": len(near) + len(self._beyond),
            "empty": self._empty,
        }
