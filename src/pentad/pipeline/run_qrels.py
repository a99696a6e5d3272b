"""What is relevant to what, as a run keeps it beside its scores.

RUN/qrels/<task>.parquet    query, item, grade: pairs of the task's queries and items, by id
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pentad.store.atomic import replacing

if TYPE_CHECKING:
    from pentad.evaluation.tasks.task import Task

FOLDER = "qrels"


def qrels_file(folder: Path, task: str) -> Path:
    """Return where the judgments of a task lie."""
    return folder / FOLDER / f"{task}.parquet"


def write_qrels(task: Task, folder: Path) -> None:
    """Write the judgments of a task into a run.

    Raises:
        StoreError: The file cannot be written.
    """
    import polars as pl

    qrels = task.qrels
    frame = pl.DataFrame(
        {
            "query": [task.queries.ids[row] for row in qrels.queries.tolist()],
            "item": [task.items.ids[row] for row in qrels.items.tolist()],
            "grade": qrels.grades,
        },
        schema={"query": pl.String, "item": pl.String, "grade": pl.Int64},
    )
    with replacing(qrels_file(folder, task.name)) as coming:
        frame.write_parquet(coming)
