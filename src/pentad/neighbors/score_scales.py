r"""What is a high score in a modality: mean and deviation of scores, to compare modalities by.

A scale belongs to an ordered pair of modalities, queries and items. It is learned from queries
whose answers nobody has to know:

*Pseudo-positives* (Yamashita, Shirafuji and Saito, "Bridging the Modality Gap by Similarity
Standardization with Pseudo-Positive Samples", PACLIC 2025): the item that scores highest for a
query is taken for its partner; the scale is the mean and deviation of these scores. A score of 0
then says "as near as the best item of this modality usually is".

*All pairs*: mean and deviation over every query and item (the z-score). A score of 0 then says "as
near as any item". Modalities whose best items stand out more from the rest win.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError
from pentad.embeddings.embeddings import unit_rows
from pentad.neighbors.stored import row_slices

Floats = NDArray[np.float64]
_SAME = 1e-12


class Scale(NamedTuple):
    """Where scores lie.

    Attributes:
        mean: Their mean.
        deviation: Their standard deviation, over all of them (not of a sample).
    """

    mean: float
    deviation: float

    def standardize(self, scores: NDArray[Any]) -> Floats:
        """Return ``(score - mean) / deviation``; where all scores were equal the mean alone goes.

        Without a deviation there is no unit to measure in, and dividing by next to nothing would
        put a modality before or behind all others by a rounding error.
        """
        unit = self.deviation if self.deviation > _SAME else 1.0
        return (np.asarray(scores, dtype=np.float64) - self.mean) / unit


def pseudo_positive_scale(scores: ArrayLike, best: int = 1) -> Scale:
    """Return the scale of the ``best`` highest scores of each query.

    Args:
        scores: (queries, n), the greatest first in each row; of queries that are not searched for.
        best: How many items are taken for partners of a query; all, if there are fewer.

    Raises:
        InputError: There is no score, one is not finite, a row does not begin with its greatest
            ones, or ``best`` is less than 1.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise InputError("a scale needs scores of at least one query", seen=table.shape)
    if best < 1:
        raise InputError("best must be at least 1", seen=best)
    if not np.isfinite(table).all() or (np.diff(table, axis=1) > 0).any():
        raise InputError("scores must be finite, the greatest of each query first")
    chosen = table[:, :best]
    return Scale(float(chosen.mean()), float(chosen.std()))


def all_pairs_scale(queries: NDArray[Any], corpus: NDArray[Any], *, same: bool = False) -> Scale:
    r"""Return mean and deviation of the cosines of every query with every item.

    No pair is formed. With $q_i$ and $c_j$ at length 1, the mean of $q_i \cdot c_j$ is the product
    of both means, and the mean of its square is $\mathrm{tr}(Q C)$ for the mean outer products $Q$
    and $C$ of either side, all in float64. Time is that of (queries + items) dim^2.

    Args:
        queries: (q, dim), finite, of any length; zero vectors have cosine 0 with everything.
        corpus: (n, dim); may be memory-mapped.
        same: Whether every query is one of the items: its cosine with itself is left out.

    Raises:
        InputError: There is no pair, or the dimensions differ.
    """
    pairs = len(queries) * (len(corpus) - same)
    if pairs < 1 or queries.shape[1:] != corpus.shape[1:]:
        raise InputError(
            "a scale needs queries and items of one dimension", seen=(queries.shape, corpus.shape)
        )
    (left, outer_left), (right, outer_right) = _moments(queries), _moments(corpus)
    alone = float(np.count_nonzero(np.any(queries, axis=1))) if same else 0.0
    mean = (float(left @ right) - alone) / pairs
    square = (float((outer_left * outer_right).sum()) - alone) / pairs
    return Scale(mean, float(np.sqrt(max(square - mean * mean, 0.0))))


def _moments(vectors: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return the sum of the unit vectors, and of their outer products."""
    dim = vectors.shape[1]
    first, second = np.zeros(dim), np.zeros((dim, dim))
    for part in row_slices(len(vectors), dim):
        rows = unit_rows(vectors[part]).astype(np.float64)
        first += rows.sum(axis=0)
        second += rows.T @ rows
    return first, second
