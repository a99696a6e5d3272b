"""Bytes in the cells of tables: Parquet files, and Arrow streams as ``datasets`` saves them.

A cell is binary, or a struct ``{bytes, path}`` as Hugging Face's ``datasets`` stores pictures and
sounds. Rows are counted from 0 over the whole file. Tables are read forward, a batch at a time: a
run over neighboring rows reads each row group once, whatever its size, and holds one batch of it.
"""

from __future__ import annotations

import errno
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

from pentad.store.places import Loaded

BATCH_BYTES = 32 << 20
"""What a batch holds, about; a single larger cell is a batch by itself."""
KEPT_COLUMNS = 4
"""Columns that stay open."""

_MOST_ROWS = 4096
_BYTES, _PATH = "bytes", "path"

_Key = tuple[str, int, int, str]
_open: OrderedDict[_Key, _Column] = OrderedDict()
_lock = Lock()


def read_cell(table: Path, row: int, column: str) -> Loaded:
    """Return the bytes of one cell.

    Args:
        table: A ``.parquet`` or ``.arrow`` file.
        row: Counted from 0.
        column: Name of a column of bytes.

    Raises:
        FileNotFoundError: There is no such row or column, or the cell holds no bytes.
        OSError: The table is damaged or cannot be read.
    """
    import pyarrow as pa

    info = table.stat()
    key = (str(table), info.st_size, info.st_mtime_ns, column)
    with _lock:
        try:
            return _column(key).cell(row)
        except FileNotFoundError:
            raise
        except (pa.ArrowException, OSError, ValueError) as error:
            _open.pop(key, None)
            text = (str(error).splitlines() or [type(error).__name__])[0]
            raise OSError(errno.EIO, f"damaged ({text})", str(table)) from None


def _column(key: _Key) -> _Column:
    if key not in _open:
        path, column = Path(key[0]), key[3]
        rows = _ArrowRows(path, column) if path.suffix.lower() == ".arrow" else None
        _open[key] = _Column(path, column, rows or _ParquetRows(path, column))
        while len(_open) > KEPT_COLUMNS:
            _open.popitem(last=False)
    _open.move_to_end(key)
    return _open[key]


class _Column:
    """One column, read forward as far as it is asked for."""

    def __init__(self, path: Path, name: str, rows: _ParquetRows | _ArrowRows) -> None:
        self._path = path
        self._name = name
        self._rows = rows
        self._batches: Iterator[Any] = iter(())
        self._batch: Any = None
        self._first = 0

    def cell(self, row: int) -> Loaded:
        """Return one cell of those that are there."""
        if self._rows.count is not None and not 0 <= row < self._rows.count:
            raise self._missing(f"has {self._rows.count:,} rows, so there is no row {row}")
        batch = self._reach(row)
        if batch is None:
            raise self._missing(f"has no row {row}")
        value = batch[row - self._first].as_py()
        name = f"{row}/{self._name} of {self._path.name}"
        inner = None
        if isinstance(value, dict):
            inner, value = value.get(_PATH), value.get(_BYTES)
        if value is None:
            only = f", only the path {inner!r}" if inner else ""
            raise self._missing(f"has no bytes in row {row}, column {self._name!r}{only}")
        return Loaded(value, inner.rpartition("/")[2] or name if inner else name)

    def _reach(self, row: int) -> Any:
        """Return the batch that holds a row, going on from where reading stands if possible."""
        start = self._rows.start(row)
        if self._batch is None or row < self._first or start > self._first + len(self._batch):
            self._batches, self._first, self._batch = self._rows.batches(row), start, None
        while self._batch is None or row >= self._first + len(self._batch):
            if self._batch is not None:
                self._first += len(self._batch)
            self._batch = next(self._batches, None)
            if self._batch is None:
                return None
        return self._batch

    def _missing(self, text: str) -> FileNotFoundError:
        return FileNotFoundError(errno.ENOENT, f"the table {text}", str(self._path))


class _ParquetRows:
    """One column of a Parquet file, from the row group on that a row is in."""

    def __init__(self, path: Path, column: str) -> None:
        import pyarrow.parquet as pq

        # Without the buffer a whole column chunk would be held, which may be gigabytes.
        self._file = pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
        check_column(self._file.schema_arrow, column, path)
        self._column = column
        meta = self._file.metadata
        self.count: int | None = meta.num_rows
        self._starts = [0]
        for group in range(meta.num_row_groups):
            self._starts.append(self._starts[-1] + meta.row_group(group).num_rows)

    def start(self, row: int) -> int:
        """Return the first row of the group that a row is in."""
        return self._starts[self._group(row)]

    def batches(self, row: int) -> Iterator[Any]:
        """Yield arrays from the start of a row's group on."""
        for group in range(self._group(row), self._file.metadata.num_row_groups):
            for batch in self._file.iter_batches(
                self._batch_rows(group), [group], [self._column], use_threads=False
            ):
                yield batch.column(self._column)

    def _group(self, row: int) -> int:
        return bisect_right(self._starts, row) - 1

    def _batch_rows(self, group: int) -> int:
        meta = self._file.metadata.row_group(group)
        chunks = [meta.column(i) for i in range(meta.num_columns)]
        size: int = sum(
            chunk.total_uncompressed_size
            for chunk in chunks
            if chunk.path_in_schema.split(".")[0] == self._column
        )
        rows: int = BATCH_BYTES * meta.num_rows // max(1, size)
        return max(1, min(_MOST_ROWS, rows))


class _ArrowRows:
    """One column of an Arrow stream, always from its beginning: a stream has no index."""

    count: int | None = None

    def __init__(self, path: Path, column: str) -> None:
        import pyarrow as pa

        self._path = path
        self._column = column
        with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
            check_column(stream.schema, column, path)

    def start(self, _row: int) -> int:
        """Return that everything is read from the first row on."""
        return 0

    def batches(self, _row: int) -> Iterator[Any]:
        """Yield one array a batch of the stream."""
        import pyarrow as pa

        with pa.OSFile(str(self._path)) as file, pa.ipc.open_stream(file) as stream:
            for batch in stream:
                column = batch.column(self._column)
                column.validate(full=True)  # nothing in the format keeps offsets within bounds
                yield column


def check_column(schema: Any, column: str, path: Path) -> None:
    """Raise `FileNotFoundError` unless a table has one column of bytes of this name."""
    kinds = [field.type for field in schema if field.name == column]
    if len(kinds) != 1:
        text = f"the table has {len(kinds) or 'no'} column{'s' * (len(kinds) > 1)} {column!r}"
        raise FileNotFoundError(errno.ENOENT, text, str(path))
    if not holds_bytes(kinds[0]):
        text = f"column {column!r} of the table is {kinds[0]}, not bytes"
        raise FileNotFoundError(errno.ENOENT, text, str(path))


def holds_bytes(kind: Any) -> bool:
    """Return whether cells of an Arrow type are bytes, or a struct that has some."""
    from pyarrow import types

    if types.is_struct(kind):
        place = kind.get_field_index(_BYTES)
        return place >= 0 and holds_bytes(kind.field(place).type)
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
        or types.is_fixed_size_binary(kind)
    )
