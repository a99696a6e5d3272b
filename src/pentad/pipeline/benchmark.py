"""`benchmark`: one model on every task that lies on this disk, as a run folder."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pentad.core.errors import InputError, PentadError
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.curation.leakage.save import save_report
from pentad.curation.leakage.side import open_side
from pentad.encoders.protocol import Encoder, space_of
from pentad.evaluation.any_model import AnyModel, model_name
from pentad.evaluation.results.info import RunInfo, run_info, versions
from pentad.evaluation.results.names import people_direction, subset_of
from pentad.evaluation.results.store import (
    RUN_FILE,
    add_result,
    has_result,
    read_facts,
    read_run,
    write_run,
)
from pentad.evaluation.results.tables import write_tables
from pentad.evaluation.results.task_result import TaskResult
from pentad.evaluation.scores import QueryScores
from pentad.evaluation.task_scores import EncodedTask, fold_means, without_missing
from pentad.evaluation.tasks.task import Direction, Task
from pentad.evaluation.templates import templates_fingerprint
from pentad.pipeline import eshot_task
from pentad.pipeline.benchmark_found import Outcome, find_benchmarks, why_none
from pentad.pipeline.report.report import report
from pentad.pipeline.run_files import NO_RUN, write_details
from pentad.pipeline.task_leaks import find_task_leaks, without_flagged
from pentad.pipeline.task_vectors import TaskVectors
from pentad.sources.emm1.eshot import EShot
from pentad.store.outputs import held_folder, output_folder

Models = Mapping[Modality, AnyModel]
_LEFT_OUT = "queries that training has are left out"


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
class BenchmarkSummary:
    """A run over what is there.

    Attributes:
        folder: Of the run.
        outcomes: One a task, and one a benchmark that is not on disk.
    """

    folder: Path
    outcomes: tuple[Outcome, ...] = field(default_factory=tuple)

    @property
    def there(self) -> frozenset[str]:
        """The tasks that the run has scores of, of those that were asked for."""
        return frozenset(o.task for o in self.outcomes if o.state in {"scored", "kept"})


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
        StoreError: The folder cannot be written, or another process writes to it.
    """
    how = options or BenchmarkOptions()
    place = _checked(root, out, how)
    found, eshot, outcomes = find_benchmarks(place, tasks)
    with held_folder(out) as folder:
        run = _Run(models, folder, _info(name, models, how.seed), how, progress)
        outcomes += [run.score(task) for task in found]
        if eshot is not None:
            outcomes.append(run.score_eshot(eshot))
        summary = BenchmarkSummary(folder, tuple(outcomes))
        if not summary.there:
            raise InputError(f"no benchmark could be scored ({why_none(outcomes)})", file=root)
        write_tables(read_run(folder))
        if any(each.state == "scored" for each in outcomes):
            report(folder, media=False)
    return summary


def _checked(root: str | Path, out: str | Path, how: BenchmarkOptions) -> Path:
    """Return the folder of benchmarks, if results could be written; else nothing is embedded."""
    place = Path(root)
    if not place.is_dir():
        wrong = "this is a file; name its folder" if place.exists() else "there is no such folder"
        raise InputError(wrong, file=root)
    if how.drop_leaked and how.train is None:
        raise InputError("nobody knows what leaked", expected="--train WS|DIR with --drop-leaked")
    output_folder(out)
    return place


class _Run:
    """A model and the folder of its run."""

    def __init__(
        self, models: Models, out: Path, info: RunInfo, how: BenchmarkOptions, progress: Progress
    ) -> None:
        self._models, self._out, self._how, self._progress = models, out, how, progress
        # A run begins with its first result, but one of another model is refused at once.
        self._begun = (out / RUN_FILE).exists()
        self._info = write_run(out, info) if self._begun else info
        self._vectors = TaskVectors(models, how.workers, progress)
        self._train = None if how.train is None else open_side(how.train, progress=progress)

    def score(self, task: Task) -> Outcome:
        """Score one task, unless its result is there."""
        there = self._kept(task.name, task.revision)
        if there and not self._lacks(task.name):
            return Outcome(task.name, "kept")
        reason = self._obstacle(task)
        if reason:
            return Outcome(task.name, "skipped", reason)
        begun = time.perf_counter()
        try:
            vectors = self._vectors
            encoded = EncodedTask(task, vectors.queries(task), vectors.entries(task.items))
            scores, leaked, told = self._flagged(task, encoded.scores())
        except PentadError as error:
            return Outcome(task.name, "skipped", str(error))
        refused = write_details(encoded, self._out, depth=self._how.depth, tag=self._info.name)
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
            notes=(*task.notes, *told, *fold_means(task, scores), *refused),
        )
        self._add(result, again=there)
        self._info = write_run(self._out, replace(self._info, encode_seconds=self._vectors.seconds))
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

    def _lacks(self, name: str) -> bool:
        """Return whether a result is without the flags, or the TREC runs, that are asked for."""
        facts = read_facts(self._out, name)
        subsets = facts["directions"]
        runs = [self._out / "runs" / f"{name}.{key}.trec" for key in subsets]
        told = any(note.startswith(NO_RUN) for note in facts["notes"])
        if self._how.depth and not told and not all(path.is_file() for path in runs):
            return True
        if self._train is None:
            return False
        dropped = any(note.endswith(_LEFT_OUT) for note in facts["notes"])
        unflagged = any(each["leaked"] is None for each in subsets.values())
        return unflagged or dropped != self._how.drop_leaked

    def _add(self, result: TaskResult, *, again: bool = False) -> None:
        if not self._begun:
            self._info = write_run(self._out, self._info)
            self._begun = True
        add_result(self._out, result, again=again or self._how.again)

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
            raise InputError("training has every query of a direction")
        notes = [f"{people_direction(key)}: {own.sum()} {_LEFT_OUT}" for key, own in flags.items()]
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
        if wanted[0] is wanted[1] and len(task.directions) > 1:
            return f"two directions of {wanted[0]} -> {wanted[1]} have one name; ask for one"
        if not len(task.items) or not len(task.queries):
            return "none of its files is there"
        return ""


def _direction(task: Task, scores: QueryScores) -> Direction:
    if len(task.directions) == 1:
        return task.directions[0]
    forward = scores.query is task.queries.modality and scores.corpus is task.items.modality
    return Direction.forward if forward else Direction.reverse


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


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
