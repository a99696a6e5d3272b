"""Keep an item from being used too often: greedy, best edge first.

An edge joins a caption to one of its candidates. Edges are taken by score descending, then caption
id, then rank: an edge counts when its caption still wants one and its item is still free. Where an
item is used up, the caption's later candidates move up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.neighbors.neighbors import Neighbors

Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Drops:
    """Edges that did not become part of a group, by reason.

    Attributes:
        beyond_k: The caption had its k items before this candidate's turn came.
        max_uses: The item had been used ``max_uses`` times by closer captions.
    """

    beyond_k: int
    max_uses: int


def choose_edges(neighbors: Neighbors, k: int, max_uses: int | None) -> Flags:
    """Return which candidates are used, (queries, columns): at most k a row.

    Args:
        neighbors: Candidates, best first.
        k: How many items a caption wants.
        max_uses: How often one item may be used; None for any number.
    """
    if max_uses is None:
        wanted = np.zeros(neighbors.ids.shape, dtype=np.bool_)
        wanted[:, :k] = True
        return wanted
    if max_uses < 1:
        raise InputError("max_uses must be at least 1", seen=max_uses)
    rows, columns = neighbors.ids.shape
    captions, ranks = np.divmod(np.arange(rows * columns), max(columns, 1))
    order = np.lexsort((ranks, captions, -neighbors.scores.ravel()))
    items = np.unique(neighbors.ids, return_inverse=True)[1].reshape(-1)
    chosen = np.zeros(rows * columns, dtype=np.bool_)
    chosen[order] = _take_greedily(captions[order], items[order], k, max_uses)
    return chosen.reshape(rows, columns)


def count_drops(chosen: Flags, k: int) -> Drops:
    """Return why the edges that were not chosen were not."""
    had: Indices = np.cumsum(chosen, axis=1) - chosen
    beyond = int((~chosen & (had >= k)).sum())
    return Drops(beyond, int((~chosen).sum()) - beyond)


def _take_greedily(captions: Indices, items: Indices, k: int, max_uses: int) -> Flags:
    """Return which edges a loop over them, in the order given, would take.

    All at once, in rounds: an edge is certain when it would fit even if every open edge before it
    at its caption and at its item were taken.
    """
    taken = np.zeros(len(captions), dtype=np.bool_)
    wanted = np.full(captions.max(initial=-1) + 1, k)
    free = np.full(items.max(initial=-1) + 1, max_uses)
    left = np.arange(len(captions))
    while len(left):
        caption, item = captions[left], items[left]
        fits = (_places(caption) < wanted[caption]) & (_places(item) < free[item])
        taken[left[fits]] = True
        wanted -= np.bincount(caption[fits], minlength=len(wanted))
        free -= np.bincount(item[fits], minlength=len(free))
        left = left[~fits & (wanted[caption] > 0) & (free[item] > 0)]
    return taken


def _places(keys: Indices) -> Indices:
    """Return, for each key, how many equal keys stand before it."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    places = np.empty(len(keys), dtype=np.int64)
    places[order] = np.arange(len(keys)) - np.searchsorted(ordered, ordered)
    return places
