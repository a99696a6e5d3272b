"""Ridge regression from which any fold can be left out, in whichever form is smaller.

With more rows than columns the normal equations are summed by fold and solved in the columns
(primal); with fewer the same map is found in the rows (dual): ``W = Xᵀ (X Xᵀ + λ)⁻¹ Y``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pentad.encoders.bridge_map import Array

_BLOCK = 16384
Part = tuple[Array, Array, NDArray[np.int64]]
"""(rows, dim) features, (rows, text dim) targets, (rows,) fold numbers."""


class Ridge(Protocol):
    """Rows of a ridge regression, ready to be solved."""

    def solve(self, strength: float, *, without: int | None = None) -> Array:
        """Return W (dim, text dim) that minimizes ``|XW - Y|² + strength |W|²``.

        Args:
            strength: lambda, absolute; rows of X have length 1.
            without: A fold whose rows are left out.
        """

    def predict(self, strength: float, fold: int, x: Array) -> Array:
        """Return X W for rows ``x``, with W found without ``fold``."""


def make_ridge(parts: Sequence[Part], folds: int) -> Ridge:
    """Return the regression over the rows of all parts."""
    rows, dim = sum(len(x) for x, _, _ in parts), parts[0][0].shape[1]
    if rows <= dim:
        stacked = [np.concatenate([part[i] for part in parts]) for i in range(3)]
        return _Dual(stacked[0], stacked[1], stacked[2].astype(np.int64))
    return _accumulate(parts, folds)


@dataclass(frozen=True, eq=False)
class _Dual:
    x: Array
    y: Array
    fold: NDArray[np.int64]

    def solve(self, strength: float, *, without: int | None = None) -> Array:
        kept = self.fold != without
        x, y = self.x[kept], self.y[kept]
        weights: Array = x.T @ _solve(x @ x.T, y, strength)
        return weights

    def predict(self, strength: float, fold: int, x: Array) -> Array:
        kept = self.fold != fold
        near: Array = (x @ self.x[kept].T) @ _solve(
            self.x[kept] @ self.x[kept].T, self.y[kept], strength
        )
        return near


@dataclass(frozen=True, eq=False)
class _Primal:
    grams: Array
    crosses: Array

    def solve(self, strength: float, *, without: int | None = None) -> Array:
        gram, cross = self.grams.sum(axis=0), self.crosses.sum(axis=0)
        if without is not None:
            gram, cross = gram - self.grams[without], cross - self.crosses[without]
        return _solve(gram, cross, strength)

    def predict(self, strength: float, fold: int, x: Array) -> Array:
        predicted: Array = x @ self.solve(strength, without=fold)
        return predicted


def _accumulate(parts: Sequence[Part], folds: int) -> _Primal:
    dim, out = parts[0][0].shape[1], parts[0][1].shape[1]
    grams, crosses = np.zeros((folds, dim, dim)), np.zeros((folds, dim, out))
    for x, y, fold in parts:
        for number in range(folds):
            rows = np.flatnonzero(fold == number)
            for start in range(0, len(rows), _BLOCK):
                block = rows[start : start + _BLOCK]
                grams[number] += x[block].T @ x[block]
                crosses[number] += x[block].T @ y[block]
    return _Primal(grams, crosses)


def _solve(gram: Array, right: Array, strength: float) -> Array:
    from scipy.linalg import cho_factor, cho_solve

    gram[np.diag_indices_from(gram)] += strength
    factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    solved: Array = cho_solve(factor, right, check_finite=False)
    return solved
