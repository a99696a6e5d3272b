r"""recall@k: the share of the relevant items that are among the first k."""

from __future__ import annotations

from pentad.evaluation.metrics.places import Floats, Places, checked_depth, shares


def recall_at_k(places: Places, k: int) -> Floats:
    r"""Return recall@k of each query, float64 (queries,); 0 where nothing is relevant.

    $$ \mathrm{recall@}k = \frac{1}{R} \sum_{i=1}^{k} \mathrm{rel}_i $$

    In papers on retrieval "R@k" is usually hit@k: the two differ where $R > 1$.

    Args:
        places: The first places.
        k: The cutoff.

    Raises:
        InputError: k is less than 1, or there are fewer places.
    """
    depth = checked_depth(places, k)
    return shares(places.relevant[:, :depth].sum(axis=1), places.total)
