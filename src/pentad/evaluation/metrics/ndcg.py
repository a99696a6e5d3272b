r"""nDCG@k: graded gains, discounted by rank, as a share of the best possible order."""

from __future__ import annotations

import numpy as np

from pentad.evaluation.metrics.places import Floats, Places, checked_depth, shares


def ndcg(places: Places, k: int | None = None) -> Floats:
    r"""Return nDCG@k of each query, float64 (queries,); 0 where nothing is relevant.

    $$ \mathrm{nDCG@}k = \frac{\sum_{i=1}^{k} g_i / \log_2(i + 1)}
                             {\sum_{i=1}^{k} g^*_i / \log_2(i + 1)} $$

    with $g_i$ the grade at place $i$ and $g^*$ the grades of all relevant items, greatest first
    (Jarvelin and Kekalainen, TOIS 2002; the gain is the grade itself, as in trec_eval).

    Args:
        places: The first places.
        k: The cutoff; None: everything that is ranked.

    Raises:
        InputError: k is less than 1, or there are fewer places.
    """
    depth = checked_depth(places, k)
    discount = 1 / np.log2(np.arange(2, depth + 2))
    # A matrix product would round by the number of queries.
    gains, best = ((part[:, :depth] * discount).sum(axis=1) for part in (places.gain, places.ideal))
    return shares(gains, best)
