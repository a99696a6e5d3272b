"""`benchmark`: one model on every task that lies on this disk, as a run folder."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import InputError, PentadError
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.curation.leakage.save import save_report
from pentad.curation.leakage.side import open_side
from pentad.encoders.protocol import Encoder, space_of
from pentad.evaluation.any_model import AnyModel, model_name, vectors_of
from pentad.evaluation.class_labels import ClassLabel
from pentad.evaluation.encode import Vectors, encode_entries
from pentad.evaluation.prompts import zero_shot_classes
from pentad.evaluation.results.info import RunInfo, run_info, versions
from pentad.evaluation.results.names import subset_of
from pentad.evaluation.results.store import RUN_FILE, add_result, has_result, read_run, write_run
from pentad.evaluation.results.tables import write_tables
from pentad.evaluation.results.task_result import TaskResult
from pentad.evaluation.scores import QueryScores
from pentad.evaluation.task_scores import EncodedTask, fold_means, without_missing
from pentad.evaluation.tasks.registry import find_tasks, get_task, list_tasks
from pentad.evaluation.tasks.task import Direction, Entries, Kind, Task
from pentad.evaluation.templates import fill, templates_fingerprint
from pentad.pipeline import eshot_task
from pentad.pipeline.report.report import report
from pentad.pipeline.run_files import write_details
from pentad.pipeline.task_leaks import find_task_leaks, without_flagged
from pentad.sources.emm1.eshot import EShot

Models = Mapping[Modality, AnyModel]


@dataclass(frozen=True)
class BenchmarkOptions:
    """How tasks are scored.

    Attributes:
        seed: Of the intervals.
        workers: Decoder processes; default one a processor.
        again: Score tasks anew whose result is there already.
        depth: How many results of each query are written as TREC runs; 0 for none.
        train: What the model was trained on, a workspace or folder: queries that it has, or whose
            answers it has, get a flag. None: nobody looks.
        drop_leaked: Leave flagged queries out of the scores.
    """

    seed: int = 0
    workers: int | None = None
    again: bool = False
    depth: int = 0
    train: Path | None = None
    drop_leaked: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one task.

    Attributes:
        task: Its name.
        state: ``scored``; ``kept``, its result was there; ``skipped``, the model or the files do
            not allow it; or ``missing``, the data set is not on disk.
        reason: Why it was skipped, or what is needed; else empty.
    """

    task: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class BenchmarkSummary:
    """A run over what is there.

    Attributes:
        folder: Of the run.
        outcomes: One a task, and one a benchmark that is not on disk.
    """

    folder: Path
    outcomes: tuple[Outcome, ...] = field(default_factory=tuple)


def models_by_modality(
    named: Iterable[tuple[Modality | None, AnyModel]],
) -> dict[Modality, AnyModel]:
    """Return which model encodes what: the one named for a modality, else the first that can.

    Args:
        named: Models, each with the modality it was named for, or None.

    Raises:
        InputError: There is none, or one cannot encode the modality it was named for.
    """
    found: dict[Modality, AnyModel] = {}
    pairs = list(named)
    for modality, model in sorted(pairs, key=lambda pair: pair[0] is None):
        able = tuple(model.modalities) if isinstance(model, Encoder) else tuple(Modality)
        if modality is not None and modality not in able:
            seen = ", ".join(able)
            raise InputError(f"{model_name(model)} cannot encode {modality}", seen=seen)
        for kind in able if modality is None else (modality,):
            found.setdefault(kind, model)
    if not found:
        raise InputError("no model to benchmark", expected="-m MODEL")
    return found


def benchmark(
    root: str | Path,
    models: Models,
    out: str | Path,
    *,
    name: str,
    tasks: Sequence[str] = (),
    options: BenchmarkOptions | None = None,
    progress: Progress = SILENT,
) -> BenchmarkSummary:
    """Score a model on the benchmarks of a folder; what is scored already is kept.

    Args:
        root: Folder of a data set, or of several beside one another.
        models: Which model encodes what.
        out: Folder of the run.
        name: Of the model, for tables.
        tasks: Names of benchmarks; empty for all that are there.
        options: How tasks are scored.
        progress: Where to report.

    Returns:
        What became of every task; the run folder holds the scores and tables.

    Raises:
        InputError: Nothing could be scored, or the folder is of another model's run.
        UnknownName: There is no such benchmark.
    """
    how = options or BenchmarkOptions()
    place = Path(root)
    if not place.is_dir():
        raise InputError("there is no such folder", file=root)
    named = [each for each in tasks if each != eshot_task.NAME]
    found, outcomes = _find(place, named) if named or not tasks else ([], [])
    eshot = _eshot(place, tasks, outcomes)
    run = _Run(models, Path(out), _info(name, models, how.seed), how, progress)
    outcomes += [run.score(task) for task in found]
    if eshot is not None:
        outcomes.append(run.score_eshot(eshot))
    if not any(each.state in {"scored", "kept"} for each in outcomes):
        told = [f"{each.task}: {each.reason}" for each in outcomes if each.state == "skipped"]
        why = "; ".join(told[:3]) or "none lies there; 'pentad list tasks' says what each needs"
        raise InputError(f"no benchmark could be scored ({why})", file=root)
    write_tables(read_run(out))
    if any(each.state == "scored" for each in outcomes):
        report(out, media=False)
    return BenchmarkSummary(Path(out), tuple(outcomes))


