"""`Midranks`: the rank of every relevant item, that of a tie being its middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Midranks:
    """Sums of the expected ranks of the relevant items.

    Attributes:
        sums: float64 (queries,), over the relevant items of a query: the mean of their places in a
            random order of what is tied, from 1.
        sizes: int64 (queries,), how many relevant items there are.
        pool: How many items are ranked.
    """

    sums: NDArray[np.float64]
    sizes: NDArray[np.int64]
    pool: int
