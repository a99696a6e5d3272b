"""`Rankings`: for each query the items found, best first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.metrics.best import best_columns
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.scoring import Scorer, Search

Rows = NDArray[np.int64]
ALL = -1
_CELLS = 1 << 24


@dataclass(frozen=True, eq=False)
class Rankings:
    """The items found for each query, which is not among them.

    Attributes:
        names: (items,), what is searched; queries are some or all of them.
        queries: int64 (queries,), rows of ``names``.
        found: int64 (queries, k), rows of ``names``, best first; -1 where a list is shorter.
        scores: float64 (queries, k), as they were written.
        search: How close two vectors are, as the file says.
    """

    names: tuple[str, ...]
    queries: Rows
    found: Rows
    scores: NDArray[np.float64]
    search: str

    def __len__(self) -> int:
        """Return how many queries there are."""
        return len(self.queries)

    @property
    def whole(self) -> bool:
        """Whether every query has a place for every other item."""
        depth = self.found.shape[1]
        return bool(depth and depth >= len(self.names) - 1 and (self.found >= 0).all())


def search_blocks(
    vectors: NamedVectors, search: Search, k: int, *, progress: Progress = SILENT
) -> Iterator[Rankings]:
    """Yield the rankings of some queries after the other; all of them never are in memory.

    Items of equal score are in the order of their rows.

    Args:
        vectors: Queries and corpus in one; a query is not found by itself.
        search: How close two vectors are.
        k: How many items are found, at most all others; -1 for all.
        progress: Where to report.

    Raises:
        InputError: k is wrong, there are fewer than two items, or a vector has no cosine.
    """
    if k < 1 and k != ALL:
        raise InputError("k", expected="a number from 1, or -1 for all", seen=k)
    if len(vectors) < 2:
        raise InputError("a search needs two items", seen=len(vectors))
    depth = len(vectors) - 1 if k == ALL else min(k, len(vectors) - 1)
    scorer = Scorer(vectors.vectors, search)
    with progress.task(f"search by {search}", len(vectors)) as task:
        for block in row_blocks(len(vectors), 4 * len(vectors), _CELLS):
            rows = np.arange(block.start, block.stop)
            found = best_columns(scorer.block(rows), depth)
            written = scorer.published(rows, found)
            yield Rankings(vectors.names, rows, found, written, search)
            task.advance(len(rows))


def search_all(vectors: NamedVectors, search: Search, k: int) -> Rankings:
    """Return the rankings of all queries, in memory; arguments and errors as `search_blocks`."""
    blocks = list(search_blocks(vectors, search, k))
    return Rankings(
        vectors.names,
        np.concatenate([each.queries for each in blocks]),
        np.concatenate([each.found for each in blocks]),
        np.concatenate([each.scores for each in blocks]),
        search,
    )
