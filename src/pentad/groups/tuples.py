"""The search for tuples that agree, compiled: one side assigned to the other until it is best."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.int8.jit import compiled

# What a step has to gain, so that rounding is not taken for a gain for ever.
_GAIN = 1e-9


class Alike(NamedTuple):
    """How alike the items of some captions are.

    Attributes:
        table: float32 (captions, pairs, k, k), similarities.
        lookup: int64 (modalities, modalities), the pair of two modalities, or -1.
        weights: float64 (pairs,).
        counts: int64 (captions, modalities), how many items there are.
    """

    table: Any
    lookup: Any
    weights: Any
    counts: Any


class _Desk(NamedTuple):
    """Room for one assignment: gains (k, k) and what the search for the best path needs."""

    gains: Any
    left: Any
    right: Any
    least: Any
    owner: Any
    way: Any
    done: Any
    place: Any


def by_rank(counts: NDArray[np.int64], k: int) -> NDArray[np.int16]:
    """Return the zip, (captions, k, modalities): rank j with rank j, -1 where there is no item."""
    ranks = np.arange(k, dtype=np.int16)[:, None]
    return np.where(ranks < counts[:, None, :], ranks, np.int16(-1))


@compiled
def agreements(alike: Alike, chosen: Any, means: Any, totals: Any) -> None:
    """Write the mean similarity of the pairs in each tuple, and the sum over all tuples.

    Args:
        alike: Of these captions.
        chosen: int16 (captions, k, modalities).
        means: float32 (captions, k), written; NaN where there is no pair.
        totals: float64 (captions,), written.
    """
    for c in range(len(chosen)):
        totals[c] = 0.0
        for t in range(chosen.shape[1]):
            total, share = _of_tuple(alike, c, chosen[c, t])
            means[c, t] = total / share if share > 0 else np.nan
            totals[c] += total


@compiled
def agree(alike: Alike, sides: Any, thorough: bool, chosen: Any) -> None:
    """Look for tuples with a greater sum of similarities.

    It begins at what is given, and if thorough, for each modality at the tuples in which every
    other one is assigned to that one alone.

    Args:
        alike: Of these captions.
        sides: bool (ways, modalities), the ways to split the modalities in two.
        thorough: Whether to begin anew for each modality.
        chosen: int16 (captions, k, modalities), the zip; what was found is written.
    """
    k, modalities = chosen.shape[1], chosen.shape[2]
    desk = _desk(k)
    best, trial = np.empty((k, modalities), np.int16), np.empty((k, modalities), np.int16)
    for c in range(len(chosen)):
        best[:] = chosen[c]
        top = _improve(alike, c, sides, best, desk)
        for hub in range(modalities if thorough else 0):
            trial[:] = chosen[c]
            _around(alike, c, hub, trial, desk)
            found = _improve(alike, c, sides, trial, desk)
            if found > top + _GAIN:
                top = found
                best[:] = trial
        _in_order(best)
        chosen[c] = best


@compiled
def _desk(k: int) -> _Desk:
    return _Desk(
        np.empty((k, k), np.float64),
        np.empty(k + 1, np.float64),
        np.empty(k + 1, np.float64),
        np.empty(k + 1, np.float64),
        np.empty(k + 1, np.int64),
        np.empty(k + 1, np.int64),
        np.empty(k + 1, np.bool_),
        np.empty(k, np.int64),
    )


@compiled
def _of_tuple(alike: Alike, c: int, items: Any) -> tuple[float, float]:
    """Return the weighted sum of similarities in one tuple, and the sum of weights."""
    total, share = 0.0, 0.0
    for left in range(len(items)):
        for right in range(len(items)):
            pair = alike.lookup[left, right]
            if pair >= 0 and items[left] >= 0 and items[right] >= 0:
                weight = alike.weights[pair]
                total += weight * alike.table[c, pair, items[left], items[right]]
                share += weight
    return total, share


@compiled
def _improve(alike: Alike, c: int, sides: Any, tuples: Any, desk: _Desk) -> float:
    """Assign one side anew to the other in every way until nothing is gained; return the sum."""
    since, way = 0, 0
    while since < len(sides):
        gained = _reassign(alike, c, sides[way], tuples, desk)
        since = 1 if gained else since + 1
        way = (way + 1) % len(sides)
    total = 0.0
    for t in range(len(tuples)):
        total += _of_tuple(alike, c, tuples[t])[0]
    return total


@compiled
def _reassign(alike: Alike, c: int, side: Any, tuples: Any, desk: _Desk) -> bool:
    """Assign the side of which there is more to the other; say whether that gained anything.

    A modality with fewer items keeps to the first tuples, so that complete ones stay as many.
    """
    inside = outside = tuples.shape[0]
    for m in range(len(side)):
        if side[m]:
            inside = min(inside, alike.counts[c, m])
        else:
            outside = min(outside, alike.counts[c, m])
    moved, n = (True, inside) if inside >= outside else (False, outside)
    desk.gains[:n, :n] = 0.0
    for one in range(len(side)):
        for other in range(len(side)):
            if side[one] == moved and side[other] != moved:
                _add_gains(alike, c, tuples, one, other, n, desk.gains)
    if not _solve(n, desk):
        return False
    for m in range(len(side)):
        if side[m] == moved:
            _move(tuples, m, n, desk)
    return True


@compiled
def _around(alike: Alike, c: int, hub: int, tuples: Any, desk: _Desk) -> None:
    """Assign every other modality to one alone."""
    for m in range(tuples.shape[1]):
        n = alike.counts[c, m]
        desk.gains[:n, :n] = 0.0
        if m != hub:
            _add_gains(alike, c, tuples, m, hub, n, desk.gains)
            if _solve(n, desk):
                _move(tuples, m, n, desk)


@compiled
def _add_gains(alike: Alike, c: int, tuples: Any, one: int, other: int, n: int, gains: Any) -> None:
    """Add what it would bring if the item of one modality, by tuple, stood in each tuple."""
    pair, turned = alike.lookup[one, other], False
    if pair < 0:
        pair, turned = alike.lookup[other, one], True
    if pair < 0:
        return
    matrix, weight = alike.table[c, pair], alike.weights[pair]
    for j in range(n):
        theirs = tuples[j, other]
        if theirs < 0:
            continue
        for i in range(n):
            mine = tuples[i, one]
            alike_by = matrix[theirs, mine] if turned else matrix[mine, theirs]
            gains[i, j] += weight * alike_by


@compiled
def _move(tuples: Any, m: int, n: int, desk: _Desk) -> None:
    for i in range(n):
        desk.way[desk.place[i]] = tuples[i, m]
    for j in range(n):
        tuples[j, m] = desk.way[j]


@compiled
def _solve(n: int, desk: _Desk) -> bool:
    """Write where each row goes so that gains are greatest; say whether that beats staying put.

    Shortest augmenting paths for the rows whose best column is not theirs at once; row and column n
    are none.
    """
    _reduce(n, desk)
    for row in range(n):
        if desk.place[row] == n:
            _augment(n, row, desk)
    before, after = 0.0, 0.0
    for column in range(n):
        row = desk.owner[column]
        desk.place[row] = column
        before += desk.gains[column, column]
        after += desk.gains[row, column]
    return after > before + _GAIN


@compiled
def _reduce(n: int, desk: _Desk) -> None:
    """Price columns and rows, and give each row the first column that costs nothing and is free."""
    desk.owner[: n + 1] = n
    for column in range(n):
        desk.right[column] = -desk.gains[:n, column].max()
    desk.right[n] = desk.left[n] = 0.0
    for row in range(n):
        least, best = np.inf, 0
        for column in range(n):
            cost = -desk.gains[row, column] - desk.right[column]
            if cost < least or (cost == least and desk.owner[best] < n):
                least, best = cost, column
        desk.left[row] = least
        desk.place[row] = best if desk.owner[best] == n else n
        if desk.owner[best] == n:
            desk.owner[best] = row


@compiled
def _augment(n: int, row: int, desk: _Desk) -> None:
    """Give one more row a column, along the path that costs least."""
    desk.least[:n] = np.inf
    desk.done[: n + 1] = False
    desk.owner[n] = row
    column = n
    while desk.owner[column] < n:
        desk.done[column] = True
        here, step, following = desk.owner[column], np.inf, 0
        for j in range(n):
            if desk.done[j]:
                continue
            cost = -desk.gains[here, j] - desk.left[here] - desk.right[j]
            if cost < desk.least[j]:
                desk.least[j], desk.way[j] = cost, column
            if desk.least[j] < step:
                step, following = desk.least[j], j
        for j in range(n + 1):
            if desk.done[j]:
                desk.left[desk.owner[j]] += step
                desk.right[j] -= step
            elif j < n:
                desk.least[j] -= step
        column = following
    while column != n:
        before = desk.way[column]
        desk.owner[column] = desk.owner[before]
        column = before


@compiled
def _in_order(tuples: Any) -> None:
    """Put tuples in the order of the ranks of their items, those that lack more last."""
    row = np.empty(tuples.shape[1], np.int16)
    for t in range(1, len(tuples)):
        row[:] = tuples[t]
        place = t
        while place > 0 and _goes_first(row, tuples[place - 1]):
            tuples[place] = tuples[place - 1]
            place -= 1
        tuples[place] = row


@compiled
def _goes_first(one: Any, other: Any) -> bool:
    lacking = ranks = first = 0
    for m in range(len(one)):
        lacking += int(one[m] < 0) - int(other[m] < 0)
        ranks += max(one[m], 0) - max(other[m], 0)
        if first == 0:
            first = one[m] - other[m]
    if lacking != 0:
        return lacking < 0
    return ranks < 0 or (ranks == 0 and first < 0)
