r"""The modality gap: how far apart the centers of two modalities lie.

$$ \Delta = \Bigl\| \frac1n \sum_i x_i - \frac1m \sum_j y_j \Bigr\| $$

with $x_i$ and $y_j$ at length 1 (Liang, Zhang, Kwon, Yeung and Zou, "Mind the Gap", NeurIPS 2022).
It is 0 where both centers are one point and 2 where each modality is one point opposite the other.
Two samples of one and the same cloud are some way apart too: the control is the mean distance when
the rows of both are dealt to two groups of the same sizes at random.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.evaluation.diagnostics.space import Space

DEALS = 20


@dataclass(frozen=True)
class Gap:
    """How far apart two modalities lie.

    Attributes:
        left: One modality.
        right: The other.
        distance: Between the means of their unit vectors, 0 to 2.
        control: The same after rows were dealt to both at random, mean of `DEALS` times.
        cosine: Mean cosine of a vector of the one with a vector of the other.
        within: Mean cosine of two different vectors of one modality, mean of both modalities;
            None where a modality has a single vector.
    """

    left: Modality
    right: Modality
    distance: float
    control: float
    cosine: float
    within: float | None


def modality_gaps(space: Space, *, seed: int = 0) -> tuple[Gap, ...]:
    """Return the gap of every two modalities, over all their vectors, summed in float64."""
    means = {m: part.vectors.mean(axis=0, dtype=np.float64) for m, part in space.items()}
    within = {m: mean_cosine(part.vectors) for m, part in space.items()}
    return tuple(
        Gap(
            left,
            right,
            float(np.linalg.norm(means[left] - means[right])),
            _dealt(space, left, right, seed),
            float(means[left] @ means[right]),
            _mean(within, left, right),
        )
        for left, right in combinations(space, 2)
    )


def mean_cosine(vectors: NDArray[np.float32]) -> float | None:
    """Return the mean cosine of two different rows of unit vectors; None with fewer than two."""
    n = len(vectors)
    if n < 2:
        return None
    total = vectors.sum(axis=0, dtype=np.float64)
    own = float(vectors.any(axis=1).sum())
    return float(total @ total - own) / (n * (n - 1))


def _dealt(space: Space, left: Modality, right: Modality, seed: int) -> float:
    """Return the mean distance of the means of two random groups of both modalities' rows."""
    rows = np.concatenate([space[left].vectors, space[right].vectors])
    size, total = len(space[left]), rows.sum(axis=0, dtype=np.float64)
    rng = generator(seed, "gap", left.value, right.value)
    distances = []
    for _ in range(DEALS):
        chosen = rows[rng.permutation(len(rows))[:size]].sum(axis=0, dtype=np.float64)
        other = (total - chosen) / (len(rows) - size)
        distances.append(float(np.linalg.norm(chosen / size - other)))
    return float(np.mean(distances))


def _mean(within: Mapping[Modality, float | None], left: Modality, right: Modality) -> float | None:
    one, two = within[left], within[right]
    return None if one is None or two is None else (one + two) / 2
