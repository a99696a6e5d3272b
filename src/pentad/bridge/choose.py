"""Chooses the weights of one modality on inner folds: by the rank of the right answer, both ways."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.bridge.data import BridgeSettings, Choice, NativePairs, first_of_each
from pentad.core.seeds import generator
from pentad.encoders.bridge_map import Array, ClassScaling, TextFrame, unit

HeldRidges = Mapping[tuple[int, float], Array]
"""(fold, lambda) -> ridge map fitted without that fold."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """One modality, ready to be fitted.

    Attributes:
        x: (rows, dim) centred unit features.
        y: (rows, text dim) framed captions.
        fold: (rows,) inner fold of each row.
        classes: How class scores are scaled, or None.
    """

    x: Array
    y: Array
    fold: NDArray[np.int64]
    classes: ClassScaling | None


@dataclass(frozen=True, eq=False)
class _Fold:
    """Similarities of one inner fold: captions in rows, items in columns.

    The vectors behind them are the prior c, the class space z and, for each lambda, the ridge map r.
    """

    relevant: NDArray[np.bool_]
    prior: Array
    space: Array
    ridge: Mapping[float, Array]
    overlap: Mapping[float, Array]

    def scores(self, choice: Choice) -> Array:
        """Return similarities up to a factor per caption, which changes no order within a row."""
        a, b, g = choice.prior, choice.ridge, choice.classes
        overlap = self.overlap[choice.strength]
        lengths = np.sqrt(np.maximum(a * a + b * b + 2 * a * b * overlap + g * g, 1e-12))
        mixed: Array = a * self.prior + b * self.ridge[choice.strength] + g * self.space
        return mixed / lengths


def choose_weights(
    pairs: NativePairs,
    prepared: Prepared,
    frame: TextFrame,
    ridges: HeldRidges,
    settings: BridgeSettings,
    seed: int,
) -> Choice:
    """Return the best weights over inner folds, or the default where they are no clearly better.

    The measure of a caption or item is 1 / log2(1 + rank of its first right answer), as in DCG, ties
    by expected rank; captions and items count alike, folds by their size.
    """
    default = default_choice(prepared, pairs, settings)
    if len(np.unique(pairs.units)) < settings.min_units:
        return default
    folds = list(_folds(pairs, prepared, frame, ridges, settings, seed))
    if not folds:
        return default
    options = list(_options(prepared, pairs, settings))
    if default not in options:
        options.append(default)
    quality = {option: _quality(folds, option) for option in options}
    best = max(options, key=lambda option: float(quality[option].sum()))
    gain = quality[best] - quality[default]
    error = float(np.sqrt(len(gain)) * gain.std())
    return best if float(gain.sum()) > settings.tolerance * error else default


def default_choice(prepared: Prepared, pairs: NativePairs, settings: BridgeSettings) -> Choice:
    """Return the weights that hold where nothing can be chosen."""
    prior, ridge, classes, strength = settings.default
    has_classes = prepared.classes is not None
    has_prior = has_classes or pairs.shared_at is not None
    return Choice(
        prior * has_prior, ridge, classes * (has_classes and pairs.shared_at is None), strength
    )


def _options(prepared: Prepared, pairs: NativePairs, settings: BridgeSettings) -> Iterator[Choice]:
    has_classes = prepared.classes is not None and pairs.shared_at is None
    has_prior = has_classes or pairs.shared_at is not None
    grid = itertools.product(
        settings.prior_weights if has_prior else (0.0,),
        settings.ridge_weights if has_prior else (1.0,),
        settings.class_weights if has_classes else (0.0,),
        settings.lambdas,
    )
    return (Choice(*values) for values in grid if values[0] + values[1] > 0)


def _folds(
    pairs: NativePairs,
    prepared: Prepared,
    frame: TextFrame,
    ridges: HeldRidges,
    settings: BridgeSettings,
    seed: int,
) -> Iterator[_Fold]:
    rows = np.arange(len(pairs))
    if len(rows) > settings.max_rows:
        chosen = generator(seed, "bridge-rows").permutation(len(rows))[: settings.max_rows]
        rows = np.sort(chosen)
    for number in range(settings.folds):
        held = rows[prepared.fold[rows] == number]
        if len(held) >= 2:
            yield _one_fold(pairs, prepared, frame, ridges, settings, number, held)


def _one_fold(
    pairs: NativePairs,
    prepared: Prepared,
    frame: TextFrame,
    ridges: HeldRidges,
    settings: BridgeSettings,
    number: int,
    held: NDArray[np.int64],
) -> _Fold:
    keys = pairs.keys[held]
    first = first_of_each(keys)
    queries = prepared.y[held][first]
    x = prepared.x[held]
    prior, space = np.zeros_like(x[:, :1]), np.zeros((len(queries), len(held)))
    if pairs.shared_at is not None:
        prior = np.zeros((len(x), queries.shape[1]))
        prior[:, pairs.shared_at : pairs.shared_at + x.shape[1]] = x
    elif prepared.classes is not None and pairs.scores is not None:
        name = prepared.classes.classifier
        z = prepared.classes.encode(pairs.scores[held])
        prior = unit(z @ frame.anchors[name])
        space = frame.class_space(queries, name) @ z.T
    mapped = {strength: unit(x @ ridges[number, strength]) for strength in settings.lambdas}
    has_prior = prior.shape[1] == queries.shape[1]
    return _Fold(
        keys[first][:, None] == keys[None, :],
        queries @ prior.T if has_prior else np.zeros_like(space),
        space,
        {strength: queries @ r.T for strength, r in mapped.items()},
        {s: (prior * r).sum(axis=1) if has_prior else np.zeros(len(r)) for s, r in mapped.items()},
    )


def _quality(folds: list[_Fold], choice: Choice) -> Array:
    parts = []
    for fold in folds:
        scores = fold.scores(choice)
        parts += [
            _gain(scores, fold.relevant) / scores.shape[0],
            _gain(scores.T, fold.relevant.T) / scores.shape[1],
        ]
    return np.concatenate(parts)


def _gain(scores: Array, relevant: NDArray[np.bool_]) -> Array:
    best = np.where(relevant, scores, -np.inf).max(axis=1, keepdims=True)
    above, ties = (scores > best).sum(axis=1), (scores == best).sum(axis=1)
    gain: Array = 1.0 / np.log2(2.0 + above + (ties - 1) / 2.0)
    return gain
