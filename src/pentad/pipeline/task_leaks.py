"""Which queries of a task a training set has seen, so that a flag can stand beside its scores."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.curation.leakage.find import find_leaks
from pentad.curation.leakage.flags import leaks_of
from pentad.curation.leakage.report import LeakageReport
from pentad.curation.leakage.side import Side
from pentad.evaluation.scores import QueryScores
from pentad.evaluation.tasks.task import Direction, Entries, Kind, Task
from pentad.store.captions import clean_caption
from pentad.store.items import empty_catalog
from pentad.store.listing import Listing, listing_frame
from pentad.store.registry import register

KINDS = ("id", "hash", "content", "caption")


@dataclass(frozen=True, eq=False)
class TaskLeaks:
    """What of a task a training set has.

    Attributes:
        report: Every match.
        queries: bool (queries of the task,), which leaked themselves.
        items: bool (items of the task,), which leaked themselves.
    """

    report: LeakageReport
    queries: NDArray[np.bool_]
    items: NDArray[np.bool_]

    def flagged(
        self, task: Task, direction: Direction, names: Iterable[object]
    ) -> NDArray[np.bool_]:
        """Return which queries of a direction are flagged, bool (names,).

        A query is, where it leaked itself, or anything that is relevant to it did.

        Args:
            task: The task.
            direction: Who asks.
            names: Ids of the queries.
        """
        qrels = task.qrels
        if direction is Direction.forward:
            ids, seen = task.queries.ids, self.queries.copy()
            seen[qrels.queries[self.items[qrels.items]]] = True
        else:
            ids, seen = task.items.ids, self.items.copy()
            if task.kind is Kind.retrieval:
                seen[qrels.items[self.queries[qrels.queries]]] = True
        flags = dict(zip(ids, seen.tolist(), strict=True))
        return np.array([flags[str(name)] for name in names], np.bool_)


def find_task_leaks(
    task: Task,
    train: str | Path | Side,
    *,
    by: Sequence[str] = KINDS,
    cache: Path | None = None,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> TaskLeaks:
    """Compare a task with a training set. The names of classes are no leak.

    Args:
        task: The task.
        train: What `pentad.curation.leakage.find.find_leaks` takes.
        by: By what; see there.
        cache: Folder for what is made of files.
        workers: Decoder processes; default one a processor.
        progress: Where to report.
    """
    root = _root(task)
    sides = [task.items] if task.kind is Kind.classification else [task.queries, task.items]
    listing = Listing(task.name, root, listing_frame([r for s in sides for r in _rows(s, root)]))
    catalog = register(empty_catalog(), listing)
    report = find_leaks(
        train, Side(task.name, catalog), by=by, cache=cache, workers=workers, progress=progress
    )
    leaks = leaks_of(report)
    queries = (
        np.zeros(len(task.queries), np.bool_)
        if task.kind is Kind.classification
        else _seen(task.queries, leaks, root)
    )
    return TaskLeaks(report, queries, _seen(task.items, leaks, root))


def without_flagged(scores: QueryScores, flagged: NDArray[np.bool_]) -> QueryScores:
    """Return the scores of the queries that are not flagged; the others count as excluded."""
    keep = np.flatnonzero(~flagged)
    return replace(
        scores,
        values=scores.values[:, keep],
        chance=scores.chance[:, keep],
        queries=scores.queries[keep],
        units=scores.units[keep],
        relevant=scores.relevant[keep],
        classes=None if scores.classes is None else scores.classes[keep],
        excluded=scores.excluded + int(flagged.sum()),
    )


def _root(task: Task) -> Path:
    """Return a folder that all files of a task lie in."""
    folders = {
        str(path.absolute().parent)
        for entries in (task.queries, task.items)
        for path in entries.files or ()
    }
    return Path(os.path.commonpath(sorted(folders))) if folders else Path.cwd()


def _rows(entries: Entries, root: Path) -> list[dict[str, str | None]]:
    keys = dict.fromkeys(_keys(entries, root))
    if entries.files is None:
        return [
            {"modality": Modality.TEXT.value, "file": "", "caption": key} for key in keys if key
        ]
    return [{"modality": entries.modality.value, "file": key, "caption": None} for key in keys]


def _keys(entries: Entries, root: Path) -> list[str]:
    """Return what each entry is called in a catalog: its file below the root, or its text."""
    if entries.files is None:
        return [clean_caption(text) for text in entries.texts or ()]
    return [path.absolute().relative_to(root).as_posix() for path in entries.files]


def _seen(entries: Entries, leaks: Mapping[Modality, set[str]], root: Path) -> NDArray[np.bool_]:
    known = leaks.get(entries.modality, set())
    return np.array([key in known for key in _keys(entries, root)], np.bool_)
