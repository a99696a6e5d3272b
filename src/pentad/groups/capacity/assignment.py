"""`Assignment`: who got what, and why those who got less did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError

METHOD_NAMES = ("greedy", "auction", "exact")
"""The ways to keep to a limit of uses."""


class Short(StrEnum):
    """Why a query has fewer items than it wanted: the first of these that alone suffices."""

    TOO_FEW = "too few candidates"
    BELOW = "below threshold"
    FULL = "all candidates full"


class Drop(StrEnum):
    """Why an edge was not taken."""

    BEYOND_K = "beyond k"
    FULL = "item full"
    BELOW = "below threshold"
    REPEATED = "item repeated"


@dataclass(frozen=True, eq=False)
class Assignment:
    """Which candidates each query got.

    Attributes:
        chosen: int16 (queries, k), columns of the candidate list, ascending; -1 where short. So
            ``chosen + 1`` is the retrieval rank, and the place in the row the rank in the group.
        total: The sum of the scores of all that was taken.
        taken: How many edges were taken.
        short_queries: How many queries are short, by reason.
        short_places: How many places they lack, by reason; one query may lack some for each. With
            ``taken`` these are queries times k.
        dropped: How many candidates were not taken, by reason. With ``taken`` these are all that
            were given, empty places excepted.
        how: Which ``method`` it was and what it says of itself, as plain values.
    """

    chosen: NDArray[np.int16]
    total: float
    taken: int
    short_queries: Mapping[Short, int]
    short_places: Mapping[Short, int]
    dropped: Mapping[Drop, int]
    how: Mapping[str, Any]


def least_of(threshold: float | None) -> float:
    """Return the threshold as scores are stored, so that a score of just that reaches it."""
    if threshold is None:
        return -np.inf
    if not np.isfinite(threshold):
        raise InputError("the threshold must be a finite number", seen=threshold)
    with np.errstate(over="ignore"):
        return float(np.float32(threshold))
