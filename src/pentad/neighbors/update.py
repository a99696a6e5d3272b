"""`update_neighbors`: neighbors of now from those of then, by looking only at what has changed.

A query that is new, that changed, or that lost more neighbors than it has spare ones is searched
in full. Every other one keeps its list and meets only the items that came. The result is that of a
fresh search.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError, SpaceMismatch
from pentad.core.progress import SILENT, Progress, Task
from pentad.embeddings.embeddings import Embeddings, require_same_space
from pentad.embeddings.ids import Ids
from pentad.neighbors.arrivals import Arrivals
from pentad.neighbors.changes import Changes, Indices
from pentad.neighbors.exact import ExactSearch, Proof
from pentad.neighbors.find import find_neighbors, naming
from pentad.neighbors.hubs import hub_report
from pentad.neighbors.lists import Lists
from pentad.neighbors.metrics import get_metric
from pentad.neighbors.native import Native
from pentad.neighbors.neighbors import Neighbors
from pentad.neighbors.seen import SPARE, Seen
from pentad.neighbors.settings import MEMORY, Settings

_ANEW = 0.7
_ITEMS = 1 << 14
_QUERY_VALUES = 1 << 21
_SEARCHED_BYTES = 1 << 27
_LISTS = 1 << 16

Counts = tuple[int, int]


def update_neighbors(
    previous: Neighbors,
    queries: Embeddings,
    corpus: Embeddings,
    *,
    pairs: ArrayLike | None = None,
    progress: Progress = SILENT,
    memory: int = MEMORY,
    scratch: Path | None = None,
) -> Neighbors:
    """Return the neighbors that a fresh exact search would find, from those found before.

    What is computed is every new or changed query, and every query that lost more neighbors than it
    has spare ones, against all items; and all other queries against new and changed items. Where
    that is most of all pairs, or one of the corpora has less than ``previous.k`` items, all is
    found anew.

    Takes, beyond the result and what exact search takes, some 50 MiB a thread, and 6 bytes for each
    value of up to 16,384 new items.

    Args:
        previous: Found exactly, with what was seen.
        queries: (q, dim), as they are now.
        corpus: (n, dim), as it is now, in the same space; may be memory-mapped.
        pairs: (pairs, 2) query id and item id: which items are the queries' own, to be marked.
        progress: Where progress is shown.
        memory: Bytes that prepared rows may take where queries are searched in full.
        scratch: Where all is found anew, the folder for what is finished, so that a search that was
            cut short goes on. None keeps nothing.

    Returns:
        Equal to `find_neighbors` of ``queries`` and ``corpus``, but for ``how``: its ``update``
        says what was new, changed and removed, how many queries were searched in full, how many
        lists an item entered, and how many pairs all that were; and but for fewer spare neighbors
        where some were used up.

    Raises:
        SpaceMismatch: The three are of different spaces.
        InputError: ``previous`` cannot be brought up to date, or whatever `find_neighbors` refuses.
    """
    settings = Settings(memory=memory, scratch=scratch)
    require_same_space(queries, corpus)
    _require_usable(previous, queries, corpus, pairs)
    plan = _Plan.of(previous, Seen.of(queries, corpus))
    way = _anew if plan.anew else _updated
    with naming(queries, corpus):
        return way(previous, plan, queries, corpus, pairs, progress, settings)


def is_updatable(previous: Neighbors) -> bool:
    """Return whether `update_neighbors` takes these."""
    return _unusable(previous) is None


@dataclass(frozen=True, eq=False)
class _Plan:
    """What has to be computed.

    Attributes:
        seen: What there is now.
        queries: What became of the queries.
        items: What became of the items.
        searched: Rows of queries that are searched in full.
        kept: Rows of queries that keep their list.
        before: Their rows of then.
        stand: bool (queries of then, k + spare), which of their neighbors are still there.
        anew: Whether everything is found anew.
    """

    seen: Seen
    queries: Changes
    items: Changes
    searched: Indices
    kept: Indices
    before: Indices
    stand: NDArray[np.bool_]
    anew: bool

    @classmethod
    def of(cls, previous: Neighbors, seen: Seen) -> _Plan:
        """Compare what there is now with what was seen."""
        then = previous.seen or seen
        queries = Changes.between(
            (then.query_ids, then.query_digests), (seen.query_ids, seen.query_digests)
        )
        items = Changes.between(
            (then.item_ids, then.item_digests), (seen.item_ids, seen.item_digests)
        )
        stand = _standing(previous, then, items.went)
        whole = (np.count_nonzero(stand, axis=1) >= previous.columns)[queries.before]
        searched = np.union1d(queries.came, queries.stayed[~whole])
        kept, before = queries.stayed[whole], queries.before[whole]
        plan = cls(seen, queries, items, searched, kept, before, stand, False)
        every = len(seen.query_ids) * len(seen.item_ids)
        short = min(previous.columns, len(seen.item_ids)) < previous.k
        return replace(plan, anew=short or plan.products >= _ANEW * every)

    @property
    def products(self) -> int:
        """How many pairs of a query and an item are looked at."""
        items = len(self.seen.item_ids)
        if self.anew:
            return items * len(self.seen.query_ids)
        return items * len(self.searched) + len(self.items.came) * len(self.kept)

    def facts(self) -> dict[str, Any]:
        """Return what changed and what that takes, for a manifest."""
        searched = len(self.seen.query_ids) if self.anew else len(self.searched)
        changes = {"queries": self.queries.counts(), "items": self.items.counts()}
        work = {"anew": self.anew, "searched": searched, "products": self.products}
        return {"update": {**changes, **work}}


def _updated(
    previous: Neighbors,
    plan: _Plan,
    queries: Embeddings,
    corpus: Embeddings,
    pairs: ArrayLike | None,
    progress: Progress,
    settings: Settings,
) -> Neighbors:
    """Search some queries, and let the others meet what is new."""
    lists = Lists.empty(queries, corpus, get_metric(previous.metric), previous.columns, SPARE)
    facts = _bring(lists, previous, plan, progress, settings.memory)
    own = None if pairs is None else Native.of(pairs, queries, corpus)
    (ids, scores), spares = lists.columns(0, lists.k), lists.columns(lists.k, lists.width)
    flags = None if own is None else _flags(own, ids, corpus.ids)
    how = {"backend": "exact", **facts, "hubness": "none", **_native_facts(own, flags)}
    return replace(
        previous,
        query_ids=queries.ids,
        ids=ids,
        scores=scores,
        corpus_size=len(corpus),
        query_location=queries.location,
        location=corpus.location,
        how={**how, "hubs": hub_report(ids, corpus.ids).to_json()},
        native=flags,
        seen=replace(plan.seen, spare_ids=spares[0], spare_scores=spares[1]),
    )


def _bring(
    lists: Lists, previous: Neighbors, plan: _Plan, progress: Progress, memory: int
) -> dict[str, Any]:
    """Fill the lists of all queries, and say how they came about."""
    _inherit(lists, previous, plan)
    name = f"neighbors {lists.queries.modality} to {lists.corpus.modality}"
    with progress.task(name, total=len(lists.queries)) as task:
        proof = _search(lists, plan.searched, task, memory)
        entered, rescored = _meet(lists, plan.kept, plan.items.came, task)
    paths = {"int8": proof.int8, "float32": proof.float32, "redone": proof.redone}
    update = {**plan.facts()["update"], "entered": entered, "rescored": rescored}
    return {**paths, "update": update}


def _standing(previous: Neighbors, then: Seen, went: Ids) -> NDArray[np.bool_]:
    """Return which neighbors, and which spare ones behind them, are still there."""
    ids, scores = then.spares()
    stand = np.ones((len(previous), previous.columns + ids.shape[1]), dtype=np.bool_)
    stand[:, previous.columns :] = ~np.isnan(scores)
    if len(went):
        stand[:, : previous.columns] = ~np.isin(previous.ids, went)
        stand[:, previous.columns :] &= ~np.isin(ids, went)
    return stand


def _inherit(lists: Lists, previous: Neighbors, plan: _Plan) -> None:
    """Give queries that keep their lists what is left of them."""
    spare_ids, spare_scores = (previous.seen or plan.seen).spares()
    for start in range(0, len(plan.kept), _LISTS):
        rows, before = (some[start : start + _LISTS] for some in (plan.kept, plan.before))
        ids = np.concatenate([previous.ids[before], spare_ids[before]], axis=1)
        scores = np.concatenate([previous.scores[before], spare_scores[before]], axis=1)
        lists.inherit(rows, ids, scores, plan.stand[before])


def _search(lists: Lists, searched: Indices, task: Task, memory: int) -> Proof:
    """Search some queries in full."""
    if not len(searched):
        return Proof()
    vectors = lists.queries.vectors
    engine = ExactSearch(lists.corpus.vectors, lists.metric, memory=memory)
    wanted = min(lists.width, len(lists.corpus))
    step = max(1, _SEARCHED_BYTES // (vectors.shape[1] * vectors.dtype.itemsize))
    for start in range(0, len(searched), step):
        rows = searched[start : start + step]
        with _numbered("queries", rows):
            lists.put(rows, engine.search(vectors[rows], wanted, task))
    return engine.proof


def _meet(lists: Lists, kept: Indices, came: Indices, task: Task) -> tuple[int, int]:
    """Let queries that keep their lists meet new items; return what `Lists.enter` does, in all."""
    import faiss

    totals = np.zeros(2, dtype=np.int64)
    parts = list(_parts(kept, max(1, _QUERY_VALUES // lists.queries.dim)))
    for items in _parts(came, _ITEMS) if parts else ():
        with _numbered("items", items):
            arrivals = Arrivals(lists.corpus.vectors[items], lists.metric, queries=len(kept))

        def meet(part: Indices, items: Indices = items, arrivals: Arrivals = arrivals) -> Counts:
            vectors, worst = lists.queries.vectors[part], lists.worst(part)
            left, right, scores = arrivals.belonging(vectors, worst, lists.width)
            return lists.enter(part[left], items[right], scores)

        # Products in float32 use all threads by themselves.
        with ThreadPoolExecutor(faiss.omp_get_max_threads() if arrivals.by_bytes else 1) as pool:
            for part, counts in zip(parts, pool.map(meet, parts), strict=True):
                totals += counts
                task.advance(len(part) if items[-1] == came[-1] else 0)
    task.advance(0 if len(came) else len(kept))
    return int(totals[0]), int(totals[1])


def _anew(
    previous: Neighbors,
    plan: _Plan,
    queries: Embeddings,
    corpus: Embeddings,
    pairs: ArrayLike | None,
    progress: Progress,
    settings: Settings,
) -> Neighbors:
    """Search everything; of a corpus smaller than k find all items, and say so."""
    k, there, name = previous.k, len(corpus), corpus.modality
    found = find_neighbors(
        queries,
        corpus,
        min(k, max(there, 1)),
        metric=previous.metric,
        backend="exact",
        pairs=pairs,
        progress=progress,
        memory=settings.memory,
        scratch=settings.scratch,
    )
    if k > there:
        progress.notice(
            f"{name}: {k} neighbors were asked for and there are {there} items; "
            f"each {queries.modality} gets {there}"
        )
    return replace(found, k=k, how={**found.how, **plan.facts()})


def _require_usable(
    previous: Neighbors, queries: Embeddings, corpus: Embeddings, pairs: ArrayLike | None
) -> None:
    """Refuse neighbors from which those of now do not follow."""
    if previous.space != corpus.space:
        raise SpaceMismatch(previous.space, corpus.space)
    then = f"{previous.query_modality} to {previous.modality}"
    now = f"{queries.modality} to {corpus.modality}"
    if then != now:
        raise InputError("these are neighbors of other modalities", expected=now, seen=then)
    if (reason := _unusable(previous)) is not None:
        raise InputError(f"{reason}; find them anew with find_neighbors")
    if previous.native is not None and pairs is None:
        raise InputError("these neighbors mark the queries' own items; pass pairs=")


def _unusable(previous: Neighbors) -> str | None:
    seen, backend = previous.seen, previous.how.get("backend")
    if backend != "exact":
        return f"only neighbors found by exact search can be updated, not by {backend}"
    if previous.adjusted_scores is not None:
        return "scores adjusted for hubs all change when an item or a query does"
    if (treatment := previous.how.get("native", {}).get("treatment", "keep")) != "keep":
        return f"neighbors with native items {treatment} cannot be updated"
    if seen is None or not np.array_equal(seen.query_ids, previous.query_ids):
        return "these neighbors do not say what was compared, so changes cannot be told"
    return None


def _flags(own: Native, ids: Ids, items: Ids) -> NDArray[np.bool_]:
    """Return which neighbors are the query's own items."""
    flags = np.zeros(ids.shape, dtype=np.bool_)
    for start in range(0, len(own.left), _LISTS):
        left, right = (side[start : start + _LISTS] for side in (own.left, own.right))
        pair, column = np.nonzero(ids[left] == items[right][:, None])
        flags[left[pair], column] = True
    return flags


def _native_facts(own: Native | None, flags: NDArray[np.bool_] | None) -> dict[str, Any]:
    if own is None or flags is None:
        return {}
    return {"native": {"treatment": "keep", "pairs": len(own.left), "found": int(flags.sum())}}


@contextmanager
def _numbered(name: str, rows: Indices) -> Iterator[None]:
    """Name the row among all where one of ``rows`` is not finite."""
    try:
        yield
    except InputError as error:
        if error.row is None:
            raise
        raise InputError(f"{name} must be finite", row=int(rows[error.row])) from None


def _parts(rows: Indices, step: int) -> Iterator[Indices]:
    for start in range(0, len(rows), step):
        yield rows[start : start + step]
