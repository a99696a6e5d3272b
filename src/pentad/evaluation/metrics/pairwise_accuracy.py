r"""Pairwise accuracy: of two items rated differently, does the better one score more?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError


class Pairwise(NamedTuple):
    """Pairs of differently rated items of each caption.

    Attributes:
        groups: Integers (captions,), the captions that have such pairs, ascending.
        right: float64 (captions,), pairs in which the better one scores more, ties counted half.
        pairs: int64 (captions,), how many pairs there are.
    """

    groups: NDArray[np.int64]
    right: NDArray[np.float64]
    pairs: NDArray[np.int64]

    @property
    def value(self) -> float:
        """The share of right pairs over all captions; NaN without any pair."""
        total = int(self.pairs.sum())
        return float(self.right.sum() / total) if total else float("nan")


def pairwise_accuracy(scores: ArrayLike, grades: ArrayLike, groups: ArrayLike) -> Pairwise:
    r"""Compare all pairs of items of one caption that were rated differently.

    $$ \frac{\#\{(i, j): g_i > g_j,\; s_i > s_j\} + \frac12 \#\{(i, j): g_i > g_j,\; s_i = s_j\}}
            {\#\{(i, j): g_i > g_j\}} $$

    Args:
        scores: Numbers (n,), greater = closer.
        grades: Integers (n,), greater = better.
        groups: Integers (n,), the caption of each; items of two captions are not compared.

    Raises:
        InputError: Lengths differ, or a score is NaN.
    """
    values, levels = np.asarray(scores, np.float64), np.asarray(grades)
    labels = np.asarray(groups)
    if not values.shape == levels.shape == labels.shape or values.ndim != 1:
        seen = (values.shape, levels.shape, labels.shape)
        raise InputError("one score, grade and caption each", seen=seen)
    if np.isnan(values).any():
        raise InputError("a score is NaN; scores must be comparable numbers")
    order = np.argsort(labels, kind="stable")
    names, starts = np.unique(labels[order], return_index=True)
    found = [
        _compared(values[rows], levels[rows]) for rows in np.split(order, starts[1:]) if len(rows)
    ]
    right, pairs = (np.array(part) for part in zip(*found, strict=True)) if found else ([], [])
    right, pairs = np.asarray(right, np.float64), np.asarray(pairs, np.int64)
    return Pairwise(names[pairs > 0].astype(np.int64), right[pairs > 0], pairs[pairs > 0])


def _compared(scores: NDArray[np.float64], grades: NDArray[Any]) -> tuple[float, int]:
    better = grades[:, None] > grades[None, :]
    more, same = scores[:, None] > scores[None, :], scores[:, None] == scores[None, :]
    return float((better & more).sum() + (better & same).sum() / 2), int(better.sum())
