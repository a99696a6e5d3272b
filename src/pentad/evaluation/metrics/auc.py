r"""The area under the ROC curve: how often a relevant item scores more than one that is not."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError
from pentad.evaluation.metrics.midranks import Midranks
from pentad.evaluation.metrics.places import Floats


def auc(found: Midranks) -> Floats:
    r"""Return the area under the ROC curve of each query, float64 (queries,).

    With $S$ the sum of the ranks of the $R$ relevant of $N$ items (best = 1, ties at their middle)

    $$ \mathrm{AUC} = 1 - \frac{S - R (R + 1) / 2}{R (N - R)} $$

    which is the share of pairs of a relevant and another item in which the relevant one scores
    more, ties counted half (Hanley and McNeil, Radiology 1982). Where nothing or everything is
    relevant there are no such pairs: the value is NaN.

    Args:
        found: Sums of the ranks.
    """
    relevant = found.sizes
    pairs = relevant * (found.pool - relevant)
    lost = found.sums - relevant * (relevant + 1) / 2
    value = np.full(len(relevant), np.nan)
    np.divide(lost, pairs, out=value, where=pairs > 0)
    return 1 - value


def roc_auc(scores: ArrayLike, positive: ArrayLike) -> float:
    """Return the area under the ROC curve of one list of scores, ties counted half.

    Args:
        scores: Numbers (n,), greater = more likely positive.
        positive: Booleans (n,).

    Raises:
        InputError: Lengths differ, a score is NaN, or one of the two kinds is missing.
    """
    from scipy.stats import rankdata

    values: NDArray[np.float64] = np.asarray(scores, np.float64)
    right = np.asarray(positive, bool)
    if values.ndim != 1 or values.shape != right.shape:
        raise InputError("one score and one label each", expected=values.shape, seen=right.shape)
    if np.isnan(values).any():
        raise InputError("a score is NaN; scores must be comparable numbers")
    if right.all() or not right.any():
        raise InputError("ROC-AUC needs both kinds", seen=f"{int(right.sum())} of {len(right)}")
    ranks = rankdata(-values)
    sums, sizes = np.array([ranks[right].sum()]), np.array([right.sum()])
    return float(auc(Midranks(sums, sizes, len(values)))[0])
