r"""The layout that E-MM1 is published in: CSV with ``\n`` and quotes only where they are needed.

    datasets/<name>/infos/<modality>.csv
    datasets/<name>/nn_<rank>/data_groups.csv
    datasets/<name>/triplets.csv, annotation_mapping.csv

Every column of the infos is kept in its order. A modality that is not asked for has neither a table
nor a column. Infos list every item that the policy keeps; where a limit or absent files thin out
the rows, only the items that the rows name.
"""

from __future__ import annotations

import csv
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any, BinaryIO

from pentad.core.modality import Modality
from pentad.core.progress import Progress, Task
from pentad.publish.bundle import TRIPLETS, Bundle
from pentad.publish.info_table import KEPT, UNKNOWN_ID, Bools, InfoTable
from pentad.publish.select import Chosen, Selection
from pentad.publish.written import Column, Written, add_up, kind_of
from pentad.store.records import Commit

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

_log = logging.getLogger(__name__)


def write_layout(
    selection: Selection, commit: Commit, *, only_used: bool, progress: Progress
) -> list[Written]:
    """Write a bundle in E-MM1's layout.

    Args:
        selection: What is written; its items are marked as published.
        commit: Where files are written.
        only_used: Whether infos list only the items that the rows name.
        progress: Told of each table.
    """
    bundle = selection.bundle
    home = f"datasets/{bundle.name}"
    tables = []
    for name in bundle.tables:
        with progress.task(f"write {name}") as task:
            file = f"{home}/{_file_of(name)}"
            tables.append(_write_rows(selection, commit, name, file, task))
    if TRIPLETS in bundle.tables:
        tables.append(_write_mapping(bundle, commit, f"{home}/annotation_mapping.csv"))
    for modality in (Modality.TEXT, *bundle.modalities):
        with progress.task(f"write infos of {modality}") as task:
            table = selection.tables[modality]
            tables.append(_write_infos(bundle, commit, table, f"{home}/infos", only_used))
            task.advance(tables[-1].rows)
    return tables


def _file_of(name: str) -> str:
    return "triplets.csv" if name == TRIPLETS else f"{name}/data_groups.csv"


def _write_rows(selection: Selection, commit: Commit, name: str, file: str, task: Task) -> Written:
    bundle = selection.bundle
    columns = bundle.triplet_columns() if name == TRIPLETS else bundle.group_columns()
    rows, dropped, unknown = 0, [], Counter[str]()
    with commit.path(file).open("wb") as out:
        _write_header(out, columns)
        for chosen in selection.of(name):
            selection.mark(chosen)
            _write_batch(out, chosen, columns)
            rows += len(chosen)
            dropped.append(chosen.dropped)
            unknown.update(_unknown(chosen))
            task.advance(len(chosen))
    for role, count in unknown.items():
        if count:
            _log.warning(
                "%s: %d %s ids are not in the infos; copied as they are", name, count, role
            )
    described = tuple(Column(column, kind_of(column)) for column in columns)
    return Written(name, (file,), "csv", described, rows, add_up(dropped))


def _unknown(chosen: Chosen) -> dict[str, int]:
    return {role: int((rows == UNKNOWN_ID).sum()) for role, rows in chosen.places.items()}


def _write_batch(out: BinaryIO, chosen: Chosen, columns: list[str]) -> None:
    chosen.frame.select(columns).write_csv(out, include_header=False)


def _write_header(out: BinaryIO, columns: list[str]) -> None:
    import polars as pl

    pl.DataFrame(schema=dict.fromkeys(columns, pl.String)).write_csv(out)


def _write_mapping(bundle: Bundle, commit: Commit, file: str) -> Written:
    with commit.path(file).open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([bundle.mapping_header, *bundle.mapping])
    code, label = bundle.mapping_header
    columns = (Column(code, "integer"), Column(label, "text"))
    return Written("annotation_mapping", (file,), "csv", columns, len(bundle.mapping))


def _write_infos(
    bundle: Bundle, commit: Commit, table: InfoTable, folder: str, only_used: bool
) -> Written:
    if not only_used:
        table.used[:] = table.state == KEPT
    rows = bundle.infos(table.modality)
    names = rows.columns()
    file = f"{folder}/{table.modality}.csv"
    with commit.path(file).open("wb") as out:
        _write_header(out, names)
        start = 0
        for batch in rows.batches():
            _write_items(out, batch, table.used[start : start + batch.num_rows])
            start += batch.num_rows
    columns = tuple(Column(name, kind_of(name)) for name in names)
    return Written(f"infos_{table.modality}", (file,), "csv", columns, int(table.used.sum()))


def _write_items(out: BinaryIO, batch: pa.RecordBatch, used: Bools) -> None:
    import polars as pl

    frame: Any = pl.from_arrow(batch)
    cells = [_cells(column) for column in frame.filter(pl.Series(used))]
    pl.DataFrame(cells).write_csv(out, include_header=False)


def _cells(column: pl.Series) -> pl.Series:
    """Return a column as it is published: whole numbers without a point, no text as nothing."""
    import polars as pl

    if column.dtype == pl.String:
        return column.to_frame().select(pl.all().replace("", None)).to_series()
    if column.dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        same = (whole == column).fill_null(False)
        texts = whole.cast(pl.String).zip_with(same, column.cast(pl.String))
        return texts.alias(column.name)
    return column
