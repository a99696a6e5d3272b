"""Runs over made-up tasks, with everything that `pentad benchmark` keeps of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.evaluation.encode import Vectors
from pentad.evaluation.results.store import add_result, write_run
from pentad.evaluation.results.task_result import TaskResult
from pentad.evaluation.task_scores import EncodedTask
from pentad.evaluation.tasks.task import Direction, Entries, Kind, Qrels, Task
from pentad.pipeline.run_files import write_details
from tests.evaluation.results.runs import info

HOSTILE = (
    "<script>alert(1)</script>",
    '"onerror="alert(2)',
    "'><img src=x onerror=alert(3)>",
    "</style><style>*{display:none}</style>",
    "]]><!-- &amp; \u202e reversed",
    "javascript:alert(4) http://evil.example/x.png",
    "a\x00b\x1bc",
)
BOTH = (Direction.reverse, Direction.forward)


def classification(
    name: str = "sounds",
    *,
    classes: Sequence[str],
    files: Sequence[Path],
    modality: Modality = Modality.AUDIO,
    several: bool = False,
) -> Task:
    """Return a task in which item ``i`` is of class ``i`` modulo their number."""
    count, items = len(classes), len(files)
    queries = [i % count for i in range(items)]
    pairs = [(c, i) for i, c in enumerate(queries)]
    if several:
        pairs += [((c + 1) % count, i) for i, c in enumerate(queries) if i % 2]
    first, second = zip(*pairs, strict=True)
    return Task(
        name=name,
        kind=Kind.classification,
        split="test",
        revision="0123456789abcdef",
        queries=Entries(Modality.TEXT, tuple(f"c{i}" for i in range(count)), texts=tuple(classes)),
        items=Entries(modality, tuple(f"i{i}" for i in range(items)), files=tuple(files)),
        qrels=Qrels(np.array(first), np.array(second), np.ones(len(first), np.int64)),
        directions=BOTH,
        metrics=(("accuracy@1", "accuracy@5"), ("map",)),
        notes=("a note <b>of the task</b>",),
    )


def captions(
    name: str, texts: Sequence[str], files: Sequence[Path], modality: Modality = Modality.IMAGE
) -> Task:
    """Return a task in which text ``i`` describes file ``i`` modulo their number."""
    queries = np.arange(len(texts))
    return Task(
        name=name,
        kind=Kind.retrieval,
        split="test",
        revision="fedcba9876543210",
        queries=Entries(Modality.TEXT, tuple(f"t{i}" for i in queries), texts=tuple(texts)),
        items=Entries(modality, tuple(f"f{i}" for i in range(len(files))), files=tuple(files)),
        qrels=Qrels(queries, queries % len(files), np.ones(len(texts), np.int64)),
        directions=BOTH,
        metrics=(("hit@1", "mrr", "medr"), ("hit@1", "mrr", "medr")),
    )


def write_made(
    folder: Path,
    tasks: Sequence[Task],
    *,
    name: str = "model",
    noise: float = 0.8,
    leaked: int | None = None,
) -> Path:
    """Write a run of a model that is right about as often as ``noise`` is small."""
    write_run(folder, info(name))
    for task in tasks:
        encoded = _encoded(task, noise)
        scores = encoded.scores()
        write_details(encoded, folder, depth=0, tag=name)
        key = f"{scores[0].query.value}_to_{scores[0].corpus.value}"
        result = TaskResult(
            task=task.name,
            revision=task.revision,
            split=task.split,
            directions=scores,
            kind=task.kind.value,
            notes=task.notes,
            absent={"missing-file": 3},
            leaked={} if leaked is None else {key: leaked},
            date="2026-01-01T12:00:00",
        )
        add_result(folder, result)
    return folder


def _encoded(task: Task, noise: float) -> EncodedTask:
    rng = generator(5, task.name)
    asking = rng.normal(size=(len(task.queries), 24))
    items = noise * rng.normal(size=(len(task.items), 24))
    np.add.at(items, task.qrels.items, asking[task.qrels.queries])
    return EncodedTask(
        task,
        Vectors(np.arange(len(task.queries)), asking.astype(np.float32)),
        Vectors(np.arange(len(task.items)), items.astype(np.float32)),
    )
