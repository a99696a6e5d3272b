"""A task and the vectors of its queries and items: what each direction searches, and its scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.encode import Vectors
from pentad.evaluation.metrics.relevance import Relevance
from pentad.evaluation.retrieval import RetrievalTask, score_retrieval
from pentad.evaluation.scores import QueryScores
from pentad.evaluation.tasks.task import Direction, Kind, Task

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class EncodedTask:
    """A task whose queries and items have vectors.

    Attributes:
        task: The task.
        queries: Vectors of its queries; some may be missing.
        items: Vectors of its items; some may be missing.
    """

    task: Task
    queries: Vectors
    items: Vectors

    def search(self, direction: Direction) -> RetrievalTask:
        """Return who searches what in a direction.

        What has no vector is not searched; a query without a vector is counted as missing.
        """
        task, qrels = self.task, self.task.qrels
        sides = (task.queries, self.queries, qrels.queries), (task.items, self.items, qrels.items)
        asking, asked = sides if direction is Direction.forward else sides[::-1]
        query_place, corpus_place = (_places(len(e), v) for e, v, _ in (asking, asked))
        left, right = query_place[asking[2]], corpus_place[asked[2]]
        both = (left >= 0) & (right >= 0)
        entries, vectors, _ = asking
        return RetrievalTask(
            query=entries.modality,
            corpus=asked[0].modality,
            query_vectors=_floats(vectors.vectors),
            corpus_vectors=_floats(asked[1].vectors),
            relevance=Relevance.from_pairs(
                left[both],
                right[both],
                queries=len(vectors.rows),
                corpus_size=len(asked[1].rows),
                grades=qrels.grades[both],
            ),
            queries=np.array([entries.ids[row] for row in vectors.rows.tolist()], dtype=object),
            units=units_of(task, direction)[vectors.rows],
            relevant_by="class" if task.kind is Kind.classification else "judgment",
            missing=len(entries) - len(vectors.rows),
        )

    def scores(self) -> tuple[QueryScores, ...]:
        """Return every metric of every direction that has a query with anything relevant.

        Raises:
            InputError: No direction has.
        """
        found = []
        for direction, metrics in zip(self.task.directions, self.task.metrics, strict=True):
            search = self.search(direction)
            if len(search.usable):
                scored = score_retrieval(search, metrics)
                found.append(replace(scored, classes=_classes(self.task, direction, scored)))
        if not found:
            raise InputError(f"{self.task.name}: no query has a relevant item that can be used")
        return tuple(found)


def units_of(task: Task, direction: Direction) -> Rows:
    """Return which queries of a direction are resampled together, int64 (queries,).

    They are those of one unit that the task names; a class is a unit of its own; and where nothing
    is named, queries to which the same is relevant belong together, as the five captions of one
    picture do.
    """
    asking = task.queries if direction is Direction.forward else task.items
    if asking.units is not None:
        return _codes(asking.units)
    if task.kind is Kind.classification and direction is Direction.forward:
        return np.arange(len(asking))
    parts = _components(task)
    return (
        parts[: len(task.queries)] if direction is Direction.forward else parts[len(task.queries) :]
    )


def _classes(task: Task, direction: Direction, scores: QueryScores) -> NDArray[Any] | None:
    """Return the class of each scored item; None unless each item is of exactly one class."""
    asked = task.qrels.items
    if task.kind is not Kind.classification or direction is Direction.forward:
        return None
    if len(np.unique(asked)) < len(asked):
        return None
    pairs = zip(asked.tolist(), task.qrels.queries.tolist(), strict=True)
    class_of = {task.items.ids[item]: task.queries.ids[own] for item, own in pairs}
    return np.array([class_of[str(name)] for name in scores.queries.tolist()], dtype=object)


def fold_means(task: Task, scores: Sequence[QueryScores]) -> Iterator[str]:
    """Yield one line for each direction whose queries have folds: the main metric in each."""
    for scored in scores:
        asking = task.queries if scored.query is task.queries.modality else task.items
        if asking.folds is None:
            continue
        fold = dict(zip(asking.ids, asking.folds, strict=True))
        own = np.array([fold[str(query)] for query in scored.queries])
        means = {f: float(np.nanmean(scored.values[0, own == f])) for f in np.unique(own).tolist()}
        each = ", ".join(f"{f}: {mean:.4f}" for f, mean in means.items())
        average = np.mean(list(means.values()))
        yield f"{scored.direction} {scored.metrics[0]} by fold {each}; mean {average:.4f}"


def without_missing(task: Task, encoded: EncodedTask) -> dict[str, int]:
    """Return reason -> how many entries of the data set take no part."""
    counts: dict[str, int] = {}
    reasons = [absent.reason for absent in task.absent]
    reasons += [
        m.reason.partition(":")[0] for v in (encoded.queries, encoded.items) for m in v.missing
    ]
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    return counts


def in_order(vectors: Vectors, order: Rows) -> Vectors:
    """Return vectors of which row ``i`` belongs to entry ``order[i]``, in the order of entries."""
    back = np.argsort(order, kind="stable")
    return replace(vectors, rows=order[back], vectors=vectors.vectors[back])


def _places(entries: int, vectors: Vectors) -> Rows:
    """Return the row of each entry among those that have a vector, -1 where it has none."""
    place = np.full(entries, -1, np.int64)
    place[vectors.rows] = np.arange(len(vectors.rows))
    return place


def _floats(vectors: NDArray[Any]) -> NDArray[Any]:
    return vectors if vectors.dtype == np.float64 else vectors.astype(np.float32)


def _codes(units: Sequence[str]) -> Rows:
    code = {unit: number for number, unit in enumerate(sorted(set(units)))}
    return np.array([code[unit] for unit in units], np.int64)


def _components(task: Task) -> Rows:
    """Return the unit of every query, then of every item, as judgments connect them.

    Where all queries of a component of the graph of judgments have the same items, as the captions
    of one picture do, it is one unit. Judgments that overlap by parts soon connect everything, and
    a single unit has no spread: there, only those with the very same partners are one unit.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    queries, size = len(task.queries), len(task.queries) + len(task.items)
    left, right = task.qrels.queries, task.qrels.items + queries
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    count, parts = connected_components(graph, directed=False)
    asking, asked = (np.bincount(p, minlength=count) for p in (parts[:queries], parts[queries:]))
    pairs = np.bincount(parts[left], minlength=count)
    mixed = (pairs < asking * asked)[parts]
    return _parted(np.asarray(parts, np.int64), mixed, left, right)


def _parted(parts: Rows, mixed: NDArray[np.bool_], left: Rows, right: Rows) -> Rows:
    """Return units in which mixed queries and items are with those of the same partners."""
    partners: dict[int, list[int]] = {row: [] for row in np.flatnonzero(mixed).tolist()}
    for one, other in zip(left[mixed[left]].tolist(), right[mixed[left]].tolist(), strict=True):
        partners[one].append(other)
        partners[other].append(one)
    code: dict[tuple[int, ...], int] = {}
    first = int(parts.max(initial=-1)) + 1
    for row, own in partners.items():
        parts[row] = first + code.setdefault(tuple(sorted(own)), len(code))
    return parts
