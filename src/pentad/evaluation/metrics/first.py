"""`First`: where the best relevant item of each query is, with what is tied with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class First:
    """The tie that holds the best relevant item of each query.

    Where nothing relevant is ranked, ``relevant`` is 0.

    Attributes:
        above: int64 (queries,), how many items are ranked before that tie.
        tied: int64 (queries,), how many items it has, at least 1.
        relevant: int64 (queries,), how many of those are relevant.
    """

    above: Counts
    tied: Counts
    relevant: Counts

    def __len__(self) -> int:
        """Return how many queries there are."""
        return len(self.above)
