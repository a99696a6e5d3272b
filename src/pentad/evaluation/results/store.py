"""A run on disk: one folder a model, one file a task, written so that a break does no harm.

    RUN/run.json                              `RunInfo`
    RUN/tasks/<task>.json                     scores, see `task_json`
    RUN/queries/<task>.<direction>.parquet    per-query values

The file of a task is written after those of its queries and is what makes the task count: one that
was interrupted is not there, and is scored again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError, PentadError, StoreError
from pentad.core.modality import Modality
from pentad.evaluation.results.info import RunInfo, info_from_json
from pentad.evaluation.results.names import check_task_name
from pentad.evaluation.results.query_files import (
    QueryTable,
    query_file,
    read_queries,
    write_queries,
)
from pentad.evaluation.results.task_json import (
    VERSION,
    decode_result,
    encode_result,
    metrics_of,
)
from pentad.evaluation.results.task_result import TaskResult
from pentad.store.atomic import fsync_folder, store_error, write_bytes
from pentad.store.records import describe_files

RUN_FILE = "run.json"
TASKS = "tasks"
_ALL_SUBSETS = [f"{a.value}_to_{b.value}" for a, b in product(Modality, repeat=2)]
_FORM = (KeyError, TypeError, AttributeError, ValueError, IndexError, PentadError)


@dataclass(frozen=True, eq=False)
class Run:
    """The results of one model.

    Attributes:
        folder: Where they lie.
        info: Of the model.
        results: One a task, by name.
    """

    folder: Path
    info: RunInfo
    results: tuple[TaskResult, ...]

    @property
    def tasks(self) -> dict[str, TaskResult]:
        """The results by the name of their task."""
        return {result.task: result for result in self.results}


def write_run(folder: str | Path, info: RunInfo) -> RunInfo:
    """Begin a run, or go on with one of the same model and seed.

    Of a run that is there, name, parameters, cost, versions and notes become those given; the
    entries of encode cost that are not given stay.

    Returns:
        What the run now says of itself.

    Raises:
        InputError: The folder holds a run of another model, or with another seed.
        StoreError: The folder cannot be written, or holds a damaged run.
    """
    path = Path(folder) / RUN_FILE
    if path.exists():
        there = read_info(folder)
        _check_same(path, there, info)
        seconds = {**there.encode_seconds, **info.encode_seconds}
        info = replace(info, encode_seconds=seconds)
    _write(path, info.to_json())
    return info


def has_result(folder: str | Path, task: str, revision: str) -> bool:
    """Return whether a run has a sound result of a task at a revision, of the run's own model."""
    where = Path(folder)
    info = read_info(where)
    try:
        value = _load(_task_file(where, task))
        ours = value["pentad"]
        return (
            (ours["model"], ours["seed"]) == (info.fingerprint, info.seed)
            and value["dataset_revision"] == revision
            and all(
                _described(query_file(where, task, key)) == direction["queries"]
                for key, direction in ours["directions"].items()
            )
        )
    except (KeyError, TypeError, AttributeError, ValueError, PentadError):
        return False


def read_facts(folder: str | Path, task: str) -> dict[str, Any]:
    """Return what the file of a task says under ``pentad``: directions, notes, counts.

    Raises:
        StoreError: The file is missing or damaged.
    """
    path = _task_file(Path(folder), task)
    facts = _load(path).get("pentad")
    if not isinstance(facts, dict):
        raise _damaged(path, ValueError("no results of Pentad"))
    return facts


