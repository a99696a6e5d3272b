"""Bootstrap intervals over units: the queries of one concept stand or fall together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.evaluation.blocks import row_blocks

if TYPE_CHECKING:
    from pentad.evaluation.scores import QueryScores


RESAMPLES = 2000
CONFIDENCE = 0.95
_CELLS = 1 << 22


class Interval(NamedTuple):
    """A mean with the ends of its interval."""

    value: float
    low: float
    high: float


def bootstrap_means(
    values: NDArray[Any],
    units: NDArray[Any],
    rng: np.random.Generator,
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> list[Interval]:
    r"""Return the mean of each row of ``values`` with its percentile bootstrap interval.

    Units are drawn with replacement, as many as there are, each with all its queries. With $w_u$
    the times that unit $u$ is drawn, $s_u$ the sum and $n_u$ the number of its values, the mean of
    a resample is $\sum_u w_u s_u / \sum_u w_u n_u$. Every row is resampled with the same draws. A
    single unit says nothing about spread: its interval is the value itself. Values that are NaN are
    left out; a row of nothing else has NaN for its mean and interval.

    Args:
        values: Numbers (rows, queries).
        units: (queries,) labels; equal ones are one unit.
        rng: Where the draws come from.
        resamples: How many resamples to draw.
        confidence: Share of the resampled means within the interval.

    Raises:
        InputError: There are no queries, a shape does not fit, or an option is out of range.
    """
    _check(values, units, resamples, confidence)
    names, codes = np.unique(units, return_inverse=True)
    defined = ~np.isnan(values)
    sums = np.stack([np.bincount(codes, weights=row) for row in np.where(defined, values, 0)], 1)
    counts = np.stack([np.bincount(codes, weights=row) for row in defined], axis=1)
    means = _means(sums.sum(axis=0), counts.sum(axis=0))
    if len(names) == 1:
        return [Interval(float(m), float(m), float(m)) for m in means]
    weights = resample_weights(rng, resamples, len(names))
    resampled = np.concatenate([_means(w @ sums, w @ counts) for w in weights])
    lows, highs = _ends(resampled, (1.0 - confidence) / 2)
    return [
        Interval(float(m), float(a), float(b)) for m, a, b in zip(means, lows, highs, strict=True)
    ]


def _means(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    means = np.full(sums.shape, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def _ends(resampled: NDArray[np.float64], tail: float) -> NDArray[np.float64]:
    """Return the quantiles (2, rows) of what is defined of each row."""
    if not np.isnan(resampled).any():
        return np.quantile(resampled, [tail, 1.0 - tail], axis=0)
    ends = np.full((2, resampled.shape[1]), np.nan)
    for row, found in enumerate(resampled.T):
        known = found[~np.isnan(found)]
        if len(known):
            ends[:, row] = np.quantile(known, [tail, 1.0 - tail])
    return ends


def resample_weights(
    rng: np.random.Generator, resamples: int, units: int
) -> Iterator[NDArray[np.float64]]:
    """Yield how often each unit is drawn: float64 (some resamples, units), rows summing to units.

    The blocks bound the memory; their size depends on ``units`` alone, and so do the draws.
    """
    for block in row_blocks(resamples, units, _CELLS):
        rows = block.stop - block.start
        draws = rng.integers(units, size=(rows, units)) + np.arange(rows)[:, None] * units
        counts = np.bincount(draws.ravel(), minlength=rows * units)
        yield counts.reshape(rows, units).astype(np.float64)


def paired_difference(
    first: QueryScores,
    second: QueryScores,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> list[Interval]:
    """Return first minus second for each metric, with the interval of the paired difference.

    Both systems are resampled with the same draws, so what makes a query hard for both cancels out.
    The first system is better where ``low`` is above 0, and does not lose where ``high`` is not
    below 0.

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
    _check_pair(first, second)
    order = [second.metrics.index(metric) for metric in first.metrics]
    rng = generator(seed, "bootstrap", first.query.value, first.corpus.value)
    return bootstrap_means(
        first.values - second.values[order],
        first.units,
        rng,
        resamples=resamples,
        confidence=confidence,
    )


def _check(values: NDArray[Any], units: NDArray[Any], resamples: int, confidence: float) -> None:
    if values.ndim != 2 or units.shape != values.shape[1:]:
        expected = "values (rows, queries) and units (queries,)"
        raise InputError("bootstrap", expected=expected, seen=(values.shape, units.shape))
    if values.shape[1] == 0:
        raise InputError("there is no query to take a mean over")
    if resamples < 1:
        raise InputError("resamples must be at least 1", seen=resamples)
    if not 0 < confidence < 1:
        raise InputError("confidence must be between 0 and 1", seen=confidence)


def _check_pair(first: QueryScores, second: QueryScores) -> None:
    if first.direction != second.direction:
        raise InputError(
            "two directions cannot be paired", expected=first.direction, seen=second.direction
        )
    if sorted(first.metrics) != sorted(second.metrics):
        raise InputError(
            "the two systems have other metrics",
            expected=", ".join(map(str, first.metrics)),
            seen=", ".join(map(str, second.metrics)),
        )
    same = first.pool == second.pool and all(
        np.array_equal(a, b)
        for a, b in [
            (first.queries, second.queries),
            (first.units, second.units),
            (first.relevant, second.relevant),
        ]
    )
    if not same:
        raise InputError(
            f"{first.direction}: the two systems were not scored over the same queries and corpus",
            expected=f"{len(first.queries)} queries in {first.pool} items",
            seen=f"{len(second.queries)} queries in {second.pool} items",
        )
