r"""Principal components in float64, exact and the same on every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.blocks import row_blocks

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pca:
    """A map to principal components.

    Attributes:
        mean: float64 (dim,).
        axes: float64 (components, dim), orthonormal, of falling variance; of each the entry of
            greatest magnitude is positive.
        explained: float64 (components,), the share of the variance along each axis.
    """

    mean: Floats
    axes: Floats
    explained: Floats

    def apply(self, vectors: NDArray[Any]) -> Floats:
        """Return float64 (rows, components): centred and projected, not whitened."""
        parts = [
            (np.asarray(vectors[block], np.float64) - self.mean) @ self.axes.T
            for block in row_blocks(len(vectors), vectors.shape[1])
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(self.axes)))


def fit_pca(vectors: NDArray[Any], components: int) -> Pca:
    r"""Return the principal components of some vectors.

    With centred rows $X$ they are the eigenvectors of $X^\top X / (n - 1)$ with the greatest
    eigenvalues; where there are fewer rows than dimensions, of $X X^\top$ instead.

    Args:
        vectors: Numbers (rows, dim).
        components: How many, from 1 to the lesser of rows and dim.

    Raises:
        InputError: There are too few rows or dimensions for as many components.
    """
    rows, dim = vectors.shape
    if not 1 <= components <= min(rows, dim):
        raise InputError(
            "PCA cannot give as many components",
            expected=f"1 to {min(rows, dim)} for {rows} items of {dim} dimensions, or -1 for none",
            seen=components,
        )
    mean = np.asarray(vectors, np.float64).mean(axis=0)
    values, axes = _of_rows(vectors, mean) if rows < dim else _of_columns(vectors, mean)
    keep = np.argsort(-values, kind="stable")[:components]
    axes = axes[:, keep].T
    strongest = np.abs(axes).argmax(axis=1)
    signs = np.where(axes[np.arange(components), strongest] < 0, -1.0, 1.0)
    total = max(float(values.sum()), np.finfo(np.float64).tiny)
    return Pca(
        mean, np.ascontiguousarray(axes * signs[:, None]), np.maximum(values[keep], 0) / total
    )


def _of_columns(vectors: NDArray[Any], mean: Floats) -> tuple[Floats, Floats]:
    """Return eigenvalues and eigenvectors (dim, dim) of the covariance, built block by block."""
    covariance = np.zeros((len(mean), len(mean)))
    for block in row_blocks(len(vectors), vectors.shape[1]):
        part = np.asarray(vectors[block], np.float64) - mean
        covariance += part.T @ part
    values, axes = np.linalg.eigh(covariance)
    return values, axes


def _of_rows(vectors: NDArray[Any], mean: Floats) -> tuple[Floats, Floats]:
    centred = np.asarray(vectors, np.float64) - mean
    _, found, axes = np.linalg.svd(centred, full_matrices=False)
    return found**2, axes.T
