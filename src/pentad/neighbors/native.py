"""What a caption's own items may be among its neighbors: kept, excluded, or put first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.embeddings.embeddings import Embeddings, find_rows
from pentad.neighbors.metrics import Floats

TREATMENTS = ("keep", "exclude", "first")

Indices = NDArray[np.int64]
_BLOCK = 1 << 21


def require_treatment(name: str) -> str:
    """Return ``name`` if it is one of `TREATMENTS`.

    Raises:
        UnknownName: It is none; the message names the nearest one.
    """
    if name not in TREATMENTS:
        raise UnknownName("treatment of native items", name, TREATMENTS)
    return name


@dataclass(frozen=True, eq=False)
class Native:
    """Which items of the corpus are each query's own, as rows.

    Attributes:
        left: (pairs,) rows of the queries, ascending.
        right: (pairs,) rows of the corpus, ascending for each query; no pair comes twice.
        queries: How many queries there are.
        items: How many items there are.
    """

    left: Indices
    right: Indices
    queries: int
    items: int

    @classmethod
    def of(cls, pairs: ArrayLike, queries: Embeddings, corpus: Embeddings) -> Native:
        """Find pairs of ids among the rows; those of which a side is not there are left out.

        Args:
            pairs: (pairs, 2): query id and item id.
            queries: The queries.
            corpus: The items.

        Raises:
            InputError: ``pairs`` has another shape, or ids are no integers.
        """
        given = np.asarray(pairs)
        if given.shape == (0,):
            given = np.empty((0, 2), dtype=np.int64)
        if given.ndim != 2 or given.shape[1] != 2:
            raise InputError("native pairs must be (pairs, 2)", seen=given.shape)
        left, has_left = find_rows(queries.ids, given[:, 0])
        right, has_right = find_rows(corpus.ids, given[:, 1])
        both = has_left & has_right
        keys = np.unique(left[both] * len(corpus) + right[both])
        return cls(keys // len(corpus), keys % len(corpus), len(queries), len(corpus))

    @cached_property
    def counts(self) -> Indices:
        """(queries,), how many items are each query's own."""
        return np.bincount(self.left, minlength=self.queries)

    def take(self, chosen: Indices) -> Native:
        """Return the pairs of some queries, which are counted anew."""
        place = np.full(self.queries, -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        there = place[self.left] >= 0
        left, right = place[self.left[there]], self.right[there]
        order = np.lexsort((right, left))
        return Native(left[order], right[order], len(chosen), self.items)

    def flags(self, rows: Indices) -> NDArray[np.bool_]:
        """Return which of the corpus rows found, (queries, k), are the query's own."""
        flags = np.zeros(rows.shape, dtype=np.bool_)
        step = max(1, _BLOCK // max(1, rows.shape[1]))
        for start in range(0, len(rows), step):
            block = rows[start : start + step]
            place = np.arange(start, start + len(block))[:, None]
            flags[start : start + step] = self._have(place * self.items + block)
        return flags

    def _have(self, keys: Indices) -> NDArray[np.bool_]:
        own = self._keys
        if not len(own):
            return np.zeros(keys.shape, dtype=np.bool_)
        found: NDArray[np.bool_] = own[np.searchsorted(own, keys).clip(max=len(own) - 1)] == keys
        return found

    @cached_property
    def _keys(self) -> Indices:
        keys: Indices = self.left * self.items + self.right
        return keys


def without(native: Native, rows: Indices, scores: Floats, k: int) -> tuple[Indices, Floats]:
    """Return the first k of each query's neighbors that are not its own.

    Args:
        native: Of these queries.
        rows: (q, columns), best first. A query with less than k that are not its own gets any k.
        scores: (q, columns).
        k: How many are wanted.
    """
    others = ~native.flags(rows)
    place = np.cumsum(others, axis=1)
    chosen = others & (place <= k)
    enough = place[:, -1] >= k
    # Those that have too few others left are the caller's to search again.
    chosen[~enough] = np.arange(rows.shape[1]) < k
    return rows[chosen].reshape(-1, k), scores[chosen].reshape(-1, k)


def put_first(
    native: Native, own_scores: Floats, rows: Indices, scores: Floats
) -> tuple[Indices, Floats]:
    """Return each query's own items, best first, and behind them its other neighbors.

    Args:
        native: Of these queries.
        own_scores: (pairs,), of each native pair.
        rows: (q, k), the neighbors, best first.
        scores: (q, k).
    """
    rows, scores = rows.copy(), scores.copy()
    have = np.flatnonzero(native.counts)
    step = max(1, _BLOCK // max(1, rows.shape[1]))
    for start in range(0, len(have), step):
        some = have[start : start + step]
        first, last = np.searchsorted(native.left, (some[0], some[-1] + 1))
        part = slice(int(first), int(last))
        own = native.left[part], native.right[part], own_scores[part]
        rows[some], scores[some] = _joined(native, some, own, rows[some], scores[some])
    return rows, scores


def _joined(
    native: Native,
    some: Indices,
    own: tuple[Indices, Indices, Floats],
    rows: Indices,
    scores: Floats,
) -> tuple[Indices, Floats]:
    """Return the lists of some queries, ascending, each with its own items in front."""
    k = rows.shape[1]
    keys = some[:, None] * native.items + rows
    place, column = np.nonzero(~native._have(keys))
    left = np.concatenate([np.searchsorted(some, own[0]), place])
    right = np.concatenate([own[1], rows[place, column]])
    score = np.concatenate([own[2], scores[place, column]])
    other = np.arange(len(left)) >= len(own[0])
    order = np.lexsort((right, -score, other, left))
    ordered = left[order]
    kept = order[np.arange(len(order)) - np.searchsorted(ordered, ordered) < k]
    return right[kept].reshape(-1, k), score[kept].reshape(-1, k)
