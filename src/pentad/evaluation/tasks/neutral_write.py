"""`write_task`: a task as a neutral folder, which `read_task` reads as the same task."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError, UnknownName
from pentad.evaluation.tasks.build import file_name
from pentad.evaluation.tasks.neutral import FORMATS, ITEMS, QRELS, QUERIES, is_task_folder
from pentad.evaluation.tasks.table import json_object
from pentad.evaluation.tasks.task import Entries, Task
from pentad.evaluation.tasks.task_json import TASK_FILE, task_fields
from pentad.evaluation.tasks.trec import judgments_of
from pentad.store.records import Commit, committing

Columns = Mapping[str, Sequence[Any]]

_OPTIONAL = ("start", "end", "unit", "fold")


def write_task(
    task: Task,
    folder: str | Path,
    *,
    format: str = "parquet",
    root: str | Path | None = None,
    replace: bool = False,
) -> None:
    """Write a task as a neutral folder; all of its tables appear or none. Media are not copied.

    Args:
        task: What to write.
        folder: Where; it is made.
        format: ``parquet`` or ``jsonl``.
        root: Folder that files are named relative to and that readers look them up in; it is
            remembered as an absolute path. None: they lie within ``folder``.
        replace: Whether a task that was written there may be replaced.

    Raises:
        InputError: A file does not lie below the root, or there is a task already.
        UnknownName: There is no such format.
        StoreError: The disk is full or cannot be written.
    """
    if format not in FORMATS:
        raise UnknownName("format", format, FORMATS)
    place = Path(folder)
    base = place if root is None else Path(root)
    tables = {
        QUERIES: _entry_columns(task.queries, base),
        ITEMS: _entry_columns(task.items, base),
        QRELS: _qrel_columns(task),
    }
    _check_vacant(place, replace)
    with committing(place / TASK_FILE) as commit:
        for name, columns in tables.items():
            _write_table(commit, f"{name}.{format}", columns)
        commit.finish(task_fields(task, "" if root is None else str(base.absolute())))


def _check_vacant(folder: Path, replace: bool) -> None:
    """Raise where writing would leave two tables of one name, or take the place of something."""
    if is_task_folder(folder) and not replace:
        raise InputError(
            "there is a task already; say replace, or name another folder", file=folder
        )
    ours = json_object(folder / TASK_FILE).get("files", {}) if is_task_folder(folder) else {}
    for name in (QUERIES, ITEMS, QRELS):
        for path in sorted(folder.glob(f"{name}.*")):
            if path.name not in ours:
                raise InputError("there is a table that no earlier write has made; move it away",
                                 file=path)  # fmt: skip


def _entry_columns(entries: Entries, root: Path) -> Columns:
    files = None if entries.files is None else [file_name(file, root) for file in entries.files]
    spans = entries.spans
    columns: dict[str, Sequence[Any] | None] = {
        "id": entries.ids,
        "text": entries.texts,
        "file": files,
        "start": None if spans is None else [span and span.start for span in spans],
        "end": None if spans is None else [span and span.end for span in spans],
        "unit": entries.units,
        "fold": entries.folds,
    }
    return {name: values for name, values in columns.items() if values is not None}


def _qrel_columns(task: Task) -> Columns:
    judged = judgments_of(task)
    return {
        "query_id": judged.query_ids.tolist(),
        "item_id": judged.item_ids.tolist(),
        "grade": judged.grades.tolist(),
    }


def _write_table(commit: Commit, name: str, columns: Columns) -> None:
    path = commit.path(name)
    if name.endswith(".parquet"):
        _write_parquet(path, columns)
        return
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for values in zip(*columns.values(), strict=True):
            row = dict(zip(columns, values, strict=True))
            told = {key: value for key, value in row.items() if value is not None}
            file.write(json.dumps(told, ensure_ascii=False) + "\n")


def _write_parquet(path: Path, columns: Columns) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"start": pa.float64(), "end": pa.float64(), "fold": pa.int64(), "grade": pa.int64()}
    arrays = {
        name: pa.array(list(values), types.get(name, pa.string()))
        for name, values in columns.items()
    }
    pq.write_table(pa.table(arrays), path)
