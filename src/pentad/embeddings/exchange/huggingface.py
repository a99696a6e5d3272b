"""Parquet as the Hugging Face hub has it: a column of lists of floats beside other columns.

OUT.parquet, or OUT/data/train-00000-of-00002.parquet ...
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.exchange.imported import Imported, Wanted
from pentad.embeddings.exchange.output import IfExists, writing_file, writing_folder
from pentad.embeddings.exchange.parquet_rows import read_table
from pentad.embeddings.exchange.parquet_write import Table, write_part

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = "huggingface"
FILE_BYTES = 1 << 29
_NAMES = {"float": "float32", "double": "float64", "halffloat": "float16"}


def read(path: Path, wanted: Wanted) -> Imported:
    """Return the vectors of a table."""
    return read_table(path, wanted, {"format": FORMAT})


def write(embeddings: Embeddings, path: Path, table: Table, if_exists: IfExists) -> None:
    """Write one file where ``path`` ends in ``.parquet``, else a folder that `datasets` loads."""
    schema = table.schema(fixed=True)
    schema = schema.with_metadata({"huggingface": json.dumps(_info(schema))})
    if path.suffix == ".parquet":
        with writing_file(path, if_exists) as coming:
            write_part(coming, table, schema, 0, len(embeddings))
        return
    rows = max(1, FILE_BYTES // (embeddings.dim * embeddings.vectors.dtype.itemsize))
    count = max(1, -(-len(embeddings) // rows))
    with writing_folder(path, if_exists) as commit:
        for number in range(count):
            part = commit.path(f"data/train-{number:05d}-of-{count:05d}.parquet")
            write_part(
                part, table, schema, number * rows, min(len(embeddings), (number + 1) * rows)
            )
        commit.finish(table.record(FORMAT))


def _info(schema: pa.Schema) -> dict[str, Any]:
    return {"info": {"features": {field.name: _feature(field.type) for field in schema}}}


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """Return how `datasets` writes a type down.

    Lists are ``Sequence``: versions before 4 know no other name, later ones read it as well.
    """
    import pyarrow as pa

    if pa.types.is_fixed_size_list(kind):
        feature = _feature(kind.value_type)
        return {"feature": feature, "length": kind.list_size, "_type": "Sequence"}
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "Sequence"}
    return {"dtype": _NAMES.get(str(kind), str(kind)), "_type": "Value"}
