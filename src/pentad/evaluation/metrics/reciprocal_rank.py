r"""The reciprocal of the rank of the first relevant item; its mean over queries is MRR."""

from __future__ import annotations

import numpy as np

from pentad.core.errors import InputError
from pentad.evaluation.metrics.first import First
from pentad.evaluation.metrics.places import Floats


def reciprocal_rank(first: First, k: int | None = None) -> Floats:
    r"""Return 1 / rank of the first relevant item of each query, float64 (queries,).

    It is 0 where nothing relevant is ranked, or nothing within the first k. With $a$ items above
    the tie that holds the first, $t$ in that tie and $r$ relevant ones among them, it is at place
    $a + J$ of a random order of the tie, and the value is the expectation of $1 / (a + J)$ under

    $$ P(J = j) = \binom{t - j}{r - 1} \Big/ \binom{t}{r} $$

    Args:
        first: Where the best relevant item of each query is.
        k: How many places are looked at; None: all.

    Raises:
        InputError: k is less than 1.
    """
    if k is not None and k < 1:
        raise InputError("k must be at least 1", seen=k)
    shapes = np.stack([first.above, first.tied, first.relevant], axis=1)
    distinct, code = np.unique(shapes, axis=0, return_inverse=True)
    values = np.array([_expected(a, t, r, k) for a, t, r in distinct.tolist()])
    return values[code.ravel()]


def _expected(above: int, tied: int, relevant: int, k: int | None) -> float:
    places = tied - relevant + 1
    if k is not None:
        places = min(places, k - above)
    if places < 1 or not relevant:
        return 0.0
    steps = np.arange(1, places)
    missed = (tied - relevant - steps + 1) / (tied - steps)
    chance = np.cumprod([relevant / tied, *missed])
    return float((chance / (above + np.arange(1, places + 1))).sum())
