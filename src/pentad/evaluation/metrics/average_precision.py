r"""Average precision at a cutoff, with the denominator named.

$$ \mathrm{AP@}k
   = \frac{1}{D} \sum_{i=1}^{k} \mathrm{rel}_i \cdot \frac{1}{i} \sum_{j=1}^{i} \mathrm{rel}_j $$

Programs differ in $D$, and one ranking then scores 0.25, 0.64 or 0.84:

| denominator | $D$ | also used by |
|---|---|---|
| ``min_n_r`` | $\min(k, R)$ | competitions; 1 is always reachable |
| ``n`` | $k$ | 1 is out of reach where $R < k$ |
| ``r`` | $R$ | trec_eval's ``map_cut``, ranx, ir_measures |
| ``hits`` | relevant items within the first k | torchmetrics, scikit-learn on the first k |
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from pentad.core.errors import UnknownName
from pentad.evaluation.metrics.places import Counts, Floats, Places, checked_depth, shares

Denominator = Literal["min_n_r", "n", "r", "hits"]
DENOMINATORS: tuple[Denominator, ...] = get_args(Denominator)


def average_precision(
    places: Places, k: int | None = None, denominator: Denominator = "min_n_r"
) -> Floats:
    r"""Return AP@k of each query, float64 (queries,); 0 where nothing relevant is found.

    Within a tie of $t$ items with $r$ relevant ones the expected term of place $a + j$ is

    $$ \frac{r}{t} \cdot \frac{1}{a + j} \Bigl( b + 1 + (j - 1) \frac{r - 1}{t - 1} \Bigr) $$

    with $a$ items and $b$ relevant ones above the tie. ``hits`` divides by the expected number of
    hits, which is the number itself unless a tie goes on past place k.

    Args:
        places: The first places.
        k: The cutoff; None: everything that is ranked, and $k$ in the denominator is their number.
        denominator: See above.

    Raises:
        UnknownName: There is no such denominator.
        InputError: k is less than 1, or there are fewer places.
    """
    depth = checked_depth(places, k)
    terms = _terms(places, depth).sum(axis=1)
    return shares(terms, _divisor(places, places.pool if k is None else k, denominator))


def _terms(places: Places, depth: int) -> Floats:
    """Return the expected relevance times precision of the first places."""
    ranks = np.arange(1, depth + 1)
    offset, tied, found = (a[:, :depth] for a in (places.offset, places.tied, places.found))
    # Given that a place is relevant, this many relevant ones are expected before it in its tie.
    earlier = (offset - 1) * (found - 1) / np.maximum(tied - 1, 1)
    precision = (places.before[:, :depth] + 1 + np.maximum(earlier, 0)) / ranks
    terms: Floats = places.relevant[:, :depth] * precision
    return terms


def _divisor(places: Places, k: int, denominator: Denominator) -> Floats | Counts:
    match denominator:
        case "n":
            return np.full(len(places), k)
        case "r":
            return places.total
        case "min_n_r":
            return np.minimum(places.total, k)
        case "hits":
            hits: Floats = places.relevant[:, :k].sum(axis=1)
            return hits
    raise UnknownName("denominator", denominator, DENOMINATORS)
