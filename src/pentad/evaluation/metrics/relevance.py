"""Which corpus items are relevant to which query."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError

Rows = NDArray[np.int64]


class Entries(NamedTuple):
    """The relevant corpus rows of some queries, query after query.

    Attributes:
        queries: int64 (entries,), the query of each entry, counted within the selection.
        columns: int64 (entries,), the corpus row of each entry.
        starts: int64 (queries,), where the entries of each query begin.
        grades: int64 (entries,), from 1.
    """

    queries: Rows
    columns: Rows
    starts: Rows
    grades: Rows


@dataclass(frozen=True, eq=False)
class Relevance:
    """The set of relevant corpus rows of each query. Make one with a ``from_*`` method.

    Queries may share a set: a concept of 10,000 items then costs 10,000 numbers, not their square.

    Attributes:
        query_set: int64 (queries,), which set each query has.
        indptr: int64 (sets + 1,), where the rows of each set begin in ``indices``.
        indices: int64 (entries,), corpus rows, set after set, none twice in one set.
        corpus_size: How many rows the corpus has.
        grades: int64 (entries,), how relevant each is, from 1; None where all are 1.
    """

    query_set: Rows
    indptr: Rows
    indices: Rows
    corpus_size: int
    grades: Rows | None = None

    @classmethod
    def from_rows(cls, indptr: ArrayLike, indices: ArrayLike, corpus_size: int) -> Relevance:
        """Return the relevance of a sparse matrix: query i has ``indices[indptr[i]:indptr[i+1]]``.

        Args:
            indptr: Integers (queries + 1,), from 0, never falling.
            indices: Integers (entries,), corpus rows; one named twice by a query counts once.
            corpus_size: How many rows the corpus has.

        Raises:
            InputError: ``indptr`` does not describe ``indices``, or a row is not in the corpus.
        """
        bounds, rows = _integers(indptr, "indptr"), _integers(indices, "indices")
        sizes = np.diff(bounds)
        if len(bounds) == 0 or bounds[0] != 0 or bounds[-1] != len(rows) or (sizes < 0).any():
            raise InputError("indptr must rise from 0 to the number of indices", seen=len(rows))
        queries = np.repeat(np.arange(len(sizes)), sizes)
        return cls.from_pairs(queries, rows, queries=len(sizes), corpus_size=corpus_size)

    @classmethod
    def from_pairs(
        cls,
        query_rows: ArrayLike,
        corpus_rows: ArrayLike,
        *,
        queries: int,
        corpus_size: int,
        grades: ArrayLike | None = None,
    ) -> Relevance:
        """Return the relevance of a list of (query row, relevant corpus row) pairs, in any order.

        Args:
            query_rows: Integers (pairs,) from 0 to ``queries`` - 1.
            corpus_rows: Integers (pairs,) from 0 to ``corpus_size`` - 1.
            queries: How many queries there are.
            corpus_size: How many rows the corpus has.
            grades: Integers (pairs,), how relevant each is; what is below 1 is not relevant, and of
                a pair that is there twice the greatest counts. None: all are 1.

        Raises:
            InputError: A row is out of range, or there is not one grade a pair.
        """
        left = _within(_integers(query_rows, "query rows"), queries, "query")
        right = _within(_integers(corpus_rows, "corpus rows"), corpus_size, "corpus")
        # One number a pair, so that one sort orders the pairs and removes repeated ones.
        pairs = left * max(corpus_size, 1) + right
        levels = None
        if grades is None:
            pairs = np.unique(pairs)
        else:
            pairs, levels = _graded(pairs, _integers(grades, "grades"))
        left, right = np.divmod(pairs, max(corpus_size, 1))
        return cls(np.arange(queries), _bounds(left, queries), right, corpus_size, levels)

    @classmethod
    def from_groups(cls, query_groups: ArrayLike, corpus_groups: ArrayLike) -> Relevance:
        """Return the relevance of group numbers: the corpus rows of a query's own group.

        Args:
            query_groups: Integers (queries,); a negative number is no group.
            corpus_groups: Integers (corpus rows,); a negative number is no group.
        """
        wanted = _integers(query_groups, "query groups")
        offered = _integers(corpus_groups, "corpus groups")
        groups, codes = np.unique(offered, return_inverse=True)
        indices = np.argsort(codes, kind="stable")
        found = np.searchsorted(groups, wanted)
        known = (wanted >= 0) & (found < len(groups))
        known[known] = groups[found[known]] == wanted[known]
        # The set after the last one is empty; it serves every query without a group here.
        sets = np.where(known, found, len(groups))
        return cls(sets, _bounds(codes, len(groups) + 1), indices, len(offered))

    def __len__(self) -> int:
        """Return how many queries there are."""
        return len(self.query_set)

    @property
    def sizes(self) -> Rows:
        """int64 (queries,): how many corpus rows are relevant to each query."""
        return np.diff(self.indptr)[self.query_set]

    def take(self, queries: slice | Rows) -> Relevance:
        """Return the relevance of some of the queries, in the order given."""
        return replace(self, query_set=self.query_set[queries])

    def moved(self, place: Rows) -> Relevance:
        """Return the relevance for a corpus whose row i has gone to ``place[i]``."""
        return replace(self, indices=place[self.indices])

    def at_least(self, grade: int) -> Relevance:
        """Return the relevance of what has at least this grade; the grades stay."""
        if grade <= 1:
            return self
        levels = np.ones(len(self.indices), np.int64) if self.grades is None else self.grades
        keep = levels >= grade
        kept = np.concatenate([[0], np.cumsum(keep)])
        return replace(
            self, indptr=kept[self.indptr], indices=self.indices[keep], grades=levels[keep]
        )

    def entries(self) -> Entries:
        """Return every (query, relevant corpus row) written out, query after query."""
        sizes = self.sizes
        starts = np.cumsum(sizes) - sizes
        queries = np.repeat(np.arange(len(sizes)), sizes)
        offsets = np.repeat(self.indptr[self.query_set] - starts, sizes)
        places = np.arange(len(queries)) + offsets
        grades = np.ones(len(places), np.int64) if self.grades is None else self.grades[places]
        return Entries(queries, self.indices[places], starts, grades)

    def dense_grades(self) -> NDArray[np.integer[Any]]:
        """Return the grade of every pair, integers (queries, corpus rows), 0 = not relevant."""
        found = self.entries()
        top = int(found.grades.max(initial=1))
        dense = np.zeros((len(self), self.corpus_size), np.min_scalar_type(top))
        dense[found.queries, found.columns] = found.grades
        return dense

    def ideal(self, depth: int) -> Rows:
        """Return the grades of each query, greatest first, then zeros: int64 (queries, depth)."""
        found = self.entries()
        order = np.lexsort((-found.grades, found.queries))
        places = np.arange(len(order)) - found.starts[found.queries]
        keep = places < depth
        best = np.zeros((len(self), depth), np.int64)
        best[found.queries[keep], places[keep]] = found.grades[order][keep]
        return best


def _graded(pairs: Rows, grades: Rows) -> tuple[Rows, Rows]:
    """Return the distinct pairs that are relevant, ascending, each with its greatest grade."""
    if grades.shape != pairs.shape:
        raise InputError("one grade a pair", expected=len(pairs), seen=len(grades))
    pairs, grades = pairs[grades >= 1], grades[grades >= 1]
    order = np.lexsort((grades, pairs))
    pairs, grades = pairs[order], grades[order]
    last = np.append(pairs[1:] != pairs[:-1], True)[: len(pairs)]
    return pairs[last], grades[last]


def _integers(values: ArrayLike, what: str) -> Rows:
    array: NDArray[Any] = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise InputError(f"{what} must be one row of integers", seen=(array.shape, array.dtype))
    return array.astype(np.int64)


def _within(rows: Rows, size: int, what: str) -> Rows:
    if len(rows) and (rows.min() < 0 or rows.max() >= size):
        bad = rows[(rows < 0) | (rows >= size)][0]
        raise InputError(f"no such {what} row", expected=f"0 to {size - 1}", seen=int(bad))
    return rows


def _bounds(codes: Rows, sets: int) -> Rows:
    counts = np.bincount(codes, minlength=sets)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
