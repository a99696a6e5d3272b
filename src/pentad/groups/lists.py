"""The neighbors that groups are made of: of the same captions, one of each modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.core.whole import whole_number
from pentad.embeddings.embeddings import find_rows
from pentad.neighbors.neighbors import Neighbors

Lists = Mapping[Modality, Neighbors]
_MOST = int(np.iinfo(np.int16).max)


def lists_by_modality(neighbors: Sequence[Neighbors]) -> dict[Modality, Neighbors]:
    """Return neighbors by modality, in the usual order.

    Raises:
        InputError: There are none, two of one modality, other than text as queries, or differing
            captions.
    """
    if not neighbors:
        raise InputError("groups need the neighbors of at least one modality")
    lists = {n.modality: n for n in neighbors}
    if len(lists) < len(neighbors):
        names = ", ".join(n.modality for n in neighbors)
        raise InputError("groups take one set of neighbors for each modality", seen=names)
    for item in neighbors:
        if item.query_modality is not Modality.TEXT or item.modality is Modality.TEXT:
            seen = f"{item.query_modality} to {item.modality}"
            raise InputError(
                "groups need neighbors of captions", expected="text to media", seen=seen
            )
        _require_same_captions(neighbors[0], item)
    return {m: lists[m] for m in MEDIA_MODALITIES if m in lists}


def chosen_captions(neighbors: Neighbors, captions: ArrayLike | None) -> NDArray[np.bool_]:
    """Return which captions are to have groups, (captions,); all where none are named.

    Raises:
        InputError: A caption id is unknown, or no integer.
    """
    if captions is None:
        return np.ones(len(neighbors), dtype=np.bool_)
    wanted = np.unique(np.asarray(captions))
    rows, there = find_rows(neighbors.query_ids, wanted)
    if not there.all():
        unknown = wanted[~there]
        raise InputError(f"{len(unknown)} captions have no neighbors; the first is {unknown[0]}")
    chosen = np.zeros(len(neighbors), dtype=np.bool_)
    chosen[rows] = True
    return chosen


def group_count(lists: Lists, k: int | None) -> int:
    """Return how many groups a caption gets.

    Raises:
        InputError: That is none, or more than a rank can be.
    """
    if k is None:
        return max(n.columns for n in lists.values())
    k = whole_number("k", k)
    if not 1 <= k <= _MOST:
        raise InputError(f"k must be from 1 to {_MOST}", seen=k)
    return k


def _require_same_captions(left: Neighbors, right: Neighbors) -> None:
    if np.array_equal(left.query_ids, right.query_ids):
        return
    only_left = np.setdiff1d(left.query_ids, right.query_ids)
    only_right = np.setdiff1d(right.query_ids, left.query_ids)
    parts = [
        f"{len(ids)} only with {modality} (first {ids[0]})"
        for ids, modality in ((only_left, left.modality), (only_right, right.modality))
        if len(ids)
    ]
    raise InputError(
        f"all neighbors must be of the same captions; of these, {' and '.join(parts)}; "
        "find all neighbors with the same text embeddings, or take() their common ids first"
    )
