"""Rows with everything they name: caption, and of each item its file, source and license.

groups     encord_text_id, nn_index, caption, source_dataset_text, dataset_license_text,
           encord_video_id, file_name_video, save_folder_video, source_dataset_video, ...
triplets   the same with _paired and _annotated in the place of modalities, annotation_str
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pentad.publish.bundle import ANNOTATED, PAIRED, RANK, TRIPLETS, Bundle
from pentad.publish.info_table import CAPTION, FILE, FOLDER, LICENSE, SOURCE
from pentad.publish.select import Chosen, Selection
from pentad.publish.written import INTEGER, TEXT, Column

if TYPE_CHECKING:
    import pyarrow as pa

_FACTS = (FILE, FOLDER, SOURCE, LICENSE)
_ABOUT = {
    FILE: "file name",
    FOLDER: "folder of the media that the file lies in",
    SOURCE: "data set that it is from",
    LICENSE: "license as its source gives it",
}


def derived_columns(bundle: Bundle, table: str) -> tuple[Column, ...]:
    """Return the columns of a table in order, with what they hold."""
    roles = (PAIRED, ANNOTATED) if table == TRIPLETS else tuple(m.value for m in bundle.modalities)
    columns = [Column(bundle.id_name("text"), INTEGER, "id of the caption within the split")]
    if table != TRIPLETS:
        columns.append(Column(RANK, INTEGER, "rank of the neighbors, from 1"))
    columns.append(Column(CAPTION, TEXT, "the caption"))
    columns += _facts("text", "of the caption", (SOURCE, LICENSE))
    for role in roles:
        of = f"of the {role} item"
        if table == TRIPLETS:
            columns.append(Column(f"{role}_modality", TEXT, f"modality {of}"))
        columns.append(Column(bundle.id_name(role), INTEGER, f"id {of} within split and modality"))
        columns += _facts(role, of, _FACTS)
    if table == TRIPLETS:
        names = ", ".join(f"{code} {name}" for code, name in bundle.mapping)
        columns.append(Column("annotation", INTEGER, f"rating: {names}"))
        columns.append(Column("annotation_str", TEXT, "name of the rating"))
    return tuple(columns)


def derive(selection: Selection, table: str, chosen: Chosen) -> pa.Table:
    """Return chosen rows with the columns of `derived_columns`; labels may be dictionaries."""
    import pyarrow as pa

    columns = derived_columns(selection.bundle, table)
    made = {c.name: _plain(_cells(selection, chosen, c), type_name(c)) for c in columns}
    return pa.table(made)


def _cells(selection: Selection, chosen: Chosen, column: Column) -> Any:
    import polars as pl

    if column.name in chosen.frame.columns:
        return chosen.frame[column.name].to_arrow()
    if column.name == CAPTION:
        return selection.column(chosen, "text", CAPTION)
    if column.name == "annotation_str":
        names = dict(selection.bundle.mapping)
        return chosen.frame["annotation"].replace_strict(names, return_dtype=pl.String).to_arrow()
    fact, _, role = column.name.rpartition("_")
    return selection.column(chosen, role, fact)


def _plain(cells: Any, kind: str) -> Any:
    import pyarrow as pa

    return cells if pa.types.is_dictionary(cells.type) else cells.cast(kind)


def type_name(column: Column) -> str:
    """Return the type of a column as Arrow and others call it."""
    if column.kind == TEXT:
        return "string"
    return {RANK: "uint16", "annotation": "uint8"}.get(column.name, "uint32")


def _facts(role: str, of: str, facts: tuple[str, ...]) -> list[Column]:
    return [Column(f"{fact}_{role}", TEXT, f"{_ABOUT[fact]}, {of}") for fact in facts]
