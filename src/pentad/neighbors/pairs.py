"""Scores of given pairs, computed as every search computes them in the end: in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.exact import as_float64, squared_lengths
from pentad.neighbors.metrics import Floats, Metric

_ELEMENTS = 1 << 18


def pair_scores(
    queries: NDArray[Any],
    corpus: NDArray[Any],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    metric: Metric,
) -> Floats:
    """Return the score of each pair, float64 (pairs,).

    Args:
        queries: float16 or float32 (q, dim); may be memory-mapped.
        corpus: float16 or float32 (n, dim); may be memory-mapped.
        left: (pairs,) rows of ``queries``.
        right: (pairs,) rows of ``corpus``.
        metric: How pairs are scored.
    """
    scores = np.empty(len(right), dtype=np.float64)
    step = max(1, _ELEMENTS // max(1, queries.shape[1]))
    for start in range(0, len(right), step):
        part = slice(start, start + step)
        q, x = as_float64(queries[left[part]]), as_float64(corpus[right[part]])
        scores[part] = metric.scores(q, x, (squared_lengths(q), squared_lengths(x)))
    return scores
