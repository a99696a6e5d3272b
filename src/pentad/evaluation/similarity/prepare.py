"""From frames to one vector an item, of fewer dimensions, of length 1: in this order.

1. frames are aggregated: mean, median, max, or none where there is one
2. every vector is given length 1
3. PCA, if any, is fitted and applied
4. every vector is given length 1 again, unless that is turned off
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.embeddings.frames import as_aggregation
from pentad.evaluation.similarity.frames import NamedFrames, aggregated
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.pca import Pca, fit_pca

NO_PCA = -1


@dataclass(frozen=True)
class Recipe:
    """How vectors are prepared.

    Attributes:
        aggregate: ``mean``, ``median``, ``max``, or ``none``.
        pca: How many principal components; -1 for none.
        normalize: Whether vectors are of length 1 in the end.
        fit_sample: How many vectors PCA is fitted on, drawn by ``seed``; None for all.
        seed: Of that draw.
    """

    aggregate: str = "mean"
    pca: int = 100
    normalize: bool = True
    fit_sample: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values."""
        as_aggregation(self.aggregate)
        if self.pca < 1 and self.pca != NO_PCA:
            raise InputError("pca", expected="components from 1, or -1 for none", seen=self.pca)
        if self.fit_sample is not None and self.fit_sample < 1:
            raise InputError("fit sample must be at least 1", seen=self.fit_sample)


def prepare(
    frames: NamedFrames, recipe: Recipe, *, fit_on: NamedFrames | None = None
) -> NamedVectors:
    """Return one vector an item, prepared for the search.

    Args:
        frames: One or more vectors of each item.
        recipe: What to do.
        fit_on: What PCA is fitted on, such as a training split; None: the items themselves, as the
            published program does.

    Raises:
        InputError: Aggregation is ``none`` and an item has several frames, a vector is zero, or
            there are too few items for PCA.
    """
    units = unit_vectors(frames, recipe)
    pca = None
    if recipe.pca != NO_PCA:
        reference = units if fit_on is None else unit_vectors(fit_on, recipe)
        if reference.vectors.shape[1] != units.vectors.shape[1]:
            raise InputError(
                "PCA is fitted on vectors of another length",
                expected=units.vectors.shape[1],
                seen=reference.vectors.shape[1],
            )
        pca = fit_pca(_sampled(reference.vectors, recipe), recipe.pca)
    described = {**asdict(recipe), "fitted_on": "these items" if fit_on is None else fit_on.space}
    return finished(units, recipe, pca, described)


def unit_vectors(frames: NamedFrames, recipe: Recipe) -> NamedVectors:
    """Return the first two steps: one vector an item, of length 1."""
    vectors = aggregated(frames, recipe.aggregate)
    return NamedVectors(
        frames.names, _unit(vectors, frames.names, ""), frames.modality, frames.space
    )


def finished(
    units: NamedVectors, recipe: Recipe, pca: Pca | None, described: dict[str, Any]
) -> NamedVectors:
    """Return the last two steps: PCA, and length 1 again."""
    vectors = units.vectors if pca is None else pca.apply(units.vectors)
    if recipe.normalize:
        vectors = _unit(vectors, units.names, " after PCA")
    kept = {} if pca is None else {"explained": float(pca.explained.sum())}
    return replace(units, vectors=vectors, recipe={**described, **kept})


def _sampled(vectors: NDArray[np.float64], recipe: Recipe) -> NDArray[np.float64]:
    if recipe.fit_sample is None or recipe.fit_sample >= len(vectors):
        return vectors
    rng = generator(recipe.seed, "similarity-pca")
    rows = np.sort(rng.choice(len(vectors), recipe.fit_sample, replace=False))
    return vectors[rows]


def _unit(vectors: NDArray[np.float64], names: tuple[str, ...], when: str) -> NDArray[np.float64]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (lengths > 0).all() or not np.isfinite(lengths).all():
        name = names[int(np.argmax(~((lengths > 0) & np.isfinite(lengths))))]
        raise InputError(f"the vector of {name!r} has no direction{when}: it is zero or too large")
    unit: NDArray[np.float64] = vectors / lengths
    return unit
