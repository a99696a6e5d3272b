"""Several metrics of the same rankings at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.evaluation.metrics.grammar import Metric, parse_metrics
from pentad.evaluation.metrics.places import Floats
from pentad.evaluation.metrics.score_block import Blind, ScoreBlock, Ties
from pentad.evaluation.metrics.views import Views

if TYPE_CHECKING:
    from pentad.evaluation.metrics.relevance import Relevance


def metric_values(
    scores: NDArray[Any], relevance: Relevance, metrics: Sequence[str], *, ties: Ties = "id"
) -> Floats:
    """Return every metric of every query.

    Args:
        scores: float32 or float64 (queries, corpus rows), greater = closer.
        relevance: The relevant corpus rows of each query.
        metrics: Names in the metric grammar.
        ties: ``id``: equal scores are in the order of the corpus. ``expected``: they have no order,
            and metrics are means over all orders.

    Returns:
        float64 (metrics, queries). A query without anything relevant has 0 for what is better when
        it is more, an infinite rank, and NaN for ``auc``.

    Raises:
        UnknownName: A metric is not known.
        InputError: A cutoff is wrong, shapes differ, or a score is NaN.
    """
    wanted = parse_metrics(metrics)
    return values_of(ScoreBlock(scores, relevance, depth_of(wanted, scores.shape[1]), ties), wanted)


def chance_values(relevance: Relevance, metrics: Sequence[str]) -> Floats:
    """Return what a random order of the corpus scores: float64 (metrics, queries)."""
    wanted = parse_metrics(metrics)
    return values_of(Blind(relevance, depth_of(wanted, relevance.corpus_size)), wanted)


def values_of(views: Views, metrics: Sequence[Metric]) -> Floats:
    """Return every metric of some rankings: float64 (metrics, queries)."""
    return np.stack([m.spec.values(views, m.k, m.level) for m in metrics])


def depth_of(metrics: Sequence[Metric], pool: int) -> int:
    """Return how many places of each ranking the metrics look at; 0 where none does."""
    depths = [pool if m.k is None else min(m.k, pool) for m in metrics if m.spec.deep]
    return max(depths, default=0)
