"""Judgments and runs in the formats of TREC, as trec_eval reads them, in and out.

    qrels   q1 0 d3 1                    query, a number that is not used, item, grade
    qrels   query-id  corpus-id  score   the table of BEIR: a header, then three columns by tabs
    run     q1 Q0 d3 1 12.5 mine         query, a word, item, rank, score, name of the run

Columns are separated by blanks, however many. A run is ordered by its scores, the greatest first;
of items with equal scores the one whose id comes first in the order of code points is first. The
ranks in the file are not used, as in trec_eval, which breaks ties the other way round.

The formats are described at https://trec.nist.gov/data/qrels_eng and in the README of
https://github.com/usnistgov/trec_eval; that of BEIR at https://github.com/beir-cellar/beir/wiki.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.tasks.table import text_lines
from pentad.evaluation.tasks.task import Task
from pentad.evaluation.tasks.trec_lines import NAME, NUMBER, WHOLE, Layout, read_columns
from pentad.store.atomic import replacing

Names = NDArray[Any]
"""Object array of strings."""
Rows = NDArray[np.int64]

_QRELS = Layout(
    "query 0 item grade", {"query": NAME, "iteration": NAME, "item": NAME, "grade": WHOLE}
)
_BEIR_HEADER = ("query-id", "corpus-id", "score")
_BEIR = Layout(
    "query-id, corpus-id and score, separated by tabs",
    {"query": NAME, "item": NAME, "grade": WHOLE},
    tabs=True,
    skip=1,
)
_RUN = Layout(
    "query Q0 item rank score tag",
    {"query": NAME, "Q0": NAME, "item": NAME, "rank": WHOLE, "score": NUMBER, "tag": NAME},
)
_SLICE = 1 << 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Judgments:
    """What people said of pairs of a query and an item, in the order of the file.

    Attributes:
        query_ids: Object (pairs,).
        item_ids: Object (pairs,).
        grades: int64 (pairs,); below 1 means judged and not relevant.
        rows: int64 (pairs,), the line of the file that each stands in; empty where there is none.
    """

    query_ids: Names
    item_ids: Names
    grades: Rows
    rows: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Run:
    """What a system returned for each query, best first.

    Attributes:
        query_ids: Object (queries,), in the order in which the file first names them.
        offsets: int64 (queries + 1,); the items of query ``i`` are ``offsets[i]:offsets[i + 1]``.
        item_ids: Object (pairs,).
        scores: float64 (pairs,), greater is closer; descending within a query.
    """

    query_ids: Names
    offsets: Rows
    item_ids: Names
    scores: NDArray[np.float64]

    def of(self, query: int) -> tuple[Names, NDArray[np.float64]]:
        """Return the items of one query and their scores, best first."""
        part = slice(self.offsets[query], self.offsets[query + 1])
        return self.item_ids[part], self.scores[part]


def read_qrels(path: str | Path) -> Judgments:
    """Return the judgments of a file of TREC, or of a table of BEIR, which its header tells.

    Raises:
        InputError: It cannot be read, a line does not fit, or a pair is judged twice.
    """
    file = Path(path)
    _, first = next(text_lines(file), (0, ""))
    layout = _BEIR if tuple(first.lower().split()) == _BEIR_HEADER else _QRELS
    columns = read_columns(file, layout, ("query", "item", "grade"))
    queries, items = _Coded(columns["query"]), _Coded(columns["item"])
    rows = columns["row"].to_numpy()
    _refuse_twice(file, queries, items, rows, "this pair is judged twice")
    return Judgments(queries.strings(), items.strings(), columns["grade"].to_numpy(), rows)


def read_run(path: str | Path) -> Run:
    """Return a run, ordered by its scores whatever its ranks say; if they differ, that is logged.

    Raises:
        InputError: It cannot be read, a line does not fit, a score is NaN, or a query has an item
            twice.
    """
    file = Path(path)
    columns = read_columns(file, _RUN, ("query", "item", "rank", "score"))
    queries, items = _Coded(columns["query"]), _Coded(columns["item"])
    _refuse_twice(file, queries, items, columns["row"].to_numpy(), "this query has this item twice")
    first_met, query = queries.in_order_met()
    scores, ranks = columns["score"].to_numpy(), columns["rank"].to_numpy()
    order = np.lexsort((items.alphabetical(), -scores, query))
    offsets = np.searchsorted(query[order], np.arange(len(first_met) + 1))
    _tell_of_ranks(file, query[order], ranks[order], scores[order])
    return Run(first_met, offsets.astype(np.int64), items.strings()[order], scores[order])


def run_of(queries: Iterable[tuple[str, Iterable[tuple[str, float]]]]) -> Run:
    """Return a run from (query, [(item, score), ...]), put into the order of `read_run`."""
    names: list[str] = []
    items: list[str] = []
    scores: list[float] = []
    offsets = [0]
    for query, found in queries:
        ordered = sorted(found, key=lambda pair: (-pair[1], pair[0]))
        names.append(query)
        items += [item for item, _ in ordered]
        scores += [score for _, score in ordered]
        offsets.append(len(items))
    ends = np.array(offsets, dtype=np.int64)
    return Run(_objects(names), ends, _objects(items), np.array(scores, dtype=np.float64))


def judgments_of(task: Task) -> Judgments:
    """Return the qrels of a task by ids."""
    qrels = task.qrels
    queries, items = _objects(task.queries.ids), _objects(task.items.ids)
    return Judgments(queries[qrels.queries], items[qrels.items], qrels.grades)


def write_qrels(judgments: Judgments, path: str | Path) -> None:
    """Write judgments as ``query 0 item grade``; the file appears whole or not at all.

    Raises:
        InputError: A name has blanks in it or is empty; the format cannot hold it.
        StoreError: The disk is full or cannot be written.
    """
    _check_names(judgments.query_ids, "query")
    _check_names(judgments.item_ids, "item")

    def columns(part: slice) -> list[Any]:
        queries = judgments.query_ids[part]
        return [queries, np.zeros(len(queries), np.int64), judgments.item_ids[part],
                judgments.grades[part]]  # fmt: skip

    _write(Path(path), len(judgments.query_ids), columns)


def write_run(run: Run, path: str | Path, *, tag: str = "pentad") -> None:
    """Write a run as ``query Q0 item rank score tag``, ranks from 1; whole or not at all.

    Args:
        run: What to write.
        path: The file; one that is there is replaced.
        tag: Name of the run.

    Raises:
        InputError: A name has blanks in it or is empty, a score is NaN.
        StoreError: The disk is full or cannot be written.
    """
    for names, what in ((run.query_ids, "query"), (run.item_ids, "item"), ([tag], "tag")):
        _check_names(names, what)
    if np.isnan(run.scores).any():
        raise InputError("a score of the run is NaN")
    counts = np.diff(run.offsets)
    query = np.repeat(np.arange(len(counts)), counts)
    ranks = np.arange(len(query)) - run.offsets[query] + 1

    def columns(part: slice) -> list[Any]:
        n = len(query[part])
        return [run.query_ids[query[part]], ["Q0"] * n, run.item_ids[part], ranks[part],
                run.scores[part], [tag] * n]  # fmt: skip

    _write(Path(path), len(query), columns)


class _Coded:
    """A column of names as numbers: equal names, equal numbers."""

    def __init__(self, column: Any) -> None:
        self.names = _objects(column.dictionary.to_pylist())
        self.codes: Rows = column.indices.to_numpy().astype(np.int64)

    def strings(self) -> Names:
        return np.asarray(self.names[self.codes])

    def alphabetical(self) -> Rows:
        """Return numbers (rows,) that are ordered as the names are."""
        rank = np.empty(len(self.names), dtype=np.int64)
        rank[np.argsort(self.names, kind="stable")] = np.arange(len(self.names))
        return rank[self.codes]

    def in_order_met(self) -> tuple[Names, Rows]:
        """Return the names in the order in which they are met, and the numbers that go with it."""
        present, first = np.unique(self.codes, return_index=True)
        met = present[np.argsort(first)]
        place = np.empty(len(self.names), dtype=np.int64)
        place[met] = np.arange(len(met))
        return self.names[met], place[self.codes]


def _objects(names: Iterable[str]) -> Names:
    listed = list(names)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def _refuse_twice(path: Path, queries: _Coded, items: _Coded, rows: Rows, message: str) -> None:
    pairs = queries.codes * len(items.names) + items.codes
    order = np.argsort(pairs, kind="stable")
    repeated = order[1:][pairs[order[1:]] == pairs[order[:-1]]]
    if len(repeated):
        row = int(repeated.min())
        seen = f"{queries.names[queries.codes[row]]!r} and {items.names[items.codes[row]]!r}"
        raise InputError(message, file=path, row=int(rows[row]), seen=seen)


def _tell_of_ranks(path: Path, query: Rows, ranks: Rows, scores: NDArray[np.float64]) -> None:
    """Log once if an item of a greater score has a greater rank than the next."""
    next_to = (query[1:] == query[:-1]) & (scores[1:] < scores[:-1])
    wrong = np.flatnonzero(next_to & (ranks[1:] < ranks[:-1]))
    if len(wrong):
        count = len(np.unique(query[wrong]))
        _log.warning(
            "%s: the ranks of %d queries contradict their scores, which count", path, count
        )


def _check_names(names: Iterable[Any], what: str) -> None:
    for name in set(names):
        if not name or any(letter.isspace() or letter in "\0\x1f" for letter in name):
            raise InputError(
                f"the {what} {name!r} cannot be written as TREC: a name may not be empty or have "
                "blanks; rename it, or write the task with write_task"
            )


def _write(path: Path, length: int, columns: Callable[[slice], list[Any]]) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    with replacing(path) as coming, coming.open("wb") as file:
        for start in range(0, length, _SLICE):
            words = [pa.array(c).cast(pa.string()) for c in columns(slice(start, start + _SLICE))]
            lines = pc.binary_join_element_wise(*words, " ").to_pylist()
            file.write("\n".join([*lines, ""]).encode())
