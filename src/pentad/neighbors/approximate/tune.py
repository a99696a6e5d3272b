"""Parameters for a stated recall, chosen and measured on a sample of the queries they are for.

The sample is searched exactly. On one half the parameters are chosen: the cheapest by counted work
whose recall reaches what was stated by a one-sided 95 % limit. On the other half, which had no part
in choosing, the recall is measured; its interval comes from a bootstrap over queries.

A neighbor counts as found when its score is at least that of the k-th exact one, so equal items may
stand for one another.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.neighbors.approximate.base import Index, ladder
from pentad.neighbors.approximate.rescore import candidate_products, slack
from pentad.neighbors.approximate.rows import Source
from pentad.neighbors.approximate.run import find_candidates, search_index
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.metrics import Floats
from pentad.neighbors.stored import squared_lengths

SAMPLE = 2000
_FEWEST = 20
_MOST_PER_NEIGHBOR = 64
_LOWER = 1.645
_RESAMPLES = 4000
# What a candidate and each of its values take beside one looked-up code, measured once.
_PER_CANDIDATE = 1000
_PER_VALUE = 8

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tuning:
    """Parameters and what they are known to reach.

    Attributes:
        k: For how many neighbors.
        wanted: The stated recall.
        effort: ``nprobe`` or ``efSearch``.
        candidates: How many candidates of a query are rescored.
        recall: Measured on queries that had no part in choosing.
        low: Lower end of its 95 % interval.
        high: Upper end.
        sample: How many queries it was measured on; as many were used to choose.
        seed: Of the sample and of the interval.
    """

    k: int
    wanted: float
    effort: int
    candidates: int
    recall: float
    low: float
    high: float
    sample: int
    seed: int

    def facts(self) -> dict[str, object]:
        """Return all of it by name, with how the interval came about."""
        return {**asdict(self), "interval": "95 %, bootstrap over queries"}


def tune(
    source: Source,
    index: Index,
    queries: NDArray[Any],
    k: int,
    recall: float,
    *,
    sample: int = SAMPLE,
    seed: int = 0,
    threads: int = 1,
    strict: bool = True,
) -> Tuning:
    """Choose parameters on one half of a sample of the queries and measure them on the other.

    Args:
        source: The items.
        index: Over them.
        queries: (q, dim), the queries that will be searched.
        k: How many neighbors will be wanted.
        recall: Which share of the exact neighbors is to be found, above 0, at most 1.
        sample: How many queries to use, both halves together.
        seed: Which ones.
        threads: How many to use.
        strict: Whether a recall out of reach is an error; otherwise a notice is given and the
            parameters are those that come nearest.

    Raises:
        InputError: There are too few queries, a number is out of range, or the recall is out of
            reach.
    """
    _check(source, queries, k, recall, sample)
    chosen = generator(seed, "recall").permutation(len(queries))[:sample]
    half = len(chosen) // 2
    exact = ExactSearch(source.vectors, source.metric)
    first, second = (queries[np.sort(part)] for part in (chosen[:half], chosen[half:]))
    effort, candidates, reached = _cheapest(
        source, index, first, exact.search(first, k)[0], recall, threads
    )
    if not reached >= recall:
        _out_of_reach(index, recall, reached, strict)
    found = search_index(source, index, second, k, effort, candidates, threads)
    hits = _hits(*found, exact.search(second, k)[1])
    low, high = interval(hits, k, seed)
    if high < recall <= reached:
        _log.warning(f"recall {recall:g} was stated, {low:.4f} to {high:.4f} is measured")
    return Tuning(
        k, recall, effort, candidates, float(hits.mean()) / k, low, high, len(second), seed
    )


def interval(hits: NDArray[np.int64], k: int, seed: int) -> tuple[float, float]:
    """Return the 95 % interval of the mean recall by a bootstrap over queries.

    Queries are drawn whole, as the neighbors of one are found or missed together. Where no query
    missed any, resampling says nothing: the lower end is then what so many queries without a miss
    leave open at 2.5 %, each miss counted as a whole query.
    """
    count = len(hits)
    if (hits == k).all():
        return float(0.025 ** (1 / count)), 1.0
    shares = np.bincount(hits, minlength=k + 1) / count
    drawn = generator(seed, "interval").multinomial(count, shares, _RESAMPLES)
    means = drawn @ np.arange(k + 1) / (count * k)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _cheapest(
    source: Source,
    index: Index,
    queries: NDArray[Any],
    nearest: NDArray[np.int64],
    recall: float,
    threads: int,
) -> tuple[int, int, float]:
    """Return effort and candidates that cost the least, or come nearest, and the recall's limit."""
    prepared, k = source.queries(queries), nearest.shape[1]
    needed = _needed(source, queries, nearest)
    best, nearest_miss = (np.inf, 0, 0, 0.0), (0, 0, -1.0)
    for effort in index.efforts():
        most = min(_MOST_PER_NEIGHBOR * k, index.most_candidates(effort), len(source))
        work = index.work(prepared, effort)
        if work >= best[0]:
            break
        if most < k:
            continue
        found = find_candidates(source, index, queries, effort, most, threads)
        for candidates, reached in _limits(source, queries, found, needed, k):
            cost = work + candidates * (_PER_CANDIDATE + _PER_VALUE * source.dim)
            if reached >= recall and cost < best[0]:
                best = (cost, effort, candidates, reached)
            if reached > nearest_miss[2]:
                nearest_miss = (effort, candidates, reached)
    return best[1:] if best[0] < np.inf else nearest_miss


def _needed(source: Source, queries: NDArray[Any], nearest: NDArray[np.int64]) -> Floats:
    """Return the product from which a candidate counts as one of the nearest."""
    least: Floats = candidate_products(source, queries, nearest).min(axis=1)
    return least - 2 * slack(source, squared_lengths(queries))


def _limits(
    source: Source, queries: NDArray[Any], found: NDArray[np.int64], needed: Floats, k: int
) -> Iterator[tuple[int, float]]:
    """Yield numbers of candidates, and the lower limit of the recall that each reaches."""
    good = candidate_products(source, queries, found) >= needed[:, None]
    hits = np.minimum(np.cumsum(good, axis=1), k) / k
    for candidates in ladder(k, found.shape[1]):
        shares = hits[:, candidates - 1]
        error = shares.std() / np.sqrt(len(shares))
        yield candidates, float(shares.mean() - _LOWER * error)


def _hits(rows: NDArray[np.int64], scores: Floats, exact: Floats) -> NDArray[np.int64]:
    hits: NDArray[np.int64] = ((rows >= 0) & (scores >= exact[:, -1:])).sum(axis=1)
    # A query with too few candidates is searched exactly when it comes to that.
    return np.where(rows[:, 0] < 0, exact.shape[1], hits)


def _check(source: Source, queries: NDArray[Any], k: int, recall: float, sample: int) -> None:
    source.check(queries)
    if not 0 < recall <= 1:
        raise InputError("recall must be above 0 and at most 1", seen=recall)
    if not 1 <= k <= len(source):
        raise InputError("k must be from 1 to the number of items", seen=k)
    if min(len(queries), sample) < _FEWEST:
        raise InputError(
            f"recall is measured on {_FEWEST} queries at least; search exactly",
            seen=min(len(queries), sample),
        )


def _out_of_reach(index: Index, recall: float, reached: float, strict: bool) -> None:
    text = (
        f"recall {recall:g} is out of reach of {index.factory}, which comes to {reached:.4f} "
        "at most; ask for less, or search exactly"
    )
    if strict:
        raise InputError(text)
    _log.warning(text)
