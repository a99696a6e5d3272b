"""Metrics of 100,000 queries against 100,000 items, beside plain numpy, in one process.

    python benchmarks/evaluation.py [--queries 100000] [--items 100000] [--dim 512] [--both 5000]
                                    [--repeat 3] [--threads 2]

Vectors are made (seed 0): every query is an item with noise, and has five relevant items. Both
sides score hit@1, hit@5, hit@10 and MAP@100. The plain side is what one writes in a notebook:
blocks of 256 queries, a matrix product, ``argpartition`` and ``argsort``, means by cumulated sums.
It runs on ``--both`` queries, and so does Pentad; the two must agree to 1e-12 in every query, and
the ratio is of the medians of CPU and wall time. Then Pentad alone scores all queries.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable

import numpy as np
import threadpoolctl
from neighbors_parts.clocks import Clock, Peak

from pentad.core.modality import Modality
from pentad.evaluation.metrics.relevance import Relevance
from pentad.evaluation.retrieval import RetrievalTask, score_retrieval

METRICS = ("hit@1", "hit@5", "hit@10", "map@100")
RELEVANT, DEPTH, BLOCK = 5, 100, 256


def made(queries: int, items: int, dim: int) -> RetrievalTask:
    rng = np.random.default_rng(0)
    corpus = rng.standard_normal((items, dim), dtype=np.float32)
    own = rng.integers(0, items, queries)
    asked = corpus[own] + 4 * rng.standard_normal((queries, dim), dtype=np.float32)
    others = rng.integers(0, items, (queries, RELEVANT - 1))
    relevant = np.column_stack([own, others])
    rows = np.repeat(np.arange(queries), RELEVANT)
    relevance = Relevance.from_pairs(rows, relevant.ravel(), queries=queries, corpus_size=items)
    numbers = np.arange(queries)
    return RetrievalTask(Modality.TEXT, Modality.IMAGE, asked, corpus, relevance, numbers, numbers)


def first(task: RetrievalTask, count: int) -> RetrievalTask:
    some = slice(0, count)
    numbers = np.arange(count)
    return RetrievalTask(
        task.query, task.corpus, task.query_vectors[some], task.corpus_vectors,
        task.relevance.take(some), numbers, numbers,
    )  # fmt: skip


def plain(task: RetrievalTask) -> np.ndarray:
    """Return (metrics, queries) as one writes it in a notebook."""
    corpus = task.corpus_vectors / np.linalg.norm(task.corpus_vectors, axis=1, keepdims=True)
    asked = task.query_vectors / np.linalg.norm(task.query_vectors, axis=1, keepdims=True)
    parts = []
    for start in range(0, len(asked), BLOCK):
        scores = asked[start : start + BLOCK] @ corpus.T
        top = np.argpartition(-scores, DEPTH, axis=1)[:, :DEPTH]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1)
        top = np.take_along_axis(top, order, axis=1)
        relevance = task.relevance.take(slice(start, start + BLOCK))
        entries = relevance.entries()
        grades = np.zeros(scores.shape, bool)
        grades[entries.queries, entries.columns] = True
        hits = np.take_along_axis(grades, top, axis=1)
        precision = hits.cumsum(axis=1) / np.arange(1, DEPTH + 1)
        average = (hits * precision).sum(axis=1) / np.minimum(relevance.sizes, DEPTH)
        parts.append(np.stack([hits[:, :k].any(axis=1) for k in (1, 5, 10)] + [average]))
    return np.concatenate(parts, axis=1)


def timed(function: Callable[[], np.ndarray], repeat: int) -> tuple[np.ndarray, float, float]:
    clocks = []
    for _ in range(repeat):
        with Clock() as clock:
            found = function()
        clocks.append(clock)
    cpu, wall = (statistics.median(getattr(c, n) for c in clocks) for n in ("cpu", "wall"))
    return found, cpu, wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--both", type=int, default=5_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    threadpoolctl.threadpool_limits(arguments.threads)
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f} at the start")
    task = made(arguments.queries, arguments.items, arguments.dim)
    some = first(task, min(arguments.both, arguments.queries))
    print(f"\n{len(some.queries):,} queries x {arguments.items:,} items, d = {arguments.dim}")
    ours, our_cpu, our_wall = timed(lambda: score_retrieval(some, METRICS).values, arguments.repeat)
    theirs, cpu, wall = timed(lambda: plain(some), arguments.repeat)
    worst = float(np.abs(ours - theirs).max())
    if worst > 1e-12:
        raise SystemExit(f"the two sides differ by {worst}")
    print("                CPU s   wall s")
    print(f"plain numpy   {cpu:7.1f} {wall:8.1f}")
    print(f"Pentad        {our_cpu:7.1f} {our_wall:8.1f}")
    print(f"ratio         {cpu / our_cpu:7.2f} {wall / our_wall:8.2f}")
    print(f"\n{len(task.queries):,} queries x {arguments.items:,} items")
    with Clock() as clock, Peak() as peak:
        found = score_retrieval(task, METRICS)
    size = (task.query_vectors.nbytes + task.corpus_vectors.nbytes) / 2**20
    print(f"CPU {clock.cpu:.0f} s, wall {clock.wall:.0f} s")
    print(f"memory: {peak.held:.0f} MiB beyond the vectors, which are {size:.0f} MiB")
    for metric, values in zip(METRICS, found.values, strict=True):
        print(f"{metric}: {values.mean():.4f}")


if __name__ == "__main__":
    main()
