r"""precision@k: the share of the first k places that hold relevant items."""

from __future__ import annotations

from pentad.evaluation.metrics.places import Floats, Places, checked_depth


def precision_at_k(places: Places, k: int) -> Floats:
    r"""Return precision@k of each query, float64 (queries,).

    $$ \mathrm{precision@}k = \frac{1}{k} \sum_{i=1}^{k} \mathrm{rel}_i $$

    Places that nothing holds count as not relevant, as in trec_eval.

    Args:
        places: The first places.
        k: The cutoff.

    Raises:
        InputError: k is less than 1, or there are fewer places.
    """
    depth = checked_depth(places, k)
    found: Floats = places.relevant[:, :depth].sum(axis=1) / k
    return found
