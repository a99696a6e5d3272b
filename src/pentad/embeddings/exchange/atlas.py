"""Parquet for Embedding Atlas: columns for people, a column of vectors, and what it would compute.

projection_x, projection_y    a map; without them it makes one from the vectors
neighbors                     {"ids": [row, ...], "distances": [...]}, rows counted from 0
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError
from pentad.embeddings.exchange.imported import Imported, Wanted
from pentad.embeddings.exchange.output import IfExists, writing_file
from pentad.embeddings.exchange.parquet_files import opened
from pentad.embeddings.exchange.parquet_rows import read_table
from pentad.embeddings.exchange.parquet_write import Table, write_part

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = "atlas"
X, Y, NEIGHBORS = "projection_x", "projection_y", "neighbors"
_PLACES = (NEIGHBORS, "__neighbors")


def looks_like(path: Path) -> bool:
    """Return whether a Parquet file has a map or neighbors as Embedding Atlas names them."""
    with opened(path) as table:
        names = set(table.schema_arrow.names)
    return {X, Y} <= names or bool(names & set(_PLACES))


def read(path: Path, wanted: Wanted) -> Imported:
    """Return the vectors; a map and neighbors are left where they are."""
    return read_table(path, wanted, {"format": FORMAT})


def write(table: Table, path: Path, if_exists: IfExists) -> None:
    """Write one file; vectors are float32, which every reader of such files knows."""
    schema = table.schema(fixed=False, dtype=np.dtype(np.float32))
    with writing_file(path, if_exists) as coming:
        write_part(coming, table, schema, 0, len(table.embeddings))


def with_extras(
    table: Table,
    projection: ArrayLike | None,
    neighbors: tuple[ArrayLike, ArrayLike] | None,
) -> Table:
    """Return a table with a map and neighbors beside the other columns.

    Args:
        table: What is written.
        projection: (rows, 2), or None.
        neighbors: Row numbers (rows, k) from 0, and their distances, or None.

    Raises:
        InputError: They have other shapes, are not finite, or name rows that are not there.
    """
    import pyarrow as pa

    rows = len(table.embeddings)
    extras: dict[str, pa.Array] = {}
    if projection is not None:
        places = _matrix(projection, rows, 2, "projection")
        extras |= {X: pa.array(places[:, 0].copy()), Y: pa.array(places[:, 1].copy())}
    if neighbors is not None:
        extras[NEIGHBORS] = _structs(*neighbors, rows)
    twice = set(extras) & {*table.columns, table.vectors}
    if twice:
        raise InputError("a column of this name is written already", column=min(twice))
    return replace(table, columns={**table.columns, **extras})


def _structs(ids: ArrayLike, distances: ArrayLike, rows: int) -> Any:
    import pyarrow as pa

    near = np.asarray(ids)
    if near.ndim != 2 or len(near) != rows or near.dtype.kind not in "iu":
        seen = f"{near.dtype} {near.shape}"
        raise InputError("neighbors are row numbers", expected=f"integers ({rows}, k)", seen=seen)
    if near.size and (int(near.min()) < 0 or int(near.max()) >= rows):
        seen = f"{near.min()} to {near.max()}"
        raise InputError("neighbors are row numbers", expected=f"0 to {rows - 1}", seen=seen)
    far = _matrix(distances, rows, near.shape[1], "distances")
    offsets = pa.array(np.arange(rows + 1, dtype=np.int64) * near.shape[1])
    lists = [
        pa.LargeListArray.from_arrays(offsets, pa.array(values.reshape(-1)))
        for values in (near.astype(np.int64), far)
    ]
    return pa.StructArray.from_arrays(lists, names=["ids", "distances"])


def _matrix(values: Sequence[Any] | ArrayLike, rows: int, columns: int, what: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.shape != (rows, columns) or array.dtype.kind not in "iuf":
        seen = f"{array.dtype} {array.shape}"
        raise InputError(f"no {what}", expected=f"numbers ({rows}, {columns})", seen=seen)
    floats = array.astype(np.float64)
    if not np.isfinite(floats).all():
        row = int(np.argmin(np.isfinite(floats).all(axis=1)))
        raise InputError(f"a value of the {what} is not finite", row=row)
    return floats
