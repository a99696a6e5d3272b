"""Whose definitions are followed: those of this program, or of the published one.

| | here | ``sss`` |
|---|---|---|
| ``map@N`` over all queries | divided by min(N, R) | divided by N |
| ``map@N`` of a class | divided by min(N, R) | divided by min(N, R + 1): the query is counted |
| ``mr1`` | from 1 | from 0 |
| search of ``mr1`` | as said | Euclidean, whatever is said |
| nothing relevant | left out and counted | ``map`` counts 0, ``mr1`` is left out |
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.metrics.average_precision import average_precision
from pentad.evaluation.metrics.grammar import Metric
from pentad.evaluation.similarity.views import NEEDS_ALL, ListViews

Floats = NDArray[np.float64]


class Compat(StrEnum):
    """Whose definitions."""

    none = "none"
    sss = "sss"


def as_compat(value: str | None) -> Compat:
    """Return what ``value`` names; None is this program's own.

    Raises:
        UnknownName: It names nothing.
    """
    try:
        return Compat(value or "none")
    except ValueError:
        raise UnknownName("compat", str(value), [each.value for each in Compat]) from None


def values_by(
    metrics: Sequence[Metric],
    views: ListViews,
    total: NDArray[np.int64],
    compat: Compat,
    *,
    of_class: bool = False,
) -> Floats:
    """Return float64 (metrics, rankings); NaN where a value is not defined.

    Args:
        metrics: What to compute.
        views: The rankings.
        total: int64 (rankings,), how many relevant items there are.
        compat: Whose definitions to follow.
        of_class: Whether relevant is what has one class, rather than what shares a label.

    Raises:
        InputError: A metric needs whole rankings, and these are not.
    """
    rows = []
    for metric in metrics:
        theirs = compat is Compat.sss
        if theirs and metric.name == "map" and metric.k is not None:
            rows.append(_their_precision(views, total, metric.k, of_class))
            continue
        values = metric.spec.values(views, metric.k, metric.level)
        if (np.isinf(values) & (total > 0)).any():
            raise InputError(NEEDS_ALL)
        if theirs and metric.name == "mr1":
            values = values - 1
        rows.append(np.where(total > 0, values, np.nan))
    return np.stack(rows)


def _their_precision(views: ListViews, total: NDArray[np.int64], k: int, of_class: bool) -> Floats:
    sums = average_precision(views.places(), k, "n") * k
    counted = np.minimum(total + 1, k) if of_class else np.full(len(total), k)
    values: Floats = sums / counted
    return values
