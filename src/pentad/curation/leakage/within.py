"""All pairs of vectors whose score reaches a threshold, through the search for neighbors."""

from __future__ import annotations

import numpy as np

from pentad.embeddings.embeddings import Embeddings
from pentad.neighbors.find import find_neighbors

_FIRST, _GROWTH = 8, 8


def all_within(
    queries: Embeddings, corpus: Embeddings, threshold: float, *, metric: str = "cosine"
) -> list[tuple[int, int, float]]:
    """Return query id, corpus id and score of every pair that reaches a threshold.

    A query of which all neighbors that were found reach it is searched again with more of them, so
    no pair is missed. For more than a million items the search is approximate, as
    `find_neighbors` says.

    Args:
        queries: (q, dim).
        corpus: (n, dim) in the same space.
        threshold: The least score.
        metric: ``cosine``, ``dot`` or ``euclidean`` (scores are then negative distances).
    """
    found: list[tuple[int, int, float]] = []
    left, count = queries, min(_FIRST, len(corpus))
    while len(left) and count:
        near = find_neighbors(left, corpus, count, metric=metric)
        reached = near.scores >= threshold
        full = reached.all(axis=1) & (count < len(corpus))
        for row in np.flatnonzero(reached.any(axis=1) & ~full).tolist():
            good = reached[row]
            pairs = zip(near.ids[row][good].tolist(), near.scores[row][good].tolist(), strict=True)
            found += [(int(near.query_ids[row]), each, score) for each, score in pairs]
        left = left.take(near.query_ids[full])
        count = min(count * _GROWTH, len(corpus))
    return sorted(found)
