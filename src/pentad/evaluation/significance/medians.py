"""Medians of weighted values, and their bootstrap intervals: for metrics such as ``medr``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.intervals import CONFIDENCE, RESAMPLES, Interval, resample_weights

Floats = NDArray[np.float64]
_CELLS = 1 << 22


def weighted_medians(values: NDArray[Any], weights: NDArray[Any]) -> Floats:
    r"""Return the median of ``values`` under each row of ``weights``, float64 (rows,).

    A value of weight 2 counts as two values. With sorted values $v_1 \le v_2 \le \dots$, weights
    $w_i$ and $W$ their sum, the median is the middle between the first $v_j$ with
    $\sum_{i \le j} w_i \ge W/2$ and the first with $\sum_{i \le j} w_i > W/2$: what
    `numpy.median` gives for the values written out. Values that are NaN are left out; a row without
    weight has NaN for its median.

    Args:
        values: Numbers (n,), infinite ones allowed.
        weights: Whole numbers from 0 (rows, n).

    Raises:
        InputError: A shape does not fit.
    """
    if values.ndim != 1 or weights.ndim != 2 or weights.shape[1] != len(values):
        raise InputError("one weight a value", expected=values.shape, seen=weights.shape)
    order = np.argsort(values, kind="stable")
    order = order[~np.isnan(values[order])]
    ordered = np.asarray(values, np.float64)[order]
    found = np.full(len(weights), np.nan)
    if not len(order):
        return found
    for block in row_blocks(len(weights), len(values), _CELLS):
        found[block] = _middles(ordered, np.cumsum(weights[block][:, order], axis=1))
    return found


def bootstrap_medians(
    values: NDArray[Any],
    units: NDArray[Any],
    rng: np.random.Generator,
    *,
    minus: NDArray[Any] | None = None,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> list[Interval]:
    """Return the median of each row of ``values`` with its percentile bootstrap interval.

    Units are drawn as `pentad.evaluation.intervals.bootstrap_means` draws them. With ``minus`` it
    is the difference of two medians under the same draws, which is not the median of differences.
    Values that are NaN are left out.

    Args:
        values: Numbers (rows, queries).
        units: (queries,) labels; equal ones are one unit.
        rng: Where the draws come from.
        minus: Numbers (rows, queries) of a second system.
        resamples: How many resamples to draw.
        confidence: Share of the resampled medians within the interval.
    """
    others = [None] * len(values) if minus is None else list(minus)
    _, codes = np.unique(units, return_inverse=True)
    count = int(codes.max(initial=-1)) + 1
    if count == 0:
        raise InputError("there is no query to take a median over")
    ones = np.ones((1, len(codes)))
    whole = [_medians(row, other, ones)[0] for row, other in zip(values, others, strict=True)]
    if count == 1:
        return [Interval(float(v), float(v), float(v)) for v in whole]
    draws = np.empty((len(values), resamples))
    start = 0
    for weights in resample_weights(rng, resamples, count):
        taken = slice(start, start + len(weights))
        start = taken.stop
        for row, other, out in zip(values, others, draws, strict=True):
            out[taken] = _spread(row, other, weights, codes)
    ends = [percentile_ends(row, confidence) for row in draws]
    return [Interval(float(v), *pair) for v, pair in zip(whole, ends, strict=True)]


def percentile_ends(draws: Floats, confidence: float) -> tuple[float, float]:
    """Return the ends of the percentile interval of draws (n,), which may be infinite or NaN."""
    tail = (1.0 - confidence) / 2
    draws = draws[~np.isnan(draws)]
    if not len(draws):
        return float("nan"), float("nan")
    if np.isfinite(draws).all():
        low, high = np.quantile(draws, [tail, 1.0 - tail])
    else:  # what lies between two values cannot be computed beside infinity
        low, high = np.quantile(draws, [tail, 1.0 - tail], method="inverted_cdf")
    return float(low), float(high)


def _spread(
    row: NDArray[Any], other: NDArray[Any] | None, weights: Floats, codes: NDArray[np.int64]
) -> Floats:
    """Return the medians under weights of units, in blocks as wide as the queries."""
    found = np.empty(len(weights))
    for block in row_blocks(len(weights), len(codes), _CELLS):
        found[block] = _medians(row, other, weights[block][:, codes])
    return found


def _medians(row: NDArray[Any], other: NDArray[Any] | None, weights: Floats) -> Floats:
    found = weighted_medians(row, weights)
    return found if other is None else minus_infinite(found, weighted_medians(other, weights))


def minus_infinite(first: Floats, second: Floats) -> Floats:
    """Return first minus second, where infinity less infinity is 0."""
    same = first == second
    return np.where(same, 0.0, first) - np.where(same, 0.0, second)


def _middles(ordered: Floats, sums: Floats) -> Floats:
    total = sums[:, -1:]
    lower = ordered[(2 * sums >= total).argmax(axis=1)]
    upper = ordered[(2 * sums > total).argmax(axis=1)]
    # Equal ones are kept as they are: half of infinity twice is fine, but a half is not exact.
    middle: Floats = np.where(lower == upper, lower, lower / 2 + upper / 2)
    middle[total[:, 0] <= 0] = np.nan
    return middle
