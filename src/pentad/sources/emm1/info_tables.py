"""``infos/<modality>.csv`` with all its columns, as one frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.modality import Modality
from pentad.sources.emm1.csv_table import header_of, read_table, require_columns
from pentad.sources.emm1.items import first_rows, require_ids

if TYPE_CHECKING:
    import polars as pl

_NUMBERS = ("start_time", "end_time")
_LABELS = ("source_dataset", "dataset_license", "save_folder")


def read_infos(path: Path, modality: Modality) -> pl.DataFrame:
    """Read every column of an infos table; equal repeated rows count once, in file order.

    Returns:
        ``encord_<modality>_id`` u32, ``start_time`` and ``end_time`` f64, all others strings.

    Raises:
        InputError: The table cannot be read, or two rows of one id disagree.
    """
    import polars as pl

    own = f"encord_{modality}_id"
    kinds = infos_kinds(path, modality)
    names = list(kinds)
    table = read_table(path, kinds)
    ids = table.column(own)
    require_ids(path, own, ids)
    keep = first_rows(path, own, ids.to_numpy())
    table = table if keep is None else table.take(keep)
    frame: Any = pl.from_arrow(table)
    return frame.with_columns(pl.col(n).cast(pl.String) for n in _LABELS if n in names)  # type: ignore[no-any-return]


def infos_kinds(path: Path, modality: Modality) -> dict[str, str]:
    """Return column -> what it holds, for all columns of an infos table.

    Raises:
        InputError: The column of ids is missing.
    """
    own = f"encord_{modality}_id"
    names = header_of(path)
    require_columns(path, names, [own])
    return {name: _kind(name, own) for name in names}


def _kind(name: str, own: str) -> str:
    if name == own:
        return "id"
    if name in _NUMBERS:
        return "number"
    return "label" if name in _LABELS else "text"
