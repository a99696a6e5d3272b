"""Tables with a column of vectors, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, Reason
from pentad.embeddings.exchange.assemble import assemble
from pentad.embeddings.exchange.columns import Chosen, choose_columns, list_size
from pentad.embeddings.exchange.imported import Faults, Imported, Wanted
from pentad.embeddings.exchange.keys import Keys
from pentad.embeddings.exchange.parquet_files import opened, parquet_files
from pentad.embeddings.exchange.rows import MAX_DIM, block_rows
from pentad.embeddings.exchange.spool import Spool

if TYPE_CHECKING:
    import pyarrow as pa


def read_table(path: Path, wanted: Wanted, origin: Mapping[str, object]) -> Imported:
    """Return the vectors of a table of one or more Parquet files.

    Raises:
        InputError: A file is damaged or of another kind, parts differ, or a row has no vector.
    """
    files = parquet_files(path)
    faults = Faults(path if path.is_dir() else path.parent, wanted)
    begun = _begin(files[0], wanted)
    count = sum(_length(file) for file in files)
    with Spool(begun.dtype) as spool, wanted.progress.task(f"read {path.name}", count) as task:
        for file in files:
            with opened(file) as table:
                for rows in _read(file, table, begun, wanted, faults):
                    spool.add(rows)
                    task.advance(len(rows))
        vectors = spool.matrix(begun.dim or 1)
    return assemble(path, [vectors], begun.keys, wanted, faults, origin)


@dataclass
class _Begun:
    """What the files have in common, and what was kept of those that are read.

    Attributes:
        chosen: The columns.
        dtype: Of the values that are kept.
        dim: Length of a vector; 0 until the first is met.
        rows: How many rows the files so far have, those left out included.
    """

    chosen: Chosen
    dtype: np.dtype[Any]
    dim: int
    keys: Keys = field(default_factory=Keys)
    rows: int = 0


def _begin(file: Path, wanted: Wanted) -> _Begun:
    with opened(file) as table:
        schema = table.schema_arrow
        chosen = choose_columns(schema, wanted, file)
        kind = schema.field(chosen.vectors).type
        return _Begun(chosen, _dtype(kind), list_size(kind) or 0)


def _dtype(kind: pa.DataType) -> np.dtype[Any]:
    import pyarrow as pa

    return np.dtype(np.float16 if pa.types.is_float16(kind.value_type) else np.float32)


def _length(file: Path) -> int:
    with opened(file) as table:
        return int(table.metadata.num_rows)


def _read(
    file: Path, table: Any, begun: _Begun, wanted: Wanted, faults: Faults
) -> Iterator[NDArray[Any]]:
    """Yield the usable vectors of one file, batch by batch, and note what they are of."""
    _require_alike(file, table.schema_arrow, begun, wanted)
    size = block_rows(_usual_dim(file, table, begun), 4)
    line = 1
    for batch in table.iter_batches(batch_size=size, columns=begun.chosen.all):
        column = batch.column(begun.chosen.vectors)
        rows, good = _matrix(column, begun, _Place(file, line, begun.chosen.vectors, faults))
        good = _check_keys(batch, begun, good, _Place(file, line, "", faults))
        begun.keys.add(
            begun.rows + np.flatnonzero(good),
            _ids(batch, begun.chosen, good, file),
            _names(batch, begun.chosen, good),
        )
        begun.rows += len(good)
        line += len(good)
        yield rows[good]


@dataclass(frozen=True)
class _Place:
    """Where the rows of a batch stand, for what is said of them."""

    file: Path
    line: int
    column: str
    faults: Faults

    def refuse(self, row: int, reason: Reason, detail: str, column: str | None = None) -> None:
        """Note one row of the batch."""
        self.faults.add(self.file, reason, detail, self.line + row, column or self.column)


def _require_alike(file: Path, schema: pa.Schema, begun: _Begun, wanted: Wanted) -> None:
    chosen = choose_columns(schema, wanted, file)
    kind = schema.field(chosen.vectors).type
    if chosen != begun.chosen:
        seen, expected = ", ".join(chosen.all), ", ".join(begun.chosen.all)
        raise InputError("parts with other columns", file=file, expected=expected, seen=seen)
    if _dtype(kind) != begun.dtype:
        raise InputError(
            "parts of different types", file=file, column=chosen.vectors,
            expected=begun.dtype, seen=_dtype(kind),
        )  # fmt: skip
    size = list_size(kind)
    if size is not None and begun.dim and size != begun.dim:
        raise InputError(
            "parts with vectors of different lengths", file=file, column=chosen.vectors,
            expected=begun.dim, seen=size,
        )  # fmt: skip


def _usual_dim(file: Path, table: Any, begun: _Begun) -> int:
    """Return the mean length of the vectors, from the footer, so that a batch stays small."""
    metadata = table.metadata
    values = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for place in range(group.num_columns):
            column = group.column(place)
            if column.path_in_schema.split(".")[0] == begun.chosen.vectors.split(".")[0]:
                values = max(values, column.num_values // max(1, group.num_rows))
    if values > MAX_DIM:
        raise InputError("no vectors", file=file, seen=f"{values} values a row")
    return max(1, values, begun.dim)


def _matrix(column: Any, begun: _Begun, place: _Place) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return (rows, dim) and which of the rows hold a vector; the others are noted."""
    import pyarrow.compute as pc

    count = len(column)
    valid = np.asarray(column.is_valid())
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int64)
    if not begun.dim and lengths.any():
        begun.dim = int(lengths[np.flatnonzero(lengths)[0]])
    with np.errstate(over="ignore"):  # what becomes infinite is refused below
        values = column.flatten().to_numpy(zero_copy_only=False).astype(begun.dtype, copy=False)
    good = valid & (lengths == begun.dim) & (lengths > 0)
    rows = np.zeros((count, max(1, begun.dim)), begun.dtype)
    starts = np.cumsum(lengths) - lengths
    if good.all():
        rows = values.reshape(count, begun.dim)
    else:
        places = starts[good][:, None] + np.arange(max(1, begun.dim))
        rows[good] = values[places]
    for row in np.flatnonzero(~good).tolist():
        _refuse_shape(row, bool(valid[row]), int(lengths[row]), begun.dim, place)
    finite = np.isfinite(rows).all(axis=1)
    for row in np.flatnonzero(good & ~finite).tolist():
        place.refuse(row, Reason.NON_FINITE, "a value of the vector is not finite")
    return rows, good & finite


