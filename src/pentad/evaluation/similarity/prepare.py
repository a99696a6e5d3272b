"""From frames to one vector an item, of fewer dimensions, of length 1: in this order.

1. frames are aggregated: mean, median, max, or none where there is one
2. every vector is given length 1; an item whose vector is zero, or too large to have a length,
   has no direction and is left out, which is told
3. PCA, if any, is fitted and applied
4. every vector is given length 1 again, unless that is turned off
"""

from __future__ import annotations

import logging
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

Floats = NDArray[np.float64]
NO_PCA = -1
_TOLD = 5
_log = logging.getLogger(__name__)


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
        InputError: Aggregation is ``none`` and an item has several frames, no vector has a
            direction, one has none after PCA, or there are too few items for PCA.
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
    """Return the first two steps: one vector an item, of length 1, without those of no direction.

    Raises:
        InputError: Aggregation is ``none`` and an item has several frames, or none has a direction.
    """
    vectors = aggregated(frames, recipe.aggregate)
    lengths = _lengths(vectors)
    has = _direction(lengths)
    names = frames.names
    if not has.all():
        without = [name for name, own in zip(names, has.tolist(), strict=True) if not own]
        if len(without) == len(names):
            raise InputError("no item has a vector with a direction: all are zero or too large")
        told = ", ".join(map(repr, without[:_TOLD]))
        _log.warning(
            "%d of %d items are left out, their vectors have no direction: %s%s",
            len(without), len(names), told, " ..." if len(without) > _TOLD else "",
        )  # fmt: skip
        names = tuple(name for name, own in zip(names, has.tolist(), strict=True) if own)
        vectors, lengths = vectors[has], lengths[has]
    return NamedVectors(names, vectors / lengths, frames.modality, frames.space)


def finished(
    units: NamedVectors, recipe: Recipe, pca: Pca | None, described: dict[str, Any]
) -> NamedVectors:
    """Return the last two steps: PCA, and length 1 again."""
    vectors = units.vectors if pca is None else pca.apply(units.vectors)
    if recipe.normalize:
        vectors = _unit(vectors, units.names)
    kept = {} if pca is None else {"explained": float(pca.explained.sum())}
    return replace(units, vectors=vectors, recipe={**described, **kept})


def _sampled(vectors: Floats, recipe: Recipe) -> Floats:
    if recipe.fit_sample is None or recipe.fit_sample >= len(vectors):
        return vectors
    rng = generator(recipe.seed, "similarity-pca")
    rows = np.sort(rng.choice(len(vectors), recipe.fit_sample, replace=False))
    return vectors[rows]


def _unit(vectors: Floats, names: tuple[str, ...]) -> Floats:
    lengths = _lengths(vectors)
    has = _direction(lengths)
    if not has.all():
        name = names[int(np.argmin(has))]
        raise InputError(
            f"{name!r} is where the mean of all is: after PCA it has no direction; "
            "use fewer items that are equal, or --no-normalize"
        )
    unit: Floats = vectors / lengths
    return unit


def _lengths(vectors: Floats) -> Floats:
    with np.errstate(over="ignore"):
        lengths: Floats = np.linalg.norm(vectors, axis=1, keepdims=True)
    return lengths


def _direction(lengths: Floats) -> NDArray[np.bool_]:
    """Return bool (items,): whether what has such a length has a direction."""
    has: NDArray[np.bool_] = ((lengths > 0) & np.isfinite(lengths))[:, 0]
    return has
