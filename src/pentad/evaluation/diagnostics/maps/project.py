"""From vectors to two dimensions: by PCA, which keeps distances, or UMAP, which keeps neighbors.

On a map by PCA a distance is a distance, as far as two directions can show it; the share of the
variance that they show is said. On a map by UMAP only who is near to whom can be read: sizes of
clusters and distances between them mean nothing.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, MissingExtra, UnknownName
from pentad.core.seeds import derive_seed
from pentad.evaluation.diagnostics.maps.points import MapPoints, sampled
from pentad.evaluation.diagnostics.space import Space

METHODS = ("pca", "umap")
NEIGHBORS = 15
_LEAST = 5

Places = NDArray[np.float64]


def map_points(space: Space, method: str = "pca", *, most: int = 5000, seed: int = 0) -> MapPoints:
    """Return where the items of all modalities are on one map.

    Args:
        space: At least one modality.
        method: One of `METHODS`.
        most: Items; more are sampled, each modality keeping its share.
        seed: Of the sample and of UMAP.

    Raises:
        UnknownName: There is no such method.
        MissingExtra: UMAP is not installed.
        InputError: ``most`` is less than 1, or there are too few items for UMAP.
    """
    if method not in METHODS:
        raise UnknownName("map", method, METHODS)
    if most < 1:
        raise InputError("a map needs at least 1 point", seen=most)
    shown = sampled(space, most, seed)
    vectors = np.concatenate([part.vectors for part in shown.values()])
    if method == "pca":
        places, shares = pca_places(vectors)
        about = f"two principal directions, {100 * shares.sum():.0f} % of the variance"
    else:
        places = umap_places(vectors, seed)
        about = "UMAP: who is near to whom; distances between clusters mean nothing"
    return MapPoints(
        places,
        tuple(m for m, part in shown.items() for _ in range(len(part))),
        np.concatenate([part.ids for part in shown.values()]),
        tuple(c for part in shown.values() for c in part.concepts),
        method,
        sum(len(part) for part in space.values()),
        about,
    )


def pca_places(vectors: NDArray[Any]) -> tuple[Places, Places]:
    """Return the places (rows, 2) on the two principal directions, and their shares of variance.

    A direction points to where its greatest loading is positive, so that a map is not mirrored by
    chance. Vectors of one value have 0 for their second place, as have vectors that are all equal
    for both.

    Args:
        vectors: (rows, dim), finite.
    """
    wide = np.asarray(vectors, dtype=np.float64)
    centered = wide - wide.mean(axis=0)
    values, directions = np.linalg.eigh(centered.T @ centered)
    values, directions = np.maximum(values[::-1], 0.0), directions[:, ::-1]
    chosen = directions[:, :2]
    largest = np.argmax(np.abs(chosen), axis=0)
    chosen = chosen * np.where(chosen[largest, np.arange(chosen.shape[1])] < 0, -1.0, 1.0)
    places = np.zeros((len(wide), 2))
    places[:, : chosen.shape[1]] = centered @ chosen
    total = float(values.sum())
    shares = np.zeros(2)
    shares[: chosen.shape[1]] = values[:2] / total if total > 0 else 0.0
    return places, shares


def umap_places(vectors: NDArray[np.float32], seed: int) -> Places:
    """Return the places (rows, 2) that UMAP gives, with cosines, 15 neighbors, and one thread.

    Raises:
        MissingExtra: umap-learn is not installed.
        InputError: There are fewer than 5 rows.
    """
    if len(vectors) < _LEAST:
        raise InputError("UMAP needs at least 5 items; use the method pca", seen=len(vectors))
    with warnings.catch_warnings():
        # It warns of what it does by itself where a seed is given, and of TensorFlow being absent.
        warnings.simplefilter("ignore")
        try:
            from umap import UMAP
        except ModuleNotFoundError:
            raise MissingExtra("umap-learn", "map") from None
        found = UMAP(
            n_neighbors=min(NEIGHBORS, len(vectors) - 1),
            metric="cosine",
            random_state=derive_seed(seed, "umap") % 2**32,
            n_jobs=1,
            init="spectral" if len(vectors) > 2 * NEIGHBORS else "random",
        ).fit_transform(vectors)
    return np.asarray(found, dtype=np.float64)
