"""What a run keeps of a task beside its scores: the best results, and what ids stand for.

RUN/top/<task>.<direction>.parquet    query, rank, item, score, grade
RUN/entries/<task>.parquet            side, id, modality, text, file, start, end
RUN/qrels/<task>.parquet              query, item, grade
RUN/runs/<task>.<direction>.trec      TREC runs, where they are asked for
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.metrics.best import best_columns
from pentad.evaluation.results.names import subset_name
from pentad.evaluation.retrieval import CosineCorpus, RetrievalTask
from pentad.evaluation.task_scores import EncodedTask
from pentad.evaluation.tasks.task import Direction, Entries
from pentad.evaluation.tasks.trec import Run, write_run
from pentad.pipeline.run_qrels import write_qrels
from pentad.store.atomic import replacing

if TYPE_CHECKING:
    import polars as pl

TOP = 10
NO_RUN = "no TREC run of"


def write_details(encoded: EncodedTask, folder: Path, *, depth: int, tag: str) -> list[str]:
    """Write the best results of every direction and what ids stand for.

    Args:
        encoded: A task with vectors.
        folder: Of the run.
        depth: How many results of each query are written as TREC runs; 0 for none.
        tag: Name of the system in these.

    Returns:
        Which TREC runs could not be written and why: names of some data sets have blanks.
    """
    task, refused = encoded.task, []
    for direction in task.directions:
        search = encoded.search(direction)
        found = ranked(encoded, direction, search, max(TOP, depth))
        name = f"{task.name}.{subset_name(search.query, search.corpus)}"
        _write_top(found, encoded, direction, folder / "top" / f"{name}.parquet")
        if depth:
            path = folder / "runs" / f"{name}.trec"
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                write_run(_first(found, depth), path, tag=tag.replace(" ", "_"))
            except InputError as error:
                path.unlink(missing_ok=True)
                refused.append(f"{NO_RUN} {search.query} -> {search.corpus}: {error}")
    _write_entries(encoded, folder / "entries" / f"{task.name}.parquet")
    write_qrels(task, folder)
    return refused


def ranked(encoded: EncodedTask, direction: Direction, search: RetrievalTask, depth: int) -> Run:
    """Return the best results of every query that has a vector, ties by the order of items."""
    names, _ = _corpus(encoded, direction)
    size = search.relevance.corpus_size
    items, values = [], []
    for columns, scores in _best(search, depth):
        items.append(names[columns].ravel())
        values.append(scores.ravel().astype(np.float64))
    offsets = np.arange(len(search.queries) + 1) * min(depth, size)
    return Run(search.queries, offsets, np.concatenate(items), np.concatenate(values))


def _best(search: RetrievalTask, depth: int) -> Iterator[tuple[NDArray[np.int64], NDArray[Any]]]:
    corpus = CosineCorpus(search.corpus_vectors)
    for block in row_blocks(len(search.queries), 4 * search.relevance.corpus_size):
        scores = corpus.scores(search.query_vectors[block])[:, corpus.place]
        columns = best_columns(scores, depth)
        yield columns, np.take_along_axis(scores, columns, axis=1)


def _corpus(encoded: EncodedTask, direction: Direction) -> tuple[NDArray[np.object_], Entries]:
    """Return the names of what is searched, and where they come from."""
    entries, vectors = (
        (encoded.task.items, encoded.items)
        if direction is Direction.forward
        else (encoded.task.queries, encoded.queries)
    )
    return np.array([entries.ids[row] for row in vectors.rows.tolist()], dtype=object), entries


def _first(run: Run, depth: int) -> Run:
    """Return the first results of each query."""
    counts = np.minimum(np.diff(run.offsets), depth)
    keep = np.concatenate(
        [np.arange(start, start + n) for start, n in zip(run.offsets, counts, strict=False)]
    )
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return Run(run.query_ids, offsets, run.item_ids[keep], run.scores[keep])


def _write_top(run: Run, encoded: EncodedTask, direction: Direction, path: Path) -> None:
    import polars as pl

    short = _first(run, TOP)
    counts = np.diff(short.offsets)
    query = np.repeat(np.arange(len(counts)), counts)
    qrels = encoded.task.qrels
    pairs = (
        (encoded.task.queries, qrels.queries, encoded.task.items, qrels.items)
        if direction is Direction.forward
        else (encoded.task.items, qrels.items, encoded.task.queries, qrels.queries)
    )
    asking, left, asked, right = pairs
    graded = pl.DataFrame(
        {
            "query": [asking.ids[row] for row in left.tolist()],
            "item": [asked.ids[row] for row in right.tolist()],
            "grade": qrels.grades,
        },
        schema={"query": pl.String, "item": pl.String, "grade": pl.Int64},
    )
    table = pl.DataFrame(
        {
            "query": [str(name) for name in short.query_ids[query].tolist()],
            "rank": np.arange(len(query)) - short.offsets[query] + 1,
            "item": [str(name) for name in short.item_ids.tolist()],
            "score": short.scores,
        }
    )
    found = table.join(graded, on=["query", "item"], how="left", maintain_order="left")
    _write(found.with_columns(pl.col("grade").fill_null(0)), path)


def _write_entries(encoded: EncodedTask, path: Path) -> None:
    import polars as pl

    task = encoded.task
    sides = [("query", task.queries), ("item", task.items)]
    _write(pl.concat([_entries(side, entries) for side, entries in sides]), path)


def _entries(side: str, entries: Entries) -> pl.DataFrame:
    import polars as pl

    count = len(entries)
    spans = entries.spans or (None,) * count
    schema = {
        "side": pl.String, "id": pl.String, "modality": pl.String, "text": pl.String,
        "file": pl.String, "start": pl.Float64, "end": pl.Float64,
    }  # fmt: skip
    files = [None] * count if entries.files is None else [str(p.absolute()) for p in entries.files]
    columns = (
        [side] * count,
        entries.ids,
        [entries.modality.value] * count,
        entries.texts or [None] * count,
        files,
        [None if span is None else span.start for span in spans],
        [None if span is None else span.end for span in spans],
    )
    return pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)


def _write(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as coming:
        frame.write_parquet(coming)
