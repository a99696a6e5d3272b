"""Scores of made-up systems."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.evaluation.metrics.grammar import parse_metrics
from pentad.evaluation.scores import QueryScores


def scored(
    values: NDArray[Any],
    units: NDArray[Any] | None = None,
    *,
    metrics: tuple[str, ...] = ("hit@1",),
    query: Modality = Modality.TEXT,
    corpus: Modality = Modality.AUDIO,
    pool: int = 50,
) -> QueryScores:
    """Return scores (metrics, queries); by default every query is a unit of its own."""
    count = values.shape[1]
    return QueryScores(
        query=query,
        corpus=corpus,
        metrics=parse_metrics(metrics),
        values=values.astype(np.float64),
        chance=np.full(values.shape, 0.1),
        queries=np.array([f"q{row}" for row in range(count)], dtype=object),
        units=np.arange(count) if units is None else np.asarray(units, np.int64),
        relevant=np.ones(count, np.int64),
        pool=pool,
    )


def shuffled(scores: QueryScores, order: NDArray[Any]) -> QueryScores:
    """Return the same scores with their queries in another order."""
    from dataclasses import replace

    return replace(
        scores,
        values=scores.values[:, order],
        chance=scores.chance[:, order],
        queries=scores.queries[order],
        units=scores.units[order],
        relevant=scores.relevant[order],
    )