def _find(root: Path, names: Sequence[str]) -> tuple[list[Task], list[Outcome]]:
    """Return the tasks, and what is not there or cannot be read."""
    if names:
        return [task for name in names for task in get_task(name, root)], []
    search = find_tasks(root)
    needs = {each.name: each.needs for each in list_tasks()}
    found = [task for one in search.found for task in one.tasks]
    broken = [Outcome(one.name, "skipped", one.error) for one in search.found if one.error]
    absent = [Outcome(each, "missing", f"needs {needs[each]}") for each in search.missing]
    names_there = [task.name for task in found]
    for task in found:
        if names_there.count(task.name) > 1:
            raise InputError(f"task {task.name!r} lies there twice; name one folder", file=root)
    return found, [*broken, *absent]


def _eshot(root: Path, names: Sequence[str], outcomes: list[Outcome]) -> EShot | None:
    """Return EShot where it is asked for and there; that it is not is noted."""
    if names:
        return eshot_task.check_wanted(root) if eshot_task.NAME in names else None
    found = eshot_task.find_benchmark(root)
    if found is None:
        outcomes.append(Outcome(eshot_task.NAME, "missing", f"needs {eshot_task.NEEDS}"))
    return found


class _Run:
    """A model and the folder of its run."""

    def __init__(
        self, models: Models, out: Path, info: RunInfo, how: BenchmarkOptions, progress: Progress
    ) -> None:
        self._models, self._out, self._how, self._progress = models, out, how, progress
        # A run begins with its first result, but one of another model is refused at once.
        self._begun = (out / RUN_FILE).exists()
        self._info = write_run(out, info) if self._begun else info
        self._vectors: dict[tuple[Any, ...], Vectors] = {}
        self._spent: dict[Modality, tuple[float, int]] = {}
        self._train = None if how.train is None else open_side(how.train, progress=progress)

    def score(self, task: Task) -> Outcome:
        """Score one task, unless its result is there."""
        if self._kept(task.name, task.revision):
            return Outcome(task.name, "kept")
        reason = self._obstacle(task)
        if reason:
            return Outcome(task.name, "skipped", reason)
        begun = time.perf_counter()
        try:
            encoded = EncodedTask(task, self._queries(task), self._entries(task.items))
            scores, leaked, told = self._flagged(task, encoded.scores())
        except PentadError as error:
            return Outcome(task.name, "skipped", str(error))
        result = TaskResult(
            task=task.name,
            revision=task.revision,
            split=task.split,
            directions=tuple(scores),
            kind=task.kind.value,
            absent=without_missing(task, encoded),
            leaked=leaked,
            templates=templates_fingerprint(task.templates) if task.templates else None,
            seconds=time.perf_counter() - begun,
            date=_now(),
            notes=(*task.notes, *told, *fold_means(task, scores)),
        )
        write_details(encoded, self._out, depth=self._how.depth, tag=self._info.name)
        self._add(result)
        spent = {m.value: seconds / count for m, (seconds, count) in self._spent.items() if count}
        self._info = write_run(self._out, replace(self._info, encode_seconds=spent))
        return Outcome(task.name, "scored")

    def score_eshot(self, eshot: EShot) -> Outcome:
        """Score EShot, unless its result is there."""
        name, revision = eshot_task.NAME, eshot_task.revision(eshot)
        if self._kept(name, revision):
            return Outcome(name, "kept")
        lacking = [m for m in (Modality.AUDIO, Modality.POINTS) if m not in self._models]
        if lacking:
            return Outcome(name, "skipped", f"the model does not encode {' or '.join(lacking)}")
        pair = self._models[Modality.AUDIO], self._models[Modality.POINTS]
        begun = time.perf_counter()
        try:
            result = eshot_task.eshot_result(
                eshot, pair, workers=self._how.workers, progress=self._progress
            )
        except PentadError as error:
            return Outcome(name, "skipped", str(error))
        seconds, date = time.perf_counter() - begun, _now()
        self._add(replace(result, seconds=seconds, date=date))
        return Outcome(name, "scored")

    def _kept(self, name: str, revision: str) -> bool:
        return self._begun and not self._how.again and has_result(self._out, name, revision)

    def _add(self, result: TaskResult) -> None:
        if not self._begun:
            self._info = write_run(self._out, self._info)
            self._begun = True
        add_result(self._out, result, again=self._how.again)

    def _flagged(
        self, task: Task, scores: Sequence[QueryScores]
    ) -> tuple[list[QueryScores], dict[str, int], list[str]]:
        """Return the scores, how many queries of each direction are flagged, and what to note."""
        if self._train is None:
            return list(scores), {}, []
        cache = self._out / "cache" / "leakage"
        leaks = find_task_leaks(
            task, self._train, cache=cache, workers=self._how.workers, progress=self._progress
        )
        save_report(leaks.report, self._out / "leakage" / task.name)
        flags = {
            subset_of(each): leaks.flagged(task, _direction(task, each), each.queries.tolist())
            for each in scores
        }
        if not self._how.drop_leaked:
            return list(scores), {key: int(own.sum()) for key, own in flags.items()}, []
        if any(own.all() for own in flags.values()):
            raise InputError(f"training has every query of {task.name}")
        notes = [
            f"{key}: {own.sum()} queries that training has are left out"
            for key, own in flags.items()
        ]
        kept = [without_flagged(each, flags[subset_of(each)]) for each in scores]
        return kept, dict.fromkeys(flags, 0), notes

    def _obstacle(self, task: Task) -> str:
        """Return why the model cannot be scored on a task; empty if it can."""
        wanted = (task.queries.modality, task.items.modality)
        lacking = [each for each in wanted if each not in self._models]
        if lacking:
            return f"the model does not encode {' or '.join(dict.fromkeys(lacking))}"
        first, second = (_space(self._models[each]) for each in wanted)
        if first != second:
            return f"{wanted[0]} and {wanted[1]} are in two spaces, {first} and {second}"
        if not len(task.items) or not len(task.queries):
            return "none of its files is there"
        return ""

    def _queries(self, task: Task) -> Vectors:
        if task.kind is not Kind.classification or not task.templates:
            return self._entries(task.queries)
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

    def _entries(self, entries: Entries) -> Vectors:
        """Return the vectors of entries; those of one data set serve all its tasks."""
        key = (entries.modality, entries.texts, entries.files, entries.spans)
        if key not in self._vectors:
            begun = time.perf_counter()
            self._vectors[key] = _encode(
                self._models[entries.modality], entries, self._how.workers, self._progress
            )
            seconds, count = self._spent.get(entries.modality, (0.0, 0))
            spent = seconds + time.perf_counter() - begun
            self._spent[entries.modality] = (spent, count + len(entries))
        return self._vectors[key]


def _direction(task: Task, scores: QueryScores) -> Direction:
    forward = scores.query is task.queries.modality and scores.corpus is task.items.modality
    return Direction.forward if forward else Direction.reverse


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _encode(model: AnyModel, entries: Entries, workers: int | None, progress: Progress) -> Vectors:
    if isinstance(model, Encoder):
        return encode_entries(model, entries, workers=workers, progress=progress)
    if entries.spans is not None and any(entries.spans):
        raise InputError(f"{model_name(model)} takes whole files, and this task has parts of files")
    inputs = entries.texts if entries.files is None else entries.files
    return vectors_of(model, entries.modality, inputs or (), workers=workers, progress=progress)


def _info(name: str, models: Models, seed: int) -> RunInfo:
    encoders = {m: model for m, model in models.items() if isinstance(model, Encoder)}
    info = run_info(name, encoders, seed=seed)
    functions = {m.value: model_name(f) for m, f in models.items() if m not in encoders}
    if not functions:
        return info
    return replace(
        info,
        spaces={**info.spaces, **functions},
        fingerprints={**info.fingerprints, **functions},
        parameters=None,
        versions=versions(),
    )


def _space(model: AnyModel) -> str:
    return space_of(model) if isinstance(model, Encoder) else model_name(model)
