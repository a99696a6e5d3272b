"""`Places` from ranked grades: of lists in which every place is settled, and of lists with ties."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pentad.evaluation.metrics.places import Counts, Places


class Torn(NamedTuple):
    """The ties that go on past the last place, as they are in the whole corpus.

    Attributes:
        rows: int64 (torn,), the queries that have one.
        tied: int64 (torn,), how many items the tie has.
        found: int64 (torn,), how many of them are relevant.
        grades: int64 (torn,), the sum of their grades.
    """

    rows: Counts
    tied: Counts
    found: Counts
    grades: Counts


def places_of_grades(found: Counts, total: Counts, ideal: Counts, pool: int) -> Places:
    """Return the places of rankings without ties.

    Args:
        found: int64 (queries, K), grades in order of rank; 0 is not relevant, negative is no item.
        total: int64 (queries,), how many relevant items the corpus has.
        ideal: int64 (queries, K), grades of the relevant items, greatest first, then zeros.
        pool: How many items are ranked, from K.
    """
    relevant = (found > 0).astype(np.int64)
    return Places(
        above=np.broadcast_to(np.arange(found.shape[1]), found.shape),
        tied=(found >= 0).astype(np.int64),
        found=relevant,
        before=relevant.cumsum(axis=1) - relevant,
        gain=np.maximum(found, 0).astype(np.float64),
        total=total,
        ideal=ideal.astype(np.float64),
        pool=pool,
    )


def places_of_ties(
    values: NDArray[Any], found: Counts, torn: Torn, total: Counts, ideal: Counts, pool: int
) -> Places:
    """Return the places of rankings whose equal scores have no order.

    Args:
        values: (queries, K), the scores of the places, best first.
        found: int64 (queries, K), their grades.
        torn: The ties that go on past the last place.
        total: int64 (queries,), how many relevant items the corpus has.
        ideal: int64 (queries, K), grades of the relevant items, greatest first, then zeros.
        pool: How many items are ranked, from K.
    """
    start, end = _ties(values)
    relevant = _sums(found > 0)
    before = _at(relevant, start)
    inside, grades = _at(relevant, end) - before, _at(_sums(found), end) - _at(_sums(found), start)
    tied = end - start
    for whole, own in ((torn.tied, tied), (torn.found, inside), (torn.grades, grades)):
        last = end[torn.rows] == values.shape[1]
        own[torn.rows] = np.where(last, whole[:, None], own[torn.rows])
    gain, best = grades / tied, ideal.astype(np.float64)
    return Places(start, tied, inside, before, gain, total, best, pool)


def _ties(values: NDArray[Any]) -> tuple[Counts, Counts]:
    """Return where the tie of each place begins and where it ends, (queries, K) each."""
    depth = values.shape[1]
    places = np.broadcast_to(np.arange(depth), values.shape)
    new = np.ones(values.shape, dtype=bool)
    new[:, 1:] = values[:, 1:] != values[:, :-1]
    last = np.ones(values.shape, dtype=bool)
    last[:, :-1] = new[:, 1:]
    start = np.maximum.accumulate(np.where(new, places, 0), axis=1)
    end = np.minimum.accumulate(np.where(last, places + 1, depth)[:, ::-1], axis=1)[:, ::-1]
    return start, end


def _sums(values: NDArray[Any]) -> Counts:
    """Return sums of the first 0, 1, ... values of each row."""
    return np.pad(values.astype(np.int64).cumsum(axis=1), ((0, 0), (1, 0)))


def _at(values: Counts, places: Counts) -> Counts:
    return np.take_along_axis(values, places, axis=1)
