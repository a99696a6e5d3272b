"""One direction of retrieval: every query against the whole corpus, by cosine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.metrics.grammar import Metric, parse_metrics
from pentad.evaluation.metrics.score_block import Blind, ScoreBlock, Ties
from pentad.evaluation.metrics.values import depth_of, values_of
from pentad.evaluation.scores import QueryScores, Relation

if TYPE_CHECKING:
    from pentad.core.modality import Modality
    from pentad.evaluation.metrics.relevance import Relevance


DEFAULT_METRICS = ("hit@1", "hit@5", "hit@10")
# A score costs itself, the order of its row, a grade and comparisons; a place some seven numbers.
_CELLS = 1 << 26
_CELLS_PER_SCORE = 4
_CELLS_PER_PLACE = 24


@dataclass(frozen=True, eq=False)
class RetrievalTask:
    """Queries, a corpus, and what is relevant to what. `protocol` makes them from labelled items.

    Attributes:
        query: Modality of the queries.
        corpus: Modality of what is searched.
        query_vectors: (queries, dim), of any length; a zero vector scores 0 with everything.
        corpus_vectors: (corpus rows, dim).
        relevance: The relevant corpus rows of each query; queries without any are left out.
        queries: (queries,) item ids or caption keys.
        units: int64 (queries,); queries of one unit are resampled together.
        relevant_by: What makes an item relevant.
        missing: How many queries have no vector and are not among the rows.
    """

    query: Modality
    corpus: Modality
    query_vectors: NDArray[Any]
    corpus_vectors: NDArray[Any]
    relevance: Relevance
    queries: NDArray[Any]
    units: NDArray[np.int64]
    relevant_by: Relation = "caption"
    missing: int = 0

    def __post_init__(self) -> None:
        """Check that the parts have the same number of rows and the same dimension."""
        rows = len(self.query_vectors)
        seen = (len(self.relevance), len(self.queries), len(self.units))
        if seen != (rows, rows, rows):
            raise InputError(
                "relevance, queries and units need one entry a query", expected=rows, seen=seen
            )
        expected = (self.relevance.corpus_size, self.query_vectors.shape[1])
        if self.corpus_vectors.shape != expected:
            raise InputError("corpus vectors", expected=expected, seen=self.corpus_vectors.shape)

    @property
    def usable(self) -> NDArray[np.int64]:
        """int64: the rows of the queries that have something relevant."""
        return np.flatnonzero(self.relevance.sizes)


def score_retrieval(
    task: RetrievalTask, metrics: Iterable[str] = DEFAULT_METRICS, *, ties: Ties = "expected"
) -> QueryScores:
    """Return every metric of every query that has something relevant.

    The score of a pair is the cosine of its vectors. Equal corpus vectors score exactly the same:
    ties are real, whatever the matrix product does. Memory is bounded: scores exist for one block
    of queries at a time.

    A value is NaN where it is not defined: a metric with a least grade of a query that has nothing
    of that grade, and the area under the curve where everything is relevant. Means are over the
    others.

    Args:
        task: What to search, where.
        metrics: Names in the metric grammar.
        ties: ``expected``: items of equal score have no order, metrics are means over all orders,
            and the order of the corpus changes nothing. ``id``: they are in the order of the
            corpus.

    Raises:
        InputError: No query has anything relevant, or a cutoff is wrong.
        UnknownName: A metric is not known.
    """
    wanted = parse_metrics(metrics)
    keep = task.usable
    if len(keep) == 0:
        raise InputError(f"{task.query} -> {task.corpus}: no query has a relevant item")
    values, chance = _values(task, wanted, keep, ties)
    return QueryScores(
        query=task.query,
        corpus=task.corpus,
        metrics=wanted,
        values=values,
        chance=chance,
        queries=task.queries[keep],
        units=task.units[keep],
        relevant=task.relevance.sizes[keep],
        pool=task.relevance.corpus_size,
        relevant_by=task.relevant_by,
        excluded=len(task.queries) - len(keep) + task.missing,
    )


class CosineCorpus:
    """A corpus whose equal vectors get exactly equal scores.

    A matrix product rounds by the place of a row in its blocks, which would part the scores of
    equal rows and make them depend on the order of the corpus. Each distinct row is therefore
    multiplied once, in an order that depends on its bytes alone. Scores stay in that order: moving
    them back would cost as much as the product.

    Attributes:
        place: int64 (corpus rows,), the column of `scores` in which each corpus row is.
    """

    def __init__(self, vectors: NDArray[Any]) -> None:
        if vectors.shape[1] == 0:
            raise InputError("vectors have no dimension")
        # Adding 0 turns -0 into 0: equal numbers then have equal bytes.
        rows = np.ascontiguousarray(unit_rows(vectors) + vectors.dtype.type(0))
        whole = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
        _, first, code, self._repeats = np.unique(
            whole, return_index=True, return_inverse=True, return_counts=True
        )
        self._columns = rows[first].T
        self.place: NDArray[np.int64] = np.empty(len(rows), np.int64)
        self.place[np.argsort(code, kind="stable")] = np.arange(len(rows))

    def scores(self, queries: NDArray[Any]) -> NDArray[Any]:
        """Return the cosines (queries, corpus rows in order of `place`) of ``queries``."""
        found: NDArray[Any] = unit_rows(queries) @ self._columns
        if len(self._repeats) < len(self.place):
            found = np.repeat(found, self._repeats, axis=1)
        return found


def unit_rows(vectors: NDArray[Any]) -> NDArray[Any]:
    """Return rows of length 1 in the type of ``vectors``; a zero row stays zero."""
    # Dividing by the largest entry first keeps the squares of huge and tiny rows within range.
    top = np.abs(vectors).max(axis=1, keepdims=True, initial=0)
    scaled = vectors / np.where(top > 0, top, 1)
    norms = np.sqrt((scaled * scaled).sum(axis=1, keepdims=True))
    unit: NDArray[Any] = scaled / np.where(norms > 0, norms, 1)
    return unit


def _values(
    task: RetrievalTask, metrics: tuple[Metric, ...], keep: NDArray[np.int64], ties: Ties
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the values and their chance levels, (metrics, queries) each."""
    corpus = CosineCorpus(task.corpus_vectors)
    placed = task.relevance if ties == "id" else task.relevance.moved(corpus.place)
    pool = task.relevance.corpus_size
    depth = depth_of(metrics, pool)
    values, chance = np.empty((2, len(metrics), len(keep)))
    for block in row_blocks(len(keep), _CELLS_PER_SCORE * pool + _CELLS_PER_PLACE * depth, _CELLS):
        rows = keep[block]
        scores, relevance = corpus.scores(task.query_vectors[rows]), placed.take(rows)
        if ties == "id":
            scores = scores[:, corpus.place]
        undefined = _undefined(relevance, metrics)
        for out, views in (
            (values, ScoreBlock(scores, relevance, depth, ties)),
            (chance, Blind(relevance, depth)),
        ):
            out[:, block] = np.where(undefined, np.nan, values_of(views, metrics))
    return values, chance


def _undefined(relevance: Relevance, metrics: tuple[Metric, ...]) -> NDArray[np.bool_]:
    """Return (metrics, queries): is there nothing of the grade that the metric asks for?"""
    return np.stack([relevance.at_least(metric.level).sizes == 0 for metric in metrics])
