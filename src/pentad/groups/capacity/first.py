"""The first candidates that may be taken: what an assignment comes to where nothing is ever full.

It counts as `assign` does, and nothing has to be compiled for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.groups.capacity.assignment import Assignment, Drop, Short, least_of

_CELLS = 1 << 20


def first_fitting(
    ids: NDArray[Any],
    scores: NDArray[np.float32],
    *,
    k: int,
    threshold: float | None = None,
    raw: NDArray[np.float32] | None = None,
) -> Assignment:
    """Give each query its first k candidates that reach the threshold.

    Beside the outcome it takes some 50 MiB, however many queries there are.

    Args:
        ids: int or uint (queries, columns), items, best first; a negative one is no candidate.
        scores: float32 (queries, columns), never ascending in a row; minus infinity is no
            candidate.
        k: How many items each query wants.
        threshold: A candidate with a lower raw score is not taken.
        raw: float32 (queries, columns), what the threshold is on; default the scores.

    Raises:
        InputError: A score is not a number, or scores ascend within a row.
    """
    measured, least = scores if raw is None else raw, least_of(threshold)
    chosen = np.full((len(ids), k), -1, dtype=np.int16)
    tally = _Tally()
    step = max(1, _CELLS // max(1, ids.shape[1]))
    for start in range(0, len(ids), step):
        part = slice(start, start + step)
        there, repeated = _candidates(ids[part], scores[part], start)
        good = there & ~repeated & ~(measured[part] < least)
        places = np.cumsum(good, axis=1, dtype=np.int16)
        taken = good & (places <= k)
        rows, columns = np.nonzero(taken)
        chosen[part][rows, places[rows, columns] - 1] = columns
        tally.add(k, there, repeated, good)
        tally.total += float(scores[part].sum(where=taken, dtype=np.float64))
    return tally.outcome(chosen)


class _Tally:
    """Counts over blocks of queries."""

    def __init__(self) -> None:
        self.total = 0.0
        self.taken = self.beyond = self.below = self.repeated = 0
        self.short = np.zeros(2, dtype=np.int64)
        self.places = np.zeros(2, dtype=np.int64)

    def add(
        self,
        k: int,
        there: NDArray[np.bool_],
        repeated: NDArray[np.bool_],
        good: NDArray[np.bool_],
    ) -> None:
        """Count a block: which candidates are there, which repeat one, which may be taken."""
        candidates, fit = (there & ~repeated).sum(axis=1), good.sum(axis=1)
        have, got = np.minimum(candidates, k), np.minimum(fit, k)
        self.taken += int(got.sum())
        self.beyond += int((fit - got).sum())
        self.below += int((candidates - fit).sum())
        self.repeated += int(repeated.sum())
        self.short += [(have < k).sum(), ((have == k) & (got < k)).sum()]
        self.places += [(k - have).sum(), (have - got).sum()]

    def outcome(self, chosen: NDArray[np.int16]) -> Assignment:
        """Return what all blocks come to."""
        dropped = {
            Drop.BEYOND_K: self.beyond,
            Drop.FULL: 0,
            Drop.BELOW: self.below,
            Drop.REPEATED: self.repeated,
        }
        short, places = ([*counts.tolist(), 0] for counts in (self.short, self.places))
        return Assignment(
            chosen,
            self.total,
            self.taken,
            dict(zip(Short, short, strict=True)),
            dict(zip(Short, places, strict=True)),
            dropped,
            {"method": "first"},
        )


def _candidates(
    ids: NDArray[Any], scores: NDArray[np.float32], start: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which places hold a candidate, and which of these an item that was there before."""
    _refuse(np.isnan(scores) | (scores == np.inf), "a score is not a number", start)
    there = (ids >= 0) & (scores > -np.inf)
    before = np.minimum.accumulate(np.where(there, scores, np.inf), axis=1)[:, :-1]
    ascends = there[:, 1:] & (scores[:, 1:] > before)
    _refuse(ascends, "scores must not ascend from one candidate to the next", start)
    return there, _repeated(ids, there)


def _refuse(faulty: NDArray[np.bool_], message: str, start: int) -> None:
    if faulty.any():
        raise InputError(message, row=start + int(np.argmax(faulty.any(axis=1))) + 1)


def _repeated(ids: NDArray[Any], there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    repeated = np.zeros(ids.shape, dtype=np.bool_)
    ordered = np.sort(ids, axis=1)
    rows = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
    given, usable = ids[rows], there[rows]
    for j in range(1, ids.shape[1] if len(rows) else 0):
        same = (given[:, :j] == given[:, j : j + 1]) & usable[:, :j]
        repeated[rows, j] = same.any(axis=1) & usable[:, j]
    return repeated
