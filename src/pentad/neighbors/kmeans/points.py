"""The vectors to be clustered: checked once, then read block by block in the form needed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.neighbors.kmeans.kernels import square_sums, unfinished, widen_half, widen_single
from pentad.neighbors.metrics import Floats, Metric, Rows, get_metric
from pentad.neighbors.stored import is_sane, slices

METRIC_NAMES = ("cosine", "euclidean")

_ROWS = 2048
_EXPONENT = {np.dtype(np.float16): 0x7C00, np.dtype(np.float32): 0x7F800000}

Indices = NDArray[np.int64]
Which = slice | Indices


class Points:
    """Vectors with a metric.

    Attributes:
        vectors: float16 or float32 (n, dim), as given.
        metric: How pairs are scored.
        squares: float64 (n,), squared lengths.
    """

    def __init__(self, vectors: Any, metric: str, pool: ThreadPoolExecutor) -> None:
        """Check the vectors, which reads them once.

        Raises:
            UnknownName: K-means has no such metric.
            InputError: The vectors are no matrix of float16 or float32, a value is not finite, or
                Euclidean lengths are far from any that float32 can square.
        """
        self.metric: Metric = get_metric(require_metric(metric))
        self.vectors = _require_matrix(vectors)
        self.squares: Floats = np.empty(len(vectors), np.float64)
        for _ in pool.map(self._measure, slices(len(vectors), _ROWS)):
            pass
        largest = float(self.squares.max(initial=0.0))
        if metric == "euclidean" and largest != 0 and not is_sane(largest):
            seen = f"a length of {largest**0.5:.3g}"
            raise InputError("vectors must have lengths near 1; scale them", seen=seen)

    def __len__(self) -> int:
        return len(self.vectors)

    def pick(self, rows: Indices) -> Points:
        """Return some of the points, without reading them; ``rows`` rise."""
        picked = object.__new__(Points)
        picked.metric, picked.squares = self.metric, self.squares[rows]
        picked.vectors = Picked(self.vectors, rows)
        return picked

    @property
    def dim(self) -> int:
        """How many values a vector has."""
        return int(self.vectors.shape[1])

    @property
    def spherical(self) -> bool:
        """Whether only directions count."""
        return self.metric.name == "cosine"

    def prepared(self, which: Which) -> Rows:
        """Return float32 rows to multiply with prepared centroids."""
        squares = self.squares[which]
        rows = np.empty((len(squares), self.dim + (not self.spherical)), np.float32)
        self._widen(which, self._factors(squares), rows[:, : self.dim])
        rows[:, self.dim :] = 1
        return rows

    def values(self, which: Which) -> Floats:
        """Return float64 rows: directions where only they count, else the vectors."""
        squares = self.squares[which]
        rows = np.empty((len(squares), self.dim), np.float64)
        self._widen(which, self._factors(squares), rows)
        return rows

    def _factors(self, squares: Floats) -> Floats:
        if not self.spherical:
            return np.ones(len(squares))
        return np.where(squares > 0, 1.0 / np.sqrt(np.where(squares > 0, squares, 1.0)), 0.0)

    def _widen(self, which: Which, factors: Floats, out: NDArray[Any]) -> None:
        stored = self._stored(which)
        if stored.dtype == np.float16:
            widen_half(stored.view(np.uint16), factors, out)
        else:
            widen_single(stored, factors, out)

    def _stored(self, which: Which) -> NDArray[Any]:
        """Return rows as stored, in memory of their own: what is compiled wants one kind."""
        if not isinstance(which, slice) and len(which) and (np.diff(which) == 1).all():
            which = slice(int(which[0]), int(which[-1]) + 1)
        stored = np.asarray(self.vectors[which])
        ready = stored.flags.c_contiguous and stored.flags.writeable
        return stored if ready else np.array(stored, order="C")

    def _measure(self, part: slice) -> None:
        """Write the squared lengths of some vectors."""
        stored = self._stored(part)
        bits = stored.view(np.uint16 if stored.dtype == np.float16 else np.uint32)
        wrong = unfinished(bits, _EXPONENT[stored.dtype])
        if wrong >= 0:
            raise InputError("vectors must be finite", row=part.start + wrong)
        rows = np.empty(stored.shape, np.float64)
        self._widen(part, np.ones(len(stored)), rows)
        square_sums(rows, self.squares[part])


class Picked:
    """Some rows of vectors that stay where they are, in the order of the rows.

    Attributes:
        rows: int64 (n,), rising.
    """

    def __init__(self, vectors: Any, rows: Indices) -> None:
        self._vectors, self.rows = vectors, rows
        self.dtype, self.ndim = vectors.dtype, vectors.ndim
        self.shape = (len(rows), *vectors.shape[1:])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: Which) -> NDArray[Any]:
        found: NDArray[Any] = self._vectors[self.rows[which]]
        return found


def require_metric(name: str) -> str:
    """Return ``name`` if k-means knows this metric.

    Raises:
        UnknownName: It does not; the message names the nearest one.
    """
    if name not in METRIC_NAMES:
        raise UnknownName("metric of k-means", name, METRIC_NAMES)
    return name


def _require_matrix(vectors: Any) -> Any:
    if not hasattr(vectors, "dtype"):
        raise InputError("vectors must be an array", seen=type(vectors).__name__)
    if vectors.ndim != 2 or not vectors.shape[1]:
        raise InputError("vectors must be a matrix", expected="(n, dim)", seen=vectors.shape)
    if vectors.dtype not in _EXPONENT:
        raise InputError("vectors must be float16 or float32", seen=vectors.dtype)
    if not len(vectors):
        raise InputError("there are no vectors to cluster")
    return vectors
