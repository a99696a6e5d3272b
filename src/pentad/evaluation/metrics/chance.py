r"""The probability of at least one hit when items are drawn blindly."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError


def chance_of_hit(total: ArrayLike, relevant: ArrayLike, drawn: ArrayLike) -> NDArray[np.float64]:
    r"""Return the probability that ``drawn`` of ``total`` items hold a relevant one.

    $$ 1 - \binom{N - R}{k} \Big/ \binom{N}{k} $$

    No binomial is computed. The miss ratio is the product over $i < \min(R, k)$ of
    $1 - \max(R, k) / (N - i)$, and the hit grows by each factor's share of what is still missed, so
    a chance of one in a billion keeps all its digits.

    Args:
        total: N, whole numbers of any shape; all three are broadcast together.
        relevant: R, from 0 to N.
        drawn: k, from 0; more than N counts as N.

    Raises:
        InputError: A number is negative, or R is greater than N.

    Examples:
        >>> float(chance_of_hit(10, 2, 1))
        0.2
    """
    items, wanted, taken = np.broadcast_arrays(
        *(np.asarray(a, dtype=np.float64) for a in (total, relevant, drawn))
    )
    if (wanted < 0).any() or (wanted > items).any() or (taken < 0).any():
        raise InputError("chance needs 0 <= relevant <= total and drawn >= 0")
    taken = np.minimum(taken, items)
    few, many = np.minimum(wanted, taken), np.maximum(wanted, taken)
    hit = np.zeros(items.shape)
    for i in range(int(few.max(initial=0))):
        share = np.minimum(many / np.maximum(items - i, 1), 1.0)
        hit = np.where(i < few, hit + (1.0 - hit) * share, hit)
    return hit
