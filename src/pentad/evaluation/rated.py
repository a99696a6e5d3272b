"""Do scores of a model agree with what people said of pairs? Correlations and areas, by caption."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.evaluation.intervals import CONFIDENCE, RESAMPLES, Interval, resample_weights
from pentad.evaluation.metrics.auc import roc_auc
from pentad.evaluation.metrics.pairwise_accuracy import pairwise_accuracy
from pentad.evaluation.metrics.rank_correlation import kendall, spearman

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RatedScores:
    """How well scores order rated pairs.

    Attributes:
        roc_auc: Of the best grade against the worst, what lies between left out; None without both.
        spearman: Over all pairs; None where all grades or all scores are equal.
        kendall: Tau-b over all pairs; None likewise.
        pairwise: Within a caption, does the better rated item score more? None without such pairs.
        ratings: How many pairs were rated.
        captions: How many captions they belong to; intervals draw these.
    """

    roc_auc: Interval | None
    spearman: Interval | None
    kendall: Interval | None
    pairwise: Interval | None
    ratings: int
    captions: int


def score_ratings(
    scores: ArrayLike,
    grades: ArrayLike,
    captions: ArrayLike,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES // 4,
) -> RatedScores:
    """Compare scores with grades that people gave, as GOOD = 2, PARTIAL = 1, BAD = 0.

    Args:
        scores: Numbers (n,), greater = closer.
        grades: Integers (n,), greater = better. Published annotation codes go the other way.
        captions: Integers (n,), the caption of each pair; whole captions are drawn for intervals.
        seed: Seed of the draws.
        resamples: How many to draw.

    Raises:
        InputError: Lengths differ, there is no rating, or a score is NaN.
    """
    values, levels = np.asarray(scores, np.float64), np.asarray(grades, np.int64)
    names, codes = np.unique(np.asarray(captions), return_inverse=True)
    if not values.shape == levels.shape == codes.shape or values.ndim != 1 or not len(values):
        raise InputError(
            "one score, grade and caption each, at least one",
            seen=(values.shape, levels.shape, codes.shape),
        )
    if np.isnan(values).any():
        raise InputError("a score is NaN; scores must be comparable numbers")
    rows = [np.flatnonzero(codes == caption) for caption in range(len(names))]
    drawn: list[list[float]] = [[] for _ in _MEASURES]
    rng = generator(seed, "ratings")
    for weights in resample_weights(rng, resamples, len(names)):
        for draw in weights.astype(np.int64):
            chosen = np.repeat(np.arange(len(names)), draw)
            some = np.concatenate([rows[caption] for caption in chosen.tolist()])
            # A caption that is drawn twice is two captions, whose items are not compared.
            groups = np.repeat(np.arange(len(chosen)), [len(rows[c]) for c in chosen.tolist()])
            for measure, found in zip(_MEASURES, drawn, strict=True):
                found.append(measure(values[some], levels[some], groups))
    whole = [measure(values, levels, codes) for measure in _MEASURES]
    area, rho, tau, pairs = (_interval(v, np.array(d)) for v, d in zip(whole, drawn, strict=True))
    return RatedScores(area, rho, tau, pairs, len(values), len(names))


Measure = Callable[[Floats, NDArray[np.int64], NDArray[np.int64]], float]


def _area(scores: Floats, grades: NDArray[np.int64], _: NDArray[np.int64]) -> float:
    best, worst = grades == grades.max(), grades == grades.min()
    if (best & worst).any():
        return float("nan")
    ends = best | worst
    return roc_auc(scores[ends], best[ends])


def _rho(scores: Floats, grades: NDArray[np.int64], _: NDArray[np.int64]) -> float:
    return spearman(scores, grades) if len(scores) > 1 else float("nan")


def _tau(scores: Floats, grades: NDArray[np.int64], _: NDArray[np.int64]) -> float:
    return kendall(scores, grades) if len(scores) > 1 else float("nan")


def _pairs(scores: Floats, grades: NDArray[np.int64], groups: NDArray[np.int64]) -> float:
    return pairwise_accuracy(scores, grades, groups).value


_MEASURES: tuple[Measure, ...] = (_area, _rho, _tau, _pairs)


def _interval(value: float, drawn: Floats) -> Interval | None:
    if np.isnan(value):
        return None
    known = drawn[~np.isnan(drawn)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail]) if len(known) else (value, value)
    return Interval(value, float(low), float(high))
