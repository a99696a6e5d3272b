"""`Changes`: what became of one side of a comparison since it was seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.embeddings.ids import Ids

Indices = NDArray[np.int64]
Known = tuple[Ids, NDArray[np.uint64]]
"""Ids, ascending, and the digests of their rows."""


@dataclass(frozen=True, eq=False)
class Changes:
    """Which rows stayed, came and went. A row that changed went and came.

    Attributes:
        stayed: Rows of now that are as they were, ascending.
        before: Their rows of then.
        came: Rows of now that are new or changed, ascending.
        went: Ids that are not there any more or of changed rows, ascending.
        changed: How many rows changed.
    """

    stayed: Indices
    before: Indices
    came: Indices
    went: Ids
    changed: int

    @classmethod
    def between(cls, then: Known, now: Known) -> Changes:
        """Compare the rows of then with those of now."""
        (old_ids, old), (ids, digests) = then, now
        places = np.searchsorted(old_ids, ids)
        there = places < len(old_ids)
        there[there] = old_ids[places[there]] == ids[there]
        same = there.copy()
        same[there] = old[places[there]] == digests[there]
        before = places[same].astype(np.int64)
        left = np.ones(len(old_ids), dtype=np.bool_)
        left[before] = False
        changed = int(there.sum() - same.sum())
        return cls(np.flatnonzero(same), before, np.flatnonzero(~same), old_ids[left], changed)

    def counts(self) -> dict[str, int]:
        """Return how many rows are new, changed and removed."""
        new, removed = len(self.came) - self.changed, len(self.went) - self.changed
        return {"new": new, "changed": self.changed, "removed": removed}
