"""CSV tables of any size by column name, in batches; every fault is told with its line.

The parser is Arrow's, which is fast, reads quoted line breaks and takes as much memory as a block.
It accepts a quotation that is never closed and does not say where a row is wrong, so quotes are
counted on the way, and a table that does not fit is read once more, slowly, to find the line. It
also takes ``0x1F`` for 31, which no table has: to search for that would cost a quarter of the time.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pentad.core.errors import InputError
from pentad.sources.emm1.faults import find_fault, is_undecodable, longest_row
from pentad.sources.emm1.lfs import refuse_pointer

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 1 << 20
_ONLY_IDS = re.compile(r"encord_.*_id|nn_index").fullmatch
ID_LIMIT = 0xFFFF_FFFF
"""Ids are smaller: this number stands for a missing one."""

_OTHER_KINDS = {
    b"\x1f\x8b": "compressed by gzip",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}

Kinds = Mapping[str, str]
"""Column -> ``id`` (u32), ``number`` (f64), ``text`` or ``label`` (text with few values)."""


def header_of(path: Path) -> list[str]:
    """Return the column names of a table.

    Raises:
        InputError: The file is missing, empty, a Git LFS pointer, or two columns have one name.
    """
    refuse_pointer(path)
    _refuse_other_kinds(path)
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            names = next((row for row in csv.reader(file) if row), None)
    except FileNotFoundError:
        raise InputError("there is no such table", file=path) from None
    except (OSError, csv.Error) as error:
        raise InputError(f"cannot be read as CSV ({_plain(error)})", file=path) from None
    if not names:
        raise InputError("the table is empty; not even a header is there", file=path)
    if any(is_undecodable(name) for name in names):
        raise InputError("the header is not UTF-8; save the file as UTF-8", file=path, row=1)
    for name in names:
        if names.count(name) > 1:
            raise InputError("two columns have this name", file=path, column=name)
    return names


def _refuse_other_kinds(path: Path) -> None:
    """Raise where a file is not text, or is no file, which would be read for ever."""
    if not path.exists():
        return
    if not path.is_file():
        raise InputError("this is not a file", file=path)
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise InputError(f"cannot be read as CSV ({_plain(error)})", file=path) from None
    for magic, kind in _OTHER_KINDS.items():
        if head.startswith(magic):
            raise InputError(f"this is {kind}, not a CSV table in UTF-8", file=path, row=1)


def require_columns(path: Path, names: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise where a column is missing.

    Raises:
        InputError: The first that is missing, and what there is instead.
    """
    for name in wanted:
        if name not in names:
            raise InputError(
                "this column is missing", file=path, column=name, seen=f"columns {', '.join(names)}"
            )


def stream_table(path: Path, kinds: Kinds, *, block: int = BLOCK) -> Iterator[pa.RecordBatch]:
    """Yield a table in batches with just these columns, in the order of ``kinds``.

    An empty cell is null in columns of ids and numbers, an empty text elsewhere.

    Args:
        path: The table; UTF-8 with or without a byte order mark.
        kinds: The columns and what they hold. Others are passed over.
        block: Bytes read at a time.

    Raises:
        InputError: A column is missing or a row does not fit; file, line and column are told.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    require_columns(path, header_of(path), list(kinds))
    if not _has_rows(path):
        return
    watched = _Watched(path)
    try:
        with watched, _opened(arrow_csv, pa, watched, kinds, block) as batches:
            for batch in batches:
                chosen = batch.select(list(kinds))
                if not _has_only_values(chosen, kinds):
                    _refuse(path, kinds, "a number is out of range")
                yield chosen
    except pa.ArrowInvalid as error:
        _refuse(path, kinds, str(error))
    except OSError as error:
        raise InputError(f"cannot be read ({_plain(error)})", file=path) from None
    _check_end(path, kinds, watched)


def read_table(path: Path, kinds: Kinds) -> pa.Table:
    """Return a whole table with just these columns; as `stream_table`."""
    import pyarrow as pa

    schema = pa.schema([(name, arrow_type(kind)) for name, kind in kinds.items()])
    return pa.Table.from_batches(stream_table(path, kinds), schema).unify_dictionaries()


def arrow_type(kind: str) -> pa.DataType:
    """Return the type that a kind of column is read as."""
    import pyarrow as pa

    types: dict[str, Any] = {
        "id": pa.uint32(),
        "number": pa.float64(),
        "text": pa.string(),
        "label": pa.dictionary(pa.int32(), pa.string()),
    }
    return types[kind]


def _opened(csv_module: Any, pa: Any, file: _Watched, kinds: Kinds, block: int) -> Any:
    return csv_module.open_csv(
        pa.PythonFile(file, mode="r"),
        read_options=csv_module.ReadOptions(block_size=block, use_threads=True),
        parse_options=csv_module.ParseOptions(newlines_in_values=True),
        convert_options=csv_module.ConvertOptions(
            column_types={name: arrow_type(kind) for name, kind in kinds.items()},
            include_columns=list(kinds),
            null_values=[""],
            strings_can_be_null=False,
        ),
    )


def _has_only_values(batch: pa.RecordBatch, kinds: Kinds) -> bool:
    """Return whether no id is the one that stands for a missing one, and no number is infinite."""
    import pyarrow.compute as pc

    for column, kind in zip(batch.columns, kinds.values(), strict=True):
        if kind == "id" and pc.max(column).as_py() == ID_LIMIT:
            return False
        if kind == "number" and pc.all(pc.is_finite(column)).as_py() is False:
            return False
    return True


class _Watched(io.RawIOBase):
    """A file that counts the quotes that pass, and remembers how it ended.

    The parser takes ``0x1F`` for a number; in a table of ids alone any x gives that away.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.quotes = 0
        self.last = b""
        self.has_x = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        if data:
            self.quotes += data.count(b'"')
            body = data if self.last else data[data.find(b"\n") + 1 :]
            self.has_x = self.has_x or b"x" in body or b"X" in body
            self.last = data[-1:]
        return data or b""

    def close(self) -> None:
        self._file.close()
        super().close()


def _has_rows(path: Path) -> bool:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = (row for row in csv.reader(file) if row)
        try:
            next(rows)
            return next(rows, None) is not None
        except csv.Error:
            return True  # a cell longer than this reader takes


def _check_end(path: Path, kinds: Kinds, watched: _Watched) -> None:
    """Look closer at a file that ends inside a line or quotes, or has an x among its ids."""
    whole = watched.quotes % 2 == 0 and watched.last in (b"\n", b"\r", b"")
    if whole and not (watched.has_x and all(map(_ONLY_IDS, header_of(path)))):
        return
    fault = find_fault(path, kinds, ID_LIMIT)
    if fault is not None:
        raise fault


def _refuse(path: Path, kinds: Kinds, detail: str) -> NoReturn:
    fault = find_fault(path, kinds, ID_LIMIT)
    if fault is not None:
        raise fault
    if "straddl" in detail:  # a row that is longer than two blocks
        line, size = longest_row(path)
        told = f"a row of {size / 1e6:.1f} MB is too long for a table of this data set"
        raise InputError(told, file=path, row=line) from None
    raise InputError(f"cannot be read as CSV ({' '.join(detail.split())})", file=path) from None


def _plain(error: Exception) -> str:
    return getattr(error, "strerror", None) or " ".join(str(error).split())
