"""Which item of a workspace a published id of E-MM1 became.

    items/emm1/100m-image.parquet      encord_id, item_id, by encord_id
               1m-text.parquet ..
               published.json          the record

Ids belong to a split and a modality: image 7 of ``100m`` is another file than image 7 of ``1m``. A
file that both splits have is one item, so it has an id in each of the two tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import StoreError
from pentad.core.modality import Modality, as_modality
from pentad.sources.emm1.csv_table import ID_LIMIT
from pentad.sources.emm1.lookup import ABSENT, IdLookup
from pentad.store.items import Catalog
from pentad.store.records import Record, committing, read_record
from pentad.store.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl

_RECORD = "published.json"
Key = tuple[str, Modality]
Tables = Mapping[Key, "pl.DataFrame"]


def load_published_ids(workspace: Workspace, split: str, modality: str) -> pl.DataFrame:
    """Return ``encord_id, item_id`` of one split and modality, in order of the published ids.

    Raises:
        StoreError: Nothing of that split and modality was added, or the file is damaged.
    """
    kind = as_modality(modality)
    record = _record(workspace)
    if record is None or _name(split, kind) not in record.files:
        raise StoreError(
            f"{workspace.root}: no {kind} ids of E-MM1's {split} split here; "
            f"run 'pentad add {workspace.root} emm1:ROOT --split {split}'"
        )
    return _read(record, _name(split, kind))


def save_published_ids(workspace: Workspace, catalog: Catalog, fresh: Tables) -> Tables:
    """Add ids to those that are stored and return all; the caller holds the writer lock.

    Ids of items that are not in the workspace any more are forgotten.
    """
    import polars as pl

    record = _record(workspace)
    tables = {} if record is None else {_key(n): _read(record, n) for n in record.files}
    before = dict(tables)
    for key, frame in fresh.items():
        both = [frame, tables[key]] if key in tables else [frame]
        tables[key] = pl.concat(both).unique("encord_id", keep="first")
    for key, frame in tables.items():
        alive = catalog.items(key[1]).frame[key[1].id_column].implode()
        tables[key] = frame.filter(pl.col("item_id").is_in(alive)).sort("encord_id")
    if not _same(before, tables):
        _write(workspace, tables)
    return tables


@dataclass(frozen=True, eq=False)
class Translation:
    """From published ids to items.

    Attributes:
        lookup: From published ids to rows.
        items: u32 (rows,).
    """

    lookup: IdLookup
    items: NDArray[np.uint32]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Translation:
        """Return the translation that a table says."""
        return cls(IdLookup.of(frame["encord_id"].to_numpy()), frame["item_id"].to_numpy())

    def __call__(self, ids: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return items for published ids, `ID_LIMIT` where there is none."""
        if not len(self.items):
            return np.full(len(ids), ID_LIMIT, dtype=np.uint32)
        rows = self.lookup.rows(ids)
        known = (rows != ABSENT) & (ids != ID_LIMIT)
        found: NDArray[np.uint32] = np.where(known, self.items[rows], np.uint32(ID_LIMIT))
        return found


def _folder(workspace: Workspace) -> Path:
    return workspace.root / "items" / "emm1"


def _record(workspace: Workspace) -> Record | None:
    folder = _folder(workspace)
    record = read_record(folder / _RECORD)
    if record is not None and not record.intact():
        raise StoreError(f"{folder}: damaged; 'pentad verify {workspace.root}' names the files")
    return record


def _read(record: Record, name: str) -> pl.DataFrame:
    import polars as pl

    path = record.path.parent / name
    try:
        return pl.read_parquet(path).select("encord_id", "item_id")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StoreError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from None


def _write(workspace: Workspace, tables: Tables) -> None:
    with committing(_folder(workspace) / _RECORD) as commit:
        for key, frame in tables.items():
            frame.write_parquet(commit.path(_name(*key)))
        commit.finish({"rows": {_name(*key): frame.height for key, frame in tables.items()}})


def _same(left: Tables, right: Tables) -> bool:
    return left.keys() == right.keys() and all(left[key].equals(right[key]) for key in left)


def _name(split: str, modality: Modality) -> str:
    return f"{split}-{modality.value}.parquet"


def _key(name: str) -> Key:
    split, _, modality = name.removesuffix(".parquet").partition("-")
    return split, Modality(modality)
