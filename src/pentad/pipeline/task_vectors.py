"""The vectors of a task's queries and items, each text and file embedded once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.progress import Progress
from pentad.encoders.protocol import Encoder
from pentad.evaluation.any_model import AnyModel, model_name, vectors_of
from pentad.evaluation.class_labels import ClassLabel
from pentad.evaluation.encode import Missing, Vectors, encode_entries
from pentad.evaluation.prompts import zero_shot_classes
from pentad.evaluation.tasks.task import Entries, Kind, Task
from pentad.evaluation.templates import fill

_Found = NDArray[Any] | Missing
_NOTHING = Vectors(np.empty(0, np.int64), np.empty((0, 1), np.float32))


class TaskVectors:
    """Embeds tasks one after another.

    Equal texts, and equal parts of one file, get one vector. What the task before had is not
    embedded again, as where ESC-10 follows ESC-50.
    """

    def __init__(
        self, models: Mapping[Modality, AnyModel], workers: int | None, progress: Progress
    ) -> None:
        self._models, self._workers, self._progress = models, workers, progress
        self._known: dict[Modality, dict[object, _Found]] = {}
        self._spent: dict[Modality, tuple[float, int]] = {}

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds for an item, by modality, of what was embedded."""
        return {m.value: seconds / count for m, (seconds, count) in self._spent.items() if count}

    def queries(self, task: Task) -> Vectors:
        """Return the vectors of the queries; a class is the mean of its prompts."""
        if task.kind is not Kind.classification or not task.templates:
            return self.entries(task.queries)
        names = task.queries.ids
        labels = [
            ClassLabel(name, tuple(fill(each, text) for each in task.templates))
            for name, text in zip(names, task.queries.texts or (), strict=True)
        ]
        model = self._models[Modality.TEXT]
        made = zero_shot_classes(model, labels, task.items.modality, progress=self._progress)
        row = {name: place for place, name in enumerate(made.names)}
        order = np.array([row[name] for name in names])
        return Vectors(np.arange(len(names)), made.vectors[order])

    def entries(self, entries: Entries) -> Vectors:
        """Return the vectors of entries, and which ones have none."""
        keys = _keys(entries)
        before = self._known.pop(entries.modality, {})
        wanted: dict[object, int] = {}
        for row, key in enumerate(keys):
            if key not in before:
                wanted.setdefault(key, row)
        part = self._embedded(entries, wanted) if wanted or not keys else _NOTHING
        found = before | _by_key(part, wanted)
        own = [found[key] for key in keys]
        self._known[entries.modality] = dict(zip(keys, own, strict=True))
        return part if len(wanted) == len(entries) else _together(own, part.vectors[:0])

    def _embedded(self, entries: Entries, wanted: Mapping[object, int]) -> Vectors:
        """Return the vectors of some entries, one row for each of ``wanted``."""
        begun = time.perf_counter()
        model = self._models[entries.modality]
        part = _encode(model, _taken(entries, list(wanted.values())), self._workers, self._progress)
        seconds, count = self._spent.get(entries.modality, (0.0, 0))
        spent = seconds + time.perf_counter() - begun
        self._spent[entries.modality] = (spent, count + len(wanted))
        return part


def _by_key(part: Vectors, wanted: Mapping[object, int]) -> dict[object, _Found]:
    found: dict[int, _Found] = dict(zip(part.rows.tolist(), part.vectors, strict=True))
    found |= {each.row: each for each in part.missing}
    return {key: found[row] for row, key in enumerate(wanted)}


def _keys(entries: Entries) -> Sequence[object]:
    if entries.files is None:
        return entries.texts or ()
    spans = entries.spans or (None,) * len(entries)
    return list(zip(entries.files, spans, strict=True))


def _taken(entries: Entries, rows: list[int]) -> Entries:
    if len(rows) == len(entries):
        return entries
    texts, files, spans = entries.texts, entries.files, entries.spans
    return Entries(
        entries.modality,
        tuple(entries.ids[row] for row in rows),
        None if texts is None else tuple(texts[row] for row in rows),
        None if files is None else tuple(files[row] for row in rows),
        None if spans is None else tuple(spans[row] for row in rows),
    )


def _together(own: Sequence[_Found], none: NDArray[Any]) -> Vectors:
    missing = tuple(replace(e, row=row) for row, e in enumerate(own) if isinstance(e, Missing))
    rows = [row for row, each in enumerate(own) if not isinstance(each, Missing)]
    vectors = [each for each in own if not isinstance(each, Missing)]
    return Vectors(np.array(rows, np.int64), np.stack(vectors) if vectors else none, missing)


def _encode(model: AnyModel, entries: Entries, workers: int | None, progress: Progress) -> Vectors:
    if isinstance(model, Encoder):
        return encode_entries(model, entries, workers=workers, progress=progress)
    if entries.spans is not None and any(entries.spans):
        raise InputError(f"{model_name(model)} takes whole files, and this task has parts of files")
    inputs = entries.texts if entries.files is None else entries.files
    return vectors_of(model, entries.modality, inputs or (), workers=workers, progress=progress)
