r"""Spearman's rho and Kendall's tau-b: do scores order items as grades do?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError


def spearman(scores: ArrayLike, grades: ArrayLike) -> float:
    r"""Return Spearman's rho, from -1 to 1: the correlation of ranks, ties at their middle.

    $$ \rho = \frac{\sum_i (r_i - \bar r)(g_i - \bar g)}
                   {\sqrt{\sum_i (r_i - \bar r)^2 \sum_i (g_i - \bar g)^2}} $$

    Args:
        scores: Numbers (n,).
        grades: Numbers (n,), greater = better.

    Returns:
        The correlation; NaN where one side has a single value.

    Raises:
        InputError: Lengths differ, there are fewer than two, or one is NaN.
    """
    from scipy import stats

    left, right = _pairs(scores, grades)
    if _constant(left, right):
        return float("nan")
    ranks = np.corrcoef(stats.rankdata(left), stats.rankdata(right))
    return float(np.clip(ranks[0, 1], -1.0, 1.0))


def kendall(scores: ArrayLike, grades: ArrayLike) -> float:
    r"""Return Kendall's tau-b, from -1 to 1: agreeing minus contradicting pairs (Kendall 1945).

    $$ \tau_b = \frac{C - D}{\sqrt{(n_0 - n_1)(n_0 - n_2)}} $$

    with $n_0$ pairs, of which $n_1$ are tied in the scores and $n_2$ in the grades.

    Args:
        scores: Numbers (n,).
        grades: Numbers (n,), greater = better.

    Returns:
        The correlation; NaN where one side has a single value.

    Raises:
        InputError: Lengths differ, there are fewer than two, or one is NaN.
    """
    from scipy import stats

    left, right = _pairs(scores, grades)
    if _constant(left, right):
        return float("nan")
    return float(stats.kendalltau(left, right).statistic)


def _pairs(scores: ArrayLike, grades: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    left, right = np.asarray(scores, np.float64), np.asarray(grades, np.float64)
    if left.ndim != 1 or left.shape != right.shape:
        raise InputError("one score and one grade each", expected=left.shape, seen=right.shape)
    if len(left) < 2:
        raise InputError("a correlation needs two items", seen=len(left))
    if np.isnan(left).any() or np.isnan(right).any():
        raise InputError("a score or grade is NaN")
    return left, right


def _constant(left: NDArray[np.float64], right: NDArray[np.float64]) -> bool:
    return bool((left == left[0]).all() or (right == right[0]).all())
