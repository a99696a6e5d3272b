"""Intervals of metrics and of differences, whether the metric is a mean or a median of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.seeds import generator
from pentad.evaluation.intervals import (
    CONFIDENCE,
    RESAMPLES,
    Interval,
    bootstrap_means,
    paired_difference,
)
from pentad.evaluation.metrics.registry import Average
from pentad.evaluation.significance.aligned import aligned
from pentad.evaluation.significance.medians import bootstrap_medians

if TYPE_CHECKING:
    from pentad.evaluation.metrics.grammar import Metric
    from pentad.evaluation.scores import QueryScores


def bootstrap_metrics(
    values: NDArray[Any],
    metrics: Sequence[Metric],
    units: NDArray[Any],
    rng: np.random.Generator,
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> list[Interval]:
    """Return each metric with its percentile bootstrap interval; whole units are drawn.

    Means are those of `bootstrap_means`, medians those of `bootstrap_medians`.

    Args:
        values: Numbers (metrics, queries).
        metrics: What the rows are.
        units: (queries,) labels; equal ones are one unit.
        rng: Where the draws come from.
        resamples: How many resamples to draw.
        confidence: Share of the resampled values within the interval.

    Raises:
        InputError: There are no queries, or a shape does not fit.
    """
    medians = median_rows(metrics)
    found: dict[int, Interval] = {}
    for rows, draw in ((~medians, bootstrap_means), (medians, bootstrap_medians)):
        if rows.any():
            part = draw(values[rows], units, rng, resamples=resamples, confidence=confidence)
            found |= dict(zip(np.flatnonzero(rows).tolist(), part, strict=True))
    return [found[row] for row in range(len(metrics))]


def paired_intervals(
    first: QueryScores,
    second: QueryScores,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> list[Interval]:
    """Return first minus second for each metric, with the interval of the paired difference.

    Queries may be in any order. A difference of means is that of `paired_difference`; a difference
    of medians is taken under the same draws for both systems.

    Args:
        first: Scores of one system.
        second: Scores of another over the same queries and the same corpus, metrics in any order.
        seed: The run's seed.
        resamples: How many resamples to draw.
        confidence: Share of the resampled differences within the interval.

    Returns:
        One interval for each of ``first.metrics``.

    Raises:
        InputError: The directions, queries, units, pools or metrics differ.
    """
    one, two = aligned([first, second])
    medians = median_rows(one.metrics)
    found: dict[int, Interval] = {}
    means = np.flatnonzero(~medians)
    if len(means):
        pair = (_only(one, means), _only(two, means))
        part = paired_difference(*pair, seed=seed, resamples=resamples, confidence=confidence)
        found |= dict(zip(means.tolist(), part, strict=True))
    if medians.any():
        rng = generator(seed, "bootstrap-medians", one.query.value, one.corpus.value)
        rows = np.flatnonzero(medians)
        part = bootstrap_medians(
            one.values[rows],
            one.units,
            rng,
            minus=two.values[rows],
            resamples=resamples,
            confidence=confidence,
        )
        found |= dict(zip(rows.tolist(), part, strict=True))
    return [found[row] for row in range(len(one.metrics))]


def median_rows(metrics: Sequence[Metric]) -> NDArray[np.bool_]:
    """Return bool (metrics,): which ones are medians over queries."""
    return np.array([metric.spec.average is Average.median for metric in metrics], dtype=np.bool_)


def _only(scores: QueryScores, rows: NDArray[np.int64]) -> QueryScores:
    metrics = tuple(scores.metrics[row] for row in rows.tolist())
    return replace(scores, metrics=metrics, values=scores.values[rows], chance=scores.chance[rows])
