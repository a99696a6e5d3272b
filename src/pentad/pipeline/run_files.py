"""The best results of every query of a task as TREC runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pentad.evaluation.blocks import row_blocks
from pentad.evaluation.metrics.best import best_columns
from pentad.evaluation.retrieval import CosineCorpus
from pentad.evaluation.task_scores import EncodedTask
from pentad.evaluation.tasks.task import Direction
from pentad.evaluation.tasks.trec import Run, write_run


def write_rankings(encoded: EncodedTask, folder: Path, depth: int, *, tag: str) -> list[Path]:
    """Write one run a direction, ``<task>.<direction>.trec``; return the files.

    Args:
        encoded: A task with vectors.
        folder: Where to.
        depth: How many results of each query.
        tag: Name of the system.

    Raises:
        InputError: A name has blanks in it, which the format cannot hold.
    """
    written = []
    for direction in encoded.task.directions:
        found = ranked(encoded, direction, depth)
        search = encoded.search(direction)
        key = f"{search.query.value}_to_{search.corpus.value}"
        path = folder / f"{encoded.task.name}.{key}.trec"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_run(found, path, tag=tag.replace(" ", "_"))
        written.append(path)
    return written


def ranked(encoded: EncodedTask, direction: Direction, depth: int) -> Run:
    """Return the best results of every query that has a vector, ties by the order of items."""
    search = encoded.search(direction)
    corpus = CosineCorpus(search.corpus_vectors)
    size = search.relevance.corpus_size
    entries, vectors = (
        (encoded.task.items, encoded.items)
        if direction is Direction.forward
        else (encoded.task.queries, encoded.queries)
    )
    names = np.array([entries.ids[row] for row in vectors.rows.tolist()], dtype=object)
    items, values = [], []
    for block in row_blocks(len(search.queries), 4 * size):
        scores = corpus.scores(search.query_vectors[block])[:, corpus.place]
        columns = best_columns(scores, depth)
        items.append(names[columns].ravel())
        values.append(np.take_along_axis(scores, columns, axis=1).ravel().astype(np.float64))
    offsets = np.arange(len(search.queries) + 1) * min(depth, size)
    return Run(search.queries, offsets, np.concatenate(items), np.concatenate(values))
