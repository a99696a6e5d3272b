"""Which items of several modalities stand in one tuple: by rank, or so that they agree.

``rank`` puts the j-th items of all modalities together. ``agreement`` looks for tuples, each item
in one at most, in which the sum of pairwise similarities is greatest. For two modalities that is an
assignment problem and solved exactly. For more it is hard, and looked for as follows: from some
beginnings, the zip by rank among them, the modalities are split into two sides in every way, and
the tuples of one side are assigned anew, exactly, to those of the other, until nothing gets better.
Every step is an improvement, so the outcome is never below the zip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.groups.tuples import Alike, agree, agreements, by_rank

HOW = ("rank", "agreement")
_MOST_MODALITIES = 8


@dataclass(frozen=True, eq=False)
class Composition:
    """Tuples of items, one of each modality.

    Attributes:
        chosen: int16 (captions, k, modalities), which of its modality's items stands in a tuple;
            -1 for none. Each item stands in one tuple, and complete tuples are as many as there
            can be. Tuples go by the sum of their items' ranks, those with fewer items last.
        agreement: float32 (captions, k), the weighted mean similarity of the pairs in each tuple;
            NaN where it has no pair.
        before: float32 (captions, k), the same of the zip by rank.
        total: float64 (captions,), the weighted sum of similarities over all tuples.
        total_before: float64 (captions,), the same of the zip.
    """

    chosen: NDArray[np.int16]
    agreement: NDArray[np.float32]
    before: NDArray[np.float32]
    total: NDArray[np.float64]
    total_before: NDArray[np.float64]


def compose(
    similarities: ArrayLike,
    pairs: Sequence[tuple[int, int]],
    *,
    counts: ArrayLike | None = None,
    weights: Sequence[float] | None = None,
    how: str = "agreement",
    thorough: bool = True,
) -> Composition:
    """Put the items of several modalities together, caption by caption.

    Captions do not depend on each other: give a million of them in blocks, as the similarities take
    4 k^2 bytes a caption and pair. The lock of the interpreter is not held.

    Args:
        similarities: float32 (captions, pairs, k, k): of the left modality's items, by rank, and
            the right one's, greater = more alike; such as ``left @ right.swapaxes(1, 2)``. Where a
            modality has fewer items, what is given for the others is not looked at.
        pairs: Which two modalities, counted from 0, each of the matrices compares. Two modalities
            that share no space have none.
        counts: How many items there are, (captions, modalities); default k of each.
        weights: How much each pair counts; default 1.
        how: ``rank`` or ``agreement``.
        thorough: Look for agreement from several beginnings; else from the zip alone, which takes a
            fraction of the time for nearly as much. For two modalities there is no difference.

    Raises:
        UnknownName: There is no such way.
        InputError: Shapes, pairs, counts or weights that cannot be, or a NaN.
    """
    if how not in HOW:
        raise UnknownName("composition", how, HOW)
    table = _similarities(similarities, len(pairs))
    lookup, modalities = _lookup(pairs)
    shares = _weights(weights, len(pairs))
    present = _counts(counts, len(table), modalities, table.shape[-1])
    fault = _first_fault(table, pairs, present)
    if fault is not None:
        raise InputError("a similarity is not a finite number", row=fault + 1)
    zipped = by_rank(present, table.shape[-1])
    alike = Alike(table, lookup, shares, present)
    before, total_before = _scores(alike, zipped)
    if how == "rank":
        return Composition(zipped, before, before, total_before, total_before)
    chosen = zipped.copy()
    agree(alike, _sides(modalities), thorough and modalities > 2, chosen)
    after, total = _scores(alike, chosen)
    return Composition(chosen, after, before, total, total_before)


def _scores(
    alike: Alike, chosen: NDArray[np.int16]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    means = np.empty(chosen.shape[:2], dtype=np.float32)
    totals = np.empty(len(chosen), dtype=np.float64)
    agreements(alike, chosen, means, totals)
    return means, totals


def _similarities(given: ArrayLike, pairs: int) -> NDArray[np.float32]:
    table = np.ascontiguousarray(given, dtype=np.float32)
    if table.ndim != 4 or table.shape[1] != pairs or table.shape[2] != table.shape[3]:
        expected = f"(captions, {pairs}, k, k)"
        raise InputError("similarities have the wrong shape", expected=expected, seen=table.shape)
    if not 1 <= table.shape[3] <= np.iinfo(np.int16).max:
        raise InputError("k must be at least 1", seen=table.shape[3])
    return table


def _lookup(pairs: Sequence[tuple[int, int]]) -> tuple[NDArray[np.int64], int]:
    """Return which matrix compares two modalities, -1 for none, and how many modalities there are.

    Matrix p of the left with the right is at [left, right] as p.
    """
    if not pairs:
        raise InputError("agreement needs the similarities of at least one pair of modalities")
    count = max(max(pair) for pair in pairs) + 1
    if count > _MOST_MODALITIES or min(min(pair) for pair in pairs) < 0:
        raise InputError(
            "a pair of modalities that cannot be",
            expected=f"numbers from 0 to {_MOST_MODALITIES - 1}",
            seen=list(pairs),
        )
    lookup = np.full((count, count), -1, dtype=np.int64)
    for place, (left, right) in enumerate(pairs):
        if left == right or max(lookup[left, right], lookup[right, left]) >= 0:
            raise InputError("a pair must be of two modalities, and given once", seen=(left, right))
        lookup[left, right] = place
    return lookup, count


def _weights(weights: Sequence[float] | None, pairs: int) -> NDArray[np.float64]:
    shares = np.ones(pairs) if weights is None else np.asarray(weights, dtype=np.float64)
    if shares.shape != (pairs,):
        raise InputError("one weight for each pair", expected=pairs, seen=shares.shape)
    if not (np.isfinite(shares) & (shares >= 0)).all():
        raise InputError("weights must be finite and not negative", seen=shares.tolist())
    return shares


def _counts(counts: ArrayLike | None, captions: int, modalities: int, k: int) -> NDArray[np.int64]:
    if counts is None:
        return np.full((captions, modalities), k, dtype=np.int64)
    present = np.ascontiguousarray(counts, dtype=np.int64)
    if present.shape != (captions, modalities):
        expected = (captions, modalities)
        raise InputError("counts have the wrong shape", expected=expected, seen=present.shape)
    if ((present < 0) | (present > k)).any():
        raise InputError("a count of items that cannot be", expected=f"0 to {k}")
    return present


def _first_fault(
    table: NDArray[np.float32], pairs: Sequence[tuple[int, int]], present: NDArray[np.int64]
) -> int | None:
    """Return the first caption with a similarity of two items that is not finite."""
    with np.errstate(invalid="ignore"):
        if np.isfinite(table.sum(dtype=np.float64)):
            return None
    ranks = np.arange(table.shape[-1])
    left, right = (present[:, [pair[side] for pair in pairs]] for side in (0, 1))
    there = (ranks[:, None] < left[..., None, None]) & (ranks < right[..., None, None])
    faulty = (there & ~np.isfinite(table)).any(axis=(1, 2, 3))
    return int(np.argmax(faulty)) if faulty.any() else None


def _sides(modalities: int) -> NDArray[np.bool_]:
    """Return every way to split modalities in two, those of one against the rest first."""
    ways: list[Any] = []
    for size in range(1, modalities // 2 + 1):
        for side in combinations(range(modalities), size):
            if 2 * size < modalities or side[0] == 0:
                ways.append(np.isin(np.arange(modalities), side))
    return np.array(ways, dtype=np.bool_).reshape(len(ways), modalities)
