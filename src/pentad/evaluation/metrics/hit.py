r"""hit@k, in papers R@k: is at least one relevant item among the k best?"""

from __future__ import annotations

import numpy as np

from pentad.core.errors import InputError
from pentad.evaluation.metrics.chance import chance_of_hit
from pentad.evaluation.metrics.first import First
from pentad.evaluation.metrics.places import Floats


def hit_at_k(first: First, k: int) -> Floats:
    r"""Return hit@k of each query, float64 (queries,); 0 where nothing relevant is ranked.

    With $a$ items above the tie that holds the best relevant item, $t$ items in that tie and $r$
    relevant ones among them, $m = \min(\max(k - a, 0), t)$ places of the tie are within the first
    k. In a uniformly random order of the tie the expected hit is

    $$ \mathrm{hit@}k = 1 - \binom{t - r}{m} \Big/ \binom{t}{m} $$

    Items below that tie never matter: where one of them is within the first k, so is the tie.

    Args:
        first: Where the best relevant item of each query is.
        k: How many places are looked at, from 1.

    Raises:
        InputError: k is less than 1.
    """
    if k < 1:
        raise InputError("k must be at least 1", seen=k)
    return chance_of_hit(first.tied, first.relevant, np.clip(k - first.above, 0, first.tied))
