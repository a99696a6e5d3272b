"""`read_task`: a task from a neutral folder, which any program can write.

    DIR/task.json                     name, kind, modalities, directions, metrics, ...
    DIR/queries.parquet or .jsonl     id, text or file, and optionally start, end, unit, fold
    DIR/items.parquet or .jsonl       the same
    DIR/qrels.parquet or .jsonl       query_id, item_id, grade
       or qrels.tsv or qrels.txt      as TREC has them, or BEIR

Files are named relative to the folder, or to ``root`` in ``task.json``. No name may lead out of
it, neither by ``..`` nor by a link. A file that is not there is listed as absent; all else that is
wrong is an error, for a benchmark with a row left out is another benchmark. The whole is described
in the guide to tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pentad.core.errors import InputError, Reason
from pentad.core.modality import Modality
from pentad.evaluation.tasks.build import Gathered, Pair, build_task
from pentad.evaluation.tasks.files import MediaFiles
from pentad.evaluation.tasks.table import TableRow, first_row, json_rows, parquet_rows
from pentad.evaluation.tasks.task import Span, Task
from pentad.evaluation.tasks.task_json import TASK_FILE, read_task_json
from pentad.evaluation.tasks.trec import read_qrels
from pentad.sources.refusal import Refused
from pentad.store.segments import segment_name

QUERIES, ITEMS, QRELS = "queries", "items", "qrels"
FORMATS: Mapping[str, Callable[[Path], Iterator[TableRow]]] = {
    "parquet": parquet_rows,
    "jsonl": json_rows,
}
_TREC = ("tsv", "txt")
_TIMED = (Modality.AUDIO, Modality.VIDEO)


def is_task_folder(folder: Path) -> bool:
    """Return whether a folder has a ``task.json``."""
    return (folder / TASK_FILE).is_file()


def read_task(folder: str | Path, *, root: str | Path | None = None) -> Task:
    """Return the task of a neutral folder.

    Args:
        folder: Holds ``task.json`` and the tables.
        root: Where files are looked up; by default what ``task.json`` says, else the folder.

    Raises:
        InputError: Something in it is missing or wrong; file, row and column are told.
    """
    place = Path(folder)
    said = read_task_json(place)
    media = MediaFiles(said.root if root is None else Path(root))
    queries = _read_side(place, QUERIES, said.query_modality, media)
    items = _read_side(place, ITEMS, said.item_modality, media)
    pairs = list(_read_pairs(place, queries, items))
    task = build_task(said.description, queries, items, pairs, root=media.root)
    return replace(task, absent=(*said.absent, *task.absent))


def find_table(folder: Path, name: str, endings: tuple[str, ...]) -> Path:
    """Return the one file of this name that a folder has.

    Raises:
        InputError: It has none, or several.
    """
    found = [path for ending in endings if (path := folder / f"{name}.{ending}").is_file()]
    if len(found) != 1:
        wanted = " or ".join(f"{name}.{ending}" for ending in endings)
        what = "there is no such table" if not found else "there are several; keep one"
        raise InputError(what, file=folder, expected=wanted,
                         seen=", ".join(path.name for path in found) or None)  # fmt: skip
    return found[0]


def _read_side(folder: Path, name: str, modality: Modality, media: MediaFiles) -> Gathered:
    table = find_table(folder, name, tuple(FORMATS))
    gathered = Gathered(modality, table=table, column="id")
    for row in first_row(FORMATS[table.suffix[1:]](table), table):
        try:
            _take(gathered, row, media)
        except Refused as refused:
            if refused.reason is not Reason.MISSING_FILE:
                raise row.wrong(refused.detail, "file") from None
            gathered.leave_out(row.exact("id"), refused.detail)
    return gathered


def _take(gathered: Gathered, row: TableRow, media: MediaFiles) -> None:
    is_text = gathered.modality is Modality.TEXT
    id_ = row.exact("id")
    span = _span(row, gathered.modality)
    gathered.add(
        id_,
        row.exact("text") if is_text else media.find(row.exact("file")),
        span=span,
        unit=None if row.cells.get("unit") is None else row.exact("unit"),
        fold=row.whole("fold"),
        row=row.number,
    )


def _span(row: TableRow, modality: Modality) -> Span | None:
    start, end = row.number_of("start"), row.number_of("end")
    if start is None and end is None:
        return None
    column = "end" if start is None else "start"
    if modality not in _TIMED:
        raise row.wrong(f"what is {modality} has no playing time; leave this empty", column)
    try:
        segment_name("", start, end)
    except ValueError as error:
        raise row.wrong(str(error), column) from None
    return Span(start or 0.0, end)


def _read_pairs(folder: Path, queries: Gathered, items: Gathered) -> Iterator[Pair]:
    table = find_table(folder, QRELS, (*FORMATS, *_TREC))
    sides = [(_ids(queries), "query_id"), (_ids(items), "item_id")]
    seen: set[tuple[str, str]] = set()
    for row in _qrel_rows(table):
        pair = (row.exact("query_id"), row.exact("item_id"))
        for (ids, column), id_ in zip(sides, pair, strict=True):
            if id_ not in ids:
                raise row.wrong("there is no entry of this id", column, repr(id_))
        if pair in seen:
            raise row.wrong("this pair is there already", seen=f"{pair[0]!r} and {pair[1]!r}")
        seen.add(pair)
        grade = row.whole("grade")
        if grade is None:
            raise row.wrong("the grade is missing", "grade")
        yield (*pair, grade)


def _ids(gathered: Gathered) -> set[str]:
    return set(gathered.entries().ids) | {absent.id for absent in gathered.absent}


def _qrel_rows(table: Path) -> Iterator[TableRow]:
    if table.suffix[1:] not in _TREC:
        yield from first_row(FORMATS[table.suffix[1:]](table), table)
        return
    judged = read_qrels(table)
    columns = (judged.query_ids, judged.item_ids, judged.grades.tolist(), judged.rows.tolist())
    for query, item, grade, number in zip(*columns, strict=True):
        yield TableRow(table, number, {"query_id": query, "item_id": item, "grade": grade})
