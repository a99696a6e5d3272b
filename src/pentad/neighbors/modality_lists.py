"""The best items of each modality for some queries, ready to be merged into one list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.embeddings.embeddings import unit_rows
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.hubness import fair_neighborhood, raw_cosines
from pentad.neighbors.merge_modalities import ScoredList
from pentad.neighbors.metrics import get_metric

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Asked:
    """Queries of one modality.

    Attributes:
        vectors: float16 or float32 (queries, dim).
        modality: What they are.
        own: int64 (queries,), the row that each query has in the corpus of its own modality, which
            is then never found; None where queries are no items of it.
    """

    vectors: NDArray[Any]
    modality: Modality
    own: Rows | None = None

    def __len__(self) -> int:
        """Return how many queries there are."""
        return len(self.vectors)

    def take(self, rows: Rows) -> Asked:
        """Return some of the queries."""
        own = None if self.own is None else self.own[rows]
        return Asked(self.vectors[rows], self.modality, own)


def modality_lists(
    asked: Asked, corpora: Mapping[Modality, NDArray[Any]], n: int
) -> dict[Modality, ScoredList]:
    """Return the ``n`` items of each modality with the highest cosine, by row; ties by row.

    A modality without any item that may be found is left out.

    Args:
        asked: The queries.
        corpora: Vectors (items, dim) by modality; they may be memory-mapped.
        n: How many items of each; all, if there are fewer.

    Raises:
        InputError: ``n`` is less than 1, or a value is not finite.
    """
    _require(n)
    found = {}
    for modality, vectors in corpora.items():
        if len(vectors) > _taken(asked, modality):
            search = ExactSearch(vectors, get_metric("cosine"))
            found[modality] = ScoredList(*_search(search, asked, modality, len(vectors), n))
    return found


def csls_lists(
    asked: Asked,
    corpora: Mapping[Modality, NDArray[Any]],
    n: int,
    *,
    reference: Asked,
    neighborhood: int = 10,
) -> dict[Modality, ScoredList]:
    """Return the ``n`` best items of each modality by the published CSLS.

    That is ``2 cos(u, v) - r(u) - r(v)`` (see `pentad.neighbors.hubness`): r(v) is the mean cosine
    of an item to its nearest reference queries (how many: `fair_neighborhood`), r(u) that of a
    query to its ``neighborhood`` nearest items of the modality. Within one list r(u) changes
    nothing; between lists it says how near the items of a modality are to this very query. No
    vector is counted among its own neighbors.

    Args:
        asked: The queries.
        corpora: Vectors (items, dim) by modality.
        n: How many items of each; all, if there are fewer.
        reference: Queries of the same modality that are not searched for.
        neighborhood: For r(u), and for how many queries r(v) is a mean of.

    Raises:
        InputError: ``n`` is less than 1, there is no reference, or a value is not finite.
    """
    _require(n)
    if not len(reference):
        raise InputError("CSLS needs reference queries")
    queries = np.pad(unit_rows(asked.vectors), ((0, 0), (0, 1)), constant_values=1.0)
    padded = Asked(queries, asked.modality, asked.own)
    found = {}
    for modality, near in modality_lists(asked, corpora, neighborhood).items():
        vectors = corpora[modality]
        terms = _item_terms(reference, vectors, modality, neighborhood)
        stored = np.hstack([2 * unit_rows(vectors), -terms[:, None]]).astype(np.float32)
        search = ExactSearch(stored, get_metric("dot"))
        rows, scores = _search(search, padded, modality, len(vectors), n)
        cosines = raw_cosines(asked.vectors, vectors, rows)
        found[modality] = ScoredList(rows, cosines, scores - near.scores.mean(axis=1)[:, None])
    return found


def _item_terms(
    reference: Asked, vectors: NDArray[Any], modality: Modality, neighborhood: int
) -> NDArray[np.float64]:
    """Return r of each item, (items,): its mean cosine to its nearest reference queries."""
    size = fair_neighborhood(neighborhood, len(reference), len(vectors))
    search = ExactSearch(reference.vectors, get_metric("cosine"))
    if reference.own is None or modality is not reference.modality:
        near: NDArray[np.float64] = search.search(vectors, min(size, len(reference)))[1]
        nearest: NDArray[np.float64] = near.mean(axis=1)
        return nearest
    own = np.full(len(vectors), -1, dtype=np.int64)
    own[reference.own] = np.arange(len(reference))
    rows, scores = search.search(vectors, min(size + 1, len(reference)))
    others = rows != own[:, None]
    counted = others & (np.cumsum(others, axis=1) <= size)
    means: NDArray[np.float64] = (scores * counted).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
    return means


def _require(n: int) -> None:
    if n < 1:
        raise InputError("n must be at least 1", seen=n)


def _taken(asked: Asked, modality: Modality) -> int:
    """Return how many items of a corpus each query leaves out."""
    return int(asked.own is not None and modality is asked.modality)


def _search(
    search: ExactSearch, asked: Asked, modality: Modality, items: int, n: int
) -> tuple[Rows, NDArray[np.float64]]:
    own = asked.own if modality is asked.modality else None
    if own is None:
        return search.search(asked.vectors, min(n, items))
    rows, scores = search.search(asked.vectors, min(n + 1, items))
    return _without(rows, scores, own)


def _without(
    rows: Rows, scores: NDArray[np.float64], own: Rows
) -> tuple[Rows, NDArray[np.float64]]:
    """Return each list without the query's own row, or without its last where that is not there."""
    gone = rows == own[:, None]
    gone[:, -1] |= ~gone.any(axis=1)
    kept = ~gone
    shape = (len(rows), rows.shape[1] - 1)
    return rows[kept].reshape(shape), scores[kept].reshape(shape)
