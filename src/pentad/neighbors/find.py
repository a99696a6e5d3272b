"""`find_neighbors`: check what is compared, let one backend search, wrap what it found."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError
from pentad.core.progress import SILENT, Progress, Task
from pentad.core.whole import whole_number
from pentad.embeddings.embeddings import Embeddings, require_same_space
from pentad.neighbors.backends import AUTO, Searcher, get_backend
from pentad.neighbors.hubs import hub_report
from pentad.neighbors.metrics import Floats, Metric, get_metric
from pentad.neighbors.native import Native, put_first, require_treatment, without
from pentad.neighbors.neighbors import Neighbors
from pentad.neighbors.seen import SPARE, Seen
from pentad.neighbors.settings import Options, Settings
from pentad.neighbors.stored import pair_scores

if TYPE_CHECKING:
    from pentad.neighbors.hubness import Adjusted

Indices = NDArray[np.int64]

_FEW = 16


def find_neighbors(
    queries: Embeddings,
    corpus: Embeddings,
    k: int = 16,
    *,
    metric: str = "cosine",
    backend: str = AUTO,
    hubness: str = "none",
    pairs: ArrayLike | None = None,
    native: str = "keep",
    progress: Progress = SILENT,
    **options: Unpack[Options],
) -> Neighbors:
    """Return the ``k`` nearest items of ``corpus`` for each of ``queries``.

    Args:
        queries: (q, dim) in one space.
        corpus: (n, dim) in the same space; may be memory-mapped.
        k: How many to find, at most n.
        metric: ``cosine``, ``dot`` or ``euclidean`` (the score is then the negative distance).
        backend: ``exact``: by score computed in float64 from the stored vectors, descending, ties
            by id ascending; the same on any number of threads, devices and machines. ``ivf``,
            ``hnsw`` or ``hnsw-flat``: approximate, tuned to ``recall`` on a sample of the queries;
            scores and ties as exact. ``auto``: ``ivf`` for more than a million items, else exact.
        hubness: ``none``, or the order is by cosine less the advantage of hubs: ``center``,
            ``csls`` or ``center+csls``; see `pentad.neighbors.hubness`.
        pairs: (pairs, 2) query id and item id: which items are the queries' own.
        native: What becomes of those: ``keep`` them where they come, ``exclude`` them, or put them
            ``first``.
        progress: Where progress is shown.
        options: What `Settings` lists: ``recall``, ``memory``, ``device``, ``engine``, ``seed``,
            ``neighborhood``, ``scratch``.

    Returns:
        Ids and scores of shape (q, k), best first.

    Raises:
        SpaceMismatch: The two are of different spaces.
        InputError: The corpus is empty or has less than k items, k is less than 1, dimensions
            differ, a value is not finite, a setting is out of range, or settings exclude one
            another.
        UnknownName: There is no such metric, backend, hubness method or treatment.
    """
    settings = Settings(**options)
    require_same_space(queries, corpus)
    k = whole_number("k", k)
    _require_sizes(queries, corpus, k)
    scoring, opened = get_metric(metric), get_backend(backend, len(queries), len(corpus), settings)
    own = None if pairs is None else Native.of(pairs, queries, corpus)
    _require_native(own, require_treatment(native), queries, corpus, k)
    adjusting = "" if hubness == "none" else f", hubs adjusted by {hubness}"
    name = f"neighbors {queries.modality} to {corpus.modality}{adjusting}"
    with (
        progress.task(name, total=len(queries)) as task,
        naming(queries, corpus),
        _compared(queries, corpus, scoring, hubness, k, settings) as sides,
    ):
        searcher = opened(sides.corpus, sides.metric, settings, len(queries))
        searcher.tune(sides.queries, k)
        spare = _spare(searcher.how | sides.facts(), native, k, len(corpus))
        rows, order = _search(searcher, sides, own, native, k + spare, task)
        further = corpus.ids[rows[:, k:]], _rounded(order[:, k:])
        rows, order = rows[:, :k], order[:, :k]
        scores = order if sides.adjusted is None else sides.raw_scores(rows)
        how = searcher.how | sides.facts() | _native_facts(own, native, rows)
    ids = corpus.ids[rows]
    return Neighbors(
        query_ids=queries.ids,
        ids=ids,
        scores=_rounded(scores),
        query_modality=queries.modality,
        modality=corpus.modality,
        space=corpus.space,
        k=k,
        metric=metric,
        corpus_size=len(corpus),
        query_location=queries.location,
        location=corpus.location,
        how=how | {"hubs": hub_report(ids, corpus.ids).to_json()},
        adjusted_scores=None if sides.adjusted is None else _rounded(order),
        native=None if own is None else own.flags(rows),
        seen=Seen.of(queries, corpus, *further) if _can_be_updated(how, native) else None,
    )


@contextmanager
def naming(queries: Embeddings, corpus: Embeddings) -> Iterator[None]:
    """Say by its id which vector is not finite; a search knows rows only."""
    try:
        yield
    except InputError as error:
        for name, side in (("queries", queries), ("items", corpus)):
            if error.row is not None and str(error).endswith(f"{name} must be finite"):
                raise InputError(
                    f"the vector of {side.modality} {side.ids[error.row]} is not finite; "
                    "embed it again",
                    file=side.location or None,
                ) from None
        raise


def _can_be_updated(how: Mapping[str, Any], native: str) -> bool:
    """Return whether neighbors of a later state can be had from these."""
    return how["backend"] == "exact" and how["hubness"] == "none" and native == "keep"


def _spare(how: Mapping[str, Any], native: str, k: int, items: int) -> int:
    """Return how many more neighbors to find, so that a few may go before a search is needed."""
    return min(SPARE, items - k) if _can_be_updated(how, native) else 0


@dataclass(frozen=True, eq=False)
class _Sides:
    """The rows that are searched, and the stored vectors behind them."""

    queries: NDArray[Any]
    corpus: NDArray[Any]
    metric: Metric
    stored: tuple[NDArray[Any], NDArray[Any]]
    adjusted: Adjusted | None = None

    def raw_scores(self, rows: Indices) -> Floats:
        """Return the cosines of the stored vectors."""
        from pentad.neighbors.hubness import raw_cosines

        return raw_cosines(*self.stored, rows)

    def facts(self) -> dict[str, Any]:
        """Return what was done about hubs, for a manifest."""
        if self.adjusted is None:
            return {"hubness": "none"}
        size = {"neighborhood": self.adjusted.neighborhood} if self.adjusted.neighborhood else {}
        return {"hubness": self.adjusted.method, **size}


@contextmanager
def _compared(
    queries: Embeddings,
    corpus: Embeddings,
    metric: Metric,
    hubness: str,
    k: int,
    settings: Settings,
) -> Iterator[_Sides]:
    """Yield what is to be searched: the stored vectors, or rows adjusted for hubs."""
    from pentad.neighbors.hubness import adjust, fair_neighborhood, require_method

    stored = queries.vectors, corpus.vectors
    if require_method(hubness) == "none":
        yield _Sides(*stored, metric, stored)
        return
    if metric.name != "cosine":
        raise InputError(
            f"hubness {hubness} adjusts cosines only", expected="metric cosine", seen=metric.name
        )
    size = settings.neighborhood or fair_neighborhood(k, len(queries), len(corpus))
    with _room(stored, settings) as folder:
        adjusted = adjust(*stored, hubness, size, folder=folder, memory=settings.memory)
        yield _Sides(adjusted.queries, adjusted.corpus, get_metric("dot"), stored, adjusted)


@contextmanager
def _room(stored: tuple[NDArray[Any], NDArray[Any]], settings: Settings) -> Iterator[Path | None]:
    """Yield a folder for adjusted rows that would take more than the memory there is, or None."""
    if sum(4 * len(rows) * (rows.shape[1] + 1) for rows in stored) <= settings.memory:
        yield None
        return
    if settings.scratch is not None:
        settings.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="adjusted-", dir=settings.scratch) as name:
        yield Path(name)


def _search(
    searcher: Searcher, sides: _Sides, own: Native | None, native: str, k: int, task: Task
) -> tuple[Indices, Floats]:
    """Return rows and the float64 scores that decide their order, native items as asked for."""
    if own is None or native == "keep":
        return searcher.search(sides.queries, k, task)
    if native == "exclude":
        return _search_without(searcher, sides.queries, own, k, task)
    rows, scores = searcher.search(sides.queries, k, task)
    own_scores = pair_scores(sides.queries, sides.corpus, own.left, own.right, sides.metric)
    return put_first(own, own_scores, rows, scores)


def _search_without(
    searcher: Searcher, queries: NDArray[Any], own: Native, k: int, task: Task
) -> tuple[Indices, Floats]:
    """Search for as many more as are the query's own.

    All queries are searched together for a few more; those that have many of their own are searched
    once more, with others that have about as many.
    """
    few = min(int(own.counts.max(initial=0)), _FEW)
    rows, scores = without(own, *searcher.search(queries, min(k + few, own.items), task), k)
    many = np.where(own.counts > few, np.exp2(np.ceil(np.log2(own.counts.clip(1)))), 0)
    for extra in np.unique(many[many > 0]).astype(np.int64).tolist():
        some = np.flatnonzero(many == extra)
        found = searcher.search(queries[some], min(k + extra, own.items))
        rows[some], scores[some] = without(own.take(some), *found, k)
    return rows, scores


def _native_facts(own: Native | None, native: str, rows: Indices) -> dict[str, Any]:
    if own is None:
        return {}
    found = int(own.flags(rows).sum())
    return {"native": {"treatment": native, "pairs": len(own.left), "found": found}}


def _rounded(scores: Floats) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        return scores.astype(np.float32)


def _require_sizes(queries: Embeddings, corpus: Embeddings, k: int) -> None:
    if k < 1:
        raise InputError("k must be at least 1", seen=k)
    if len(corpus) == 0:
        raise InputError(f"there are no {corpus.modality} items to search; embed some first")
    if k > len(corpus):
        raise InputError(
            f"k is more than there are {corpus.modality} items",
            expected=f"<= {len(corpus)}",
            seen=k,
        )
    if queries.dim != corpus.dim:
        raise InputError(
            "vectors of one space must have one length", expected=corpus.dim, seen=queries.dim
        )
    if corpus.dim == 0:
        raise InputError("vectors must have at least one value")


def _require_native(
    own: Native | None, native: str, queries: Embeddings, corpus: Embeddings, k: int
) -> None:
    """Refuse a treatment without pairs, or one that leaves a query less than k items."""
    if own is None:
        if native != "keep":
            raise InputError(f"to {native} native items, say which they are; pass pairs=")
        return
    if native == "exclude" and len(own.left):
        most = int(np.argmax(own.counts))
        if own.items - own.counts[most] < k:
            raise InputError(
                f"{queries.modality} {queries.ids[most]} is native to {own.counts[most]} of "
                f"{own.items} {corpus.modality} items: without them there are less than k",
                seen=k,
            )
