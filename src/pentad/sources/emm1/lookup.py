"""From ids to rows. Ids are sparse and in no order: a position is never an id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ABSENT = -1
_SPARE = 1 << 20
_DENSE = 8


@dataclass(frozen=True, eq=False)
class IdLookup:
    """Finds the rows of ids: by a table as long as the largest id, or by bisection if that is long.

    Attributes:
        table: int32 (largest id + 2,), the row of each id or -1; or None.
        ids: u32 (rows,), ascending, where there is no table.
        order: int32 (rows,), the row of each of `ids`.
    """

    table: NDArray[np.int32] | None
    ids: NDArray[np.uint32]
    order: NDArray[np.int32]

    @classmethod
    def of(cls, ids: NDArray[np.uint32]) -> IdLookup:
        """Return the lookup of (rows,) ids. Where an id is repeated its last row counts."""
        rows = np.arange(len(ids), dtype=np.int32)
        none = np.empty(0, np.int32)
        largest = int(ids.max(initial=0))
        if largest > _DENSE * len(ids) + _SPARE:
            order = np.argsort(ids, kind="stable").astype(np.int32)
            return cls(None, ids[order], order)
        table = np.full(largest + 2, ABSENT, dtype=np.int32)
        table[ids] = rows
        return cls(table, none.astype(np.uint32), none)

    def rows(self, ids: NDArray[Any]) -> NDArray[np.int32]:
        """Return int32 rows of ids, -1 where an id is unknown."""
        if self.table is not None:
            rows: NDArray[np.int32] = self.table[np.minimum(ids, len(self.table) - 1)]
            return rows
        if not len(self.ids):
            return np.full(len(ids), ABSENT, np.int32)
        place = np.searchsorted(self.ids, ids, side="right") - 1
        found = self.ids[place] == ids
        return np.where(found & (place >= 0), self.order[place], ABSENT).astype(np.int32)
