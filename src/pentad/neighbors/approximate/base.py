"""What every approximate index offers, and how queries are shared among threads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.metrics import Rows

Indices = NDArray[np.int64]

QUERY_BLOCK = 1024
"""Queries that faiss gets at once, always: what it rounds may depend on what comes together."""


class Index(Protocol):
    """An index over prepared rows."""

    @property
    def faiss(self) -> Any:
        """The index itself."""

    @property
    def backend(self) -> str:
        """What users call this kind."""

    @property
    def factory(self) -> str:
        """What faiss calls it."""

    @property
    def effort_name(self) -> str:
        """What its effort is called: ``nprobe`` or ``efSearch``."""

    def nearest(self, queries: Rows, effort: int, count: int) -> Indices:
        """Return the rows of ``count`` candidates of each query, best first; -1 is none."""

    def efforts(self) -> list[int]:
        """Return the efforts worth trying, ascending."""

    def most_candidates(self, effort: int) -> int:
        """Return how many candidates one search with this effort can give."""

    def work(self, queries: Rows, effort: int) -> float:
        """Return the mean work of finding the candidates of a query, counted, never timed."""

    def facts(self) -> dict[str, object]:
        """Return how it was made, for a manifest."""


def ladder(first: int, last: int) -> list[int]:
    """Return numbers from first to last, each about half as much again or a third more."""
    steps = []
    while first < last:
        steps.append(first)
        first = max(first + 1, first * 3 // 2 if first & (first - 1) == 0 else first // 3 * 4)
    return [*steps, last]


def query_blocks(queries: int) -> Iterator[slice]:
    """Return the blocks of queries, which do not depend on the number of threads."""
    for start in range(0, queries, QUERY_BLOCK):
        yield slice(start, min(start + QUERY_BLOCK, queries))


@contextmanager
def pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Yield a pool whose threads let faiss use one core each."""
    import faiss

    with ThreadPoolExecutor(threads, initializer=faiss.omp_set_num_threads, initargs=(1,)) as made:
        yield made


@contextmanager
def one_thread() -> Iterator[None]:
    """Let faiss use one core."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
