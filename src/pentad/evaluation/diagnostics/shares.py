"""How much of a mixed list each modality gets, beside its share of the corpus.

All modalities are searched at once and merged into one list. In a list that does not favor a
modality each has, at every length, its share of the corpus as its expectation: that of a random
order, from which the query itself is left out. What is above it is what users see as "it only finds
text". A modality can be above its share for a good reason, if more of what is relevant is of it;
so read this beside the scores of the same lists (`pentad.evaluation.diagnostics.mixed`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.evaluation.diagnostics.space import Space
from pentad.evaluation.intervals import bootstrap_means
from pentad.neighbors.merge_modalities import Merged

KS = (1, 5, 10, 15, 50, 100)


@dataclass(frozen=True)
class Share:
    """The share of one modality among the first k of mixed lists.

    Attributes:
        query: Modality of the queries.
        corpus: The modality whose share it is.
        k: How many places.
        value: Mean over queries, 0 to 1.
        low: Lower end of the 95 % interval over units.
        high: Upper end.
        fair: Its share of the corpus, without the query.
        n: How many queries there are.
    """

    query: Modality
    corpus: Modality
    k: int
    value: float
    low: float
    high: float
    fair: float
    n: int


def fair_shares(space: Space, query: Modality) -> dict[Modality, float]:
    """Return the expected share of each modality in a random list for a query of one of them."""
    items = {m: len(part) - (m is query) for m, part in space.items()}
    total = sum(items.values())
    return {m: count / total if total else 0.0 for m, count in items.items()}


def modality_shares(
    merged: Merged,
    query: Modality,
    ks: Sequence[int],
    *,
    fair: Mapping[Modality, float],
    units: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[Share, ...]:
    """Return the share of every modality of ``fair`` among the first k, for each k.

    Lists must have at least ``max(ks)`` items: a list that holds everything has the fair shares,
    whatever its order, and says nothing.

    Args:
        merged: One list a query.
        query: Modality of the queries.
        ks: Numbers of places.
        fair: What `fair_shares` gives.
        units: int64 (queries,), queries of one unit are resampled together.
        rng: Where the resamples come from.
    """
    cells = [(k, m) for k in ks for m in fair]
    values = np.stack([(merged.which[:, :k] == _number(merged, m)).mean(axis=1) for k, m in cells])
    intervals = bootstrap_means(values, units, rng)
    return tuple(
        Share(query, m, k, *interval, fair[m], len(units))
        for (k, m), interval in zip(cells, intervals, strict=True)
    )


def imbalance(shares: Sequence[Share]) -> float:
    """Return how far some shares of one list are from fair: 0, up to 1 where all is of a wrong one.

    It is the part of the places that would have to go to another modality (total variation).
    """
    return sum(abs(share.value - share.fair) for share in shares) / 2


def _number(merged: Merged, modality: Modality) -> int:
    """Return the number of a modality in the lists; one that nothing has where it is in none."""
    known = merged.modalities
    return known.index(modality) if modality in known else len(known)
