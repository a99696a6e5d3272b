"""From per-query values to means with intervals, and to differences between two systems."""

from __future__ import annotations

import numpy as np

from pentad.core.seeds import generator
from pentad.evaluation.intervals import RESAMPLES, bootstrap_means, paired_difference
from pentad.evaluation.scores import Difference, QueryScores, Score


def summarize(
    scores: QueryScores, *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[Score, ...]:
    """Return one `Score` for each metric: the mean over queries with its 95 % interval."""
    rng = generator(seed, "bootstrap", scores.query.value, scores.corpus.value)
    intervals = bootstrap_means(scores.values, scores.units, rng, resamples=resamples)
    chances = scores.chance.mean(axis=1)
    return tuple(
        Score(
            query=scores.query,
            corpus=scores.corpus,
            metric=str(metric),
            value=interval.value,
            low=interval.low,
            high=interval.high,
            chance=float(chance),
            n=len(scores.queries),
            pool=scores.pool,
            relevant=scores.relevant_by,
            units=len(np.unique(scores.units)),
            excluded=scores.excluded,
        )
        for metric, interval, chance in zip(scores.metrics, intervals, chances, strict=True)
    )


def difference(
    first: QueryScores, second: QueryScores, *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[Difference, ...]:
    """Return one `Difference` for each metric: first minus second over the same queries.

    Raises:
        InputError: The two were not scored over the same queries, corpus and metrics.
    """
    intervals = paired_difference(first, second, seed=seed, resamples=resamples)
    return tuple(
        Difference(
            query=first.query,
            corpus=first.corpus,
            metric=str(metric),
            value=interval.value,
            low=interval.low,
            high=interval.high,
            n=len(first.queries),
        )
        for metric, interval in zip(first.metrics, intervals, strict=True)
    )
