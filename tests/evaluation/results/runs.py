"""Runs of made-up models on made-up tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.evaluation.metrics.grammar import parse_metrics
from pentad.evaluation.results.info import RunInfo
from pentad.evaluation.results.store import Run, add_result, read_run, write_run
from pentad.evaluation.results.task_result import TaskResult
from pentad.evaluation.scores import QueryScores

TEXT, IMAGE, AUDIO, VIDEO, POINTS = Modality
METRICS = ("hit@1", "hit@5", "map-r@10", "medr")
SUITE = {
    "coco": (TEXT, IMAGE),
    "clotho": (TEXT, AUDIO),
    "msrvtt": (TEXT, VIDEO),
    "eshot": (AUDIO, POINTS),
}


def info(name: str = "model", *, parameters: int | None = 1_000_000, seed: int = 0) -> RunInfo:
    """Return the facts of a model; another name is another model."""
    prints = {m.value: fingerprint_value([name, m.value]) for m in Modality}
    return RunInfo(
        name=name,
        spaces={m: f"{name}-{p[:8]}" for m, p in prints.items()},
        fingerprints=prints,
        dim=64,
        parameters=parameters,
        encode_seconds={"text": 0.002, "audio": 0.03, "video": None},
        versions={"pentad": "1", "python": "3", "numpy": "2"},
        seed=seed,
    )


def scores(
    task: str,
    query: Modality,
    corpus: Modality,
    *,
    skill: float = 0.5,
    model: str = "model",
    clips: int = 40,
    metrics: Sequence[str] = METRICS,
) -> QueryScores:
    """Return scores of three queries a clip: hard clips are hard for every model."""
    hard = generator(1, task, query.value, corpus.value).random(clips).repeat(3)
    luck = generator(2, task, query.value, corpus.value, model).random(3 * clips)
    rank = np.floor(1 + 30 * np.clip(0.6 * hard + 0.6 * luck - 0.6 * skill, 0, 1))
    rows = {
        "hit@1": rank <= 1,
        "hit@5": rank <= 5,
        "map-r@10": np.where(rank <= 10, 1 / rank, 0),
        "medr": rank,
    }
    values = np.array([rows[metric] for metric in metrics], np.float64)
    return QueryScores(
        query=query,
        corpus=corpus,
        metrics=parse_metrics(metrics),
        values=values,
        chance=np.full(values.shape, 0.125),
        queries=np.array([f"{task}-{row}" for row in range(3 * clips)], dtype=object),
        units=np.arange(clips).repeat(3),
        relevant=np.ones(3 * clips, np.int64),
        pool=clips,
        excluded=2,
    )


def result(
    task: str = "clotho",
    *,
    skill: float = 0.5,
    model: str = "model",
    revision: str = "r1",
    clips: int = 40,
    metrics: Sequence[str] = METRICS,
    both: bool = True,
) -> TaskResult:
    """Return the result of a model on a task of `SUITE`."""
    a, b = SUITE.get(task, (TEXT, AUDIO))
    ways = [(a, b), (b, a)] if both else [(a, b)]
    made = [
        scores(task, *way, skill=skill, model=model, clips=clips, metrics=metrics) for way in ways
    ]
    return TaskResult(
        task=task,
        revision=revision,
        split="test",
        directions=tuple(made),
        absent={"no file": 3},
        leaked={f"{a.value}_to_{b.value}": 6},
        templates="0123abcd",
        seconds=1.5,
        date="2026-01-01T12:00:00",
        notes=("a note",),
    )


def run(
    folder: Path,
    name: str = "model",
    *,
    skill: float = 0.5,
    tasks: Sequence[str] = tuple(SUITE),
    parameters: int | None = 1_000_000,
    options: Mapping[str, Mapping[str, object]] | None = None,
) -> Run:
    """Write a run and read it back; ``options`` go to `result`, by task."""
    write_run(folder, info(name, parameters=parameters))
    for task in tasks:
        more = dict((options or {}).get(task, {}))
        add_result(folder, result(task, **{"skill": skill, "model": name, **more}))  # type: ignore[arg-type]
    return read_run(folder)
