r"""accuracy@k, or top-k accuracy: is the item's class among the k classes that score highest?"""

from __future__ import annotations

from pentad.evaluation.metrics.first import First
from pentad.evaluation.metrics.hit import hit_at_k
from pentad.evaluation.metrics.places import Floats


def accuracy_at_k(first: First, k: int) -> Floats:
    r"""Return 1 for each item whose class is among the first k, float64 (items,).

    $$ \mathrm{accuracy@}k = [\, \mathrm{rank}(\text{own class}) \le k \,] $$

    The queries are items and the corpus is the classes; an item of several classes is right where
    any of them is among the first k. Classes that tie with the own one count by expectation, or by
    their order, as the ranking says.

    Args:
        first: Where the best own class of each item is.
        k: How many classes are looked at, from 1.

    Raises:
        InputError: k is less than 1.
    """
    return hit_at_k(first, k)
