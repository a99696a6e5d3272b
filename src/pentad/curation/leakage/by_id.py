"""Pairs that carry the same id of the world outside, in any modality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pentad.curation.leakage.external_ids import CLIP_SECONDS, NAME, ExternalId, external_id
from pentad.curation.leakage.id_tables import IdsByFile, id_tables_of, read_id_table
from pentad.curation.leakage.kinds import What, pair_schema
from pentad.curation.leakage.side import Side

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

_STRENGTH = {What.SAME_CLIP: 1.0, What.SAME_SOURCE: 0.5, What.SAME_NAME: 0.25}


def pairs_by_id(
    train: Side, evaluation: Side, tables: tuple[Path | None, Path | None] = (None, None)
) -> pl.DataFrame:
    """Return the pairs of files with one external id, columns as `pair_schema` says.

    The same id with times that overlap, or without times on either side, is the same clip. With
    times apart, or known on one side only, it is the same source. Where a clip's end is not known
    it is taken to be CLIP_SECONDS long.

    Args:
        train: The training side.
        evaluation: The evaluation side.
        tables: Of the training and of the evaluation side: a table of ids by file, or None.

    Raises:
        InputError: A table is not one of ids.
    """
    import polars as pl

    left, right = (
        _ids(side, table) for side, table in zip((train, evaluation), tables, strict=True)
    )
    both = right.join(left, on=["scheme", "value"], suffix="_train")
    rows = []
    for row in both.iter_rows(named=True):
        what, detail = relation(
            ExternalId(row["scheme"], row["value"], row["start"], row["end"]),
            ExternalId(row["scheme"], row["value"], row["start_train"], row["end_train"]),
        )
        ids = row["modality"], row["id"], row["modality_train"], row["id_train"]
        rows.append((what.value, *ids, _STRENGTH[what], None, detail))
    return pl.DataFrame(rows, schema=pair_schema(), orient="row")


def relation(one: ExternalId, other: ExternalId) -> tuple[What, str]:
    """Return what two files with the same id are to each other, and a line that says why."""
    named = f"{one.scheme} {one.value}"
    if one.scheme == NAME:
        return What.SAME_NAME, one.value
    first, second = _span(one), _span(other)
    if first is None and second is None:
        return What.SAME_CLIP, named
    if first is None or second is None:
        return What.SAME_SOURCE, f"{named}, times known on one side only"
    spans = f"{named}, {_times(first)} and {_times(second)}"
    overlap = min(first[1], second[1]) - max(first[0], second[0])
    return (What.SAME_CLIP if overlap > 0 else What.SAME_SOURCE), spans


def _span(one: ExternalId) -> tuple[float, float] | None:
    if one.start is None and one.end is None:
        return None
    start = one.start or 0.0
    return start, (start + CLIP_SECONDS if one.end is None else one.end)


def _times(span: tuple[float, float]) -> str:
    return f"{span[0]:g}-{span[1]:g} s"


def _ids(side: Side, table: Path | None) -> pl.DataFrame:
    """Return the external id of every file that has one."""
    import polars as pl

    told: dict[str, ExternalId] = {}
    for path in [*_own_tables(side), *([] if table is None else [table])]:
        told |= read_id_table(path)
    rows = [row for modality in side.media for row in _rows(side, modality, told)]
    schema = {
        "scheme": pl.String,
        "value": pl.String,
        "start": pl.Float64,
        "end": pl.Float64,
        "modality": pl.String,
        "id": pl.UInt32,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _own_tables(side: Side) -> list[Path]:
    if side.path is None or side.workspace is not None:
        return []
    return id_tables_of(side.path)


def _rows(side: Side, modality: str, told: IdsByFile) -> list[tuple[object, ...]]:
    items = side.catalog.items(modality)
    columns = (items.frame[name].to_list() for name in ("file", "source_dataset"))
    rows: list[tuple[object, ...]] = []
    for number, file, dataset in zip(items.ids.tolist(), *columns, strict=True):
        name = file.rpartition("/")[2].partition("#t=")[0]
        found = told.get(name) or external_id(file, dataset)
        if found is not None:
            rows.append((found.scheme, found.value, found.start, found.end, str(modality), number))
    return rows
