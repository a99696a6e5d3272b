"""A faiss index and a map from its rows to ids.

OUT/index.faiss    IndexFlatIP, within an IndexIDMap where ids do not count from 0
OUT/ids.npy        one id a row
OUT/ids.parquet    ids with names and further columns, where there are some
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, Reason
from pentad.embeddings.embeddings import Embeddings, write_array
from pentad.embeddings.exchange.arrays import open_array
from pentad.embeddings.exchange.assemble import assemble
from pentad.embeddings.exchange.columns import key_columns
from pentad.embeddings.exchange.faiss_file import write_flat
from pentad.embeddings.exchange.faiss_flat import Read
from pentad.embeddings.exchange.faiss_process import read_index
from pentad.embeddings.exchange.imported import Faults, Imported, Wanted
from pentad.embeddings.exchange.keys import Keys
from pentad.embeddings.exchange.output import IfExists, writing_folder
from pentad.embeddings.exchange.parquet_files import opened
from pentad.embeddings.exchange.parquet_write import Table
from pentad.embeddings.exchange.rows import not_finite, without

FORMAT = "faiss"
_INDEX = "index.faiss"
_SUFFIXES = (".faiss", ".index")


def looks_like(path: Path) -> bool:
    """Return whether a path is an index file, or a folder that holds one."""
    return path.suffix in _SUFFIXES if path.is_file() else bool(_indexes(path))


def read(path: Path, wanted: Wanted) -> Imported:
    """Return the vectors of an index, with the ids or names of the file beside it.

    Raises:
        InputError: The index is damaged or gives no vectors back, or the ids are of other rows.
    """
    file = _index_file(path)
    found = read_index(file, approximate=wanted.approximate)
    ids, names = _labels(file, found, wanted)
    faults, keys = Faults(file.parent, wanted), Keys()
    bad = not_finite(found.vectors)
    for row in bad.tolist():
        faults.add(file, Reason.NON_FINITE, "a value is not finite", row + 1)
    good = np.setdiff1d(np.arange(len(found.vectors)), bad, assume_unique=True)
    keys.add(
        good,
        None if ids is None else ids[good],
        None if names is None else [names[row] for row in good.tolist()],
    )
    origin = {"format": FORMAT, "index": found.kind, "exact": found.exact}
    return assemble(file, without(found.vectors, bad), keys, wanted, faults, origin)


def write(embeddings: Embeddings, path: Path, table: Table, if_exists: IfExists) -> None:
    """Write an index that gives the vectors back, and the map of ids."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    ids = embeddings.ids
    with writing_folder(path, if_exists) as commit:
        write_flat(commit.path(_INDEX), embeddings.vectors, ids, table.task)
        write_array(commit.path("ids.npy"), ids)
        if table.columns:
            columns = {embeddings.modality.id_column: pa.array(ids), **table.columns}
            pq.write_table(pa.table(columns), commit.path("ids.parquet"))
        commit.finish(table.record(FORMAT))


def _index_file(path: Path) -> Path:
    if path.is_file():
        return path
    found = _indexes(path)
    if len(found) != 1:
        names = ", ".join(p.name for p in found) or "none"
        raise InputError("one index file is needed", file=path, expected=_INDEX, seen=names)
    return found[0]


def _indexes(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return sorted(p for p in path.iterdir() if p.suffix in _SUFFIXES and p.name[0] != ".")


def _labels(
    file: Path, found: Read, wanted: Wanted
) -> tuple[NDArray[Any] | None, list[str] | None]:
    """Return an id and a name for each row of the index, as far as there are some."""
    listing = wanted.ids or _listing(file)
    if listing is None:
        if wanted.key is not None:
            raise InputError("no ids.npy or ids.parquet beside it, so no key", file=file)
        return found.ids, None
    is_array = listing.suffix == ".npy"
    ids, names = _from_array(listing) if is_array else _from_table(listing, wanted)
    rows = len(found.vectors)
    for values in (ids, names):
        if values is not None and len(values) != rows:
            raise InputError("one id a vector", file=listing, expected=rows, seen=len(values))
    if found.ids is None or (ids is not None and np.array_equal(found.ids, ids)):
        return ids, names
    if not np.array_equal(np.sort(found.ids), np.arange(rows)):
        raise InputError(f"not the ids that {file.name} has", file=listing)
    ids = None if ids is None else ids[found.ids]
    return ids, None if names is None else [names[row] for row in found.ids.tolist()]


def _listing(file: Path) -> Path | None:
    names = [f"{file.stem}.ids{suffix}" for suffix in (".parquet", ".npy")]
    places = [file.with_name(name) for name in (*names, "ids.parquet", "ids.npy")]
    return next((place for place in places if place.is_file()), None)


def _from_array(listing: Path) -> tuple[NDArray[Any] | None, list[str] | None]:
    values = open_array(listing)
    if values.ndim != 1 or values.dtype.kind not in "iuU":
        seen = f"{values.dtype} {values.shape}"
        raise InputError("no ids", file=listing, expected="integers or strings (rows,)", seen=seen)
    if values.dtype.kind == "U":
        return None, [str(name) for name in values.tolist()]
    return np.array(values), None


def _from_table(listing: Path, wanted: Wanted) -> tuple[NDArray[Any] | None, list[str] | None]:
    with opened(listing) as table:
        schema = table.schema_arrow
        ids, names = key_columns(schema, wanted, listing)
        if ids is None and names is None and len(schema.names) == 1:
            only = replace(wanted, key=schema.names[0])
            ids, names = key_columns(schema, only, listing)
        if ids is None and names is None:
            seen = ", ".join(schema.names)
            raise InputError("several columns; name the key", file=listing, seen=seen)
        read = table.read(columns=[name for name in (ids, names) if name is not None])
    for column in (ids, names):
        if column is not None and read.column(column).null_count:
            row = read.column(column).is_null().to_pylist().index(True) + 1
            raise InputError("no value", file=listing, row=row, column=column)
    return (
        None if ids is None else read.column(ids).to_numpy(),
        None if names is None else read.column(names).to_pylist(),
    )
