"""`grid_search`: exact search cut into shards of queries and items, on any engine."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.engine import Engine
from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_array
from pentad.core.grid import Grid
from pentad.core.progress import Task
from pentad.embeddings.stacked import StackedRows
from pentad.neighbors.grid.kept import KeptQueries
from pentad.neighbors.grid.plan import MEMORY, make_plan
from pentad.neighbors.grid.product import ItemShard, QueryShard, SearchedShard, multiply
from pentad.neighbors.grid.stored import stored_rows
from pentad.neighbors.merge import Ranked, merge_top_k
from pentad.neighbors.metrics import Metric


def grid_search(
    queries: NDArray[Any] | StackedRows,
    corpus: NDArray[Any] | StackedRows,
    k: int,
    metric: Metric,
    *,
    engine: Engine,
    memory: int = MEMORY,
    query_rows: int | None = None,
    item_rows: int | None = None,
    resume: Path | None = None,
    task: Task | None = None,
) -> Ranked:
    """Return what `ExactSearch` returns, to the byte, however the work is cut up and spread.

    Memory-mapped vectors travel as the place of their file, which every worker must find there;
    others travel shard by shard.

    Args:
        queries: float16 or float32 (q, dim); may be memory-mapped, in one file or more.
        corpus: float16 or float32 (n, dim); may be memory-mapped, in one file or more.
        k: At least 1, at most n.
        metric: How pairs are scored.
        engine: Where products are made.
        memory: Bytes that the items of a shard may take in a worker; queries take about as much.
        query_rows: Queries of a shard; see `make_plan`.
        item_rows: Items of a shard; see `make_plan`.
        resume: A folder that every worker sees, where each finished product is kept. A later run
            with the same vectors takes it from there. `remove_products` clears it.
        task: Told how many queries are done.

    Returns:
        Rows int64 and scores float64, both (q, k): score descending, then row ascending.

    Raises:
        InputError: Sizes do not fit, or a value is not finite.
        StoreError: A worker cannot read the vectors, or cannot write to ``resume``.
    """
    _require_sizes(queries, corpus, k)
    plan = make_plan(
        len(queries), len(corpus), corpus.shape[1], corpus.dtype.itemsize,
        memory=memory, query_rows=query_rows, item_rows=item_rows,
    )  # fmt: skip
    items = [_item_shard(corpus, part, metric, memory, resume) for part in plan.items]
    kept = None if resume is None else KeptQueries(resume, queries, items, k)
    rows = np.empty((len(queries), k), dtype=np.int64)
    scores = np.empty((len(queries), k), dtype=np.float64)
    done, missing = _Done(task, len(queries), plan.products), []
    for part in plan.queries:
        found = None if kept is None else kept.read(part)
        if found is None:
            missing.append(part)
        else:
            rows[part], scores[part] = found
            done.more(len(items))
    tasks = [QueryShard(stored_rows(queries, p.start, p.stop), p.start, k) for p in missing]
    grid = Grid(SearchedShard, items, multiply, tasks, partial(_merged, k=k))
    for part, found in zip(missing, engine.gather(grid, done.more), strict=True):
        rows[part], scores[part] = found
        if kept is not None:
            kept.write(part, found)
    return rows, scores


def _item_shard(
    corpus: NDArray[Any] | StackedRows,
    part: slice,
    metric: Metric,
    memory: int,
    resume: Path | None,
) -> ItemShard:
    vectors = stored_rows(corpus, part.start, part.stop)
    fingerprint = "" if resume is None else fingerprint_array(corpus[part])
    return ItemShard(vectors, part.start, metric, memory, resume, fingerprint)


def _merged(left: Ranked, right: Ranked, *, k: int) -> Ranked:
    return merge_top_k(left, right, k)


class _Done:
    """Tells a task of queries, while products come."""

    def __init__(self, task: Task | None, queries: int, products: int) -> None:
        self._task, self._queries, self._products = task, queries, products
        self._made = self._told = 0

    def more(self, count: int) -> None:
        """Take note of more products."""
        self._made += count
        done = self._queries * self._made // self._products
        if self._task is not None and done > self._told:
            self._task.advance(done - self._told)
        self._told = done


def _require_sizes(
    queries: NDArray[Any] | StackedRows, corpus: NDArray[Any] | StackedRows, k: int
) -> None:
    for vectors in (queries, corpus):
        if vectors.ndim != 2:
            raise InputError("vectors must be (rows, dim)", seen=vectors.shape)
    if k < 1:
        raise InputError("k must be at least 1", seen=k)
    if k > len(corpus):
        raise InputError("k must be at most the number of items", expected=len(corpus), seen=k)
    if queries.shape[1] != corpus.shape[1]:
        raise InputError(
            "vectors of one space must have one length",
            expected=corpus.shape[1],
            seen=queries.shape[1],
        )
    if corpus.shape[1] == 0:
        raise InputError("vectors must have at least one value")
