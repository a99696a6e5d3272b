r"""Linear discriminant analysis, as small as it can be: a mean a class, one covariance for all.

A row $x$ goes to the class with the greatest $x^T S^{-1} m_c - \frac12 m_c^T S^{-1} m_c$ (equal
priors), where $S$ is the covariance within classes, drawn a tenth of the way towards its mean
variance so that it can be inverted with fewer rows than dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHRINKAGE = 0.1
_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class Discriminant:
    """A linear classifier.

    Attributes:
        weights: float64 (dim, classes).
        offsets: float64 (classes,).
    """

    weights: NDArray[np.float64]
    offsets: NDArray[np.float64]

    def predict(self, rows: NDArray[Any]) -> NDArray[np.int64]:
        """Return the class of each row, int64 (rows,); of equally likely ones the first."""
        found: NDArray[np.int64] = np.argmax(rows @ self.weights + self.offsets, axis=1)
        return found


def fit_discriminant(rows: NDArray[Any], labels: NDArray[np.int64], classes: int) -> Discriminant:
    """Learn a classifier.

    Args:
        rows: (rows, dim).
        labels: int64 (rows,), 0 to ``classes`` - 1, each at least once.
        classes: How many classes there are.
    """
    wide = np.asarray(rows, dtype=np.float64)
    means = np.stack([wide[labels == c].mean(axis=0) for c in range(classes)])
    # Each class weighs the same, however many rows it has.
    weights = 1.0 / (classes * np.bincount(labels, minlength=classes))[labels]
    rest = wide - means[labels]
    covariance = (rest * weights[:, None]).T @ rest
    dim = wide.shape[1]
    variance = max(float(np.trace(covariance)) / dim, _LEAST)
    covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * variance * np.eye(dim)
    directions = np.linalg.solve(covariance, means.T)
    return Discriminant(directions, -0.5 * np.einsum("cd,dc->c", means, directions))
