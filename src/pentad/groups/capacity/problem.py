"""What is to be assigned: candidates, who may have them, and how often each item may be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError
from pentad.groups.capacity.assignment import least_of
from pentad.neighbors.int8.jit import compiled

OPEN, TAKEN, EMPTY, REPEATED, BELOW = range(5)
"""States of an edge: it may be taken, it is taken, or why it never can be."""

_MOST_COLUMNS = np.iinfo(np.int16).max
_SPARE = 1 << 20
_ROWS = 1 << 16
_NOT_A_SCORE, _ASCENDS = 1, 2


@dataclass(frozen=True, eq=False)
class Problem:
    """Candidates as an assignment sees them.

    Beside candidates of 4-byte ids and float32 it takes a byte an edge. Wider ids take 4 more, and
    ids that are far apart some 16 more while they are numbered anew.

    Attributes:
        items: int32 (queries, columns), places in ``room``; -1 where there is no candidate.
        scores: float32 (queries, columns), best first.
        states: uint8 (queries, columns), ``OPEN`` or why an edge can never be taken; a method works
            on a copy or leaves its outcome here.
        room: int32 (items,), how often each may be used; at most the number of queries.
        k: How many items each query wants.
    """

    items: NDArray[np.int32]
    scores: NDArray[np.float32]
    states: NDArray[np.uint8]
    room: NDArray[np.int32]
    k: int


def prepare(
    ids: ArrayLike,
    scores: ArrayLike,
    *,
    k: int,
    max_uses: ArrayLike | None,
    threshold: float | None = None,
    raw: ArrayLike | None = None,
) -> Problem:
    """Check candidates and put them into the form that the methods take.

    Args:
        ids: int or uint (queries, columns); a negative id is no candidate.
        scores: float32 (queries, columns), best first in each row; minus infinity is no candidate.
        k: How many items each query wants.
        max_uses: How often an item may be used: one number, or an array with one for each item,
            of which the ids are then places; None for any number.
        threshold: A candidate with a lower raw score is not taken.
        raw: float32 (queries, columns), what the threshold is on; default the scores.

    Raises:
        InputError: Shapes or limits that cannot be, a NaN, or scores that ascend within a row.
    """
    given, values = _checked(ids, scores, k)
    measured = values if raw is None else _checked(given, raw, k)[1]
    if max_uses is None or np.ndim(max_uses) == 0:
        items, count = _dense(given)
        room = np.full(count, _one_limit(max_uses, len(given)), dtype=np.int32)
    else:
        room = _limits(max_uses, len(given))
        highest = int(given.max()) if given.size else -1
        if highest >= len(room):
            raise InputError("an id lies beyond the limits given", seen=highest, expected=len(room))
        items = _narrow(given)
    states = np.empty(items.shape, dtype=np.uint8)
    fault, row = _judge(items, values, measured, least_of(threshold), states)
    if fault == _NOT_A_SCORE:
        raise InputError("a score is not a number", row=row + 1)
    if fault == _ASCENDS:
        raise InputError("scores must not ascend from one candidate to the next", row=row + 1)
    return Problem(items, values, states, room, k)


def _checked(ids: ArrayLike, scores: ArrayLike, k: int) -> tuple[NDArray[Any], NDArray[np.float32]]:
    given, values = np.asarray(ids), np.asarray(scores)
    if given.ndim != 2 or not np.issubdtype(given.dtype, np.integer):
        seen = f"{given.dtype} {given.shape}"
        raise InputError("ids must be whole numbers, (queries, k)", seen=seen)
    if values.shape != given.shape:
        raise InputError("scores must be as many as ids", expected=given.shape, seen=values.shape)
    if given.shape[1] > _MOST_COLUMNS:
        raise InputError("too many candidates", expected=f"<= {_MOST_COLUMNS}", seen=given.shape[1])
    if not 1 <= k <= _MOST_COLUMNS:
        raise InputError("k must be at least 1", expected=f"1 to {_MOST_COLUMNS}", seen=k)
    return np.ascontiguousarray(given), np.ascontiguousarray(values, dtype=np.float32)


def _one_limit(max_uses: ArrayLike | None, queries: int) -> int:
    if max_uses is None:
        return queries
    limit = np.asarray(max_uses)
    if not np.issubdtype(limit.dtype, np.integer) or limit < 1:
        raise InputError("max_uses must be at least 1", seen=max_uses)
    return min(int(limit), queries)


def _limits(max_uses: ArrayLike, queries: int) -> NDArray[np.int32]:
    limits = np.asarray(max_uses)
    if limits.ndim != 1 or not np.issubdtype(limits.dtype, np.integer):
        seen = f"{limits.dtype} {limits.shape}"
        raise InputError("max_uses must be a number, or one for each item", seen=seen)
    if (limits < 0).any():
        raise InputError("max_uses must not be negative", seen=int(limits.min()))
    room: NDArray[np.int32] = np.minimum(limits, queries).astype(np.int32)
    return room


def _dense(ids: NDArray[Any]) -> tuple[NDArray[np.int32], int]:
    """Return places for ids, and how many there are: the ids themselves unless they are sparse."""
    highest = int(ids.max()) if ids.size else -1
    if highest < ids.size + _SPARE:
        return _narrow(ids), highest + 1
    known = np.unique(ids)
    known = known[known >= 0]
    places = np.empty(ids.shape, dtype=np.int32)
    for start in range(0, len(ids), _ROWS):
        part = ids[start : start + _ROWS]
        places[start : start + _ROWS] = np.where(part < 0, -1, np.searchsorted(known, part))
    return places, len(known)


def _narrow(ids: NDArray[Any]) -> NDArray[np.int32]:
    """Return ids as int32, in place where they are four bytes wide; negative ones become -1."""
    if ids.dtype.itemsize == 4:
        same: NDArray[np.int32] = ids.view(np.int32)
        return same
    narrow = np.empty(ids.shape, dtype=np.int32)
    for start in range(0, len(ids), _ROWS):
        part = ids[start : start + _ROWS]
        signed = np.issubdtype(ids.dtype, np.signedinteger)
        narrow[start : start + _ROWS] = np.maximum(part, -1) if signed else part
    return narrow


@compiled
def _judge(
    items: Any, scores: Any, raw: Any, threshold: float, states: NDArray[np.uint8]
) -> tuple[int, int]:
    """Write the state of each edge; return a fault and its row, or (0, 0)."""
    for q in range(items.shape[0]):
        last = np.float32(np.inf)
        for j in range(items.shape[1]):
            item, score = items[q, j], scores[q, j]
            if np.isnan(score) or score == np.inf:
                return _NOT_A_SCORE, q
            if item < 0 or score == -np.inf:
                states[q, j] = EMPTY
                continue
            if score > last:
                return _ASCENDS, q
            last = score
            states[q, j] = BELOW if raw[q, j] < threshold else OPEN
            for i in range(j):
                if items[q, i] == item and states[q, i] != EMPTY:
                    states[q, j] = REPEATED
                    break
    return 0, 0
