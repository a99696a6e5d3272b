"""What is asked of a search, and its results as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.device.pairs import Indices, squares_of
from pentad.neighbors.metrics import Floats

if TYPE_CHECKING:
    from pentad.core.progress import Task


class Job:
    """Queries and what has been found for them.

    Attributes:
        queries: float16 or float32 (q, dim), as stored.
        squares: float64 (q,), their squared lengths.
        k: How many items each wants.
        task: Told how many queries are done.
        rows: int64 (q, k), written.
        scores: float64 (q, k), written.
    """

    def __init__(self, queries: NDArray[Any], k: int, task: Task | None) -> None:
        self.queries, self.k, self.task = queries, k, task
        self.squares = squares_of(queries, "queries")
        self.rows = np.empty((len(queries), k), dtype=np.int64)
        self.scores = np.empty((len(queries), k), dtype=np.float64)
        self._done, self._told = 0, 0

    def take(self, chosen: Indices, found: tuple[Indices, Floats]) -> None:
        """Take the results of some queries."""
        self.rows[chosen], self.scores[chosen] = found

    def finish(self, queries: int) -> None:
        """Say that so many queries more are done."""
        self._done += queries
        self.reach(0)

    def reach(self, queries: int) -> None:
        """Say that so many beyond those that are done are as good as done.

        What is done a second time, for want of memory or of a proof, is not told again.
        """
        reached = min(self._done + queries, len(self.queries))
        if self.task is not None and reached > self._told:
            self.task.advance(reached - self._told)
        self._told = max(self._told, reached)