def _refuse_shape(row: int, valid: bool, length: int, dim: int, place: _Place) -> None:
    if not valid or not length:
        place.refuse(row, Reason.EMPTY, "no vector")
    else:
        place.refuse(row, Reason.CONFLICT, f"a vector of {length} values, the first has {dim}")


def _check_keys(
    batch: pa.RecordBatch, begun: _Begun, good: NDArray[np.bool_], place: _Place
) -> NDArray[np.bool_]:
    """Leave out rows without a key where each needs one."""
    chosen = begun.chosen
    key = chosen.ids or (chosen.names if chosen.named else None)
    if key is None or not batch.column(key).null_count:
        return good
    present: NDArray[np.bool_] = np.asarray(batch.column(key).is_valid())
    for row in np.flatnonzero(good & ~present).tolist():
        place.refuse(row, Reason.BAD_ROW, "no value", key)
    kept: NDArray[np.bool_] = good & present
    return kept


def _ids(
    batch: pa.RecordBatch, chosen: Chosen, good: NDArray[np.bool_], file: Path
) -> NDArray[Any] | None:
    if chosen.ids is None:
        return None
    import pyarrow as pa

    kept = batch.column(chosen.ids).filter(pa.array(good))
    numbers: NDArray[Any] = kept.to_numpy(zero_copy_only=False)
    if len(numbers) and int(numbers.min()) < 0:
        seen = int(numbers.min())
        raise InputError("ids must not be negative", file=file, column=chosen.ids, seen=seen)
    return numbers.astype(np.uint64)


def _names(batch: pa.RecordBatch, chosen: Chosen, good: NDArray[np.bool_]) -> Sequence[str] | None:
    if chosen.names is None:
        return None
    import pyarrow as pa

    return [name or "" for name in batch.column(chosen.names).filter(pa.array(good)).to_pylist()]
