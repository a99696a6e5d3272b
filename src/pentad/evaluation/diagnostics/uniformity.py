r"""Uniformity: how evenly vectors are spread over the sphere.

$$ \mathcal{L}_{\mathrm{uniform}}
   = \log \frac{2}{n (n - 1)} \sum_{i < j} e^{-t \| x_i - x_j \|^2} $$

with $t = 2$ (Wang and Isola, ICML 2020); less is more even, 0 is all vectors in one point. Points
drawn evenly from the sphere of $d$ dimensions reach $-2t + \log {}_0F_1(; d/2; t^2)$, which is
-4 in very many dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.diagnostics.space import Space

TEMPERATURE = 2.0
_CELLS = 1 << 21


@dataclass(frozen=True)
class Uniformity:
    """How evenly vectors are spread.

    Attributes:
        modality: Of which vectors; None for all modalities together.
        value: The logarithm of the mean potential of two different vectors; less is more even.
        even: What points drawn evenly from the sphere reach.
        n: Over how many vectors, all pairs of them.
        of: How many vectors there are; where that is more, ``n`` are a sample.
    """

    modality: Modality | None
    value: float
    even: float
    n: int
    of: int


def uniformities(space: Space, *, most: int = 5000, seed: int = 0) -> tuple[Uniformity, ...]:
    """Return the uniformity of each modality with at least two vectors, and of all together.

    All modalities together count each vector once, so that a large modality weighs more.

    Args:
        space: At least one modality.
        most: Vectors; more are sampled.
        seed: Of the samples.
    """
    found = []
    for modality, part in space.items():
        rows = part.sample(most, seed, "uniformity")
        if len(rows) > 1:
            found.append(_uniformity(modality, part.vectors[rows], len(part)))
    everything = np.concatenate([part.vectors for part in space.values()])
    if len(space) > 1:
        drawn = generator(seed, "uniformity").permutation(len(everything))[:most]
        found.append(_uniformity(None, everything[np.sort(drawn)], len(everything)))
    return tuple(found)


def uniformity(vectors: NDArray[np.float32], t: float = TEMPERATURE) -> float:
    """Return the uniformity of all pairs of different rows, computed in float64.

    Args:
        vectors: (n, dim) of length 1, at least two; a zero vector is at distance 1 from others.
        t: How quickly the potential falls.

    Raises:
        InputError: There are fewer than two.
    """
    if len(vectors) < 2:
        raise InputError("uniformity needs two vectors", seen=len(vectors))
    rows = vectors.astype(np.float64)
    squares = (rows * rows).sum(axis=1)
    total = 0.0
    for block in row_blocks(len(rows), len(rows), _CELLS):
        distances = squares[block, None] + squares - 2 * rows[block] @ rows.T
        total += float(np.exp(-t * np.maximum(distances, 0.0)).sum())
    return float(np.log((total - len(rows)) / (len(rows) * (len(rows) - 1))))


def even_uniformity(dim: int, t: float = TEMPERATURE) -> float:
    """Return the uniformity of infinitely many points drawn evenly from the sphere."""
    from scipy.special import hyp0f1

    return float(-2 * t + np.log(hyp0f1(dim / 2, t * t)))


def _uniformity(modality: Modality | None, rows: NDArray[np.float32], of: int) -> Uniformity:
    even = even_uniformity(rows.shape[1])
    return Uniformity(modality, uniformity(rows), even, len(rows), of)
