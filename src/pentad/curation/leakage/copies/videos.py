"""Videos of the same content: most of their frames are copies of one another, place by place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.curation.leakage.copies.found import Copy
from pentad.curation.leakage.copies.pictures import (
    LEAST_LIKENESS,
    MOST_BITS,
    hashes,
    likeness,
    near_pictures,
)
from pentad.curation.leakage.prints.collect import Prints
from pentad.curation.leakage.prints.printer import PRINTED
from pentad.curation.leakage.prints.video import FRAMES

LEAST_SHARE = 0.75
"""Share of the frames that both videos have of which the copies must be."""


def video_copies(train: Prints, evaluation: Prints) -> list[Copy]:
    """Return the pairs of videos of the same content; distances are mean bits of 64 a frame."""
    left, right = _candidates(train, evaluation)
    if not len(left):
        return []
    agreeing, shared = np.zeros((2, len(left)), np.int64)
    bits, alike = np.zeros((2, len(left)))
    for place in range(FRAMES):
        rows, there = _frames(evaluation, left, place)
        others, also = _frames(train, right, place)
        both = np.flatnonzero(there & also)
        found = hashes(evaluation.rows[rows[both]]) ^ hashes(train.rows[others[both]])
        differing = np.bitwise_count(found)
        likes = likeness(evaluation.rows, train.rows, rows[both], others[both])
        shared[both] += 1
        bits[both] += differing
        alike[both] += likes
        agreeing[both] += (differing <= MOST_BITS) & (likes >= LEAST_LIKENESS)
    good = agreeing >= np.maximum(1, np.ceil(LEAST_SHARE * shared))
    return [
        Copy(
            int(left[i]),
            int(right[i]),
            float(alike[i] / shared[i]),
            float(bits[i] / shared[i]),
            f"{agreeing[i]} of {shared[i]} frames",
        )
        for i in np.flatnonzero(good).tolist()
    ]


def _candidates(train: Prints, evaluation: Prints) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of videos that have a copied frame at the same place."""
    found = [np.empty(0, np.int64)]
    for place in range(FRAMES):
        mine, others = _printed(evaluation, place), _printed(train, place)
        rows, columns = (
            side.rows[side.offsets[items] + place]
            for side, items in ((evaluation, mine), (train, others))
        )
        near = near_pictures(rows, columns)
        good = near.likeness >= LEAST_LIKENESS
        found.append(mine[near.left[good]] * len(train) + others[near.right[good]])
    pairs = np.unique(np.concatenate(found))
    left, right = np.divmod(pairs, max(1, len(train)))
    return left, right


def _printed(prints: Prints, place: int) -> NDArray[np.int64]:
    """Return the items whose frame at a place has a print."""
    _, there = _frames(prints, np.arange(len(prints)), place)
    return np.flatnonzero(there)


def _frames(
    prints: Prints, items: NDArray[np.int64], place: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the row of each item's frame at a place, and whether it is there and has a print."""
    rows = prints.offsets[items] + place
    there = rows < prints.offsets[items + 1]
    rows = np.where(there, rows, 0)
    there &= prints.rows[rows, 0] == PRINTED if len(prints.rows) else False
    return rows, there