def add_result(folder: str | Path, result: TaskResult, *, again: bool = False) -> bool:
    """Add the result of a task to a run that `write_run` began.

    A result that is there already, of the same revision and model, is kept.

    Args:
        folder: Of the run.
        result: What was scored. Where it has no `TaskResult.scores` they are made with the seed of
            the run.
        again: Replace it even so.

    Returns:
        Whether it was written.

    Raises:
        StoreError: There is no run, or it cannot be written.
        InputError: The result holds what JSON cannot.
    """
    where = Path(folder)
    info = read_info(where)
    if not again and has_result(where, result.task, result.revision):
        return False
    full = result if result.scores else result.with_scores(info.seed)
    path = _task_file(where, result.task)
    _remove(path)  # from here on the old result does not count: its queries are replaced
    for key, scores in full.subsets.items():
        write_queries(query_file(where, full.task, key), scores)
    files = {key: _described(query_file(where, full.task, key)) for key in full.subsets}
    _write(path, encode_result(full, info, files))
    for key in _ALL_SUBSETS:
        if key not in files:  # left by an earlier result
            _remove(query_file(where, full.task, key))
    return True


def read_info(folder: str | Path) -> RunInfo:
    """Return what ``run.json`` says.

    Raises:
        StoreError: There is no run, or the file is damaged or of another version.
    """
    path = Path(folder) / RUN_FILE
    value = _load(path, missing="no run here; 'pentad benchmark' makes one")
    try:
        return info_from_json(value)
    except _FORM as error:
        raise _damaged(path, error) from error


def read_run(folder: str | Path) -> Run:
    """Return a run with the values of all its queries.

    Raises:
        StoreError: There is no run; a file is missing, damaged, of another version or of another
            model; or a task's queries are not those it was written with.
    """
    where = Path(folder)
    info = read_info(where)
    files = sorted((where / TASKS).glob("*.json"))
    results = [_read(where, path, info) for path in files if not path.name.startswith(".")]
    return Run(where, info, tuple(results))


def _read(folder: Path, path: Path, info: RunInfo) -> TaskResult:
    value = _load(path)
    try:
        ours = value["pentad"]
        if ours["version"] != VERSION:
            raise ValueError(f"version {ours['version']!r}")
        if value["task_name"] != path.stem:
            raise ValueError(f"of task {value['task_name']!r}")
        if ours["model"] != info.fingerprint:
            raise ValueError("of another model than its run")
        tables = {
            key: _table(folder, path, key, direction)
            for key, direction in ours["directions"].items()
        }
        return decode_result(value, tables)
    except StoreError:
        raise
    except _FORM as error:
        raise _damaged(path, error) from error


def _table(folder: Path, path: Path, key: str, direction: Mapping[str, Any]) -> QueryTable:
    file = query_file(folder, path.stem, key)
    metrics = metrics_of(direction)
    if _described(file) != direction["queries"]:
        raise StoreError(f"{file}: not the queries that {path} is about; score the task again")
    return read_queries(file, metrics)


def _described(path: Path) -> dict[str, object]:
    try:
        return describe_files(path.parent, [path.name])[path.name]
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(f"{path}: cannot be read ({reason}); score the task again") from error


def _load(path: Path, missing: str = "") -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise StoreError(f"{path}: {missing or 'missing'}") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not isinstance(value, dict):
        raise _damaged(path, ValueError("not an object"))
    return value


def _write(path: Path, value: object) -> None:
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"cannot be written as JSON ({error})", file=path) from error
    write_bytes(path, (text + "\n").encode())


def _remove(path: Path) -> None:
    try:
        if path.exists():
            path.unlink()
            fsync_folder(path.parent)
    except OSError as error:
        raise store_error(path, error) from error


def _check_same(path: Path, there: RunInfo, given: RunInfo) -> None:
    if there.fingerprint != given.fingerprint:
        raise InputError(
            "this run is of another model; choose another folder",
            file=path,
            expected=_model(there),
            seen=_model(given),
        )
    if there.seed != given.seed:
        raise InputError(
            "this run has another seed; choose another folder",
            file=path,
            expected=there.seed,
            seen=given.seed,
        )


def _model(info: RunInfo) -> str:
    return f"{info.name} ({', '.join(sorted(set(info.spaces.values()))) or 'no spaces'})"


def _task_file(folder: Path, task: str) -> Path:
    return folder / TASKS / f"{check_task_name(task)}.json"


def _damaged(path: Path, error: Exception) -> StoreError:
    what = f"no {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__
    return StoreError(f"{path}: damaged, or not of this version ({what}); score again")
