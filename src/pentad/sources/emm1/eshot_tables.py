"""The two info tables of EShot: one row an item, in the order that embedding matrices have."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.sources.emm1.csv_table import header_of, read_table, require_columns

if TYPE_CHECKING:
    import polars as pl

INFO_FILES = {
    Modality.AUDIO: "eshot_audio_info.csv",
    Modality.POINTS: "eshot_points_info.csv",
}
ID_COLUMNS = {Modality.AUDIO: "eshot_audio_id", Modality.POINTS: "eshot_point_id"}
SAVE_FOLDER = "eshot"
_ALIASES = {"eshot_points_id": "eshot_point_id", "object_id": "file_id"}
_NUMBERS = ("start_time", "end_time")


def read_info(folder: Path, modality: Modality) -> pl.DataFrame:
    """Return one info table in file order, its columns under their present names.

    ``eshot_points_id`` and ``object_id``, as some copies have them, become ``eshot_point_id`` and
    ``file_id``; a ``save_folder`` that is absent or empty is ``eshot``.

    Raises:
        InputError: The table is missing, a Git LFS pointer or damaged, has no rows, or repeats an
            id.
    """
    import polars as pl

    path, key = folder / INFO_FILES[modality], ID_COLUMNS[modality]
    names = _present_names(header_of(path))
    require_columns(path, list(names.values()), (key, "file_name"))
    table = read_table(path, {old: _kind(new, key) for old, new in names.items()})
    frame = pl.DataFrame(pl.from_arrow(table)).rename(names)
    if frame.is_empty():
        raise InputError("the table has no rows", file=path)
    _check_ids(path, frame, key)
    return _with_folder(path, frame)


def _present_names(columns: list[str]) -> dict[str, str]:
    return {
        name: _ALIASES[name] if name in _ALIASES and _ALIASES[name] not in columns else name
        for name in columns
    }


def _kind(column: str, key: str) -> str:
    if column == key:
        return "id"
    return "number" if column in _NUMBERS else "text"


def _check_ids(path: Path, frame: pl.DataFrame, key: str) -> None:
    first: dict[int, int] = {}
    for row, number in enumerate(frame[key].to_list(), start=2):
        if number is None:
            raise InputError("the id is empty", file=path, row=row, column=key)
        if number in first:
            raise InputError(
                f"id {number} is also that of row {first[number]}", file=path, row=row, column=key
            )
        first[number] = row


def _with_folder(path: Path, frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    if "save_folder" not in frame.columns:
        return frame.with_columns(save_folder=pl.lit(SAVE_FOLDER))
    for folder in frame["save_folder"].unique().to_list():
        parts = PurePosixPath(folder)
        if parts.is_absolute() or ".." in parts.parts:
            raise InputError(
                "leads out of the folder of media", file=path, column="save_folder", seen=folder
            )
    named = pl.col("save_folder")
    return frame.with_columns(
        pl.when(named == "").then(pl.lit(SAVE_FOLDER)).otherwise(named).alias("save_folder")
    )
