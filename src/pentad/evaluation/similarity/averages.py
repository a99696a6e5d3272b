r"""Micro, class, family and macro means, with intervals from one resampling of the queries.

*Micro* is the mean over queries. The mean of a *class* is over the queries that have it; a query
of several classes counts in each. *Macro* is the mean over classes, *family* that over the classes
of a family, each class weighing the same. What is not defined is left out of every mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.seeds import generator
from pentad.evaluation.intervals import CONFIDENCE, RESAMPLES, Interval, resample_weights
from pentad.evaluation.metrics.grammar import Metric
from pentad.evaluation.similarity.judge import Judged
from pentad.evaluation.similarity.labels import Families

Floats = NDArray[np.float64]
_Drawn = tuple[Floats, Floats, Floats, Floats]


@dataclass(frozen=True)
class Averages:
    """The means of one metric.

    Attributes:
        micro: Over queries; None where no query has a value.
        macro: Over classes; None where no class has a value.
        classes: Class -> mean over its queries; None where none has a value.
        families: Family -> mean over its classes; None where no class of it has a value.
        queries: How many queries have a value.
        left_out: How many have none, since nothing is relevant to them.
        clips: Class -> how many queries have it.
    """

    micro: Interval | None
    macro: Interval | None
    classes: Mapping[str, Interval | None]
    families: Mapping[str, Interval | None]
    queries: int
    left_out: int
    clips: Mapping[str, int]


def averages(
    judged: Judged, families: Families | None = None, *, seed: int = 0, resamples: int = RESAMPLES
) -> dict[Metric, Averages]:
    """Return the means of every metric with 95 % percentile bootstrap intervals.

    Queries are drawn with replacement, each with all its classes; all means of a resample are of
    the same draws. A class none of whose queries is drawn is left out of the macro mean of that
    resample.

    Args:
        judged: The values of all queries.
        families: Labels by family; None for none.
        seed: Seed of the draws.
        resamples: How many to draw.
    """
    groups = {} if families is None else families.labels
    rng = generator(seed, "similarity")
    means = [_Means(judged, row, groups) for row in range(len(judged.metrics))]
    drawn: list[list[_Drawn]] = [[] for _ in means]
    for weights in resample_weights(rng, resamples, judged.micro.shape[1]):
        for each, found in zip(means, drawn, strict=True):
            found.append(each.at(weights))
    empty = () if families is None else families.empty
    return {
        metric: each.averages(found, empty)
        for metric, each, found in zip(judged.metrics, means, drawn, strict=True)
    }


class _Means:
    """All means of one metric under any weights of the queries."""

    def __init__(self, judged: Judged, row: int, families: Mapping[str, tuple[str, ...]]) -> None:
        classes = judged.labels.classes
        self._micro = judged.micro[row]
        shape = (len(self._micro), len(classes))
        self._values, self._defined = np.zeros(shape), np.zeros(shape)
        query, column = judged.pairs.T
        values = judged.by_class[row]
        known = ~np.isnan(values)
        self._values[query[known], column[known]] = values[known]
        self._defined[query[known], column[known]] = 1
        self._clips = np.bincount(column, minlength=len(classes))
        self._classes = classes
        code = {label: place for place, label in enumerate(classes)}
        self._families = {name: [code[each] for each in own] for name, own in families.items()}

    def averages(self, drawn: list[_Drawn], empty: tuple[str, ...]) -> Averages:
        """Return the means, each with its interval."""
        one = self.at(np.ones((1, len(self._micro))))
        tail = (1 - CONFIDENCE) / 2
        micro, classes, macro, grouped = (
            _intervals(value[0], np.concatenate(part), tail)
            for value, part in zip(one, zip(*drawn, strict=True), strict=True)
        )
        present = np.flatnonzero(self._clips).tolist()
        defined = int((~np.isnan(self._micro)).sum())
        return Averages(
            micro[0],
            macro[0],
            {self._classes[column]: classes[column] for column in present},
            {**dict(zip(self._families, grouped, strict=True)), **dict.fromkeys(empty)},
            defined,
            len(self._micro) - defined,
            {self._classes[column]: int(self._clips[column]) for column in present},
        )

    def at(self, weights: Floats) -> _Drawn:
        """Return micro (draws, 1), classes, macro (draws, 1) and families under some weights."""
        known = ~np.isnan(self._micro)
        micro = _divided(weights[:, known] @ self._micro[known], weights[:, known].sum(axis=1))
        classes = _divided(weights @ self._values, weights @ self._defined)
        families = [_mean(classes[:, columns]) for columns in self._families.values()]
        grouped = np.stack(families, axis=1) if families else np.empty((len(weights), 0))
        return micro[:, None], classes, _mean(classes)[:, None], grouped


def _divided(sums: Floats, counts: Floats) -> Floats:
    means = np.full(sums.shape, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def _mean(values: Floats) -> Floats:
    """Return the mean of what is defined of each row."""
    known = ~np.isnan(values)
    return _divided(np.where(known, values, 0).sum(axis=1), known.sum(axis=1).astype(np.float64))


def _intervals(values: Floats, resampled: Floats, tail: float) -> list[Interval | None]:
    found: list[Interval | None] = []
    for value, drawn in zip(values.tolist(), resampled.T, strict=True):
        if np.isnan(value):
            found.append(None)
            continue
        known = drawn[~np.isnan(drawn)]
        low, high = np.quantile(known, [tail, 1 - tail]) if len(known) else (value, value)
        found.append(Interval(value, float(low), float(high)))
    return found
