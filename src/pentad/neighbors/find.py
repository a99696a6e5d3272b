"""`find_neighbors`: check what is compared, let one backend search, wrap what it found."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, UnknownName
from pentad.core.progress import SILENT, Progress, Task
from pentad.embeddings.embeddings import Embeddings, require_same_space
from pentad.neighbors.metrics import get_metric
from pentad.neighbors.neighbors import Neighbors

if TYPE_CHECKING:
    from pentad.neighbors.metrics import Metric

Found = tuple[NDArray[np.int64], NDArray[np.float64], dict[str, Any]]
Search = Callable[[Embeddings, Embeddings, int, "Metric", Task], Found]
"""A backend: queries, corpus, k, metric, task in; corpus rows, float64 scores (q, k), how out."""


def find_neighbors(
    queries: Embeddings,
    corpus: Embeddings,
    k: int = 16,
    *,
    metric: str = "cosine",
    backend: str = "exact",
    progress: Progress = SILENT,
) -> Neighbors:
    """Return the ``k`` nearest items of ``corpus`` for each of ``queries``.

    Args:
        queries: (q, dim) in one space.
        corpus: (n, dim) in the same space; may be memory-mapped.
        k: How many to find. Of a smaller corpus all items are returned, and a notice says so.
        metric: ``cosine``, ``dot`` or ``euclidean`` (the score is then the negative distance).
        backend: ``exact``: by score computed in float64 from the stored vectors, descending, ties
            by id ascending; the same on any number of threads.
        progress: Where progress is shown.

    Returns:
        Ids and scores of shape (q, min(k, n)), best first.

    Raises:
        SpaceMismatch: The two are of different spaces.
        InputError: The corpus is empty, k is less than 1, dimensions differ, a value is not finite.
        UnknownName: There is no such metric or backend.
    """
    require_same_space(queries, corpus)
    _require_sizes(queries, corpus, k)
    search, scoring = get_backend(backend), get_metric(metric)
    if k > len(corpus):
        progress.notice(
            f"{corpus.modality}: {k} neighbors were asked for and there are {len(corpus)} items; "
            f"each {queries.modality} gets {len(corpus)}"
        )
    name = f"neighbors {queries.modality} to {corpus.modality}"
    with progress.task(name, total=len(queries)) as task:
        rows, scores, how = search(queries, corpus, min(k, len(corpus)), scoring, task)
    with np.errstate(over="ignore"):
        rounded = scores.astype(np.float32)
    return Neighbors(
        query_ids=queries.ids,
        ids=corpus.ids[rows],
        scores=rounded,
        query_modality=queries.modality,
        modality=corpus.modality,
        space=corpus.space,
        k=k,
        metric=metric,
        corpus_size=len(corpus),
        query_location=queries.location,
        location=corpus.location,
        how={"backend": backend, **how},
    )


def get_backend(name: str) -> Search:
    """Return the search backend called ``name``.

    Raises:
        UnknownName: There is none; the message names the nearest one.
    """
    if name not in BACKENDS:
        raise UnknownName("backend", name, BACKENDS, listing="pentad list backends")
    return BACKENDS[name]


def _exact(queries: Embeddings, corpus: Embeddings, k: int, metric: Metric, task: Task) -> Found:
    from pentad.neighbors.exact import ExactSearch

    engine = ExactSearch(corpus.vectors, metric)
    rows, scores = engine.search(queries.vectors, k, task)
    proof = engine.proof
    return rows, scores, {"int8": proof.int8, "float32": proof.float32, "redone": proof.redone}


BACKENDS: dict[str, Search] = {"exact": _exact}


def _require_sizes(queries: Embeddings, corpus: Embeddings, k: int) -> None:
    if k < 1:
        raise InputError("k must be at least 1", seen=k)
    if len(corpus) == 0:
        raise InputError(f"there are no {corpus.modality} items to search; embed some first")
    if queries.dim != corpus.dim:
        raise InputError(
            "vectors of one space must have one length", expected=corpus.dim, seen=queries.dim
        )
    if corpus.dim == 0:
        raise InputError("vectors must have at least one value")
