"""Every metric of every query, by shared labels and for each class it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.metrics.best import best_columns
from pentad.evaluation.metrics.grammar import Metric
from pentad.evaluation.metrics.values import depth_of
from pentad.evaluation.similarity.compat import Compat, values_by
from pentad.evaluation.similarity.labels import LabelTable
from pentad.evaluation.similarity.named import NamedVectors
from pentad.evaluation.similarity.rankings import Rankings
from pentad.evaluation.similarity.scoring import Scorer, Search
from pentad.evaluation.similarity.views import ListViews, Rest

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Mask = Callable[[Rows], Flags]
_CELLS = 1 << 24
# A relevant item is nearly always among the first; the rest of a ranking is counted only else.
_LOOK = 128


@dataclass(frozen=True, eq=False)
class Judged:
    """The values of all queries.

    Attributes:
        metrics: What the rows are.
        queries: int64 (queries,), rows of the label table.
        micro: float64 (metrics, queries); relevant is what shares a label. NaN: not defined.
        pairs: int64 (pairs, 2), the query (a column of ``micro``) and a class of it, ascending.
        by_class: float64 (metrics, pairs); relevant is what has the class. NaN: not defined.
        labels: The labels.
        short: How many queries have fewer results than a metric looks at.
    """

    metrics: tuple[Metric, ...]
    queries: Rows
    micro: Floats
    pairs: Rows
    by_class: Floats
    labels: LabelTable
    short: int = 0


def judge_vectors(
    vectors: NamedVectors,
    labels: LabelTable,
    search: Search,
    metrics: Sequence[Metric],
    *,
    compat: Compat = Compat.none,
    progress: Progress = SILENT,
) -> Judged:
    """Rank all items for each item and judge the whole rankings.

    Items of equal score are in the order of their rows. Scores exist for one block of queries at a
    time.

    Args:
        vectors: Queries and corpus in one.
        labels: Labels of each of them.
        search: How close two vectors are.
        metrics: What to compute.
        compat: Whose definitions to follow; those of ``sss`` take ``mr1`` of Euclidean distances
            whatever ``search`` is.
        progress: Where to report.

    Raises:
        InputError: An item has no labels, there are fewer than two, or a vector has no cosine.
    """
    theirs = [metric for metric in metrics if compat is Compat.sss and metric.name == "mr1"]
    if not theirs or search is Search.euclidean:
        return _judge(vectors, labels, search, metrics, compat, progress)
    others = [metric for metric in metrics if metric not in theirs]
    near = _judge(vectors, labels, Search.euclidean, theirs, compat, progress)
    if not others:
        return near
    return _merged(metrics, _judge(vectors, labels, search, others, compat, progress), near)


def _judge(
    vectors: NamedVectors,
    labels: LabelTable,
    search: Search,
    metrics: Sequence[Metric],
    compat: Compat,
    progress: Progress,
) -> Judged:
    if len(vectors) < 2:
        raise InputError("a search needs two items", seen=len(vectors))
    own = labels.of(vectors.names)
    pool = len(vectors) - 1
    depth = max(depth_of(metrics, pool), min(_LOOK, pool))
    scorer = Scorer(vectors.vectors, search)
    blocks = []
    with progress.task(f"rank by {search}", len(vectors)) as task:
        for block in row_blocks(len(vectors), 6 * len(vectors) + 8 * depth, _CELLS):
            rows = np.arange(block.start, block.stop)
            scores = scorer.block(rows)
            judge = _Block(own.member, rows, best_columns(scores, depth), pool, scores)
            blocks.append(judge.values(metrics, compat))
            task.advance(len(rows))
    return _joined(tuple(metrics), np.arange(len(vectors)), own, blocks)


def _merged(metrics: Sequence[Metric], first: Judged, second: Judged) -> Judged:
    """Return the rows of two judgements of the same queries in the order of ``metrics``."""
    names = [*first.metrics, *second.metrics]
    order = [names.index(metric) for metric in metrics]
    micro = np.concatenate([first.micro, second.micro])[order]
    by_class = np.concatenate([first.by_class, second.by_class])[order]
    return replace(first, metrics=tuple(metrics), micro=micro, by_class=by_class)


def judge_rankings(
    rankings: Rankings,
    labels: LabelTable,
    metrics: Sequence[Metric],
    *,
    compat: Compat = Compat.none,
) -> Judged:
    """Judge rankings that were made before.

    What has no labels is taken out of the rankings, and queries without labels are left out. The
    corpus is everything that has labels; but where the rankings are whole it is what they rank,
    and what has labels and is nowhere in them does not count. Where a list has fewer results than a
    metric looks at, the missing places hold nothing relevant.

    Raises:
        InputError: No query has labels, or a metric needs whole rankings and these are not.
    """
    if len(labels) < 2:
        raise InputError("a search needs two items with labels", seen=len(labels))
    known = labels.rows_of(rankings.names)
    there = [name for name, row in zip(rankings.names, known, strict=True) if row >= 0]
    if rankings.whole and len(there) > 1:
        labels = labels.of(there)
        known = labels.rows_of(rankings.names)
    keep = np.flatnonzero(known[rankings.queries] >= 0)
    if not len(keep):
        raise InputError(
            "no query of the rankings has labels",
            expected=f"names such as {labels.names[0]!r}",
            seen=repr(rankings.names[0]),
        )
    pool = len(labels) - 1
    queries = known[rankings.queries[keep]]
    found = _packed(np.append(known, -1)[rankings.found[keep]])
    there = (found >= 0).sum(axis=1)
    # The best list there could be is as long as a cutoff, however short the lists are.
    missing = max(0, depth_of(metrics, pool) - found.shape[1])
    found = np.pad(found, ((0, 0), (0, missing)), constant_values=-1)
    blocks = []
    for block in row_blocks(len(queries), 6 * len(labels) + 40 * found.shape[1], _CELLS):
        some = found[block]
        scores = None if (there[block] < pool).any() else _ranked_scores(some, len(labels))
        judge = _Block(labels.member, queries[block], some, pool, scores)
        blocks.append(judge.values(metrics, compat))
    short = int((there < depth_of(metrics, pool)).sum())
    return _joined(tuple(metrics), queries, labels, blocks, short)


class _Block:
    """Some queries with their first places, and where whole rankings are known, their scores."""

    def __init__(
        self, member: Flags, queries: Rows, found: Rows, pool: int, scores: Floats | None
    ) -> None:
        self._member, self._queries, self._found = member, queries, found
        self._pool, self._scores = pool, scores
        self._counts = member.sum(axis=0)
        self._ranks: Rows | None = None

    def values(self, metrics: Sequence[Metric], compat: Compat) -> tuple[Floats, Rows, Floats]:
        """Return micro values, pairs and the values of the pairs."""
        shared, everyone = self._shared(), np.arange(len(self._queries))
        total = shared.sum(axis=1)
        hits = np.take_along_axis(shared, np.maximum(self._found, 0), axis=1)
        views = self._views(everyone, hits, total, lambda some: shared[some])
        micro = values_by(metrics, views, total, compat)
        parts, pairs = [np.empty((len(metrics), 0))], [np.empty((0, 2), np.int64)]
        for column in np.flatnonzero(self._member[self._queries].any(axis=0)).tolist():
            rows = np.flatnonzero(self._member[self._queries, column])
            parts.append(self._class_values(metrics, compat, rows, column))
            pairs.append(np.stack([rows, np.full(len(rows), column)], axis=1))
        return micro, np.concatenate(pairs), np.concatenate(parts, axis=1)

    def _class_values(
        self, metrics: Sequence[Metric], compat: Compat, rows: Rows, column: int
    ) -> Floats:
        """Return (metrics, rows): the values of queries of one class, which is what is relevant."""
        member = self._member[:, column]
        total = np.full(len(rows), self._counts[column] - 1)

        def mask(some: Rows) -> Flags:
            relevant = np.repeat(member[None], len(some), axis=0)
            relevant[np.arange(len(some)), self._queries[rows[some]]] = False
            return relevant

        views = self._views(rows, member[self._found[rows]], total, mask)
        return values_by(metrics, views, total, compat, of_class=True)

    def _shared(self) -> Flags:
        """Return bool (queries, items): has the item a label of the query, and is it another?"""
        labels = self._member.astype(np.float32)
        shared: Flags = (labels[self._queries] @ labels.T) > 0
        shared[np.arange(len(shared)), self._queries] = False
        return shared

    def _views(self, rows: Rows, hits: Flags, total: Rows, mask: Mask) -> ListViews:
        """Return what metrics see of some of the queries.

        Args:
            rows: int64 (rankings,), queries of this block.
            hits: bool (rankings, K), whether the item in a place is relevant.
            total: int64 (rankings,), how many items are.
            mask: Rankings -> bool (rankings, items), which are.
        """
        there = self._found[rows] >= 0
        rest = None if self._scores is None else self._rest(self._scores, rows, mask)
        return ListViews(hits & there, there, total, self._pool, rest)

    def _rest(self, scores: Floats, rows: Rows, mask: Mask) -> Rest:
        def first(some: Rows) -> Rows:
            own = scores[rows[some]]
            return _first_rank(own, np.where(mask(some), own, -np.inf))

        def sums(some: Rows) -> Floats:
            ranks = np.where(mask(some), self._all_ranks(scores)[rows[some]], 0)
            return np.asarray(ranks.sum(axis=1), np.float64)

        return Rest(first, sums)

    def _all_ranks(self, scores: Floats) -> Rows:
        """Return int64 (queries, items): the rank of each item from 1."""
        if self._ranks is None:
            order = np.argsort(-scores, axis=1, kind="stable")
            self._ranks = np.empty_like(order)
            np.put_along_axis(self._ranks, order, np.arange(1, order.shape[1] + 1)[None], axis=1)
        return self._ranks


def _first_rank(scores: Floats, relevant: Floats) -> Rows:
    """Return the rank from 1 of the best relevant score of each row, equal ones by column."""
    best = relevant.max(axis=1)
    column = relevant.argmax(axis=1)
    above = np.count_nonzero(scores > best[:, None], axis=1)
    tied = scores == best[:, None]
    earlier = np.arange(scores.shape[1]) < column[:, None]
    ranks: Rows = above + np.count_nonzero(tied & earlier, axis=1) + 1
    return ranks


def _ranked_scores(found: Rows, items: int) -> Floats:
    """Return scores (queries, items) that order items as whole rankings do."""
    scores = np.full((len(found), items), -np.inf)
    places = np.broadcast_to(-np.arange(found.shape[1], dtype=np.float64), found.shape)
    rows, columns = np.nonzero(found >= 0)
    scores[rows, found[rows, columns]] = places[rows, columns]
    return scores


def _packed(found: Rows) -> Rows:
    """Return the lists without the empty places among them, at least one place wide."""
    if not found.shape[1]:
        return np.full((len(found), 1), -1, np.int64)
    order = np.argsort(found < 0, axis=1, kind="stable")
    packed = np.take_along_axis(found, order, axis=1)
    longest = int((packed >= 0).sum(axis=1).max(initial=0))
    return packed[:, : max(1, longest)]


def _joined(
    metrics: tuple[Metric, ...],
    queries: Rows,
    labels: LabelTable,
    blocks: Sequence[tuple[Floats, Rows, Floats]],
    short: int = 0,
) -> Judged:
    starts = np.cumsum([0, *(block[0].shape[1] for block in blocks)])
    pairs = [
        block[1] + np.array([start, 0]) for block, start in zip(blocks, starts[:-1], strict=True)
    ]
    every = np.concatenate(pairs)
    order = np.lexsort((every[:, 1], every[:, 0]))
    return Judged(
        metrics,
        queries,
        np.concatenate([block[0] for block in blocks], axis=1),
        every[order],
        np.concatenate([block[2] for block in blocks], axis=1)[:, order],
        labels,
        short,
    )
