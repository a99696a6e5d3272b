"""How far down the first relevant item is, over all queries, from what a run keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.evaluation.page.bars import Bar

if TYPE_CHECKING:
    from pentad.evaluation.metrics.grammar import Metric
    from pentad.evaluation.scores import QueryScores

Floats = NDArray[np.float64]
_ENDS = (1, 2, 3, 5, 10, 20, 50, 100, 1000)
_RANKS = ("medr", "mr1")
_AMONG = ("hit", "accuracy")


def rank_bars(scores: QueryScores, kept: Floats | None = None) -> tuple[Bar, ...]:
    """Return the share of queries whose first relevant item is at rank 1, 2, 3, 4-5, 6-10, ...

    Ranks are taken from a metric that gives them (``medr``, ``mr1``, or ``mrr`` without a cutoff);
    else from the best results that were kept; else from ``hit@K`` and ``accuracy@K``, whose
    cutoffs are then all that is known.

    Args:
        scores: Every metric of every query.
        kept: (queries,) rank of the first relevant item among the results that were kept, infinite
            where none was among them; None where nothing was kept.

    Returns:
        Bars from rank 1 on; empty where nothing tells.
    """
    ranks = _ranks(scores)
    if ranks is not None:
        return _binned(ranks, scores.pool)
    if kept is not None:
        return _binned(kept, scores.pool)
    return _from_cutoffs(scores)


def _ranks(scores: QueryScores) -> Floats | None:
    ranks: Floats | None = None
    for metric, row in zip(scores.metrics, scores.values, strict=True):
        if metric.level != 1:
            continue
        if metric.name in _RANKS:
            ranks = row
            break
        if metric.name == "mrr" and metric.k is None:
            # Ties make it a mean over orders, which the nearest rank stands for.
            ranks = np.rint(1 / np.maximum(row, 1e-12))
            break
    return ranks


def _binned(ranks: Floats, pool: int) -> tuple[Bar, ...]:
    """Count ranks; one between two whole ones, as ties give, counts as the later."""
    known = np.ceil(ranks[~np.isnan(ranks)])
    if not len(known):
        return ()
    deepest = known[np.isfinite(known)].max(initial=1)
    bars, before = [], 0
    for end in [*(end for end in _ENDS if end < pool), pool]:
        if before < deepest:
            inside = int(((known > before) & (known <= end)).sum())
            bars.append(_bar(before, end, inside, len(known)))
            before = end
    beyond = int((known > before).sum())
    return (*bars, *([_bar(before, None, beyond, len(known))] if beyond else ()))


def _from_cutoffs(scores: QueryScores) -> tuple[Bar, ...]:
    """Return what ``hit@1``, ``hit@5`` ... say: how many queries are between two cutoffs."""
    within = sorted(_cutoffs(scores.metrics, scores.values))
    bars, before, reached, n = [], 0, 0.0, len(scores.queries)
    for k, share in within:
        bars.append(_bar(before, k, max(0.0, share - reached) * n, n))
        before, reached = k, max(reached, share)
    if bars and n * (1 - reached) > 0.5:
        bars.append(_bar(before, None, (1 - reached) * n, n))
    return tuple(bars)


def _cutoffs(metrics: Sequence[Metric], values: Floats) -> list[tuple[int, float]]:
    return [
        (metric.k, float(np.nanmean(row)))
        for metric, row in zip(metrics, values, strict=True)
        if metric.name in _AMONG and metric.level == 1 and metric.k and not np.isnan(row).all()
    ]


def _bar(before: int, end: int | None, count: float, n: int) -> Bar:
    first = before + 1
    label = f"above {before}" if end is None else str(end) if end == first else f"{first}-{end}"
    return Bar(label, count / n, round(count, 1))
