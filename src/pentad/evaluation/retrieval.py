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
from pentad.evaluation.metrics.registry import METRICS
from pentad.evaluation.scores import QueryScores, Relation

if TYPE_CHECKING:
    from pentad.core.modality import Modality
    from pentad.evaluation.metrics.relevance import Relevance


DEFAULT_METRICS = ("hit@1", "hit@5", "hit@10")


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


def score_retrieval(task: RetrievalTask, metrics: Iterable[str] = DEFAULT_METRICS) -> QueryScores:
    """Return every metric of every query that has something relevant.

    The score of a pair is the cosine of its vectors. Equal corpus vectors score exactly the same
    and the order of the corpus changes nothing: ties are real, whatever the matrix product does.
    Memory is bounded: scores exist for one block of queries at a time.

    Args:
        task: What to search, where.
        metrics: Names in the metric grammar.

    Raises:
        InputError: No query has anything relevant, or a cutoff is wrong.
        UnknownName: A metric is not known.
    """
    wanted = parse_metrics(metrics)
    keep = task.usable
    if len(keep) == 0:
        raise InputError(f"{task.query} -> {task.corpus}: no query has a relevant item")
    relevance = task.relevance.take(keep)
    sizes, pool = relevance.sizes, relevance.corpus_size
    return QueryScores(
        query=task.query,
        corpus=task.corpus,
        metrics=wanted,
        values=_values(task, wanted, keep),
        chance=_by_metric(
            wanted, {n: METRICS[n].chance(pool, sizes, ks) for n, ks in _cutoffs(wanted)}
        ),
        queries=task.queries[keep],
        units=task.units[keep],
        relevant=sizes,
        pool=pool,
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
    task: RetrievalTask, metrics: tuple[Metric, ...], keep: NDArray[np.int64]
) -> NDArray[np.float64]:
    corpus = CosineCorpus(task.corpus_vectors)
    placed = task.relevance.moved(corpus.place)
    blocks = []
    for block in row_blocks(len(keep), 2 * task.relevance.corpus_size):
        rows = keep[block]
        scores, relevance = corpus.scores(task.query_vectors[rows]), placed.take(rows)
        found = {
            name: METRICS[name].values(scores, relevance, ks) for name, ks in _cutoffs(metrics)
        }
        blocks.append(_by_metric(metrics, found))
    return np.concatenate(blocks, axis=1)


def _cutoffs(metrics: tuple[Metric, ...]) -> list[tuple[str, list[int]]]:
    """Return each metric name once, with its cutoffs in the order asked for."""
    names = dict.fromkeys(metric.name for metric in metrics)
    return [(name, [m.k for m in metrics if m.name == name]) for name in names]


def _by_metric(
    metrics: tuple[Metric, ...], found: dict[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the rows of ``found`` in the order of ``metrics``."""
    rows = {
        Metric(name, k): row
        for name, ks in _cutoffs(metrics)
        for k, row in zip(ks, found[name], strict=True)
    }
    return np.stack([rows[metric] for metric in metrics])
