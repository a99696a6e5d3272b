"""Ridge regression by normal equations that any fold can be taken out of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.encoders.bridge_map import Array

_BLOCK = 16384


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """Sums of x xᵀ and x yᵀ over rows, one pair a fold.

    Attributes:
        grams: (folds, dim, dim).
        crosses: (folds, dim, text dim).
    """

    grams: Array
    crosses: Array

    def solve(self, strength: float, *, without: int | None = None) -> Array:
        """Return W (dim, text dim) that minimizes |XW - Y|² + strength |W|².

        Args:
            strength: lambda, absolute; rows of X have length 1.
            without: A fold whose rows are left out.
        """
        gram, cross = self.grams.sum(axis=0), self.crosses.sum(axis=0)
        if without is not None:
            gram, cross = gram - self.grams[without], cross - self.crosses[without]
        gram[np.diag_indices_from(gram)] += strength
        solved: Array = np.linalg.solve(gram, cross)
        return solved


def accumulate(
    parts: Sequence[tuple[Array, Array, NDArray[np.int64]]], folds: int
) -> NormalEquations:
    """Return the normal equations of several (x, y, fold) parts, summed in blocks of rows."""
    dim, out = parts[0][0].shape[1], parts[0][1].shape[1]
    grams, crosses = np.zeros((folds, dim, dim)), np.zeros((folds, dim, out))
    for x, y, fold in parts:
        for number in range(folds):
            rows = np.flatnonzero(fold == number)
            for start in range(0, len(rows), _BLOCK):
                block = rows[start : start + _BLOCK]
                grams[number] += x[block].T @ x[block]
                crosses[number] += x[block].T @ y[block]
    return NormalEquations(grams, crosses)
