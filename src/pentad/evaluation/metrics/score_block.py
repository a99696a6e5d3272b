"""Rankings from a matrix of scores, and the rankings of an order that knows nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.metrics.best import best_columns, torn_rows
from pentad.evaluation.metrics.first import First
from pentad.evaluation.metrics.midranks import Midranks
from pentad.evaluation.metrics.places import Counts, Places
from pentad.evaluation.metrics.tied_places import Torn, places_of_grades, places_of_ties

if TYPE_CHECKING:
    from pentad.evaluation.metrics.relevance import Relevance

Ties = Literal["id", "expected"]
_View = TypeVar("_View", First, Places, Midranks)


class ScoreBlock:
    """The rankings that scores give.

    Args:
        scores: float32 or float64 (queries, corpus rows), greater = closer.
        relevance: The relevant corpus rows of each query.
        depth: How many places `places` is asked for at most.
        ties: ``id``: equal scores are in the order of the corpus. ``expected``: they have no order,
            and metrics are means over all orders.

    Raises:
        InputError: The shapes differ, or a score is NaN.
    """

    def __init__(
        self, scores: NDArray[Any], relevance: Relevance, depth: int = 1, ties: Ties = "id"
    ) -> None:
        expected = (len(relevance), relevance.corpus_size)
        if scores.shape != expected:
            raise InputError(
                "scores do not fit the relevance", expected=expected, seen=scores.shape
            )
        if np.isnan(scores).any():
            raise InputError("a score is NaN; scores must be comparable numbers")
        self._scores, self._relevance, self._ties = scores, relevance, ties
        self._depth = min(depth, scores.shape[1])
        self._columns: Counts | None = None
        self._made: dict[tuple[str, int], Any] = {}

    def first(self, level: int = 1) -> First:
        """Return where the best item of at least this grade is."""
        return self._view("first", level, self._first)

    def places(self, level: int = 1) -> Places:
        """Return the first places; what has a lesser grade is not relevant."""
        return self._view("places", level, self._places)

    def midranks(self, level: int = 1) -> Midranks:
        """Return the ranks of all items of at least this grade."""
        return self._view("midranks", level, self._midranks)

    def _view(self, name: str, level: int, make: Callable[[Relevance], _View]) -> _View:
        if (name, level) not in self._made:
            self._made[name, level] = make(self._relevance.at_least(level))
        view: _View = self._made[name, level]
        return view

    def _first(self, relevance: Relevance) -> First:
        scores, found = self._scores, relevance.entries()
        own = scores[found.queries, found.columns]
        some = relevance.sizes > 0
        starts = found.starts[some]
        best = np.full(len(relevance), np.inf, scores.dtype)
        best[some] = np.maximum.reduceat(own, starts) if len(starts) else best[some]
        above = np.count_nonzero(scores > best[:, None], axis=1)
        at_best = own == best[found.queries]
        relevant = np.zeros(len(relevance), np.int64)
        if self._ties == "id":
            columns = np.where(at_best, found.columns, scores.shape[1])
            leading = np.zeros(len(relevance), np.int64)
            leading[some] = np.minimum.reduceat(columns, starts) if len(starts) else 0
            earlier = np.arange(scores.shape[1]) < leading[:, None]
            above += np.count_nonzero((scores == best[:, None]) & earlier, axis=1)
            return First(above, np.ones(len(relevance), np.int64), some.astype(np.int64))
        tied = np.maximum(np.count_nonzero(scores == best[:, None], axis=1), 1)
        relevant[some] = np.add.reduceat(at_best.astype(np.int64), starts) if len(starts) else 0
        return First(above, tied, relevant)

    def _places(self, relevance: Relevance) -> Places:
        if self._columns is None:
            self._columns = best_columns(self._scores, self._depth)
        grades = relevance.dense_grades()
        found = np.take_along_axis(grades, self._columns, axis=1).astype(np.int64)
        ideal = relevance.ideal(self._depth)
        if self._ties == "id":
            return places_of_grades(found, relevance.sizes, ideal, relevance.corpus_size)
        values = np.take_along_axis(self._scores, self._columns, axis=1)
        torn = self._torn(grades, values)
        pool = relevance.corpus_size
        return places_of_ties(values, found, torn, relevance.sizes, ideal, pool)

    def _torn(self, grades: NDArray[np.integer[Any]], values: NDArray[Any]) -> Torn:
        """Return the tie that goes on past the last place, of the queries that have one."""
        rows = torn_rows(self._scores, values)
        tied = self._scores[rows] == values[rows, -1:]
        inside = np.where(tied, grades[rows], 0)
        return Torn(
            rows, tied.sum(axis=1), (inside > 0).sum(axis=1), inside.sum(axis=1, dtype=np.int64)
        )

    def _midranks(self, relevance: Relevance) -> Midranks:
        found, sizes = relevance.entries(), relevance.sizes
        sums = np.zeros(len(relevance))
        for query in np.flatnonzero(sizes).tolist():
            own = slice(found.starts[query], found.starts[query] + sizes[query])
            if self._ties == "id":
                order = np.argsort(-self._scores[query], kind="stable")
                place = np.empty(len(order), np.int64)
                place[order] = np.arange(1, len(order) + 1)
                sums[query] = place[found.columns[own]].sum()
            else:
                ranked = np.sort(-self._scores[query])
                values = -self._scores[query, found.columns[own]]
                ends = np.searchsorted(ranked, values, "left") + np.searchsorted(
                    ranked, values, "right"
                )
                sums[query] = (ends + 1).sum() / 2
        return Midranks(sums, sizes, relevance.corpus_size)


class Blind:
    """The rankings of a random order of the corpus: everything in one single tie.

    What a metric says of them is its chance level.

    Args:
        relevance: The relevant corpus rows of each query.
        depth: How many places `places` is asked for at most.
    """

    def __init__(self, relevance: Relevance, depth: int = 1) -> None:
        self._relevance = relevance
        self._depth = min(depth, relevance.corpus_size)

    def first(self, level: int = 1) -> First:
        """Return one tie of the whole corpus."""
        sizes = self._relevance.at_least(level).sizes
        tied = np.full(len(sizes), max(self._relevance.corpus_size, 1), np.int64)
        return First(np.zeros(len(sizes), np.int64), tied, sizes)

    def places(self, level: int = 1) -> Places:
        """Return places that are all in one tie of the whole corpus."""
        relevance = self._relevance.at_least(level)
        pool, sizes = relevance.corpus_size, relevance.sizes
        shape = (len(sizes), self._depth)
        found = relevance.entries()
        total = np.bincount(found.queries, weights=found.grades, minlength=len(sizes))
        zeros = np.zeros(shape, np.int64)
        return Places(
            above=zeros,
            tied=np.full(shape, pool, np.int64),
            found=np.broadcast_to(sizes[:, None], shape),
            before=zeros,
            gain=np.broadcast_to(total[:, None] / max(pool, 1), shape),
            total=sizes,
            ideal=relevance.ideal(self._depth).astype(np.float64),
            pool=pool,
        )

    def midranks(self, level: int = 1) -> Midranks:
        """Return the middle of the corpus for every relevant item."""
        relevance = self._relevance.at_least(level)
        sums = relevance.sizes * (relevance.corpus_size + 1) / 2
        return Midranks(sums, relevance.sizes, relevance.corpus_size)
