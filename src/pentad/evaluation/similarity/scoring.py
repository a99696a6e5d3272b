"""Scores of all pairs, a block of queries at a time, in float64."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, UnknownName

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Search(StrEnum):
    """How close two vectors are."""

    dot = "dot"
    cosine = "cosine"
    euclidean = "euclidean"


_ALSO = {"nn": Search.euclidean, "dot_product": Search.dot, "nearest_neighbour": Search.euclidean}


def as_search(value: str) -> Search:
    """Return what ``value`` names; ``nn`` is ``euclidean``.

    Raises:
        UnknownName: It names nothing.
    """
    if value in _ALSO:
        return _ALSO[value]
    try:
        return Search(value)
    except ValueError:
        raise UnknownName("search", value, [*Search, *_ALSO]) from None


class Scorer:
    r"""The scores of a corpus against its own items, greater = closer.

    ``euclidean`` scores $2 a \cdot b - |b|^2$, which orders the corpus of a query $a$ as the
    negative distance does. Equal vectors score exactly the same: a matrix product would round by
    the place of a row, so where there are equal ones each distinct vector is multiplied once.

    Args:
        vectors: float64 (items, dim).
        search: How close two vectors are.

    Raises:
        InputError: ``cosine``, and a vector is zero.
    """

    def __init__(self, vectors: Floats, search: Search) -> None:
        self.search = search
        self._rows = _unit(vectors) if search is Search.cosine else vectors
        distinct, code = np.unique(_bytes(self._rows), return_inverse=True)
        first = np.empty(len(distinct), np.int64)
        first[code[::-1]] = np.arange(len(code))[::-1]
        repeated = len(distinct) < len(vectors)
        self._code = code if repeated else None
        self._columns = (self._rows[first] if repeated else self._rows).T
        self._squares = np.einsum("dc,dc->c", self._columns, self._columns)

    def block(self, rows: Rows) -> Floats:
        """Return float64 (rows, items); that of an item with itself is minus infinity."""
        scores = self._rows[rows] @ self._columns
        if self.search is Search.euclidean:
            scores *= 2
            scores -= self._squares
        if self._code is not None:
            scores = scores[:, self._code]
        scores[np.arange(len(rows)), rows] = -np.inf
        return scores

    def published(self, rows: Rows, found: Rows) -> Floats:
        """Return the scores as they are written: distances of ``euclidean``, else products.

        Args:
            rows: int64 (queries,).
            found: int64 (queries, k), items.
        """
        out = np.empty(found.shape)
        for place, (row, items) in enumerate(zip(rows.tolist(), found, strict=True)):
            if self.search is Search.euclidean:
                out[place] = np.linalg.norm(self._rows[items] - self._rows[row], axis=1)
            else:
                out[place] = self._rows[items] @ self._rows[row]
        return out


def _bytes(rows: Floats) -> NDArray[np.void]:
    # Adding 0 turns -0 into 0: equal numbers then have equal bytes.
    plain = np.ascontiguousarray(rows + 0.0)
    whole: NDArray[np.void] = plain.view(np.dtype((np.void, 8 * rows.shape[1]))).ravel()
    return whole


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (lengths > 0).all():
        row = int(np.argmin(lengths > 0))
        raise InputError("a zero vector has no cosine", row=row + 1)
    unit: Floats = vectors / lengths
    return unit
