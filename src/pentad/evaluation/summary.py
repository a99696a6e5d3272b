"""From per-query values to means with intervals, and to differences between two systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.seeds import generator
from pentad.evaluation.intervals import RESAMPLES
from pentad.evaluation.macro import macro_means
from pentad.evaluation.metrics.registry import Average
from pentad.evaluation.scores import Difference, QueryScores, Score
from pentad.evaluation.significance.bootstrap import bootstrap_metrics, paired_intervals

if TYPE_CHECKING:
    from pentad.evaluation.metrics.grammar import Metric


def summarize(
    scores: QueryScores, *, seed: int = 0, resamples: int = RESAMPLES, task: str = ""
) -> tuple[Score, ...]:
    """Return one `Score` for each metric: its mean or median with the 95 % interval.

    Args:
        scores: The values; those that are not defined, NaN, are left out.
        seed: The run's seed.
        resamples: How many resamples to draw.
        task: Name of the task, so that each has draws of its own.
    """
    parts = ("bootstrap", *([task] if task else []), scores.query.value, scores.corpus.value)
    rng = generator(seed, *parts)
    intervals = bootstrap_metrics(
        scores.values, scores.metrics, scores.units, rng, resamples=resamples
    )
    macros = macro_means(scores, seed=seed, resamples=resamples, task=task)
    return tuple(
        Score(
            query=scores.query,
            corpus=scores.corpus,
            metric=str(metric),
            value=interval.value,
            low=interval.low,
            high=interval.high,
            chance=_average(metric, chance),
            n=len(scores.queries),
            pool=scores.pool,
            relevant=scores.relevant_by,
            units=len(np.unique(scores.units)),
            excluded=scores.excluded,
            macro=macro,
        )
        for metric, interval, chance, macro in zip(
            scores.metrics, intervals, scores.chance, macros, strict=True
        )
    )


def difference(
    first: QueryScores, second: QueryScores, *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[Difference, ...]:
    """Return one `Difference` for each metric: first minus second over the same queries.

    Raises:
        InputError: The two were not scored over the same queries, corpus and metrics.
    """
    intervals = paired_intervals(first, second, seed=seed, resamples=resamples)
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


def _average(metric: Metric, values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan")
    return float(np.median(known) if metric.spec.average is Average.median else np.mean(known))
