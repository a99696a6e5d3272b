"""Chooses ridge strengths and weights on inner folds, by the rank of the right answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.bridge.data import (
    BridgeSettings,
    Choice,
    NativePairs,
    first_of_each,
    sample_rows,
)
from pentad.bridge.ridge import Ridge
from pentad.encoders.bridge_map import Array, ClassScaling, TextFrame, unit

Weights = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Prepared:
    """One modality, ready to be fitted.

    Attributes:
        pairs: What it was made from.
        x: (rows, dim) centred unit features.
        y: (rows, text dim) framed captions.
        fold: (rows,) inner fold of each row.
        classes: How class scores are scaled, or None.
    """

    pairs: NativePairs
    x: Array
    y: Array
    fold: NDArray[np.int64]
    classes: ClassScaling | None

    @property
    def has_prior(self) -> bool:
        """Whether there is anything besides the ridge map."""
        return self.classes is not None or self.pairs.shared_at is not None

    @property
    def has_classes(self) -> bool:
        """Whether class scores have a place in the vectors."""
        return self.classes is not None and self.pairs.shared_at is None

    def units(self) -> int:
        """Return how many units there are."""
        return len(np.unique(self.pairs.units))


@dataclass(frozen=True, eq=False)
class InnerFold:
    """One inner fold of one modality: captions in rows, items in columns.

    Attributes:
        rows: Row numbers of the items.
        queries: (captions, text dim) framed captions, distinct.
        relevant: (captions, items).
    """

    rows: NDArray[np.int64]
    queries: Array
    relevant: NDArray[np.bool_]


def inner_folds(
    prepared: Prepared, settings: BridgeSettings, seed: int
) -> Iterator[tuple[int, InnerFold]]:
    """Yield number and content of each inner fold that has at least two rows."""
    sampled = sample_rows(len(prepared.x), settings.max_rows, seed)
    for number in range(settings.folds):
        rows = sampled[prepared.fold[sampled] == number]
        if len(rows) >= 2:
            keys = prepared.pairs.keys[rows]
            first = first_of_each(keys)
            yield (
                number,
                InnerFold(rows, prepared.y[rows][first], keys[first][:, None] == keys[None, :]),
            )


def choose_strength(
    group: Sequence[Prepared], ridge: Ridge, settings: BridgeSettings, seed: int
) -> float:
    """Return the ridge strength of one encoder: the best for the ridge map alone."""
    able = [p for p in group if p.units() >= settings.min_units]
    if not able:
        return settings.default[3]
    folds = [[(p, n, f) for n, f in inner_folds(p, settings, seed)] for p in able]

    def quality(strength: float) -> float:
        return float(
            np.mean(
                [
                    np.mean(
                        [_mean_gain(_ridge_scores(p, ridge, strength, n, f), f) for p, n, f in part]
                    )
                    for part in folds
                ]
            )
        )

    return max(sorted(settings.lambdas), key=quality)


def choose_weights(
    prepared: Prepared,
    frame: TextFrame,
    ridge: Ridge,
    strength: float,
    pool: int,
    settings: BridgeSettings,
    seed: int,
) -> Choice:
    """Return the mean of all weights that are about as good as the best on the inner folds.

    Single best weights follow the noise of small folds; their neighbors' mean does so less.

    Args:
        prepared: The modality.
        frame: The captions' frame.
        ridge: The encoder's regression.
        strength: Its strength.
        pool: Pairs of the encoder, over all its modalities.
        settings: What to choose from.
        seed: Which rows take part.
    """
    if not prepared.has_prior:
        return Choice(0.0, 1.0, 0.0, strength)
    default = _default(prepared, pool, settings)
    if prepared.units() < settings.min_units:
        return Choice(*default, strength)
    folds = [
        _similarities(prepared, frame, ridge, strength, number, fold)
        for number, fold in inner_folds(prepared, settings, seed)
    ]
    options = _options(prepared, default, settings)
    gains = {w: np.concatenate([_gains(f.scores(w), f.relevant) for f in folds]) for w in options}
    best = max(options, key=lambda w: float(gains[w].sum()))
    near = [w for w in options if _about_as_good(gains[best] - gains[w], settings.tolerance)]
    mean = np.mean(near, axis=0)
    a, b, g = (mean / mean.max()).tolist()
    return Choice(a, b, g, strength)


def _default(prepared: Prepared, pool: int, settings: BridgeSettings) -> Weights:
    a, b, g, _ = settings.default
    return a, b * pool / (pool + settings.half), g if prepared.has_classes else 0.0


def _options(prepared: Prepared, default: Weights, settings: BridgeSettings) -> list[Weights]:
    """Return all weights to try, scaled to sum 1: only their ratios matter."""
    classes = settings.class_weights if prepared.has_classes else (0.0,)
    grid = itertools.product(settings.prior_weights, settings.ridge_weights, classes)
    scaled = {
        (a / (a + b + g), b / (a + b + g), g / (a + b + g))
        for a, b, g in [*grid, default]
        if a + b + g > 0
    }
    return sorted(scaled)


def _about_as_good(lost: Array, tolerance: float) -> bool:
    return bool(lost.sum() <= tolerance * np.sqrt(len(lost)) * lost.std())


@dataclass(frozen=True, eq=False)
class _Similarities:
    prior: Array
    ridge: Array
    space: Array
    overlap: Array
    relevant: NDArray[np.bool_]

    def scores(self, weights: Weights) -> Array:
        a, b, g = weights
        lengths = np.sqrt(np.maximum(a * a + b * b + 2 * a * b * self.overlap + g * g, 1e-12))
        return _centred((a * self.prior + b * self.ridge + g * self.space) / lengths)


def _similarities(
    prepared: Prepared,
    frame: TextFrame,
    ridge: Ridge,
    strength: float,
    number: int,
    fold: InnerFold,
) -> _Similarities:
    x, pairs = prepared.x[fold.rows], prepared.pairs
    mapped = unit(ridge.predict(strength, number, x))
    prior, space = np.zeros_like(mapped), np.zeros(fold.relevant.shape)
    if pairs.shared_at is not None:
        prior[:, pairs.shared_at : pairs.shared_at + x.shape[1]] = x
    elif prepared.classes is not None and pairs.scores is not None:
        name = prepared.classes.classifier
        z = prepared.classes.encode(pairs.scores[fold.rows])
        prior = unit(z @ frame.anchors[name])
        space = frame.class_space(fold.queries, name) @ z.T
    return _Similarities(
        fold.queries @ prior.T,
        fold.queries @ mapped.T,
        space,
        (prior * mapped).sum(axis=1),
        fold.relevant,
    )


def _ridge_scores(
    prepared: Prepared, ridge: Ridge, strength: float, number: int, fold: InnerFold
) -> Array:
    mapped = unit(ridge.predict(strength, number, prepared.x[fold.rows]))
    return _centred(fold.queries @ mapped.T)


def _centred(scores: Array) -> Array:
    """Return what taking the means off both sides does to similarities, to first order."""
    centred: Array = scores - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0)
    return centred


def _mean_gain(scores: Array, fold: InnerFold) -> float:
    ways = (first_hit_gain(scores, fold.relevant), first_hit_gain(scores.T, fold.relevant.T))
    return float(np.mean([way.mean() for way in ways]))


def _gains(scores: Array, relevant: NDArray[np.bool_]) -> Array:
    captions, items = scores.shape
    return np.concatenate(
        [
            first_hit_gain(scores, relevant) / captions,
            first_hit_gain(scores.T, relevant.T) / items,
        ]
    )


def first_hit_gain(scores: Array, relevant: NDArray[np.bool_]) -> Array:
    """Return (rows,) ``1 / log2(1 + rank)`` of the best relevant column, ties by expected rank.

    The discount is that of DCG (Järvelin and Kekäläinen 2002), for the first right answer alone.

    Args:
        scores: (rows, columns), greater is nearer.
        relevant: (rows, columns), at least one in each row.
    """
    best = np.where(relevant, scores, -np.inf).max(axis=1, keepdims=True)
    above, ties = (scores > best).sum(axis=1), (scores == best).sum(axis=1)
    gain: Array = 1.0 / np.log2(2.0 + above + (ties - 1) / 2.0)
    return gain
