"""Exact search: candidates by bytes or in float32, order in float64, a proof that none was missed.

A float32 product of ``d`` terms is wrong by at most ``d u / (1 - d u)`` times the product of the
lengths (u = 2^-24), whatever the order of summation. So an item whose float32 product lies further
than that bound below the k-th exact one is certainly not among the k nearest. A query whose list
of candidates does not prove that for every other item is swept once more over the whole corpus,
and every item within the bound is rescored. The result is a function of the stored vectors alone.

Where the processor multiplies bytes fast and there is enough to do, `Int8Search` finds the
candidates: it leaves out only items whose product is proven to be less than the k-th.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.int8.probe import MOST_VALUES, has_fast_int8
from pentad.neighbors.metrics import Floats, Metric, Rows
from pentad.neighbors.stored import (
    as_float64,
    is_sane,
    pair_scores,
    row_slices,
    squared_lengths,
)

if TYPE_CHECKING:
    from pentad.core.progress import Task

_QUERY_BLOCK = 4096
_QUERY_BYTES = 1 << 28
_SAMPLE = 2048
_WORTHWHILE = 1 << 34
_SLACK = 8
_MEMORY = 1 << 29
_SWEEP = 1 << 22

Indices = NDArray[np.int64]


@dataclass
class Proof:
    """How searches came to their results, in queries.

    Attributes:
        int8: Candidates were found by bytes.
        float32: Candidates were found in float32.
        redone: The candidates proved too little, so all items were looked at once more.
        rescored: Pairs that bytes left to be multiplied in float32.
    """

    int8: int = 0
    float32: int = 0
    redone: int = 0
    rescored: int = 0


class ExactSearch:
    """A corpus made ready to be searched exactly, any number of times.

    Attributes:
        proof: How its searches came to their results.
    """

    def __init__(
        self,
        vectors: NDArray[Any],
        metric: Metric,
        *,
        memory: int | None = _MEMORY,
        int8: bool | None = None,
    ) -> None:
        """Prepare a corpus.

        Args:
            vectors: float16 or float32 (items, dim); may be memory-mapped.
            metric: How pairs are scored.
            memory: Bytes that prepared rows may take; a larger corpus is prepared anew, block by
                block, for every block of queries. None holds everything.
            int8: Whether to find candidates by bytes; default where that is fast and pays.

        Raises:
            InputError: A value is not finite.
        """
        self.proof = Proof()
        self._vectors = vectors
        self._metric = metric
        self._int8 = int8
        self._squares = squared_lengths(vectors, "items")
        self._largest = float(self._squares.max(initial=0.0))
        width = 4 * (vectors.shape[1] + 1)
        self._block = len(vectors) if memory is None else max(1024, memory // width)
        self._holds = self._block >= len(vectors)

    def search(
        self, queries: NDArray[Any], k: int, task: Task | None = None
    ) -> tuple[Indices, Floats]:
        """Return the k best corpus rows of each query and their float64 scores.

        Args:
            queries: float16 or float32 (q, dim).
            k: At least 1, at most the number of items.
            task: Told now and then how many queries are done.

        Returns:
            Rows and scores, both (q, k): score descending, then row ascending.
        """
        rows = np.empty((len(queries), k), dtype=np.int64)
        scores = np.empty((len(queries), k), dtype=np.float64)
        step = self._query_block(len(queries))
        for start in range(0, len(queries), step):
            part = slice(start, start + step)
            share = _Share(task, len(rows[part]))
            block = _Queries(queries[part], self._metric, self._largest, start)
            rows[part], scores[part] = self._search_block(block, k, share)
            share.reach(1.0)
        return rows, scores

    def _search_block(self, queries: _Queries, k: int, share: _Share) -> tuple[Indices, Floats]:
        if k + _SLACK >= len(self._vectors):
            return self._swept(queries, np.full(len(queries.rows), -np.inf), k)
        rows, scores, floor = self._guess(queries, k, share)
        needed = self._metric.product(scores[:, -1], queries.squares)
        unproven = ~(floor < needed - queries.bound)
        self.proof.redone += int(unproven.sum())
        if unproven.any():
            again = queries.take(unproven)
            rows[unproven], scores[unproven] = self._swept(again, needed[unproven], k)
        return rows, scores

    def _guess(self, queries: _Queries, k: int, share: _Share) -> tuple[Indices, Floats, Floats]:
        """Return the k best of the float32 candidates, and the least product among candidates."""
        if self._uses_int8(queries):
            products, rows = self._by_bytes(queries, k, share)
            self.proof.int8 += len(rows)
        else:
            products, rows = self._candidates(queries.rows, k + _SLACK)
            self.proof.float32 += len(rows)
        with np.errstate(invalid="ignore"):  # infinite products have an infinite bound
            least = products[:, k - 1] - 2 * queries.bound
        left, column = np.nonzero(~(products < least[:, None]))
        right = rows[left, column]
        _, right, scores = best_pairs(left, right, self._scores(queries, left, right), k)
        return right.reshape(-1, k), scores.reshape(-1, k), products[:, -1]

    def _query_block(self, queries: int) -> int:
        """Return how many queries are searched together: by bytes, as many as memory allows."""
        if not self._may_use_int8(queries):
            return _QUERY_BLOCK
        return max(_QUERY_BLOCK, _QUERY_BYTES // (8 * int(self._vectors.shape[1])))

    def _may_use_int8(self, queries: int) -> bool:
        if self._int8 is not None:
            return self._int8
        return queries * self._vectors.size >= _WORTHWHILE and has_fast_int8()

    def _uses_int8(self, queries: _Queries) -> bool:
        sizes = np.array([queries.squares.max(initial=0.0), self._largest])
        fits = self._vectors.shape[1] <= MOST_VALUES and is_sane(sizes).all()
        return bool(fits) and self._may_use_int8(len(queries.rows))

    def _by_bytes(self, queries: _Queries, k: int, share: _Share) -> tuple[Floats, Indices]:
        """Return float32 products, falling, and rows of all items that can be among the k best.

        Rows beyond those found are -1 and their products infinitely small.
        """
        import faiss

        from pentad.neighbors.int8.search import Int8Search

        n = len(self._vectors)
        places = np.linspace(0, n - 1, min(n, max(k, _SAMPLE))).astype(np.int64)
        sample = self._metric.corpus_rows(as_float64(self._vectors[places]), self._squares[places])
        search = Int8Search(
            queries.rows, self._vectors.shape[1], queries.wider, sample, k, k + _SLACK
        )
        search.run(self._rows, n, faiss.omp_get_max_threads(), share.reach)
        self.proof.rescored += search.counts.rescored
        return search.products.astype(np.float64), search.rows

    def _candidates(self, queries: Rows, count: int) -> tuple[Floats, Indices]:
        """Return the greatest float32 products of each query, descending, and their rows."""
        import faiss

        kept: list[tuple[Rows, Indices]] = []
        for start, block in self._blocks():
            wanted = min(count, len(block))
            products, rows = faiss.knn(queries, block, wanted, metric=faiss.METRIC_INNER_PRODUCT)
            kept = [_merged([*kept, (products, np.maximum(rows, 0) + start)], count)]
        return kept[0][0].astype(np.float64), kept[0][1]

    def _swept(self, queries: _Queries, needed: Floats, k: int) -> tuple[Indices, Floats]:
        """Return the k best of every item whose product can reach ``needed``."""
        found = _Best(k)
        step = max(1, _SWEEP // len(queries.rows))
        least = needed - queries.bound
        for start, block in self._blocks():
            for offset in range(0, len(block), step):
                with np.errstate(over="ignore", invalid="ignore"):
                    products = queries.rows @ block[offset : offset + step].T
                    left, column = np.nonzero(~(products < least[:, None]))
                right = column + start + offset
                found.add(left, right, self._scores(queries, left, right))
        right, scores = found.finish()
        return right.reshape(-1, k), scores.reshape(-1, k)

    def _scores(self, queries: _Queries, left: Indices, right: Indices) -> Floats:
        """Return the float64 scores of pairs of a query and a corpus row."""
        squares = queries.squares, self._squares
        return pair_scores(queries.vectors, self._vectors, left, right, self._metric, squares)

    def _blocks(self) -> Iterator[tuple[int, Rows]]:
        if self._holds:
            yield 0, self._held
            return
        for start in range(0, len(self._vectors), self._block):
            yield start, self._prepared(start, min(start + self._block, len(self._vectors)))

    @cached_property
    def _held(self) -> Rows:
        return self._prepared(0, len(self._vectors))

    def _rows(self, start: int, stop: int) -> Rows:
        """Return prepared rows, from those that are held if there are any."""
        if "_held" in vars(self):
            return self._held[start:stop]
        return self._prepared(start, stop)

    def _prepared(self, start: int, stop: int) -> Rows:
        vectors, squares = self._vectors[start:stop], self._squares[start:stop]
        width = self._metric.corpus_rows(as_float64(vectors[:1]), squares[:1]).shape[1]
        rows = np.empty((stop - start, width), dtype=np.float32)
        for part in row_slices(stop - start, vectors.shape[1]):
            rows[part] = self._metric.corpus_rows(as_float64(vectors[part]), squares[part])
        return rows


class _Share:
    """Tells a task of queries that are done, while all of them come nearer to that together."""

    def __init__(self, task: Task | None, queries: int) -> None:
        self._task, self._queries, self._told = task, queries, 0

    def reach(self, share: float) -> None:
        """Say how much of the work is done, from 0 to 1."""
        done = int(self._queries * share)
        if self._task is not None and done > self._told:
            self._task.advance(done - self._told)
            self._told = done


class _Queries:
    """One block of queries: float64 vectors, prepared rows, and the error bounds of each."""

    def __init__(
        self, vectors: NDArray[Any], metric: Metric, largest: float, start: int = 0
    ) -> None:
        self.vectors: Floats = vectors.astype(np.float64)
        self.squares = squared_lengths(self.vectors, "queries", start)
        self.rows = metric.query_rows(self.vectors, self.squares)
        scale, width = metric.scale(self.squares, largest), self.rows.shape[1]
        self.bound = error_bound(scale, width)
        # Bytes bound the product of the prepared rows, which were rounded themselves.
        self.wider = error_bound(scale, width + 4)

    def take(self, chosen: NDArray[np.bool_]) -> _Queries:
        """Return the chosen queries."""
        taken = object.__new__(_Queries)
        for name, value in vars(self).items():
            setattr(taken, name, value[chosen])
        return taken


class _Best:
    """The k best pairs of each query so far, trimmed whenever too many have come together."""

    def __init__(self, k: int) -> None:
        self._k = k
        self._parts: list[tuple[Indices, Indices, Floats]] = []
        self._count = 0

    def add(self, left: Indices, right: Indices, scores: Floats) -> None:
        """Take in more pairs; none may come twice."""
        self._parts.append((left, right, scores))
        self._count += len(left)
        if self._count > _SWEEP:
            self._trim()

    def finish(self) -> tuple[Indices, Floats]:
        """Return the rows and scores of the best pairs, query by query."""
        self._trim()
        return self._parts[0][1:]

    def _trim(self) -> None:
        left, right, scores = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        self._parts = [best_pairs(left, right, scores, self._k)]
        self._count = 0


def error_bound(scale: Floats, terms: int) -> Floats:
    """Return how far a float32 product of prepared rows may lie from the exact one.

    Four more roundings than terms: preparing a row rounds each of its values once. A thousandth
    more covers every float64 rounding. Where float32 could overflow the bound is infinite.
    """
    unit = 2.0**-24
    relative = (terms + 4) * unit / (1 - (terms + 4) * unit)
    underflow = terms * 2.0**-120 * (1 + scale)
    return np.where(scale < 1e36, 1.001 * relative * scale + underflow, np.inf)


def best_pairs(
    left: Indices, right: Indices, scores: Floats, k: int
) -> tuple[Indices, Indices, Floats]:
    """Return at most k pairs of each ``left``: score descending, then ``right`` ascending."""
    order = np.lexsort((right, -scores, left))
    ordered = left[order]
    place = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    kept = order[place < k]
    return left[kept], right[kept], scores[kept]


def _merged(parts: list[tuple[Rows, Indices]], count: int) -> tuple[Rows, Indices]:
    products = np.concatenate([p for p, _ in parts], axis=1)
    rows = np.concatenate([r for _, r in parts], axis=1)
    order = np.argsort(-products, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(products, order, 1), np.take_along_axis(rows, order, 1)
