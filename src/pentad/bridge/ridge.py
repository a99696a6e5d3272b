"""Ridge regression from which any fold can be left out, in whichever form is smaller.

With more rows than columns the normal equations are summed by fold and solved in the columns
(primal); with fewer the same map is found in the rows (dual): ``W = Xᵀ (X Xᵀ + λ)⁻¹ Y``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pentad.encoders.bridge_map import Array

_BLOCK = 16384
Part = tuple[Array, Array, NDArray[np.int64]]
"""(rows, dim) features, (rows, text dim) targets, (rows,) fold numbers."""


class Ridge(Protocol):
    """Rows of a ridge regression, ready to be solved."""

    def solve(self, strength: float) -> Array:
        """Return W (dim, text dim) that minimizes ``|XW - Y|² + strength |W|²``.

        Args:
            strength: lambda, absolute; rows of X have length 1.
        """

    def predict(self, strength: float, fold: int, x: Array) -> Array:
        """Return X W for rows ``x``, with W found without the rows of ``fold``."""


def make_ridge(parts: Sequence[Part], folds: int) -> Ridge:
    """Return the regression over the rows of all parts."""
    rows, dim = sum(len(x) for x, _, _ in parts), parts[0][0].shape[1]
    if rows <= dim:
        stacked = [np.concatenate([part[i] for part in parts]) for i in range(3)]
        return _Dual(stacked[0], stacked[1], stacked[2].astype(np.int64))
    return _accumulate(parts, folds)


class _Kept:
    """The solutions of one strength, by fold: what is asked for next is mostly the same again."""

    def __init__(self) -> None:
        self._strength = 0.0
        self._found: dict[int, Array] = {}

    def get(self, strength: float, fold: int, find: Callable[[], Array]) -> Array:
        """Return the solution, found now where it is not kept."""
        if strength != self._strength:
            self._strength, self._found = strength, {}
        if fold not in self._found:
            self._found[fold] = find()
        return self._found[fold]


class _Dual:
    def __init__(self, x: Array, y: Array, fold: NDArray[np.int64]) -> None:
        self._x, self._y, self._fold = x, y, fold
        self._products = x @ x.T
        self._kept = _Kept()

    def solve(self, strength: float) -> Array:
        weights: Array = self._x.T @ _solve(self._products.copy(), self._y, strength)
        return weights

    def predict(self, strength: float, fold: int, x: Array) -> Array:
        rows = np.flatnonzero(self._fold != fold)
        solved = self._kept.get(
            strength,
            fold,
            lambda: _solve(self._products[np.ix_(rows, rows)], self._y[rows], strength),
        )
        predicted: Array = (x @ self._x[rows].T) @ solved
        return predicted


class _Primal:
    def __init__(self, grams: Array, crosses: Array) -> None:
        self._grams, self._crosses = grams, crosses
        self._gram, self._cross = grams.sum(axis=0), crosses.sum(axis=0)
        self._kept = _Kept()

    def solve(self, strength: float) -> Array:
        return _solve(self._gram.copy(), self._cross, strength)

    def predict(self, strength: float, fold: int, x: Array) -> Array:
        solved = self._kept.get(
            strength,
            fold,
            lambda: _solve(
                self._gram - self._grams[fold], self._cross - self._crosses[fold], strength
            ),
        )
        predicted: Array = x @ solved
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
