r"""hit@k, in papers R@k: is at least one relevant item among the k best?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.metrics.chance import chance_of_hit

if TYPE_CHECKING:
    from pentad.evaluation.metrics.relevance import Relevance


# The relevant scores of a query cost an index, a row, a value and two comparisons each.
_CELLS_PER_ENTRY = 6


def hit_at_k(scores: NDArray[Any], relevance: Relevance, k: int) -> NDArray[np.float64]:
    r"""Return hit@k of each query, tied items counted by expectation.

    For one query let $s$ be the best score of a relevant item, $g$ the number of items that score
    more than $s$, $t$ the number that score exactly $s$, and $r$ how many of those are relevant.
    In a uniformly random order of the tied items, $m = \min(\max(k - g, 0), t)$ of them are within
    the first k, and the expected hit is

    $$ \mathrm{hit@}k = 1 - \binom{t - r}{m} \Big/ \binom{t}{m} $$

    It is 1 where $g + t \le k$ and 0 where $g \ge k$. Items that score less than $s$ never matter:
    if one of them is within the first k, then all items tied at $s$ are. Equal scores for the whole
    corpus give exactly the chance level.

    Args:
        scores: float32 or float64 (queries, corpus rows), greater = closer.
        relevance: The relevant corpus rows of each query, at least one each.
        k: How many items are looked at, from 1.

    Returns:
        float64 (queries,), each from 0 to 1.

    Raises:
        InputError: A shape does not fit, a score is NaN, or a query has nothing relevant.
    """
    values: NDArray[np.float64] = hit_values(scores, relevance, (k,))[0]
    return values


def hit_values(
    scores: NDArray[Any], relevance: Relevance, ks: Sequence[int]
) -> NDArray[np.float64]:
    """Return float64 (ks, queries): `hit_at_k` for several k with one pass over the scores."""
    sizes = _check(scores, relevance, ks)
    values = np.empty((len(ks), len(sizes)))
    cells = relevance.corpus_size + _CELLS_PER_ENTRY * int(sizes.max(initial=0))
    for block in row_blocks(len(sizes), cells):
        tie = _best_tie(scores[block], relevance.take(block))
        for row, k in enumerate(ks):
            slots = np.clip(k - tie.above, 0, tie.tied)
            values[row, block] = chance_of_hit(tie.tied, tie.relevant, slots)
    return values


def hit_chance(
    corpus_size: int, relevant: NDArray[np.int64], ks: Sequence[int]
) -> NDArray[np.float64]:
    """Return float64 (ks, queries): hit@k of a random order, ``relevant`` being (queries,)."""
    return chance_of_hit(corpus_size, relevant[None, :], np.asarray(ks)[:, None])


class _Tie(NamedTuple):
    """Per query, how many items are above, tied with, and relevant at the best relevant score."""

    above: NDArray[np.int64]
    tied: NDArray[np.int64]
    relevant: NDArray[np.int64]


def _best_tie(scores: NDArray[Any], relevance: Relevance) -> _Tie:
    if np.isnan(scores).any():
        raise InputError("a score is NaN; scores must be comparable numbers")
    queries, columns, starts = relevance.entries()
    found = scores[queries, columns]
    best = np.maximum.reduceat(found, starts)
    return _Tie(
        np.count_nonzero(scores > best[:, None], axis=1),
        np.count_nonzero(scores == best[:, None], axis=1),
        np.add.reduceat((found == best[queries]).astype(np.int64), starts),
    )


def _check(scores: NDArray[Any], relevance: Relevance, ks: Sequence[int]) -> NDArray[np.int64]:
    expected = (len(relevance), relevance.corpus_size)
    if scores.shape != expected:
        raise InputError("scores do not fit the relevance", expected=expected, seen=scores.shape)
    if any(k < 1 for k in ks):
        raise InputError("k must be at least 1", seen=min(ks))
    sizes = relevance.sizes
    if (sizes == 0).any():
        raise InputError("a query has no relevant item", row=int(np.argmin(sizes)) + 1)
    return sizes
