"""Folders as clip-retrieval writes them; parts belong together by their number.

img_emb/img_emb_0.npy        (rows, dim), or text_emb/text_emb_0.npy, audio_emb/audio_emb_0.npy ...
metadata/metadata_0.parquet  one row a vector: image_path, caption, and whatever else
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, Reason
from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.exchange.arrays import open_matrix, write_matrix
from pentad.embeddings.exchange.assemble import assemble
from pentad.embeddings.exchange.columns import key_columns
from pentad.embeddings.exchange.imported import Faults, Imported, Wanted
from pentad.embeddings.exchange.keys import Keys
from pentad.embeddings.exchange.output import IfExists, writing_folder
from pentad.embeddings.exchange.parquet_files import opened
from pentad.embeddings.exchange.parquet_write import Table
from pentad.embeddings.exchange.rows import not_finite, without

FORMAT = "clip-retrieval"
PART_ROWS = 1_000_000
_METADATA = "metadata"
_FOLDERS = {Modality.IMAGE: "img_emb"}


def folder_of(modality: Modality) -> str:
    """Return the folder that holds vectors of a modality, which its files are named after."""
    return _FOLDERS.get(modality, f"{modality.value}_emb")


def looks_like(path: Path) -> bool:
    """Return whether a folder is of this layout."""
    return any((path / folder_of(modality)).is_dir() for modality in Modality)


def read(path: Path, wanted: Wanted) -> Imported:
    """Return the vectors of all parts, mapped; rows are numbered through the parts.

    Raises:
        InputError: A part is missing, its metadata have other rows, or parts differ.
    """
    parts = _parts(path, folder_of(wanted.modality), ".npy")
    tables = _parts(path, _METADATA, ".parquet") if (path / _METADATA).is_dir() else {}
    _require_same_numbers(parts, tables)
    faults, keys = Faults(path, wanted), Keys()
    found: list[NDArray[Any]] = []
    begun = 0
    with wanted.progress.task(f"read {path.name}", len(parts)) as task:
        for number, file in parts.items():
            vectors = open_matrix(file)
            _require_alike(file, vectors, found)
            bad = not_finite(vectors)
            for row in bad.tolist():
                faults.add(file, Reason.NON_FINITE, "a value is not finite", row + 1)
            good = np.setdiff1d(np.arange(len(vectors)), bad, assume_unique=True)
            ids, names = _keys(tables.get(number), len(vectors), wanted)
            keys.add(begun + good, *_chosen(ids, names, good))
            found += without(vectors, bad) or [vectors[:0]]
            begun += len(vectors)
            task.advance()
    return assemble(path, found, keys, wanted, faults, {"format": FORMAT})


def write(embeddings: Embeddings, path: Path, table: Table, if_exists: IfExists) -> None:
    """Write vectors and metadata in parts of a million rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = folder_of(embeddings.modality)
    count = max(1, -(-len(embeddings) // PART_ROWS))
    ids = pa.array(embeddings.ids)
    beside = {_renamed(n, embeddings.modality): column for n, column in table.columns.items()}
    metadata = pa.table({**beside, embeddings.modality.id_column: ids})
    with writing_folder(path, if_exists) as commit:
        for number in range(count):
            start, stop = number * PART_ROWS, min(len(embeddings), (number + 1) * PART_ROWS)
            name = str(number).zfill(len(str(count - 1)))
            part = commit.path(f"{folder}/{folder}_{name}.npy")
            write_matrix(part, embeddings.vectors, start, stop)
            pq.write_table(
                metadata.slice(start, stop - start),
                commit.path(f"{_METADATA}/{_METADATA}_{name}.parquet"),
            )
            if table.task is not None:
                table.task.advance(stop - start)
        commit.finish(table.record(FORMAT))


def _renamed(column: str, modality: Modality) -> str:
    return f"{modality.value}_path" if column == "file" else column


def _parts(path: Path, folder: str, suffix: str) -> dict[int, Path]:
    """Return the parts of a folder by their number.

    Raises:
        InputError: There is none, or two of one number.
    """
    pattern = re.compile(rf"{re.escape(folder)}_(\d{{1,9}}){re.escape(suffix)}")
    parts: dict[int, Path] = {}
    for file in sorted((path / folder).glob(f"{folder}_*{suffix}")):
        match = pattern.fullmatch(file.name)
        if match is None:
            continue
        if int(match[1]) in parts:
            other = parts[int(match[1])].name
            raise InputError(f"the same part as {other}; remove one of them", file=file)
        parts[int(match[1])] = file
    if not parts:
        there = ", ".join(sorted(p.name for p in path.iterdir() if p.is_dir())) or "no folder"
        raise InputError(f"no {folder}/{folder}_0{suffix} in it", file=path, seen=there)
    return dict(sorted(parts.items()))


def _require_same_numbers(parts: dict[int, Path], tables: dict[int, Path]) -> None:
    first, last = min(parts), max(parts)
    if last - first + 1 > len(parts):
        missing = next(n for n in range(first, last) if n not in parts)
        raise InputError(f"part {missing} is missing", file=parts[first].parent)
    if tables and tables.keys() != parts.keys():
        number = min(tables.keys() ^ parts.keys())
        file = tables.get(number) or parts[number]
        lacks = "vectors" if number in tables else "metadata"
        raise InputError(f"part {number} has no {lacks}", file=file)


def _require_alike(file: Path, vectors: NDArray[Any], found: list[NDArray[Any]]) -> None:
    if not found:
        return
    seen, expected = (f"{v.dtype} vectors of {v.shape[1]} values" for v in (vectors, found[0]))
    if seen != expected:
        raise InputError("parts differ", file=file, expected=expected, seen=seen)


def _keys(
    file: Path | None, rows: int, wanted: Wanted
) -> tuple[NDArray[Any] | None, list[str] | None]:
    """Return ids and names of a part's rows, as far as its metadata have them."""
    if file is None:
        if wanted.key is not None:
            raise InputError("no metadata, so no key", column=wanted.key)
        return None, None
    with opened(file) as table:
        if table.metadata.num_rows != rows:
            seen = f"{table.metadata.num_rows} rows"
            raise InputError("one row a vector", file=file, expected=rows, seen=seen)
        ids, names = key_columns(table.schema_arrow, wanted, file)
        columns = [name for name in (ids, names) if name is not None]
        read = table.read(columns=columns) if columns else None
    if read is None:
        return None, None
    _require_keys(read, ids or (names if wanted.key else None), file)
    numbers = None if ids is None else read.column(ids).to_numpy()
    listed = None if names is None else [n or "" for n in read.column(names).to_pylist()]
    return numbers, listed


def _require_keys(table: Any, column: str | None, file: Path) -> None:
    if column is None or not table.column(column).null_count:
        return
    row = table.column(column).is_null().to_pylist().index(True) + 1
    raise InputError("no value", file=file, row=row, column=column)


def _chosen(
    ids: NDArray[Any] | None, names: list[str] | None, good: NDArray[np.int64]
) -> tuple[NDArray[Any] | None, list[str] | None]:
    return (
        None if ids is None else ids[good],
        None if names is None else [names[row] for row in good.tolist()],
    )
