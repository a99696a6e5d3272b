"""Tables with a column of vectors, written row group by row group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.progress import Task
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.exchange.columns import VECTORS, name_column
from pentad.embeddings.exchange.rows import blocks

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Table:
    """Embeddings, and what stands beside each of them.

    Attributes:
        embeddings: The vectors.
        columns: Further columns, each an Arrow array of as many values.
        vectors: What the column of vectors is called.
        task: Where to report rows.
    """

    embeddings: Embeddings
    columns: Mapping[str, pa.Array]
    vectors: str = VECTORS
    task: Task | None = field(default=None, compare=False)

    def schema(self, *, fixed: bool, dtype: np.dtype[Any] | None = None) -> pa.Schema:
        """Return names and types, ids first and vectors last.

        Args:
            fixed: Whether the type of the vectors says how long they are.
            dtype: Of their values; default as they are.
        """
        import pyarrow as pa

        values = pa.from_numpy_dtype(dtype or self.embeddings.vectors.dtype)
        size = self.embeddings.dim if fixed else -1
        ids = pa.from_numpy_dtype(self.embeddings.ids.dtype)
        fields = [pa.field(self.embeddings.modality.id_column, ids)]
        fields += [pa.field(name, column.type) for name, column in self.columns.items()]
        return pa.schema([*fields, pa.field(self.vectors, pa.list_(values, size))])

    def record(self, form: str) -> dict[str, object]:
        """Return what the record of an export says."""
        made = self.embeddings
        return {
            "kind": "exported embeddings",
            "format": form,
            "modality": made.modality.value,
            "space": made.space,
            "rows": len(made),
            "dim": made.dim,
            "dtype": str(made.vectors.dtype),
        }


def make_table(
    embeddings: Embeddings,
    names: Sequence[str] | None,
    columns: Mapping[str, Sequence[object]] | None,
    vectors: str | None,
) -> Table:
    """Return a table of embeddings with their names and further columns.

    Raises:
        InputError: A column has another length, is there twice, or is of no type that a table has.
    """
    given: dict[str, Sequence[object]] = {}
    if names is not None:
        given[name_column(embeddings.modality)] = names
    for name, values in (columns or {}).items():
        if name in given:
            raise InputError("a column of this name is written already", column=name)
        given[name] = values
    taken = {embeddings.modality.id_column, vectors or VECTORS} & set(given)
    if taken:
        raise InputError("a column of this name is written already", column=min(taken))
    arrays = {name: _array(name, values, len(embeddings)) for name, values in given.items()}
    return Table(embeddings, arrays, vectors or VECTORS)


def write_part(path: Path, table: Table, schema: pa.Schema, start: int, stop: int) -> None:
    """Write rows of a table as one Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = table.embeddings
    kind = schema.field(table.vectors).type
    writer = pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=False,
        write_statistics=[made.modality.id_column],
    )
    with writer:
        for first, block in blocks(made.vectors, start, stop):
            last = first + len(block)
            beside = [column[first:last] for column in table.columns.values()]
            ids = pa.array(made.ids[first:last])
            arrays = [ids, *beside, vector_array(block, kind)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            if table.task is not None:
                table.task.advance(len(block))


def vector_array(block: NDArray[Any], kind: pa.DataType) -> pa.Array:
    """Return rows as lists of the type that a schema says."""
    import pyarrow as pa

    values = pa.array(np.ascontiguousarray(block).reshape(-1)).cast(kind.value_type)
    if pa.types.is_fixed_size_list(kind):
        return pa.FixedSizeListArray.from_arrays(values, kind.list_size)
    offsets = np.arange(len(block) + 1, dtype=np.int32) * np.int32(block.shape[1])
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def _array(name: str, values: Sequence[object], count: int) -> pa.Array:
    import pyarrow as pa

    if len(values) != count:
        raise InputError("one value a row", column=name, expected=count, seen=len(values))
    if hasattr(values, "to_arrow"):  # a polars series
        values = values.to_arrow()
    try:
        array = values if isinstance(values, pa.Array) else pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        text = " ".join(str(error).split())[:160]
        raise InputError(f"cannot be written ({text})", column=name) from None
    return _plain(array)


def _plain(array: Any) -> pa.Array:
    """Return strings as such: dictionaries and their variants are not read everywhere."""
    import pyarrow as pa

    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    strings = {pa.string(), pa.large_string(), pa.string_view(), pa.null()}
    return array.cast(pa.string() if kind in strings else kind)
