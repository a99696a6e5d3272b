"""Scores of each class, and their mean: what a metric says where classes have unequal sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.seeds import generator
from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.intervals import CONFIDENCE, RESAMPLES, Interval
from pentad.evaluation.metrics.registry import Average
from pentad.evaluation.scores import QueryScores

_CELLS = 1 << 20


@dataclass(frozen=True)
class ClassValue:
    """What one class scores.

    Attributes:
        name: Of the class.
        n: How many queries are of it.
        values: Mean over these queries, by metric; a metric that has no macro average is not here.
    """

    name: str
    n: int
    values: dict[str, float]


def class_values(scores: QueryScores) -> list[ClassValue]:
    """Return the mean of each metric over the queries of each class, classes by name.

    Args:
        scores: Of one direction; without `QueryScores.classes` there is nothing to return.
    """
    rows = _rows(scores)
    return [
        ClassValue(
            name,
            len(own),
            {str(scores.metrics[row]): float(np.mean(scores.values[row, own])) for row in rows},
        )
        for name, own in _members(scores)
    ]


def macro_means(
    scores: QueryScores, *, seed: int = 0, resamples: int = RESAMPLES, task: str = ""
) -> tuple[Interval | None, ...]:
    r"""Return the mean over classes of each metric, with its 95 % interval.

    A class counts once, however many queries are of it. The classes are those of the data set and
    stay as they are; in each resample the units of every class are drawn anew, $u - 1$ of $u$,
    which gives the variance of their mean without the bias that $u$ of $u$ has in small classes
    (Rao and Wu, JASA 1988). Classes that are a single unit tell no spread of their own: they are
    drawn from among one another, which rather makes the interval too wide.

    Args:
        scores: Of one direction.
        seed: The run's seed.
        resamples: How many resamples to draw.
        task: Name of the task, so that each has draws of its own.

    Returns:
        One interval a metric; None for medians, for what is not defined for every query, and for
        all where the queries have no classes.
    """
    rows = _rows(scores)
    found: list[Interval | None] = [None] * len(scores.metrics)
    if not rows:
        return tuple(found)
    rng = generator(seed, "macro", task, scores.query.value, scores.corpus.value)
    total, value = np.zeros((resamples, len(rows))), np.zeros(len(rows))
    members = _members(scores)
    lone = []
    for _, own in members:
        values = scores.values[rows][:, own]
        value += values.mean(axis=1) / len(members)
        names, codes = np.unique(scores.units[own], return_inverse=True)
        if len(names) == 1:
            lone.append(values.mean(axis=1))
        else:
            total += _resampled(values, codes, rng, resamples) / len(members)
    if lone:
        own = np.arange(len(lone))
        total += _resampled(np.stack(lone, 1), own, rng, resamples) * (len(lone) / len(members))
    tail = (1.0 - CONFIDENCE) / 2
    lows, highs = np.quantile(total, [tail, 1.0 - tail], axis=0)
    for place, row in enumerate(rows):
        found[row] = Interval(float(value[place]), float(lows[place]), float(highs[place]))
    return tuple(found)


def _resampled(
    values: NDArray[np.float64], codes: NDArray[np.int64], rng: np.random.Generator, resamples: int
) -> NDArray[np.float64]:
    """Return means (resamples, metrics) of values (metrics, queries) whose units are ``codes``."""
    sums = np.stack([np.bincount(codes, weights=row) for row in values], axis=1)
    counts = np.bincount(codes).astype(np.float64)
    if len(counts) == 1:
        return np.broadcast_to(values.mean(axis=1), (resamples, len(values)))
    shares = np.full(len(counts), 1 / len(counts))
    found = []
    for block in row_blocks(resamples, len(counts), _CELLS):
        weights = rng.multinomial(len(counts) - 1, shares, size=block.stop - block.start)
        found.append((weights @ sums) / (weights @ counts)[:, None])
    return np.concatenate(found)


def _rows(scores: QueryScores) -> list[int]:
    """Return the metrics that have a mean over classes."""
    if scores.classes is None:
        return []
    return [
        row
        for row, metric in enumerate(scores.metrics)
        if metric.spec.average is not Average.median and not np.isnan(scores.values[row]).any()
    ]


def _members(scores: QueryScores) -> list[tuple[str, NDArray[np.int64]]]:
    """Return the classes by name, each with the places of its queries."""
    if scores.classes is None:
        return []
    names, codes = np.unique(scores.classes.astype(str), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))[:-1]
    return list(zip(names.tolist(), np.split(order, ends), strict=True))
