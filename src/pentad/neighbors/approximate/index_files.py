"""An index on disk: ``index.faiss`` and the record ``index.json`` beside it.

Graphs are mapped into memory: what is not walked is not read. The lists of a fast scan cannot be:
faiss copies their blocks when it reads them, whatever it is asked for, so they take their size in
memory, an eighth of the float16 vectors. The vectors themselves stay mapped in both cases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import StoreError
from pentad.neighbors.approximate.base import Index
from pentad.neighbors.approximate.hnsw import HnswIndex
from pentad.neighbors.approximate.ivf import IvfIndex
from pentad.neighbors.approximate.rows import Source
from pentad.store.records import committing, read_record

RECORD = "index.json"
_FILE = "index.faiss"
_KIND = "approximate index"
_LOOKED_AT = 64


def write_index(
    folder: Path, source: Source, index: Index | None, fields: Mapping[str, object]
) -> None:
    """Write an index and its record; without an index, the record alone.

    Raises:
        StoreError: The disk is full or cannot be written.
    """
    with committing(folder / RECORD) as commit:
        if index is not None:
            _write(index, commit.path(_FILE))
        folder.mkdir(parents=True, exist_ok=True)
        backend = "exact" if index is None else index.backend
        commit.finish({**fields, "kind": _KIND, "backend": backend, **_identity(source)})


def load_index(
    folder: Path, source: Source, *, verify: bool = True
) -> tuple[Index | None, dict[str, Any]]:
    """Return the index over these items and what its record says.

    Args:
        folder: Where it lies.
        source: The items it was built from.
        verify: Whether to read the file once and compare it with its record.

    Raises:
        StoreError: There is no complete index, it is damaged, or of other items.
    """
    record = read_record(folder / RECORD)
    if record is None or record.fields.get("kind") != _KIND:
        raise StoreError(f"{folder}: no complete index here; build it again")
    if not record.intact() or (verify and record.damaged()):
        raise StoreError(f"{folder / _FILE}: not the file that was written; build the index again")
    for name, value in _identity(source).items():
        if record.fields.get(name) != value:
            raise StoreError(
                f"{folder}: an index of other items ({name} is {record.fields.get(name)}, "
                f"theirs {value}); build it again"
            )
    backend = record.fields.get("backend")
    return _read(folder / _FILE, str(backend), source), dict(record.fields)


def _write(index: Index, path: Path) -> None:
    import faiss

    try:
        faiss.write_index(index.faiss, str(path))
    except RuntimeError as error:
        raise StoreError(f"{path.parent}: the index cannot be written ({_last(error)})") from error


def _read(path: Path, backend: str, source: Source) -> Index | None:
    if backend == "exact":
        return None
    import faiss

    flags = 0 if backend == "ivf" else faiss.IO_FLAG_MMAP_IFC
    kinds = {
        "ivf": faiss.IndexIVFPQFastScan,
        "hnsw": faiss.IndexHNSWSQ,
        "hnsw-flat": faiss.IndexHNSWFlat,
    }
    try:
        found = faiss.read_index(str(path), flags)
    except RuntimeError as error:
        raise StoreError(f"{path}: not an index ({_last(error)}); build it again") from error
    fits = (found.d, found.ntotal) == (source.width, len(source))
    if backend not in kinds or not isinstance(found, kinds[backend]) or not fits:
        raise StoreError(f"{path}: not the index that its record tells of; build it again")
    if backend == "ivf":
        return IvfIndex(found)
    return HnswIndex(found, "sq8" if backend == "hnsw" else "flat")


def _identity(source: Source) -> dict[str, object]:
    """Return what tells one set of items from another without reading all of it again."""
    rows = np.unique(np.linspace(0, len(source) - 1, _LOOKED_AT).astype(np.int64))
    digest = hashlib.sha256(np.ascontiguousarray(source.vectors[rows]).tobytes())
    digest.update(source.squares.tobytes())
    return {
        "metric": source.metric.name,
        "shape": [len(source), source.dim],
        "dtype": str(source.vectors.dtype),
        "vectors": digest.hexdigest(),
    }


def _last(error: Exception) -> str:
    """Return the end of what faiss says, which is the reason, on one line."""
    return " ".join(str(error).split())[-120:]
