"""Tars and tables of bytes, as small as tests need them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

MEDIA = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def entry(name: str, data: bytes = b"", **facts: Any) -> tuple[tarfile.TarInfo, bytes]:
    """Return one entry of a tar; ``facts`` are attributes of its header."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in facts.items():
        setattr(info, key, value)
    return info, data


def write_tar(
    path: Path,
    members: Mapping[str, bytes | str] | Iterable[tuple[tarfile.TarInfo, bytes]],
    form: int = tarfile.PAX_FORMAT,
) -> Path:
    """Write a tar of names and contents, or of entries with their headers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(members, Mapping):
        members = [
            entry(name, data.encode() if isinstance(data, str) else data)
            for name, data in members.items()
        ]
    with tarfile.open(path, "w", format=form) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return path


def write_cells(path: Path, columns: Mapping[str, Any], rows_a_group: int = 2) -> Path:
    """Write a Parquet table of plain columns and of `media` ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), path, row_group_size=rows_a_group)
    return path


def media(*cells: tuple[bytes | None, str | None] | None) -> pa.Array:
    """Return a column of bytes and paths, as Hugging Face's ``datasets`` writes it."""
    rows = [None if c is None else {"bytes": c[0], "path": c[1]} for c in cells]
    return pa.array(rows, MEDIA)
