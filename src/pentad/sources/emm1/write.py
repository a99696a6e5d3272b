"""Writes blocks of rows as Parquet or CSV, never holding more than one of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError
from pentad.sources.emm1.ahead import ahead
from pentad.sources.emm1.paths import BLOCK_ROWS
from pentad.store.atomic import replacing

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from pentad.sources.emm1.layout import Places

SUFFIXES = (".parquet", ".csv")
_LEVEL = 1
_DICTIONARY_LIMIT = 1 << 30


def check_output(out: Path, places: Places | None = None) -> None:
    """Raise where a table cannot be written, before anything is read.

    Args:
        out: Where it is to be written.
        places: The data set, none of whose own files may be replaced.

    Raises:
        InputError: Neither ``.parquet`` nor ``.csv``, a folder, or a file of the data set.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise InputError(
            "in which format?", file=out, expected="a name that ends in .parquet or .csv"
        )
    if out.is_dir():
        raise InputError("this is a folder; name a file", file=out)
    if places is not None and places.owns(out):
        raise InputError("this file belongs to the data set; write somewhere else", file=out)


def write_blocks(blocks: Iterator[pa.Table], schema: pa.Schema, out: Path) -> int:
    """Write blocks to a Parquet or CSV file and return how many rows there were.

    Nothing is left behind, and a file that was there stays, when an error comes half way.

    Args:
        blocks: Tables of one schema; dictionary columns become plain strings.
        schema: Of a file without rows; blocks may have dictionaries in the place of its strings.
        out: A name that ends in ``.parquet`` or ``.csv``.
    """
    check_output(out)
    write = _write_parquet if out.suffix.lower() == ".parquet" else _write_csv
    first = next(blocks, schema.empty_table())
    with replacing(out) as coming:
        return write(ahead(chain([first], blocks)), first.schema, coming)


def _write_parquet(blocks: Iterator[pa.Table], schema: pa.Schema, out: Path) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    repeated = [f.name for f in schema if pa.types.is_dictionary(f.type) or f.name == "nn_index"]
    numbers = [f.name for f in schema if pa.types.is_integer(f.type)]
    rows = 0
    with parquet.ParquetWriter(
        out,
        schema,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=repeated,
        dictionary_pagesize_limit=_DICTIONARY_LIMIT,
        write_statistics=numbers,
        store_schema=False,  # else a reader would make categories of the paths
    ) as writer:
        for block in blocks:
            writer.write_table(block, row_group_size=max(1, block.num_rows))
            rows += block.num_rows
    return rows


def _write_csv(blocks: Iterator[pa.Table], schema: pa.Schema, out: Path) -> int:
    from pentad.sources.emm1.frames import frame_of

    rows = 0
    with out.open("wb") as file:
        frame_of(schema.empty_table()).write_csv(file)
        for block in blocks:
            frame_of(block).write_csv(file, include_header=False)
            rows += block.num_rows
    return rows


def write_frame(frame: pl.LazyFrame, out: Path) -> int:
    """Write a frame that fits into memory, as `write_blocks`."""
    import pyarrow as pa

    table = frame.collect().to_arrow()
    plain = pa.schema([(f.name, _narrow(f.type)) for f in table.schema])
    parts = (pa.Table.from_batches([part]) for part in table.to_batches(BLOCK_ROWS))
    return write_blocks((part.cast(plain) for part in parts), plain, out)


def _narrow(kind: Any) -> Any:
    import pyarrow as pa

    return pa.string() if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) else kind
