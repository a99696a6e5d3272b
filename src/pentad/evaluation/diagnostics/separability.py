"""Can a straight cut tell the modality of a vector? If so, modalities live in places of their own.

A linear classifier is learned on four fifths of the units and judged on the others, so that an item
and its caption are on one side. The figure is the balanced accuracy: the mean over modalities of
the share that is recognized, chance is 1 / modalities. The control is the same with modalities
shuffled among rows; if it is not near chance, the sample is too small to say anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.evaluation.diagnostics.discriminant import fit_discriminant
from pentad.evaluation.diagnostics.space import Space
from pentad.evaluation.intervals import CONFIDENCE, RESAMPLES, resample_weights

FOLDS = 5

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Separability:
    """How well a linear classifier tells some modalities apart on vectors it has not seen.

    Attributes:
        modalities: Which it has to tell apart.
        accuracy: Balanced accuracy, 0 to 1.
        low: Lower end of the 95 % interval over units.
        high: Upper end.
        control: Balanced accuracy with modalities shuffled among rows.
        chance: 1 / modalities.
        n: How many vectors there are, of all modalities.
    """

    modalities: tuple[Modality, ...]
    accuracy: float
    low: float
    high: float
    control: float
    chance: float
    n: int


def separabilities(space: Space, *, most: int = 2000, seed: int = 0) -> tuple[Separability, ...]:
    """Return how separable all modalities together are, then every two of them.

    Sets with fewer than two units, or with a modality of fewer than two units, are left out: there
    is nothing to hold out.

    Args:
        space: At least two modalities.
        most: Vectors of each modality; more are sampled.
        seed: Of samples, folds, shuffling and intervals.
    """
    known = [m for m, part in space.items() if len(np.unique(part.units)) > 1]
    pairs = list(combinations(known, 2))
    sets: list[tuple[Modality, ...]] = [*([tuple(known)] if len(known) > 2 else []), *pairs]
    return tuple(_separability(space, modalities, most, seed) for modalities in sets)


def _separability(
    space: Space, modalities: Sequence[Modality], most: int, seed: int
) -> Separability:
    rows = [space[m].sample(most, seed, "separability") for m in modalities]
    vectors = np.concatenate([space[m].vectors[r] for m, r in zip(modalities, rows, strict=True)])
    units = np.concatenate([space[m].units[r] for m, r in zip(modalities, rows, strict=True)])
    labels = np.repeat(np.arange(len(modalities)), [len(r) for r in rows])
    rng = generator(seed, "separability", *modalities)
    folds = _folds(units, rng)
    right = _held_out(vectors, labels, folds, len(modalities))
    shuffled = rng.permutation(labels)
    control = _held_out(vectors, shuffled, folds, len(modalities))
    low, high = _interval(right, labels, units, rng)
    return Separability(
        tuple(modalities),
        _balanced(right, labels),
        low,
        high,
        _balanced(control, shuffled),
        1 / len(modalities),
        len(labels),
    )


def _folds(units: Rows, rng: np.random.Generator) -> Rows:
    """Return the fold of each row; rows of one unit have the same."""
    _, codes = np.unique(units, return_inverse=True)
    count = int(codes.max()) + 1
    dealt = np.empty(count, dtype=np.int64)
    dealt[rng.permutation(count)] = np.arange(count) % min(FOLDS, count)
    return dealt[codes]


def _held_out(
    vectors: NDArray[np.float32], labels: Rows, folds: Rows, classes: int
) -> NDArray[np.float64]:
    """Return 1 for each row whose label is recognized, a fold being judged by the others."""
    right = np.full(len(labels), 1 / classes)
    for fold in range(int(folds.max()) + 1):
        held = folds == fold
        # A modality that is wholly held out cannot be learned: a guess is what is left.
        if len(np.unique(labels[~held])) == classes:
            found = fit_discriminant(vectors[~held], labels[~held], classes)
            right[held] = found.predict(vectors[held]) == labels[held]
    return right


def _balanced(right: NDArray[np.float64], labels: Rows) -> float:
    """Return the mean over labels of the share that is right."""
    return float((np.bincount(labels, weights=right) / np.bincount(labels)).mean())


def _interval(
    right: NDArray[np.float64], labels: Rows, units: Rows, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the percentile interval of the balanced accuracy, units drawn with replacement."""
    _, codes = np.unique(units, return_inverse=True)
    shape = (int(codes.max()) + 1, int(labels.max()) + 1)
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (codes, labels), right)
    np.add.at(counts, (codes, labels), 1)
    drawn = []
    for weights in resample_weights(rng, RESAMPLES, shape[0]):
        total = weights @ counts
        # A modality that no drawn unit has says nothing in that resample.
        known = np.where(total > 0, (weights @ sums) / np.maximum(total, 1), np.nan)
        drawn.append(np.nanmean(known, axis=1))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.concatenate(drawn), [tail, 1 - tail])
    return float(low), float(high)
