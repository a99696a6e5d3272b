"""The scores of several systems with their queries and metrics in one order, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError

if TYPE_CHECKING:
    from pentad.evaluation.scores import QueryScores


def aligned(systems: Sequence[QueryScores]) -> list[QueryScores]:
    """Return the scores with queries and metrics in the order of the first system.

    Args:
        systems: Scores over the same queries and the same corpus.

    Raises:
        InputError: Directions, metrics, pools, queries, their units, the number of their relevant
            items, or which of them have a value differ.
    """
    first = systems[0]
    return [first, *(_like(first, other) for other in systems[1:])]


def _like(first: QueryScores, other: QueryScores) -> QueryScores:
    if first.direction != other.direction:
        raise InputError(
            "two directions cannot be paired", expected=first.direction, seen=other.direction
        )
    where = {metric: row for row, metric in enumerate(other.metrics)}
    if set(where) != set(first.metrics):
        raise InputError(
            f"{first.direction}: the two systems have other metrics",
            expected=", ".join(map(str, first.metrics)),
            seen=", ".join(map(str, other.metrics)),
        )
    if first.pool != other.pool:
        raise _differ(first, "pools", first.pool, other.pool)
    rows = np.array([where[metric] for metric in first.metrics], dtype=np.int64)
    order = _order(first, other)
    moved = replace(
        other,
        metrics=first.metrics,
        values=other.values[np.ix_(rows, order)],
        chance=other.chance[np.ix_(rows, order)],
        queries=other.queries[order],
        units=other.units[order],
        relevant=other.relevant[order],
        classes=None if other.classes is None else other.classes[order],
    )
    if not np.array_equal(np.isnan(first.values), np.isnan(moved.values)):
        raise _differ(first, "queries: not the same ones have a value")
    if not np.array_equal(first.relevant, moved.relevant):
        raise _differ(first, "numbers of relevant items")
    if not _same_partition(first.units, moved.units):
        raise _differ(first, "units")
    # Units have the same members but perhaps other numbers: those of the first count.
    return replace(moved, units=first.units)


def _order(first: QueryScores, other: QueryScores) -> NDArray[np.int64]:
    """Return the rows of ``other`` that have the queries of ``first``, in that order."""
    if np.array_equal(first.queries, other.queries):
        return np.arange(len(other.queries))
    place = {query: row for row, query in enumerate(other.queries.tolist())}
    wanted = first.queries.tolist()
    if set(place) != set(wanted) or len(place) != len(wanted) or len(set(wanted)) != len(wanted):
        raise _differ(first, "queries", len(first.queries), len(other.queries))
    return np.array([place[query] for query in wanted], dtype=np.int64)


def _same_partition(one: NDArray[np.int64], two: NDArray[np.int64]) -> bool:
    pairs = len(np.unique(np.stack([one, two]), axis=1).T)
    return pairs == len(np.unique(one)) == len(np.unique(two))


def _differ(
    first: QueryScores, what: str, expected: object = None, seen: object = None
) -> InputError:
    return InputError(
        f"{first.direction}: the systems were scored over other {what}",
        expected=expected,
        seen=seen,
    )
