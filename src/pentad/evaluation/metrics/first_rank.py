r"""The rank of the first relevant item: its mean over queries is MR1, its median MedR."""

from __future__ import annotations

import numpy as np

from pentad.evaluation.metrics.first import First
from pentad.evaluation.metrics.places import Floats


def first_rank(first: First) -> Floats:
    r"""Return the rank of the first relevant item of each query, from 1; infinite without one.

    With $a$ items above the tie that holds it, $t$ items in that tie and $r$ relevant ones among
    them, the expected rank in a random order of the tie is

    $$ a + \frac{t + 1}{r + 1} $$

    Args:
        first: Where the best relevant item of each query is.

    Returns:
        float64 (queries,).
    """
    rank: Floats = first.above + (first.tied + 1) / (first.relevant + 1)
    return np.where(first.relevant > 0, rank, np.inf)
