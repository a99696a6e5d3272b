"""Search within one modality: an item finds others of its concept, and never itself.

An item is nearest to itself, so a search that leaves it in scores 1 at the first place and says
nothing. Here the query is taken out of its own corpus, which has one item less, for chance too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.diagnostics.space import NONE, Part, Rows, concept_codes
from pentad.evaluation.metrics.grammar import parse_metrics
from pentad.evaluation.metrics.relevance import Relevance
from pentad.evaluation.metrics.values import chance_values, metric_values
from pentad.evaluation.scores import QueryScores

_CELLS = 1 << 22


def score_same_modality(part: Part, metrics: Sequence[str]) -> QueryScores:
    """Return every metric of every row that shares its concept with another row.

    The score of a pair is the cosine; equal vectors score exactly the same, and metrics are means
    over all orders of what is tied, so that the order of the rows changes nothing.

    Args:
        part: One modality. Rows without a concept are searched, but do not search.
        metrics: Names in the metric grammar that look at the first places, such as ``hit@5``.

    Raises:
        InputError: No two rows share a concept.
        UnknownName: A metric is not known.
    """
    wanted = parse_metrics(metrics)
    names = [str(metric) for metric in wanted]
    codes = concept_codes({part.modality: part})[part.modality]
    sizes = _others(codes)
    keep = np.flatnonzero(sizes)
    if not len(keep):
        raise InputError(f"{part.modality} -> {part.modality}: no two items share a concept")
    corpus = _Corpus(part.vectors)
    blocks = [
        metric_values(
            corpus.scores(keep[block]), _relevance(codes, keep[block]), names, ties="expected"
        )
        for block in row_blocks(len(keep), len(part), _CELLS)
    ]
    return QueryScores(
        query=part.modality,
        corpus=part.modality,
        metrics=wanted,
        values=np.concatenate(blocks, axis=1),
        chance=_chance(sizes[keep], len(part) - 1, names),
        queries=_names(part)[keep],
        units=part.units[keep],
        relevant=sizes[keep],
        pool=len(part) - 1,
        relevant_by="concept",
        excluded=len(part) - len(keep),
    )


class _Corpus:
    """Rows of length 1, each distinct one multiplied once: equal rows get equal scores."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._rows = vectors
        self._distinct, self._code = np.unique(vectors + np.float32(0), axis=0, return_inverse=True)

    def scores(self, rows: Rows) -> NDArray[np.float32]:
        """Return the cosines (rows, corpus) of some rows, their own place behind all others."""
        products: NDArray[np.float32] = self._rows[rows] @ self._distinct.T
        found = products[:, self._code.ravel()]
        found[np.arange(len(rows)), rows] = -np.inf
        return found


def _others(codes: Rows) -> Rows:
    """Return how many other rows have the concept of each row; 0 without a concept."""
    counts = np.bincount(codes[codes != NONE], minlength=1)
    return np.where(codes == NONE, 0, counts[np.maximum(codes, 0)] - 1)


def _relevance(codes: Rows, rows: Rows) -> Relevance:
    """Return which corpus rows are relevant to some rows, without themselves."""
    left, right = np.nonzero(codes[rows][:, None] == codes)
    other = rows[left] != right
    return Relevance.from_pairs(
        left[other], right[other], queries=len(rows), corpus_size=len(codes)
    )


def _chance(sizes: Rows, pool: int, names: Sequence[str]) -> NDArray[np.float64]:
    """Return what a random order scores: only how many items are relevant matters."""
    distinct, code = np.unique(sizes, return_inverse=True)
    queries = np.repeat(np.arange(len(distinct)), distinct)
    columns = np.concatenate([np.arange(size) for size in distinct])
    relevance = Relevance.from_pairs(queries, columns, queries=len(distinct), corpus_size=pool)
    return chance_values(relevance, names)[:, code.ravel()]


def _names(part: Part) -> NDArray[np.object_]:
    """Return what a row is called: its id, of a caption its key."""
    named = [keys[0] for keys in part.captions] if part.modality == "text" else part.ids.tolist()
    return np.array(named, dtype=object)
