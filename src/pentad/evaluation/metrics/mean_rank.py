r"""Mean rank: the mean of the ranks of all relevant items, as MnR of one relevant item a query."""

from __future__ import annotations

import numpy as np

from pentad.evaluation.metrics.midranks import Midranks
from pentad.evaluation.metrics.places import Floats


def mean_rank(found: Midranks) -> Floats:
    r"""Return the mean rank of the relevant items of each query, from 1; infinite without one.

    $$ \frac{1}{R} \sum_{i \in \text{relevant}} \mathrm{rank}_i $$

    With one relevant item it is the rank of the first, whose mean over queries is MR1.

    Args:
        found: Sums of the ranks.

    Returns:
        float64 (queries,).
    """
    ranks = np.full(len(found.sizes), np.inf)
    np.divide(found.sums, found.sizes, out=ranks, where=found.sizes > 0)
    return ranks
