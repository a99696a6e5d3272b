"""Queries through an index and its candidates through rescoring, in blocks, by several threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.approximate.base import Index, Indices, pool, query_blocks
from pentad.neighbors.approximate.rescore import rescored
from pentad.neighbors.approximate.rows import Source
from pentad.neighbors.metrics import Floats

if TYPE_CHECKING:
    from pentad.core.progress import Task


def find_candidates(
    source: Source, index: Index, queries: NDArray[Any], effort: int, count: int, threads: int
) -> Indices:
    """Return the rows of ``count`` candidates of each query, best first; -1 is none."""

    def find(part: slice) -> Indices:
        return index.nearest(source.queries(queries[part]), effort, count)

    return np.concatenate(_each_block(len(queries), find, threads, None))


def search_index(
    source: Source,
    index: Index,
    queries: NDArray[Any],
    k: int,
    effort: int,
    count: int,
    threads: int,
    task: Task | None = None,
) -> tuple[Indices, Floats]:
    """Return the k best candidates of each query and their scores.

    Memory is a few MiB a thread and 16 k bytes a query.

    Returns:
        Rows and scores, both (q, k). Where an index gave less than k candidates, rows are -1.
    """

    def search(part: slice) -> tuple[Indices, Floats]:
        block = queries[part]
        candidates = index.nearest(source.queries(block), effort, count)
        rows = np.full((len(block), k), -1, np.int64)
        scores = np.zeros((len(block), k), np.float64)
        full = (candidates >= 0).sum(axis=1) >= k
        if full.any():
            rows[full], scores[full] = rescored(source, block[full], candidates[full], k)
        return rows, scores

    found = _each_block(len(queries), search, threads, task)
    if not found:
        return np.empty((0, k), np.int64), np.empty((0, k), np.float64)
    return np.concatenate([r for r, _ in found]), np.concatenate([s for _, s in found])


def _each_block(
    queries: int, function: Callable[[slice], Any], threads: int, task: Task | None
) -> list[Any]:
    found = []
    with pool(threads) as workers:
        blocks = list(query_blocks(queries))
        for part, result in zip(blocks, workers.map(function, blocks), strict=True):
            found.append(result)
            if task is not None:
                task.advance(part.stop - part.start)
    return found
