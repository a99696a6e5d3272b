"""How unevenly the items of a corpus are found: hubs, and items that no query reaches.

N_k(x), the k-occurrence of item x, is how many of the queries have x among their k neighbors. Its
skewness over all items of the corpus measures hubness: E[(N_k - mean)^3] / deviation^3, with the
moments of all items (not of a sample). Radovanovic, Nanopoulos and Ivanovic, "Hubs in Space", JMLR
11 (2010). Every figure comes from whole numbers and is rounded once, at its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError

_BLOCK = 1 << 22
_SPREAD = 2
_DIGITS = 6

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class HubReport:
    """How often the items of a corpus are among the k neighbors of queries.

    Where all items are found equally often ``skew`` and ``gini`` are 0 and ``max_to_mean`` is 1;
    where nothing is found at all that is 0 too.

    Attributes:
        items: Items of the corpus.
        queries: Queries.
        k: Neighbors of each.
        mean: How often an item is found on average.
        max: How often the most frequent item is found.
        max_to_mean: ``max / mean``.
        never_retrieved: Share of items that are found never, 0 to 1.
        skew: Skewness of N_k; above 1 there are hubs.
        gini: Gini coefficient of N_k: 0 where all are equal, towards 1 where one item has all.
        top: Ids and counts of the most frequent items: count descending, then id ascending; items
            that are never found are not among them.
    """

    items: int
    queries: int
    k: int
    mean: float
    max: int
    max_to_mean: float
    never_retrieved: float
    skew: float
    gini: float
    top: tuple[tuple[int, int], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the figures, six digits behind the point; ``top`` as ``{"id", "count"}``."""
        figures = {
            name: round(value, _DIGITS) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }
        return figures | {"top": [{"id": item, "count": count} for item, count in self.top]}


def hub_report(ids: NDArray[Any], corpus_ids: NDArray[Any], top: int = 10) -> HubReport:
    """Return how often each item of a corpus was found, in figures.

    Takes some 40 bytes an item and 100 MiB.

    Args:
        ids: (queries, k) ids of the neighbors.
        corpus_ids: (n,) ids of all items that were searched, ascending.
        top: How many of the most frequent items are named.

    Raises:
        InputError: See `k_occurrence`; or ``top`` is negative.
    """
    if top < 0:
        raise InputError("top must not be negative", seen=top)
    counts = k_occurrence(ids, corpus_ids)
    times, items = (array.tolist() for array in np.unique(counts, return_counts=True))
    total, most = int(counts.sum()), int(times[-1])
    return HubReport(
        items=len(counts),
        queries=ids.shape[0],
        k=ids.shape[1],
        mean=total / len(counts),
        max=most,
        max_to_mean=most * len(counts) / total if total else 0.0,
        never_retrieved=(items[0] if times[0] == 0 else 0) / len(counts),
        skew=skewness(times, items),
        gini=gini_of(times, items),
        top=_most_frequent(counts, corpus_ids, top),
    )


def k_occurrence(ids: NDArray[Any], corpus_ids: NDArray[Any]) -> Counts:
    """Return N_k, (n,): how often each item of the corpus occurs in ``ids`` (queries, k).

    Raises:
        InputError: ``ids`` is no matrix or holds one that is not in the corpus; or the corpus is
            empty or its ids do not ascend.
    """
    if ids.ndim != 2:
        raise InputError("ids must be a matrix", expected="(queries, k)", seen=ids.shape)
    if len(corpus_ids) == 0:
        raise InputError("the corpus holds no items; there is nothing to count")
    if not (corpus_ids[1:] > corpus_ids[:-1]).all():
        raise InputError("ids of the corpus must ascend without repeats")
    if int(corpus_ids[-1] - corpus_ids[0]) < _SPREAD * len(corpus_ids):
        return _counted_by_number(ids, corpus_ids)
    return _counted_by_search(ids, corpus_ids)


def _counted_by_number(ids: NDArray[Any], corpus_ids: NDArray[Any]) -> Counts:
    """Count ids that lie close together by their distance from the first."""
    low, span = int(corpus_ids[0]), int(corpus_ids[-1] - corpus_ids[0]) + 1
    counts = np.zeros(span, dtype=np.int64)
    for block in _blocks(ids):
        if block.size and not (block.min() >= corpus_ids[0] and block.max() <= corpus_ids[-1]):
            outside = (block < corpus_ids[0]) | (block > corpus_ids[-1])
            raise _unknown(block[outside])
        counts += np.bincount((block - low).astype(np.int64).ravel(), minlength=span)
    own = (corpus_ids - low).astype(np.int64)
    counted: Counts = counts[own]
    counts[own] = 0
    if counts.any():
        raise _unknown(np.flatnonzero(counts) + low)
    return counted


def _counted_by_search(ids: NDArray[Any], corpus_ids: NDArray[Any]) -> Counts:
    counts = np.zeros(len(corpus_ids), dtype=np.int64)
    for block in _blocks(ids):
        keys = np.sort(block, axis=None)  # sorted keys are found much faster
        places = np.searchsorted(corpus_ids, keys)
        known = corpus_ids[np.minimum(places, len(corpus_ids) - 1)] == keys
        if not known.all():
            raise _unknown(keys[~known])
        counts += np.bincount(places, minlength=len(counts))
    return counts


def _blocks(ids: NDArray[Any]) -> Iterator[NDArray[Any]]:
    step = max(1, _BLOCK // max(1, ids.shape[1]))
    for start in range(0, len(ids), step):
        yield ids[start : start + step]


def _unknown(ids: NDArray[Any]) -> InputError:
    return InputError("a neighbor is not in the corpus", seen=int(ids.min()))


def skewness(times: list[int], items: list[int]) -> float:
    """Return the skewness of a histogram: ``items[i]`` items were found ``times[i]`` times."""
    n, total = sum(items), _total(times, items)
    second = sum(c * (n * t - total) ** 2 for t, c in zip(times, items, strict=True))
    third = sum(c * (n * t - total) ** 3 for t, c in zip(times, items, strict=True))
    # The deviations are n times too great, and both sums lack a division by n.
    return float(third / n / (second / n) ** 1.5) if second else 0.0


def gini_of(times: list[int], items: list[int]) -> float:
    """Return the Gini coefficient of a histogram whose ``times`` ascend."""
    n, total = sum(items), _total(times, items)
    weighted, before = 0, 0
    for t, c in zip(times, items, strict=True):
        # Places before + 1 .. before + c hold t; a place weighs 2 place - n - 1.
        weighted += t * c * (2 * before + c - n)
        before += c
    return weighted / (n * total) if total else 0.0


def _total(times: list[int], items: list[int]) -> int:
    return sum(t * c for t, c in zip(times, items, strict=True))


def _most_frequent(
    counts: Counts, corpus_ids: NDArray[Any], top: int
) -> tuple[tuple[int, int], ...]:
    wanted = min(top, len(counts))
    if not wanted:
        return ()
    least = np.partition(counts, -wanted)[-wanted]
    places = np.flatnonzero(counts >= max(int(least), 1))
    chosen = places[np.argsort(-counts[places], kind="stable")[:wanted]]
    return tuple((int(corpus_ids[place]), int(counts[place])) for place in chosen)
